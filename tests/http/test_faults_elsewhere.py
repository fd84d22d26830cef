"""Faults over TLS, HTTP/2 and unix sockets: as in HTTP/1 over TCP, or refused with the reason."""

import sys

import h2.events

from tests.http.clients import (
    CLIENTS,
    PLAIN,
    Over,
    by_curl,
    by_http_client,
    by_httpx,
    by_tls_socket,
    by_urllib3,
    everything,
    saw,
)
from tests.http.support import Golden, HTTP2Client, connected, up
from tests.http.test_faults import OUT_OF_TIME, REFUSED, SEEN
from underlay import AnswerFailed
from underlay.http import (
    FakeServer,
    close_connection,
    delay,
    drip,
    garbage,
    go_away,
    half_a_head,
    hang,
    malformed_chunk,
    reset_connection,
    reset_stream,
    throttle,
    wrong_content_length,
)

#: Before Python 3.13 its TLS takes a reset for the connection's end.
SEEN_BY_TLS = {
    "reset_connection()": (
        *("RemoteDisconnected", "ProtocolError", "RemoteProtocolError"),
        *("ClientOSError", "curl 56"),
    ),
    "reset_connection(after=3)": (
        *("IncompleteRead", "ProtocolError", "RemoteProtocolError"),
        *("ClientPayloadError", "curl 56"),
    ),
}
if sys.version_info >= (3, 13):
    SEEN_BY_TLS.clear()

#: What httpx and curl see.  A reset they meet where they read or where they write, and before
#: Python 3.13 its TLS takes it for the end.
ENDED = ("RemoteProtocolError", "curl 18")
RESET = ("(Read|Write|RemoteProtocol)Error", "curl 5[56]")
SEEN_BY_HTTP_2 = {
    close_connection(): ENDED,
    close_connection(after=0): ENDED,
    close_connection(after=3): ENDED,
    reset_connection(): RESET,
    reset_connection(after=3): RESET,
    reset_stream(): ("RemoteProtocolError", "curl 92"),
    reset_stream(after=3): ("RemoteProtocolError", "curl 92"),
    go_away(): ENDED,
    go_away(11, after=3): ENDED,
    hang(): ("ReadTimeout", "curl 28"),
    hang(after=0): ("ReadTimeout", "curl 28"),
    drip(2, every=0.001): ("200 hello", "200 hello"),
    throttle(50_000): ("200 hello", "200 hello"),
    delay(0.01): ("200 hello", "200 hello"),
}
#: What is on the wire of HTTP/2: the body, the reason that is given, and how the connection ends.
WIRE = {
    close_connection(): (b"", None, "FIN"),
    close_connection(after=3): (b"hel", None, "FIN"),
    reset_connection(): (b"", None, "ConnectionResetError"),
    reset_connection(after=3): (b"hel", None, "ConnectionResetError"),
    reset_stream(7): (b"", 7, "TimeoutError"),
    reset_stream(after=3): (b"hel", 2, "TimeoutError"),
    go_away(): (b"", 0, "FIN"),
    go_away(11, after=3): (b"hel", 11, "FIN"),
    hang(after=3): (b"hel", None, "TimeoutError"),
}


class Elsewhere(Golden):
    over = PLAIN

    def serve(self, **options):
        self.server = up(self, FakeServer(name="PAYMENTS", **options))
        self.url = self.server.url + "/"

    def check_clients(self, clients, expected, patience=10):
        for client, wanted in zip(clients, expected, strict=True):
            with self.subTest(client.__name__):
                self.assertRegex(saw(client, self.url, patience, self.over), f"^({wanted})$")

    def check_faults(self, clients, table):
        for fault, expected in table:
            with self.subTest(fault), self.server.failing(fault):
                self.server.expect("GET", "/", optional=True).then(text="hello")
                self.check_clients(clients, expected, 0.3 if isinstance(fault, hang) else 10)

    def check_refused(self, fault, client=by_httpx):
        """Whoever asks for what cannot be is told so, and so is the client."""
        with self.server.failing(fault):
            self.server.expect("GET", "/", optional=True).then(text="hello")
            self.assertIn("There is no", saw(client, self.url, 10, self.over))
        with self.assertRaises(AnswerFailed) as raised:
            self.server.check()
        return str(raised.exception)


class OverTLS(Elsewhere):
    def setUp(self):
        self.serve(tls=True)
        self.over = Over(self.server.ssl_context, self.server.ca_file)

    def test_clients_see_the_fault_that_was_asked_for(self):
        table = [(fault, SEEN_BY_TLS.get(repr(fault), seen)) for fault, seen in SEEN.items()]
        self.check_faults(CLIENTS, [*table, (hang(), OUT_OF_TIME), (hang(after=0), OUT_OF_TIME)])

    def test_the_connection_ends_as_it_is_called(self):
        for fault, body, end in (
            (close_connection(), b"", "goodbye"),
            (close_connection(after=3), b"hel", "goodbye"),
            (reset_connection(), b"", "ConnectionResetError"),
            (reset_connection(after=3), b"hel", "ConnectionResetError"),
        ):
            with self.subTest(fault), self.server.failing(fault):
                self.server.expect("GET", "/", optional=True).then(text="hello")
                received, ended = by_tls_socket(self.url, 0.3, self.over.context)
                self.assertEqual((body, end), (received.rpartition(b"\r\n")[2], ended))

    def test_a_reset_comes_after_all_that_was_to_be_sent(self):
        self.server.expect("GET", "/").then(
            reset_connection(after=3_000_000), data=bytes(4_000_000)
        )
        received, end = by_tls_socket(self.url, 10, self.over.context)
        self.assertEqual(
            (3_000_000, "ConnectionResetError"), (len(received.split(b"\r\n\r\n", 1)[1]), end)
        )

    def test_outages(self):
        with self.server.refusing():
            self.check_clients(CLIENTS, REFUSED)
        with self.server.stalling():
            expected = ("TimeoutError", "ReadTimeoutError|MaxRetryError|ConnectTimeoutError")
            self.check_clients((by_http_client, by_urllib3), expected, 0.3)

    def test_a_handshake_under_way_is_cut_by_an_outage(self):
        with connected(self.server, b"\x16\x03") as sock:
            self.server._server.settle()
            with self.server.refusing():
                self.assertEqual((b"", "FIN"), everything(sock))


