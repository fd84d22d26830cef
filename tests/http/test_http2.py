"""HTTP/2, over TLS and with prior knowledge, as h2 and httpx see it."""

import subprocess
import unittest
from unittest import mock

import h2.events
import httpx
from h2.errors import ErrorCodes
from hyperframe.frame import GoAwayFrame, PingFrame

from tests.http.support import (
    HTTP2Client,
    nothing_left,
    program,
    reset,
    threads_and_descriptors,
    up,
)
from underlay import AnswerFailed, Layer, UnexpectedRequest
from underlay.http import (
    FakeServer,
    LiveServer,
    Response,
    close_connection,
    delay,
    go_away,
    hang,
    reset_stream,
    respond,
)
from underlay.http._exchange import SLICE


class App(Layer):
    def __init__(self, application):
        super().__init__()
        self.application = application


class Case(unittest.TestCase):
    def client(self, server, **options):
        client = httpx.Client(http1=False, http2=True, **options)
        self.addCleanup(client.close)
        return client

    def raw(self, server):
        client = HTTP2Client(server)
        self.addCleanup(client.close)
        return client


class OverTLS(Case):
    def test_the_handshake_settles_on_it(self):
        server = up(self, FakeServer(tls=True))
        server.expect("GET", "/").then(text="Hello")
        with httpx.Client(http2=True, verify=server.ssl_context) as client:
            answer = client.get(server.url)
        self.assertEqual(("HTTP/2", "Hello"), (answer.http_version, answer.text))

    def test_others_get_http_1(self):
        server = up(self, FakeServer(tls=True))
        server.expect("GET", "/").then(text="Hello")
        with httpx.Client(verify=server.ssl_context) as client:
            self.assertEqual("HTTP/1.1", client.get(server.url).http_version)

    def test_curl_speaks_it(self):
        server = up(self, FakeServer(tls=True))
        server.expect("GET", "/").then(text="Hello")
        told = ["-sS", "--cacert", server.ca_file, "-w", " by %{http_version}", server.url]
        self.assertEqual(b"Hello by 2", subprocess.check_output([program("curl"), *told]))


class Conversation(Case):
    def setUp(self):
        self.server = up(self, FakeServer())

    def test_prior_knowledge_is_enough(self):
        self.server.expect("GET", "/").then(text="Hello")
        answer = self.client(self.server).get(self.server.url)
        self.assertEqual(("HTTP/2", "Hello"), (answer.http_version, answer.text))

    def test_the_request_is_told_as_in_http_1(self):
        self.server.expect("POST", "/a", query={"b": "1"}, json=[1]).then(status=201)
        self.client(self.server).post(self.server.url + "/a?b=1", json=[1], headers={"X-A": "1"})
        (seen,) = self.server.requests
        self.assertEqual(("POST", "/a?b=1", "2"), (seen.method, seen.target, seen.version))
        self.assertEqual(
            (self.server.http_address, "1"), (seen.headers["host"], seen.headers["X-A"])
        )

    def test_requests_are_answered_side_by_side(self):
        self.server.expect("GET", "/slow").then(hang())
        self.server.expect("GET", "/").then(text="Hello")
        client = self.raw(self.server)
        client.ask("/slow")
        number = client.ask("/")
        ended = client.until(h2.events.StreamEnded)[-1]
        self.assertEqual(number, ended.stream_id)

    def test_a_large_body_waits_for_the_client_s_window(self):
        body = bytes(range(256)) * 4096
        self.server.expect("GET", "/").then(data=body)
        self.assertEqual(body, self.client(self.server).get(self.server.url).content)

    def test_a_large_upload_arrives_whole(self):
        body = bytes(range(256)) * 4096
        self.server.expect("PUT", "/", body=body).then(status=204)
        answer = self.client(self.server).put(self.server.url, content=body)
        self.assertEqual((204, b""), (answer.status_code, answer.content))

    def test_head_has_the_headers_only(self):
        self.server.expect("HEAD", "/").then(text="Hello")
        answer = self.client(self.server).head(self.server.url)
        self.assertEqual(("5", b""), (answer.headers["Content-Length"], answer.content))

    def test_headers_of_http_1_are_not_sent(self):
        self.server.expect("GET", "/").then(respond(headers={"Connection": "close", "X-A": "b"}))
        answer = self.client(self.server).get(self.server.url)
        self.assertEqual((None, "b"), (answer.headers.get("Connection"), answer.headers["X-A"]))

    def test_a_client_that_announces_its_end_gets_its_answers(self):
        """What it acknowledges meanwhile is welcome as well."""
        self.server.expect("GET", "/").then(delay(0.05), data=bytes(100_000))
        client = self.raw(self.server)
        client.ask()
        client.sock.sendall(
            GoAwayFrame().serialize() + PingFrame(opaque_data=b"12345678").serialize()
        )
        received = 0
        while received < 100_000:
            for event in client.until(h2.events.DataReceived):
                if isinstance(event, h2.events.DataReceived):
                    received += len(event.data)
                    client.h2.acknowledge_received_data(len(event.data), event.stream_id)
            client.flush()
        self.server.verify()

    def test_a_client_that_resets_the_connection_is_no_failure(self):
        self.server.expect("GET", "/").then(close_connection())
        for _each in range(5):
            client = self.raw(self.server)
            client.until(h2.events.SettingsAcknowledged)
            client.ask()
            reset(client.sock)
        self.server.wait_for(5)
        self.server.verify()

    def test_an_upload_that_breaks_off_is_journalled(self):
        client = self.raw(self.server)
        number = client.begin()
        client.h2.send_data(number, b"123")
        client.h2.reset_stream(number)
        client.flush()
        self.server.verify()
        (request,) = self.server.requests
        self.assertEqual(("broken off by the client", b"123"), (request.problem, request.body))


