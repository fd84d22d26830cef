"""Uploads: an ASGI application gets a request's body while the client still sends it."""

import asyncio
import threading
import unittest

import httpx

from tests.http.support import GET, connected, everything, until, up
from underlay import Layer
from underlay.http import LiveServer
from underlay.wsgi import ASGI

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

    def test_a_client_sends_no_faster_than_the_application_reads(self):
        loops, go_on = [], asyncio.Event()

        async def application(scope, receive, send):
            loops.append(asyncio.get_running_loop())
            await go_on.wait()
            await refuse(scope, receive, send)

        server = self.serve(application)
        with connected(server, HEAD % 50_000_000) as sock:
            sock.settimeout(0.3)
            with self.assertRaises(TimeoutError):
                sock.sendall(bytes(50_000_000))
            loops[0].call_soon_threadsafe(go_on.set)
            sock.settimeout(10)
            until(sock, b"too much")

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
            self.assertEqual(["http.disconnect"], told)

    def test_a_body_that_was_not_read_is_not_the_next_request(self):
        server = self.serve(refuse)
        with connected(server, HEAD % 5 + b"hello" + GET) as sock:
            received = until(sock, b"0\r\n\r\n")
            while received.count(b"too much") < 2:
                received += until(sock, b"0\r\n\r\n")
