"""Other people's servers as engines of LiveServer: they serve, and they stop."""

import sys
import threading
import unittest
from unittest import mock

from tests.http.support import (
    GET,
    ask,
    connected,
    nothing_left,
    threads_and_descriptors,
    until,
    up,
    wait_for_threads,
)
from underlay import ApplicationError, ExtraMissing, Layer, NotReady, StillRunning
from underlay.http import LiveServer
from underlay.wsgi import ASGI, WSGI


def hello(environ, start_response):
    start_response("200 OK", [("Content-Length", "5")])
    return [b"Hello"]


async def hello_asgi(scope, receive, send):
    headers = [(b"content-length", b"5")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"Hello"})


def boom(environ, start_response):
    raise ValueError("oops")


async def boom_asgi(scope, receive, send):
    assert scope["type"] == "http"
    raise ValueError("oops")


ENGINES = (
    ("waitress", WSGI, lambda: hello, lambda: boom),
    ("cheroot", WSGI, lambda: hello, lambda: boom),
    ("uvicorn", ASGI, lambda: hello_asgi, lambda: boom_asgi),
)


class Engines(unittest.TestCase):
    def each(self):
        for name, kind, good, bad in ENGINES:
            with self.subTest(name):
                yield name, kind, good, bad

    def test_they_serve_and_leave_nothing(self):
        for name, kind, good, _ in self.each():
            self.cycle(name, kind, good)  # some keep what they need to look up hosts
            before = threads_and_descriptors()
            self.cycle(name, kind, good)
            nothing_left(self, before)

    def cycle(self, name, kind, application):
        with LiveServer(kind(application), engine=name, patience=10) as server:
            self.assertEqual((200, "Hello"), ask(server.url))

    def test_what_the_application_raises_fails_the_test(self):
        for name, kind, _, bad in self.each():
            layer = kind(bad)
            server = up(self, LiveServer(layer, engine=name))
            self.assertEqual(500, ask(server.url)[0])
            server.verify()
            self.assertRaisesRegex(ApplicationError, "oops", layer.verify)

    def test_they_stop_with_a_connection_open(self):
        for name, kind, good, _ in self.each():
            server = LiveServer(kind(good), engine=name, patience=10)
            with server, connected(server, GET) as sock:
                until(sock, b"Hello")

    def test_the_port_can_be_used_again(self):
        for name, kind, good, _ in self.each():
            with LiveServer(kind(good), engine=name, patience=10) as server:
                port = server.port
                ask(server.url)
            with LiveServer(kind(good), engine=name, port=port, patience=10) as server:
                self.assertEqual((200, "Hello"), ask(server.url))


class Hanging(unittest.TestCase):
    def test_a_request_that_hangs_is_named_and_does_not_hold_up_the_stop(self):
        wait_for_threads(self)
        release = threading.Event()
        self.addCleanup(release.set)

        def hanging(environ, start_response):
            release.wait(60)
            return hello(environ, start_response)

        for name in ("waitress", "cheroot"):
            with self.subTest(name):
                layer = WSGI(lambda: hanging)
                layer.setUp()
                layer.testSetUp()
                server = LiveServer(layer, engine=name, patience=0.3)
                server.setUp()
                with connected(server, GET):
                    self.until_pending(layer)
                    self.assertRaisesRegex(NotReady, r"to answer\.\n  GET /", server.verify)
                    self.assertRaisesRegex(StillRunning, "release.wait", server.tearDown)
                release.set()
                layer.tearDown()
                release.clear()
        release.set()

    def until_pending(self, layer):
        from underlay._waiting import wait_until

        wait_until(lambda: layer.exchanges, "the request")


class Refusals(unittest.TestCase):
    def test_one_that_is_none(self):
        with self.assertRaisesRegex(ValueError, "one of 'waitress', 'cheroot', 'uvicorn'"):
            LiveServer(WSGI(hello), engine="apache")

    def test_what_only_ours_can_do(self):
        with self.assertRaisesRegex(ValueError, "for our own server, not for waitress"):
            LiveServer(WSGI(hello), engine="waitress", tls=True)

    def test_the_wrong_kind_of_application(self):
        with self.assertRaisesRegex(TypeError, "waitress serves WSGI; this is ASGI"):
            LiveServer(ASGI(hello_asgi), engine="waitress").__enter__()
        with self.assertRaisesRegex(TypeError, "uvicorn serves ASGI; this is WSGI"):
            LiveServer(WSGI(hello), engine="uvicorn").__enter__()

    def test_a_layer_that_notes_nothing(self):
        class App(Layer):
            application = staticmethod(hello)

        with self.assertRaisesRegex(TypeError, "needs a layer that notes"):
            LiveServer(App(), engine="waitress").__enter__()

    def test_one_that_is_not_installed(self):
        with mock.patch.dict(sys.modules, {"waitress": None}):
            with self.assertRaisesRegex(ExtraMissing, r"underlay\[waitress\]"):
                LiveServer(WSGI(hello), engine="waitress").__enter__()
