"""Faults, each as real clients see it, and as it is on the wire."""

import contextlib
import socket
import unittest

import urllib3

from tests.http.clients import CLIENTS, by_http_client, by_socket, saw
from tests.http.support import GET, Golden, ask, connected, everything, until, up
from underlay._errors import AnswerFailed, LayerError, UnexpectedRequest
from underlay._waiting import wait_until
from underlay.http import (
    Behaviour,
    FakeServer,
    close_connection,
    delay,
    drip,
    garbage,
    half_a_head,
    hang,
    lognormal,
    malformed_chunk,
    reset_connection,
    respond,
    sometimes,
    stream,
    throttle,
    uniform,
    wrong_content_length,
)

#: The head of the answer that the faults are put before.
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 5\r\n"
CLOSE = b"Connection: close\r\n"

#: What http.client, urllib3, httpx, aiohttp and curl see; curl's statuses: 1 is no HTTP, 7 not
#: connected, 18 a part only, 28 out of time, 52 an empty reply, 56 a failure while receiving.
SEEN = {
    close_connection(): (
        *("RemoteDisconnected", "ProtocolError", "RemoteProtocolError"),
        *("ServerDisconnectedError", "curl 52"),
    ),
    close_connection(after=0): (
        *("IncompleteRead", "ProtocolError", "RemoteProtocolError"),
        *("ClientPayloadError", "curl 18"),
    ),
    close_connection(after=3): (
        *("IncompleteRead", "ProtocolError", "RemoteProtocolError"),
        *("ClientPayloadError", "curl 18"),
    ),
    reset_connection(): (
        *("ConnectionResetError", "ProtocolError", "ReadError"),
        *("ClientOSError", "curl 56"),
    ),
    reset_connection(after=3): (
        *("ConnectionResetError", "ProtocolError", "ReadError"),
        *("ClientPayloadError", "curl 56"),
    ),
    garbage(): (
        *("BadStatusLine", "ProtocolError", "RemoteProtocolError"),
        *("ClientResponseError", "curl 1"),
    ),
    # To the first two and to curl the end of the connection is the end of the head as well.
    half_a_head(): ("200 ", "200 ", "RemoteProtocolError", "ServerDisconnectedError", "200 "),
    wrong_content_length(9): (
        *("IncompleteRead", "ProtocolError", "RemoteProtocolError"),
        *("ClientPayloadError", "curl 18"),
    ),
    malformed_chunk(): (
        *("IncompleteRead", "ProtocolError", "RemoteProtocolError"),
        *("ClientResponseError", "curl 56"),
    ),
    drip(30, every=0.001): ("200 hello",) * 5,
    throttle(50_000): ("200 hello",) * 5,
    delay(0.01): ("200 hello",) * 5,
}
OUT_OF_TIME = ("TimeoutError", "ReadTimeoutError", "ReadTimeout", "TimeoutError", "curl 28")
REFUSED = (
    *("ConnectionRefusedError", "NewConnectionError", "ConnectError"),
    *("(Unix)?ClientConnectorError", "curl 7"),
)