class OverHTTP2(Elsewhere):
    def setUp(self):
        self.serve()
        self.over = Over(http2=True)

    def test_clients_see_the_fault_that_was_asked_for(self):
        self.check_faults((by_httpx, by_curl), SEEN_BY_HTTP_2.items())

    def test_each_fault_is_on_the_wire_as_it_is_called(self):
        for fault, expected in WIRE.items():
            with self.subTest(fault), self.server.failing(fault):
                self.server.expect("GET", "/", optional=True).then(text="hello")
                self.assertEqual(expected, self.wire())

    def wire(self):
        client = HTTP2Client(self.server)
        self.addCleanup(client.close)
        client.ask()
        client.sock.settimeout(0.3)
        received, end = everything(client.sock)
        events = client.h2.receive_data(received)
        body = b"".join(each.data for each in events if isinstance(each, h2.events.DataReceived))
        ends = (h2.events.StreamReset, h2.events.ConnectionTerminated)
        reasons = [int(each.error_code) for each in events if isinstance(each, ends)]
        return body, *(reasons or [None]), end

    def test_a_drip_comes_in_frames_of_its_size(self):
        self.server.expect("GET", "/").then(drip(2, every=0), text="hello")
        client = HTTP2Client(self.server)
        self.addCleanup(client.close)
        client.ask()
        events = client.until(h2.events.StreamEnded)
        frames = [each.data for each in events if isinstance(each, h2.events.DataReceived)]
        self.assertEqual([b"he", b"ll", b"o"], [each for each in frames if each])

    def test_a_stream_that_is_reset_or_slow_does_not_concern_the_others(self):
        self.server.expect("GET", "/reset").then(reset_stream())
        self.server.expect("GET", "/slow").then(drip(1, every=0.001), text="x" * 2000)
        self.server.expect("GET", "/").then(text="hello")
        client = HTTP2Client(self.server)
        self.addCleanup(client.close)
        numbers = [client.ask(path) for path in ("/slow", "/reset", "/")]
        events = client.until(h2.events.StreamEnded)
        (reset,) = (each for each in events if isinstance(each, h2.events.StreamReset))
        (ended,) = (each for each in events if isinstance(each, h2.events.StreamEnded))
        self.assertEqual(numbers[1:], [reset.stream_id, ended.stream_id])

    def test_what_it_does_not_have_is_refused(self):
        for fault in (garbage(), half_a_head(), wrong_content_length(9), malformed_chunk()):
            with self.subTest(fault):
                told = self.check_refused(fault)
                self.assertIn("over HTTP/2; use reset_stream() or go_away().", told)


class OverHTTP2AndTLS(Elsewhere):
    def test_clients_see_the_fault_that_was_asked_for(self):
        self.serve(tls=True)
        self.over = Over(self.server.ssl_context, self.server.ca_file, http2=True)
        self.check_faults((by_httpx, by_curl), SEEN_BY_HTTP_2.items())


class OverUnixSockets(Elsewhere):
    clients = tuple(client for client in CLIENTS if client is not by_urllib3)  # it knows TCP alone

    def setUp(self):
        self.serve(unix=True)
        self.url = "http://localhost/"
        self.over = Over(unix_path=self.server.unix_path)

    def test_clients_see_the_fault_that_was_asked_for(self):
        self.check_faults(
            self.clients,
            [
                (fault, without_urllib3(seen))
                for fault, seen in [
                    *SEEN.items(),
                    (hang(), OUT_OF_TIME),
                    (hang(after=0), OUT_OF_TIME),
                ]
                if not isinstance(fault, reset_connection)
            ],
        )

    def test_outages(self):
        with self.server.refusing():
            self.check_clients(self.clients, without_urllib3(REFUSED))
        self.server.expect("GET", "/").then(text="hello")
        with self.server.stalling():
            self.check_clients(self.clients, without_urllib3(OUT_OF_TIME), 0.3)
        self.assertEqual("200 hello", saw(by_http_client, self.url, 10, self.over))

    def test_there_is_no_reset(self):
        for fault in (reset_connection(), reset_connection(after=3)):
            with self.subTest(fault):
                self.assertIn(
                    "over a unix socket; use close_connection().", self.check_refused(fault)
                )


class OverHTTP1(Elsewhere):
    def setUp(self):
        self.serve()

    def test_what_only_http_2_has_is_refused(self):
        for fault, nearest in ((reset_stream(), "reset"), (go_away(after=3), "close")):
            with self.subTest(fault):
                told = self.check_refused(fault, by_http_client)
                self.assertIn(f"over HTTP/1.1; use {nearest}_connection().", told)


def without_urllib3(seen):
    return (seen[0], *seen[2:])