class Faults(Case):
    def setUp(self):
        self.server = up(self, FakeServer())

    def events(self, *behaviours):
        self.server.expect("GET", "/").then(*behaviours)
        client = self.raw(self.server)
        client.ask()
        return client.until(h2.events.StreamReset, h2.events.ConnectionTerminated)

    def test_reset_stream_ends_one_request(self):
        (event,) = [
            each for each in self.events(reset_stream(7)) if isinstance(each, h2.events.StreamReset)
        ]
        self.assertEqual(ErrorCodes.REFUSED_STREAM, event.error_code)

    def test_go_away_ends_the_connection(self):
        event = self.events(go_away(11))[-1]
        self.assertEqual(ErrorCodes.ENHANCE_YOUR_CALM, event.error_code)

    def test_in_http_1_there_is_no_such_thing(self):
        self.server.expect("GET", "/").then(reset_stream())
        self.assertEqual(500, httpx.get(self.server.url).status_code)
        with self.assertRaisesRegex(AnswerFailed, r"no reset_stream\(code=2\) over HTTP/1.1"):
            self.server.verify()

    def test_an_answer_that_breaks_off_ends_its_stream(self):
        class half:
            async def play(self, exchange):
                exchange.begin(200, [])
                await exchange.write(b"half")
                raise ValueError("oops")

        (event,) = [each for each in self.events(half()) if isinstance(each, h2.events.StreamReset)]
        self.assertEqual(ErrorCodes.INTERNAL_ERROR, event.error_code)
        self.assertRaises(AnswerFailed, self.server.verify)

    def test_a_wrong_length_is_told(self):
        for length in (4, 6):
            with self.subTest(length):
                answer = Response(200, (("Content-Length", str(length)),), b"Hello")

                class wrong:
                    async def play(self, exchange, answer=answer):
                        await exchange.send(answer)

                self.server.expect("GET", "/", times=1).then(wrong())
                client = self.raw(self.server)
                client.ask()
                client.until(h2.events.StreamReset, h2.events.StreamEnded)
                with self.assertRaisesRegex(AnswerFailed, "than its Content-Length"):
                    self.server.verify()

    def test_a_body_that_is_too_large_is_refused(self):
        client = self.raw(self.server)
        with mock.patch("underlay.http._http2.MAX_BODY", 1000):
            client.fill(client.begin())
            events = client.until(h2.events.StreamReset)
        (head,) = [each for each in events if isinstance(each, h2.events.ResponseReceived)]
        self.assertIn((":status", "413"), head.headers)
        (request,) = self.server.requests
        self.assertEqual("too large: the body has more than 1000 bytes", request.problem)
        self.assertRaises(UnexpectedRequest, self.server.verify)

    def test_what_is_no_http_2_is_journalled_and_told(self):
        with self.assertRaisesRegex(UnexpectedRequest, "not HTTP: "):
            client = self.raw(self.server)
            client.sock.sendall(bytes(9))  # DATA on stream 0
            self.assertIsInstance(
                client.until(h2.events.ConnectionTerminated)[-1], h2.events.ConnectionTerminated
            )
            self.server.verify()


class Live(Case):
    def test_an_application_is_served(self):
        def application(environ, start_response):
            start_response("200 OK", [("Content-Type", "text/plain")])
            yield environ["SERVER_PROTOCOL"].encode()
            yield b", " + environ["HTTP_HOST"].encode()

        server = up(self, LiveServer(App(application)))
        answer = self.client(server).get(server.url)
        self.assertEqual(f"HTTP/2, {server.http_address}", answer.text)

    def test_an_answer_that_the_client_takes_no_more_of_ends(self):
        """It waits for room in a window that never opens again."""

        def by_thread(environ, start_response):
            start_response("200 OK", [])
            yield from (bytes(SLICE) for _each in range(20))

        async def in_the_loop(scope, receive, send):
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": bytes(20 * SLICE)})

        for application in (by_thread, in_the_loop):
            with self.subTest(application.__name__):
                server = up(self, LiveServer(App(application)))
                client = self.raw(server)
                number, room = client.ask(), 65535  # as it is at first (RFC 9113, 6.9.2)
                while room:
                    events = client.until(h2.events.DataReceived)
                    parts = (each for each in events if isinstance(each, h2.events.DataReceived))
                    room -= sum(len(each.data) for each in parts)
                client.h2.reset_stream(number)
                client.flush()
                server.verify()

    def test_it_stops_with_streams_open(self):
        before = threads_and_descriptors()
        server = FakeServer()
        server.setUp()
        server.expect("GET", "/").then(hang())
        client = HTTP2Client(server)
        for _each in range(10):
            client.ask()
        server._server.settle()
        server.tearDown()
        client.close()
        nothing_left(self, before)
