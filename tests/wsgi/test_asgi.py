"""ASGI: an application that lives in its layer, for clients in-process and over a socket."""

import asyncio
import threading
import unittest
import urllib.request
from io import BytesIO

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.responses import JSONResponse, PlainTextResponse, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from websockets.sync.client import connect

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
from underlay import ApplicationError, EndlessAnswer, NotReady
from underlay._waiting import wait_until
from underlay.http import LiveServer
from underlay.wsgi import ASGI, WSGI, Browser


async def hello(scope, receive, send):
    assert scope["type"] == "http"
    body = (await receive())["body"]
    headers = [(b"content-type", b"text/plain"), (b"x-path", scope["path"].encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"Hello " + body})


async def boom(scope, receive, send):
    if scope["type"] == "http":
        raise ValueError("oops")


def app(*routes, **options):
    return Starlette(routes=list(routes), **options)


def call(application, path="/", method="GET", body=b"", **environ):
    """What a WSGI application answers: status, headers and body."""
    seen = []
    environ = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "wsgi.input": BytesIO(body),
        "CONTENT_LENGTH": str(len(body)),
        **environ,
    }
    parts = application(environ, lambda status, headers: seen.extend([status, dict(headers)]))
    try:
        return (*seen, b"".join(parts))
    finally:
        getattr(parts, "close", bool)()


async def twice(scope, receive, send):
    """Goes on after the end."""
    await send({"type": "http.response.start", "status": 200})  # headers are optional
    for _each in range(2):
        await send({"type": "http.response.body", "body": b"paid"})


class InProcess(unittest.TestCase):
    def test_it_answers_as_a_wsgi_application(self):
        layer = up(self, ASGI(hello))
        status, headers, body = call(layer.application, "/a", "POST", b"you")
        self.assertEqual(("200 OK", "/a", b"Hello you"), (status, headers["x-path"], body))

    def test_a_browser_can_visit_it(self):
        page = Route("/", lambda request: PlainTextResponse("Hello " + request.headers["host"]))
        browser = up(self, Browser(ASGI(app(page))))
        self.assertEqual("Hello localhost", browser.open("/").contents)

    def test_what_it_raises_reaches_the_caller_and_is_known_then(self):
        layer = up(self, ASGI(boom))
        with self.assertRaisesRegex(ValueError, "oops"):
            call(layer.application)
        layer.verify()

    def test_exchanges_are_recorded(self):
        layer = up(self, ASGI(hello))
        call(layer.application, "/a", QUERY_STRING="b=1")
        (exchange,) = layer.exchanges
        self.assertEqual(("GET /a?b=1", "200 OK"), (exchange.request, exchange.status))

    def test_an_answer_without_end_is_named(self):
        async def endless(scope, receive, send):
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
            await asyncio.sleep(3600)

        layer = up(self, ASGI(endless_http(endless), patience=0.5))
        with self.assertRaisesRegex(EndlessAnswer, r"GET /events\n  within 0.5 s and 1 bytes"):
            call(layer.application, "/events")

    def test_a_loop_that_never_sleeps_ends_too(self):
        async def endless(scope, receive, send):
            await send({"type": "http.response.start", "status": 200, "headers": []})
            while True:
                message = {"type": "http.response.body", "body": b"x" * 10**6, "more_body": True}
                await send(message)

        layer = up(self, ASGI(endless_http(endless)))
        self.assertRaises(EndlessAnswer, call, layer.application)

    def test_nothing_comes_after_the_end_of_an_answer(self):
        layer = up(self, ASGI(endless_http(twice)))
        with self.assertRaisesRegex(RuntimeError, "after the end of its answer"):
            call(layer.application)

    def test_an_application_s_own_timeout_is_its_own(self):
        async def late(scope, receive, send):
            raise TimeoutError("of its own")

        layer = up(self, ASGI(endless_http(late)))
        self.assertRaisesRegex(TimeoutError, "of its own", call, layer.application)

    def test_a_wsgi_layer_refuses_it(self):
        with self.assertRaisesRegex(TypeError, "got an ASGI application, .*: use ASGI instead"):
            WSGI(lambda: hello).__enter__()


def endless_http(application):
    """Without a lifespan."""

    async def only_http(scope, receive, send):
        assert scope["type"] == "http"
        await application(scope, receive, send)

    return only_http


