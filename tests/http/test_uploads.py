"""Uploads: an ASGI application gets a request's body while the client still sends it."""

import asyncio
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor

import h2.events
import httpx

from tests.http.support import GET, HTTP2Client, connected, everything, until, up
from underlay import Layer
from underlay._waiting import wait_until
from underlay.http import LiveServer
from underlay.wsgi import ASGI

CONTINUE = b"\r\nExpect: 100-continue\r\n\r\n"
HEAD = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n"


class App(Layer):
    """A layer whose application is a coroutine function."""

    def __init__(self, application):
        super().__init__()
        self.asgi_application = application


async def answer(send, body=b"", more=False):
    await send({"type": "http.response.body", "body": body, "more_body": more})


async def start(send, status=200):
    await send({"type": "http.response.start", "status": status, "headers": []})


async def shout(scope, receive, send):
    """Answers each part as it comes."""
    await start(send)
    more = True
    while more:
        message = await receive()
        more = message["more_body"]
        await answer(send, message["body"].upper(), more)


async def refuse(scope, receive, send):
    """Answers without a look at the body."""
    await start(send, 413)
    await answer(send, b"too much")


class Waiting:
    """Reads what comes to "/" only when it may, and answers how many bytes that were."""

    def __init__(self):
        self._allowed = asyncio.Event()
        self._loops = []

    async def __call__(self, scope, receive, send):
        self._loops.append(asyncio.get_running_loop())
        length = 0
        if scope["path"] == "/":
            await self._allowed.wait()
            more = True
            while more:
                message = await receive()
                length += len(message.get("body", b""))
                more = message.get("more_body")
        await start(send)
        await answer(send, b"%d" % length)

    def go_on(self):
        wait_until(lambda: self._loops, "the application to be called")
        self._loops[0].call_soon_threadsafe(self._allowed.set)


class Uploads(unittest.TestCase):
    def serve(self, application, **options):
        return up(self, LiveServer(App(application), **options))

    def test_a_part_is_there_before_the_next_one_is_sent(self):
        server = self.serve(shout)
        with connected(server, HEAD % 9, b"hello") as sock:
            until(sock, b"HELLO")
            sock.sendall(b" you")
            until(sock, b" YOU")

    def test_so_it_is_in_all_versions_of_http_and_with_a_layer_of_its_own(self):
        for http2, layer in ((False, App), (True, App), (False, self.with_a_loop)):
            with self.subTest(http2=http2, layer=layer):
                came = threading.Event()
                server = up(self, LiveServer(layer(self.noting(came)), tls=True))
                context = server.ssl_context
                with httpx.Client(http1=not http2, http2=http2, verify=context) as client:
                    told = client.post(server.url, content=self.parts(came), timeout=10)
                self.assertEqual("onetwo", told.text)

    def with_a_loop(self, application):
        async def without_lifespan(scope, receive, send):
            if scope["type"] == "http":
                await application(scope, receive, send)

        return ASGI(without_lifespan)

    def noting(self, came):
        async def application(scope, receive, send):
            body, more = b"", True
            while more:
                message = await receive()
                body, more = body + message["body"], message["more_body"]
                if body:
                    came.set()
            await start(send)
            await answer(send, body)

        return application

    def parts(self, came):
        yield b"one"
        yield b"two" if came.wait(10) else b"too late"

    def test_a_body_that_is_there_comes_as_one(self):
        server = self.serve(shout)
        with connected(server, HEAD % 5 + b"hello") as sock:
            self.assertTrue(until(sock, b"0\r\n\r\n").endswith(b"\r\n\r\n5\r\nHELLO\r\n0\r\n\r\n"))

    def test_a_client_that_goes_in_the_middle_is_told_of(self):
        seen, gone = [], threading.Event()

        async def application(scope, receive, send):
            while not seen or seen[-1] != "http.disconnect":
                seen.append((await receive())["type"])
            gone.set()

        server = self.serve(application)
        with connected(server, HEAD % 10 + b"hello"):
            server._server.settle()
        self.assertTrue(gone.wait(10))
        self.assertEqual({"http.request", "http.disconnect"}, set(seen))

    def test_an_answer_need_not_wait_for_the_body(self):
        server = self.serve(refuse)
        with connected(server, HEAD % 1_000_000) as sock:
            until(sock, b"0\r\n\r\n")
            sock.sendall(bytes(1_000_000) + GET)
            until(sock, b"too much")

    def test_a_client_that_wants_no_other_answer_sees_the_end_before_it_has_sent_all(self):
        server = self.serve(refuse)
        head = (HEAD % 1_000_000).replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        with connected(server, head) as sock:
            self.assertIn(b"too much", everything(sock))

    def test_who_still_reads_when_the_answer_is_whole_is_told_that_it_is_over(self):
        told = []

        async def application(scope, receive, send):
            reading = asyncio.ensure_future(receive())
            await refuse(scope, receive, send)
            told.append((await reading)["type"])

        server = self.serve(application)
        with connected(server, HEAD % 5) as sock:
            until(sock, b"too much")
            server.verify()
        client = HTTP2Client(server)
        client.begin()
        client.until(h2.events.StreamEnded)
        server.verify()
        client.close()
        self.assertEqual(["http.disconnect"] * 2, told)

    def test_a_body_that_was_not_read_is_not_the_next_request(self):
        server = self.serve(refuse)
        with connected(server, HEAD % 5 + b"hello" + GET) as sock:
            received = until(sock, b"0\r\n\r\n")
            while received.count(b"too much") < 2:
                received += until(sock, b"0\r\n\r\n")

    def test_who_waits_for_100_continue_sends_nothing_in_vain(self):
        server = self.serve(refuse)
        with connected(server, (HEAD % 5).replace(b"\r\n\r\n", CONTINUE)) as sock:
            told = everything(sock)
        self.assertTrue(told.startswith(b"HTTP/1.1 413 "), told)
        self.assertIn(b"\r\nConnection: close\r\n", told)

    def test_100_continue_comes_when_the_application_wants_the_body(self):
        waiting = Waiting()
        server = self.serve(waiting)
        with connected(server, (HEAD % 5).replace(b"\r\n\r\n", CONTINUE)) as sock:
            server._server.settle()
            sock.settimeout(0.05)
            self.assertRaises(TimeoutError, sock.recv, 100)
            sock.settimeout(10)
            waiting.go_on()
            self.assertEqual(b"HTTP/1.1 100 Continue\r\n\r\n", until(sock, b"\r\n\r\n"))
            sock.sendall(b"hello")
            self.assertIn(b"\r\n5\r\n", until(sock, b"0\r\n\r\n"))