#: What is on the wire, and how it ends.
WIRE = {
    close_connection(): (b"", "FIN"),
    close_connection(after=0): (HEAD + CLOSE + b"\r\n", "FIN"),
    close_connection(after=3): (HEAD + CLOSE + b"\r\nhel", "FIN"),
    reset_connection(): (b"", "ConnectionResetError"),
    reset_connection(after=0): (HEAD + CLOSE + b"\r\n", "ConnectionResetError"),
    reset_connection(after=3): (HEAD + CLOSE + b"\r\nhel", "ConnectionResetError"),
    garbage(b"garbage"): (b"garbage", "FIN"),
    half_a_head(): (HEAD[: (len(HEAD) + 2) // 2], "FIN"),
    wrong_content_length(9): (HEAD.replace(b"5", b"9") + b"\r\nhello", "FIN"),
    malformed_chunk(): (
        HEAD.replace(b"Content-Length: 5", b"Transfer-Encoding: chunked")
        + CLOSE
        + b"\r\n5\r\nhello\r\nno chunk\r\n",
        "FIN",
    ),
    drip(1, every=0): (HEAD + CLOSE + b"\r\nhello", "FIN"),
}


class Up(Golden):
    def setUp(self):
        self.server = up(self, FakeServer(name="PAYMENTS"))
        self.url = f"{self.server.url}/"

    def check_clients(self, expected, patience=10.0):
        for client, wanted in zip(CLIENTS, expected, strict=True):
            with self.subTest(client.__name__):
                self.assertRegex(saw(client, self.url, patience), f"^({wanted})$")


class RealClients(Up):
    def test_they_see_the_fault_that_was_asked_for(self):
        for fault, expected in SEEN.items():
            with self.subTest(fault), self.server.failing(fault):
                self.server.expect("GET", "/", optional=True).then(text="hello")
                self.check_clients(expected)

    def test_they_give_up_where_the_server_hangs(self):
        for fault in (hang(), hang(after=0)):
            with self.subTest(fault), self.server.failing(fault):
                self.server.expect("GET", "/", optional=True).then(text="hello")
                self.check_clients(OUT_OF_TIME, 0.2)

    def test_they_are_refused(self):
        with self.server.refusing():
            self.check_clients(REFUSED)

    def test_they_give_up_where_the_server_stalls(self):
        with self.server.stalling():
            self.check_clients(OUT_OF_TIME, 0.2)

    def test_a_client_that_retries_gets_through(self):
        api = self.server.expect("GET", "/")
        api.then(reset_connection()).then(close_connection()).then(status=503).then(text="hello")
        retry = urllib3.Retry(5, status_forcelist=[503], backoff_factor=0)
        with urllib3.PoolManager(retries=retry) as pool:
            self.assertEqual(b"hello", pool.request("GET", self.url).data)
        api.assert_called(times=4)


class Wire(Up):
    def test_each_fault_is_on_the_wire_as_it_is_called(self):
        for fault, expected in WIRE.items():
            with self.subTest(fault):
                block = self.server.failing(fault)
                self.server.expect("GET", "/", optional=True).then(text="hello")
                with block:
                    self.assertEqual(expected, by_socket(self.url, 10))

    def test_a_hanging_server_has_sent_what_it_was_to_send(self):
        for after, expected in ((None, b""), (0, HEAD + CLOSE + b"\r\n"), (3, b"\r\nhel")):
            with self.subTest(after), self.server.failing(hang(after=after)):
                self.server.expect("GET", "/", optional=True).then(text="hello")
                received, end = by_socket(self.url, 0.2)
                self.assertEqual("TimeoutError", end)
                self.assertTrue(received.endswith(expected))

    def test_a_reset_comes_after_all_that_was_to_be_sent(self):
        self.server.expect("GET", "/").then(reset_connection(after=300_000), data=bytes(400_000))
        received, end = by_socket(self.url, 10)
        self.assertEqual(
            (300_000, "ConnectionResetError"), (len(received.split(b"\r\n\r\n", 1)[1]), end)
        )

    def test_faults_can_be_combined(self):
        self.server.expect("GET", "/").then(
            delay(0.001), drip(10, every=0), reset_connection(after=2), text="hello"
        )
        received, end = by_socket(self.url, 10)
        self.assertEqual((HEAD + CLOSE + b"\r\nhe", "ConnectionResetError"), (received, end))

    def test_a_stream_can_be_cut_as_well(self):
        self.server.expect("GET", "/").then(close_connection(after=4), stream([b"abc", b"def"]))
        received, _end = by_socket(self.url, 10)
        self.assertTrue(received.endswith(b"\r\n\r\n3\r\nabc\r\n1\r\nd\r\n"), received)

    def test_a_dripping_head_comes_byte_by_byte(self):
        self.server.expect("GET", "/").then(drip(1, every=0.25), text="hello")
        with connected(self.server, GET) as sock:
            self.assertEqual([b"H", b"T", b"T"], [sock.recv(100) for _each in range(3)])

    def test_a_drip_makes_whole_every_answer(self):
        for answer in (respond(text="hello"), stream([b"he", b"llo"]), lambda request: "hello"):
            with self.subTest(answer):
                self.server.expect("GET", "/", times=1).then(drip(7, every=0), answer)
                self.assertEqual((200, "hello"), ask(self.url))

    def test_a_throttle_keeps_to_its_rate(self):
        self.server.expect("GET", "/").then(throttle(10_000), data=bytes(500))
        ask(self.url)
        [entry] = self.server.journal
        ended = wait_until(lambda: entry.ended, "the answer to end")
        self.assertGreaterEqual(ended - entry.began, 0.045)


class Ends(Up):
    def test_a_body_that_is_too_short_to_be_cut_fails_the_test(self):
        self.server.expect("GET", "/").then(reset_connection(after=9), text="hello")
        saw(by_http_client, self.url, 10)
        with self.assertRaises(AnswerFailed) as raised:
            self.server.verify()
        self.assertGolden("too-short", raised.exception)

    def test_no_chunk_can_be_malformed_without_chunks(self):
        self.server.expect("GET", "/").then(malformed_chunk(), text="hello")
        with connected(self.server, b"GET / HTTP/1.0\r\n\r\n") as sock:
            everything(sock)
        with self.assertRaisesRegex(
            AnswerFailed, r"no malformed_chunk\(\) over HTTP/1.0; use close"
        ):
            self.server.verify()

    def test_only_what_has_no_place_in_the_body_is_the_end(self):
        for kind in (hang, close_connection, reset_connection):
            with self.subTest(kind):
                self.assertTrue(kind().final)
                self.assertFalse(kind(after=0).final)

    def test_the_connection_is_of_no_use_afterwards(self):
        for fault in (wrong_content_length(3), malformed_chunk(), half_a_head()):
            with self.subTest(fault), connected(self.server) as sock:
                self.server.expect("GET", "/", times=1).then(fault, text="hello")
                sock.sendall(GET)
                everything(sock)  # it ends

    def test_a_delayed_answer_does_not_delay_the_others(self):
        self.server.expect("GET", "/slow").then(hang())
        self.server.expect("GET", "/").then(text="Hello")
        with connected(self.server, GET.replace(b"/ ", b"/slow ")):
            self.assertEqual((200, "Hello"), ask(self.server.url))

    def test_a_client_that_gives_up_is_no_problem(self):
        self.server.expect("GET", "/").then(delay(0.01), text="Hello")
        with connected(self.server, GET):
            pass
        self.server.verify()


class Chance(Up):
    def struck(self, fault, number=40):
        """Which of some requests a fault strikes."""
        with FakeServer() as server, server.failing(fault):
            server.expect("GET", "/", optional=True).then(text="hello")
            url = f"{server.url}/"
            return [saw(by_http_client, url, 10) != "200 hello" for _each in range(number)]

    def test_a_share_of_the_requests_is_struck(self):
        self.assertTrue(5 <= sum(self.struck(sometimes(0.3, reset_connection()))) <= 20)

    def test_the_same_seed_strikes_the_same_requests(self):
        first = self.struck(sometimes(0.5, reset_connection(), seed=1), 20)
        self.assertEqual(first, self.struck(sometimes(0.5, reset_connection(), seed=1), 20))
        self.assertNotEqual(first, self.struck(sometimes(0.5, reset_connection(), seed=2), 20))

    def test_all_and_none_are_shares_as_well(self):
        self.assertEqual([True] * 3, self.struck(sometimes(1, close_connection()), 3))
        self.assertEqual([False] * 3, self.struck(sometimes(0, close_connection()), 3))

    def test_what_sometimes_bends_the_answer_lets_it_pass(self):
        self.server.expect("GET", "/").then(
            sometimes(1, delay(0.001), drip(9, every=0)), text="hello"
        )
        self.assertEqual((200, "hello"), ask(self.url))

    def test_the_seed_is_told_when_the_test_fails(self):
        self.server.expect("GET", "/").then(
            sometimes(0.3, reset_connection(), seed=7), delay(uniform(0, 0.001)), text="hello"
        )
        saw(by_http_client, self.url, 10)
        ask(self.url + "other")
        with self.assertRaises(UnexpectedRequest) as raised:
            self.server.verify()
        self.assertGolden("seed", raised.exception)

    def test_distributions_draw_the_same_for_the_same_request(self):
        for kind in (uniform(1, 2), lognormal(1, sigma=0.4)):
            with self.subTest(kind):
                drawn = [kind.draw(number) for number in range(1, 200)]
                self.assertEqual(drawn, [kind.draw(number) for number in range(1, 200)])
                self.assertEqual(len(drawn), len(set(drawn)))

    def test_distributions_keep_to_what_they_are_called(self):
        even = sorted(uniform(1, 2).draw(number) for number in range(500))
        self.assertTrue(1 <= even[0] < even[-1] <= 2)
        skewed = sorted(lognormal(2, sigma=0.4).draw(number) for number in range(500))
        self.assertAlmostEqual(2, skewed[250], delta=0.3)

    def test_a_delay_may_be_left_to_chance(self):
        self.server.expect("GET", "/").then(delay(lognormal(0.001, 0.1)), text="hello")
        self.assertEqual((200, "hello"), ask(self.url))


class WholeServer(Up):
    def test_a_fault_strikes_whatever_is_asked_and_ends_with_its_block(self):
        self.server.expect("GET", "/").then(text="hello")
        with self.server.failing(reset_connection()):
            self.assertEqual("ConnectionResetError", saw(by_http_client, self.url, 10))
        self.assertEqual((200, "hello"), ask(self.url))

    def test_what_is_struck_does_not_get_to_the_expectations(self):
        api = self.server.expect("GET", "/", optional=True)
        with self.server.failing(close_connection()):
            saw(by_http_client, self.url, 10)
            saw(by_http_client, self.url + "unexpected", 10)
        api.assert_not_called()
        self.assertEqual(2, len(self.server.requests))

    def test_faults_without_an_end_come_before_the_answer(self):
        with self.server.failing(delay(0.001)), self.server.failing(drip(9, every=0)):
            self.server.expect("GET", "/").then(text="hello")
            self.assertEqual((200, "hello"), ask(self.url))

    def test_one_set_up_with_the_layer_strikes_in_each_test(self):
        class Slow(FakeServer):
            def setUp(self):
                self.failing(close_connection())

        server = Slow()
        server.setUp()
        self.addCleanup(server.tearDown)
        for _test in range(2):
            server.testSetUp()
            self.assertEqual("RemoteDisconnected", saw(by_http_client, server.url + "/", 10))
            server.testTearDown()

    def test_one_of_a_test_ends_with_it(self):
        server = FakeServer()
        server.setUp()
        self.addCleanup(server.tearDown)
        server.expect("GET", "/").then(text="hello")
        server.testSetUp()
        server.failing(close_connection())
        server.testTearDown()
        self.assertEqual((200, "hello"), ask(server.url))

    def test_it_needs_to_know_how_to_fail(self):
        with self.assertRaisesRegex(TypeError, r"failing\(reset_connection\(\)\)"):
            self.server.failing()
        with self.assertRaisesRegex(TypeError, "neither a behaviour"):
            self.server.failing(hang)

    def test_only_a_server_that_is_up_can_fail(self):
        for fail in (FakeServer().refusing, FakeServer().stalling):
            self.assertRaisesRegex(LayerError, "is not set up", fail)
        self.assertRaisesRegex(LayerError, "is not set up", FakeServer().failing, hang())


class Outages(Up):
    def test_the_port_answers_again_after_it_refused(self):
        self.server.expect("GET", "/").then(text="hello")
        for _each in range(2):
            with self.server.refusing():
                self.assertEqual("ConnectionRefusedError", saw(by_http_client, self.url, 10))
            self.assertEqual((200, "hello"), ask(self.url))

    def test_connections_that_were_open_are_cut(self):
        with connected(self.server) as sock:
            self.server._server.settle()
            with self.server.refusing():
                self.assertEqual(b"", everything(sock))

    def test_the_port_stays_taken_meanwhile(self):
        with self.server.refusing(), socket.socket() as other:
            with self.assertRaisesRegex(OSError, "in use"):
                other.bind((self.server.host, self.server.port))

    def test_an_ipv6_server_can_refuse_as_well(self):
        server = up(self, FakeServer(host="::1"))
        server.expect("GET", "/").then(text="hello")
        with server.refusing():
            self.assertEqual("ConnectionRefusedError", saw(by_http_client, server.url + "/", 10))
        self.assertEqual((200, "hello"), ask(server.url))

    def test_who_came_while_it_stalled_is_sent_away(self):
        with contextlib.ExitStack() as until_the_end:
            with self.server.stalling():
                sock = until_the_end.enter_context(connected(self.server, GET))
            with self.assertRaises(ConnectionResetError):
                sock.recv(100)
        self.assertEqual([], self.server.requests)

    def test_open_connections_are_not_read_while_it_stalls(self):
        self.server.expect("GET", "/").then(text="hello")
        with connected(self.server, GET) as sock:
            sock.recv(1000)
            with self.server.stalling():
                sock.sendall(GET)
                self.server._server.settle()
                self.assertEqual(1, len(self.server.requests))

    def test_nor_are_those_that_are_just_answered(self):
        self.server.expect("GET", "/").then(delay(0.1), text="hello")
        with connected(self.server, GET) as sock:
            self.server.wait_for()
            with self.server.stalling():
                until(sock, b"hello")
                sock.sendall(GET)
                self.server._server.settle()
                self.assertEqual(1, len(self.server.requests))

    def test_nor_are_those_that_are_in_a_tls_handshake(self):
        server = up(self, FakeServer(tls=True))
        with connected(server) as plain:
            server._server.settle()
            with server.stalling():
                sock = server.ssl_context.wrap_socket(plain, server_hostname="localhost")
                with sock:
                    server._server.settle()  # Python 3.10 gives what comes with its last message
                    sock.sendall(GET)
                    server._server.settle()
                    self.assertEqual([], server.requests)

    def test_one_in_another_leaves_that_going_on(self):
        self.server.expect("GET", "/").then(text="hello")
        for inner in (self.server.refusing, self.server.stalling):
            with self.subTest(inner), self.server.refusing():
                with inner():
                    pass
                self.assertEqual("ConnectionRefusedError", saw(by_http_client, self.url, 10))
        self.assertEqual((200, "hello"), ask(self.url))

    def test_the_latest_counts_whichever_ends_first(self):
        first, second = self.server.refusing(), self.server.stalling()
        with first:
            self.assertEqual("TimeoutError", saw(by_http_client, self.url, 0.1))
        self.assertEqual("TimeoutError", saw(by_http_client, self.url, 0.1))
        with second:
            pass
        self.assertEqual(500, ask(self.url)[0])
        self.assertRaises(UnexpectedRequest, self.server.verify)

    def test_it_can_be_taken_down_in_an_outage(self):
        for outage in ("refusing", "stalling"):
            with self.subTest(outage), FakeServer() as server:
                getattr(server, outage)()


class Arguments(unittest.TestCase):
    def test_what_makes_no_sense_is_refused_at_once(self):
        for kind, make, message in (
            (TypeError, lambda: delay("a"), "a number of seconds, not 'a'"),
            (ValueError, lambda: delay(-1), "0 seconds or more, not -1"),
            (ValueError, lambda: uniform(-1, 1), "low is 0"),
            (ValueError, lambda: lognormal(1, -1), "sigma is 0"),
            (ValueError, lambda: drip(0), "size is 1 or more"),
            (TypeError, lambda: drip("a"), "size is a number of bytes"),
            (ValueError, lambda: drip(every=-1), "every is 0"),
            (ValueError, lambda: throttle(0), "bytes_per_second is 1"),
            (ValueError, lambda: hang(after=-1), "after is 0 or more"),
            (TypeError, lambda: reset_connection(after=True), "after is a number of bytes"),
            (ValueError, lambda: wrong_content_length(-1), "declared is 0"),
            (ValueError, lambda: sometimes(2, hang()), "between 0 and 1, not 2"),
            (TypeError, lambda: sometimes("a", hang()), "between 0 and 1, not 'a'"),
            (TypeError, lambda: sometimes(0.5), "needs to know what"),
            (TypeError, lambda: sometimes(0.5, hang), "neither a behaviour"),
        ):
            with self.subTest(message), self.assertRaisesRegex(kind, message):
                make()

    def test_all_of_them_are_behaviours_and_tell_what_they_do(self):
        for fault in (*SEEN, *WIRE, hang(), sometimes(0.5, hang())):
            with self.subTest(fault):
                self.assertIsInstance(fault, Behaviour)
                self.assertRegex(repr(fault), r"^[a-z_]+\(.*\)$")