class Life(unittest.TestCase):
    def lifespan(self, events, fail=False):
        async def application(scope, receive, send):
            if scope["type"] != "lifespan":
                await hello(scope, receive, send)
                return
            events.append((await receive())["type"])
            if fail:
                await send({"type": "lifespan.startup.failed", "message": "no database"})
                return
            scope["state"]["pool"] = asyncio.get_running_loop()
            await send({"type": "lifespan.startup.complete"})
            events.append((await receive())["type"])
            await send({"type": "lifespan.shutdown.complete"})

        return application

    def test_it_is_that_of_the_layer(self):
        events = []
        with ASGI(lambda: self.lifespan(events)) as layer:
            call(layer.application)
            self.assertEqual(["lifespan.startup"], events)
        self.assertEqual(["lifespan.startup", "lifespan.shutdown"], events)

    def test_an_application_that_cannot_start_fails_the_set_up(self):
        before = threads_and_descriptors()
        with self.assertRaisesRegex(Exception, "no database"):
            ASGI(lambda: self.lifespan([], fail=True)).__enter__()
        nothing_left(self, before)

    def test_its_state_is_in_each_scope(self):
        seen = []

        async def application(scope, receive, send):
            if scope["type"] == "lifespan":
                await self.lifespan([])(scope, receive, send)
            else:
                seen.append((scope["state"]["pool"], asyncio.get_running_loop()))
                await hello(scope, receive, send)

        with ASGI(lambda: application) as layer, LiveServer(layer) as live:
            call(layer.application)
            ask(live.url)
        self.assertEqual(1, len({loop for pair in seen for loop in pair}))

    def test_nothing_is_left(self):
        before = threads_and_descriptors()
        for _each in range(20):
            with ASGI(hello) as layer, LiveServer(layer) as live:
                ask(live.url)
        nothing_left(self, before)

    def test_an_exit_is_an_error_like_others(self):
        async def leave(scope, receive, send):
            raise SystemExit("bye")

        layer = up(self, ASGI(endless_http(leave)))
        for _each in range(2):
            self.assertRaisesRegex(SystemExit, "bye", call, layer.application)
        server = up(self, LiveServer(layer))
        self.assertEqual(500, ask(server.url)[0])
        self.assertRaisesRegex(ApplicationError, "GET /: SystemExit: bye", layer.verify)

    def test_a_loop_that_is_blocked_is_named(self):
        release = threading.Event()
        wait_for_threads(self)
        self.addCleanup(release.set)

        async def blocking(scope, receive, send):
            release.wait(10)

        layer = ASGI(endless_http(blocking), patience=0.1)
        layer.setUp()
        self.assertRaises(EndlessAnswer, call, layer.application)
        self.assertRaisesRegex(Exception, "event loop, blocked", layer.tearDown)


class Live(unittest.TestCase):
    def serve(self, application, **options):
        self.layer = ASGI(application)
        return up(self, LiveServer(self.layer, **options))

    def test_it_is_served(self):
        server = self.serve(hello)
        self.assertEqual((200, "Hello you"), ask(server.url + "/a", b"you"))
        self.assertEqual("POST /a", self.layer.exchanges[0].request)

    def test_an_answer_may_come_in_parts(self):
        async def ticks():
            for _each in range(3):
                yield "tick "

        page = Route("/", lambda request: StreamingResponse(ticks()))
        self.assertEqual((200, "tick tick tick "), ask(self.serve(app(page)).url))

    def test_what_it_raises_fails_the_test(self):
        def page(request):
            raise ValueError("oops")

        server = self.serve(app(Route("/", page)))
        self.assertEqual(500, ask(server.url)[0])
        server.verify()
        with self.assertRaisesRegex(ApplicationError, "GET /.*ValueError: oops"):
            self.layer.verify()

    def test_an_error_in_the_background_is_seen(self):
        def late():
            raise ValueError("late")

        page = Route("/", lambda request: JSONResponse({}, background=BackgroundTask(late)))
        server = self.serve(app(page))
        self.assertEqual((200, "{}"), ask(server.url))
        server.verify()
        self.assertRaisesRegex(ApplicationError, "late", self.layer.verify)

    def test_expected_errors_are_none(self):
        server = self.serve(boom)
        with self.layer.expect_errors() as errors:
            ask(server.url)
        self.assertEqual(["oops"], list(map(str, errors)))

    def test_a_websocket_is_served(self):
        async def echo(websocket):
            await websocket.accept()
            async for text in websocket.iter_text():
                await websocket.send_text(text.upper())

        server = self.serve(app(WebSocketRoute("/ws", echo)))
        with connect(f"ws://{server.http_address}/ws") as client:
            client.send("hello")
            self.assertEqual("HELLO", client.recv(timeout=10))

    def test_a_client_that_goes_is_told_of(self):
        gone = threading.Event()

        async def waiting(scope, receive, send):
            await receive()
            if (await receive())["type"] == "http.disconnect":
                gone.set()

        server = self.serve(endless_http(waiting))
        with connected(server, GET):
            server._server.settle()
        self.assertTrue(gone.wait(10))

    def test_an_endless_stream_ends_with_its_client(self):
        async def ticks():
            while True:
                yield "tick "

        server = self.serve(app(Route("/", lambda request: StreamingResponse(ticks()))))
        with connected(server, GET) as sock:
            until(sock, b"tick")
        wait_until(lambda: not any(each.pending for each in self.layer.exchanges), "the end")
        self.layer.verify()

    def test_what_goes_on_after_the_test_is_named(self):
        async def waiting(scope, receive, send):
            await asyncio.sleep(3600)

        server = self.serve(endless_http(waiting), patience=0.01)
        with connected(server, GET):
            self.assertRaisesRegex(NotReady, r"to answer\.\n  GET /", server.verify)

    def test_one_without_a_layer_of_its_own_is_served_too(self):
        from underlay import Layer

        class App(Layer):
            asgi_application = staticmethod(boom)

        server = LiveServer(App())
        server.__enter__()
        self.assertEqual(500, ask(server.url)[0])
        with self.assertRaisesRegex(Exception, "could not answer GET /: ValueError: oops"):
            server.__exit__(None, None, None)

    def test_an_answer_that_is_not_finished_is_told(self):
        async def half(scope, receive, send):
            await send({"type": "http.response.start", "status": 200, "headers": []})

        server = self.serve(endless_http(half))
        self.assertEqual(500, ask(server.url)[0])
        self.assertRaisesRegex(Exception, "before its answer was whole", server.verify)

    def test_what_comes_after_the_end_is_told(self):
        server = self.serve(endless_http(twice))
        self.assertEqual((200, "paid"), ask(server.url))
        server.verify()  # waits for it
        self.assertRaisesRegex(Exception, "after the end of its answer", self.layer.verify)

    def test_it_is_served_over_tls(self):
        server = self.serve(hello, tls=True)
        with urllib.request.urlopen(server.url, context=server.ssl_context) as answer:
            self.assertEqual(b"Hello ", answer.read())