class Pace(unittest.TestCase):
    """A client sends no faster than the application reads."""

    def setUp(self):
        self.waiting = Waiting()

    def serve(self, **options):
        return up(self, LiveServer(App(self.waiting), **options))

    def http2(self, server):
        client = HTTP2Client(server)
        self.addCleanup(client.close)
        return client

    def stuck(self, sock, data):
        sock.settimeout(0.3)
        self.assertRaises(TimeoutError, sock.sendall, data)
        sock.settimeout(10)

    def test_so_it_is_in_http_1(self):
        with connected(self.serve(), HEAD % 50_000_000) as sock:
            self.stuck(sock, bytes(50_000_000))
            self.waiting.go_on()

    def test_what_has_been_held_back_comes_in_the_end(self):
        with connected(self.serve(), HEAD % 50_000_000) as sock, ThreadPoolExecutor() as pool:
            sending = pool.submit(sock.sendall, bytes(50_000_000))
            self.waiting.go_on()
            sending.result(10)
            self.assertIn(b"\r\n50000000\r\n", until(sock, b"0\r\n\r\n"))

    def test_requests_ahead_of_their_turn_wait_as_well(self):
        with connected(self.serve(), GET) as sock:
            self.stuck(sock, GET * 1_000_000)
            self.waiting.go_on()

    def test_their_turn_comes(self):
        last = GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        with connected(self.serve()) as sock, ThreadPoolExecutor() as pool:
            sending = pool.submit(sock.sendall, GET * 4_999 + last)
            self.waiting.go_on()
            self.assertEqual(5_000, everything(sock).count(b"HTTP/1.1 200"))
            sending.result(10)

    def test_in_http_2_it_is_each_stream_for_itself(self):
        client = self.http2(self.serve())
        number = client.begin("/")
        sent = client.fill(number)
        client.ask("/another")
        client.until(h2.events.StreamEnded)
        self.assertEqual((65535, 0), (sent, client.fill(number)))
        self.waiting.go_on()
        while sent < 1_000_000:
            client.until(h2.events.WindowUpdated)
            sent += client.fill(number)
        client.h2.end_stream(number)
        client.flush()
        events = client.until(h2.events.StreamEnded)
        told = [event.data for event in events if isinstance(event, h2.events.DataReceived)]
        self.assertEqual(b"%d" % sent, b"".join(told))

    def test_an_answer_lets_the_rest_of_the_body_go(self):
        client = self.http2(self.serve())
        number = client.begin("/another")
        client.until(h2.events.StreamEnded)
        sent = client.fill(number)
        while sent < 1_000_000:
            client.until(h2.events.WindowUpdated)
            sent += client.fill(number)

    def test_so_it_is_over_tls(self):
        self.held_back(most=1000)  # the kernel has some for itself

    def test_so_it_is_over_tls_in_http_2(self):
        self.held_back(most=10, http1=False, http2=True)

    def held_back(self, most, **versions):
        server, sent = self.serve(tls=True), []

        def parts():
            for _each in range(2000):
                sent.append(bytes(20_000))
                yield sent[-1]

        client = httpx.Client(verify=server.ssl_context, timeout=20, **versions)
        with client, ThreadPoolExecutor() as pool:
            asking = pool.submit(client.put, server.url, content=parts())
            wait_until(lambda: len(sent) > 3, "the client to send")
            server._server.settle()
            self.assertLess(len(sent), most)
            self.waiting.go_on()
            self.assertEqual("40000000", asking.result(20).text)
