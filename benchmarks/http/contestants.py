"""The servers that are compared, each as its own manual starts and stops it.

Each runs in a process of its own, which does what it is told on its standard input::

    python -m benchmarks.http.contestants NAME

All of them keep every request, and answer ``/`` with `HELLO`, ``/hang`` not for 30 s, ``/big`` with
50 MB, ``/events`` without end.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import http.client
import http.server
import json
import os
import resource
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

HELLO = b"Hello world"
BIG = bytes(50_000_000)  # one for all: to free it takes longer than to stop
TICK = b"data: tick\n\n"
FOREVER = 30  # seconds

Stop = Callable[[], object]
Started = tuple[int, Stop]  # the port


class Application:
    """For those that serve WSGI."""

    def __init__(self) -> None:
        self.journal: list[dict[str, Any]] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.journal.append(environ)
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        body = page(environ["PATH_INFO"])
        length = [("Content-Length", str(len(body[0])))] if isinstance(body, list) else []
        start_response("200 OK", [("Content-Type", "text/plain"), *length])
        return body


def page(path: str) -> Iterable[bytes]:
    if path == "/hang":
        time.sleep(FOREVER)
    if path == "/events":
        return iter(lambda: TICK, None)
    return [BIG if path == "/big" else HELLO]


class Handler(http.server.BaseHTTPRequestHandler):
    """For those that are of the standard library."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    journal: list[Any]

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        self.journal.append((self.command, self.path, self.headers, self.rfile.read(length)))
        body = page(self.path)
        self.send_response(200)
        if isinstance(body, list):
            self.send_header("Content-Length", str(len(body[0])))
        self.end_headers()
        for part in body:
            self.wfile.write(part)

    do_POST = do_GET

    def log_message(self, *args: object) -> None:
        """Nothing goes to stderr."""


# -- ours


def fake_server(tls: ssl.SSLContext | None) -> Started:
    from underlay.http import FakeServer, hang, websocket

    class ticking:
        async def play(self, exchange: Any) -> None:
            exchange.begin(200, [(b"Content-Type", b"text/event-stream")])
            while True:
                await exchange.write(TICK)

    server = FakeServer(tls=tls is not None)
    server.setUp()
    server.expect(path="/").then(data=HELLO)
    server.expect(path="/hang").then(hang())
    server.expect(path="/big").then(data=BIG)
    server.expect(path="/events").then(ticking())
    server.expect(path="/ws").then(websocket())
    return server.port, server.tearDown


def live_server(tls: ssl.SSLContext | None) -> Started:
    from underlay import Layer, StillRunning
    from underlay.http import LiveServer

    class Shop(Layer):
        application = Application()

    def stop() -> None:
        with contextlib.suppress(StillRunning):  # it names the request that hangs
            server.tearDown()

    server = LiveServer(Shop(), tls=tls is not None)
    server.setUp()
    return server.port, stop


# -- peers


def raw_asyncio(tls: ssl.SSLContext | None) -> Started:
    """What any server that has an event loop in a thread has to do."""

    class Answering(asyncio.Protocol):
        def connection_made(self, transport: Any) -> None:
            self.transport = transport

        def data_received(self, data: bytes) -> None:
            head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(HELLO)
            self.transport.write(head + HELLO)
            if b"Connection: close" in data:
                self.transport.close()

    async def serve() -> int:
        server = await loop.create_server(Answering, "127.0.0.1", 0, ssl=tls)
        return int(server.sockets[0].getsockname()[1])

    loop, stop = _loop_in_a_thread()
    return asyncio.run_coroutine_threadsafe(serve(), loop).result(), stop


def _loop_in_a_thread() -> tuple[asyncio.AbstractEventLoop, Stop]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()

    def stop() -> None:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()

    return loop, stop


def pytest_httpserver(tls: ssl.SSLContext | None) -> Started:
    from pytest_httpserver import HTTPServer
    from werkzeug import Response

    server = HTTPServer(ssl_context=tls)
    server.start()
    server.expect_request("/").respond_with_data(HELLO)
    for path in ("/hang", "/big", "/events"):
        server.expect_request(path).respond_with_handler(
            lambda request: Response(page(request.path))
        )
    return server.port, server.stop


def gocept_httpserverlayer(tls: ssl.SSLContext | None) -> Started:
    from gocept.httpserverlayer.wsgi import Layer

    server = Layer()
    server.wsgi_app = Application()
    server.setUp()
    return server["http_port"], server.tearDown


def pytest_localserver(tls: ssl.SSLContext | None) -> Started:
    from pytest_localserver.http import WSGIServer

    server = WSGIServer(application=Application(), ssl_context=tls)
    server.start()
    return server.server_address[1], server.stop


def werkzeug(tls: ssl.SSLContext | None) -> Started:
    from werkzeug.serving import make_server

    server = make_server("127.0.0.1", 0, Application(), threaded=True, ssl_context=tls)
    return server.server_port, _serving(server, server.serve_forever)


def threading_http_server(tls: ssl.SSLContext | None) -> Started:
    handler = type("Journalling", (Handler,), {"journal": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    return server.server_port, _serving(server, server.serve_forever)


def _serving(server: Any, serve: Callable[[], object]) -> Stop:
    thread = threading.Thread(target=serve, daemon=True)
    thread.start()

    def stop() -> None:
        server.shutdown()
        server.server_close()
        thread.join()

    return stop


def handle_request(tls: ssl.SSLContext | None) -> Started:
    """The recipe: a loop around ``handle_request``, and one last request to get out of it."""
    handler = type("Journalling", (Handler,), {"journal": [], "protocol_version": "HTTP/1.0"})
    server = http.server.HTTPServer(("127.0.0.1", 0), handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    ended = threading.Event()

    def serve() -> None:
        while not ended.is_set():
            server.handle_request()

    def stop() -> None:
        time.sleep(0.002)  # else the loop may end by itself, and the last request waits for ever
        ended.set()
        ask(server.server_port, tls)
        thread.join()
        server.server_close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return server.server_port, stop


def aiohttp(tls: ssl.SSLContext | None) -> Started:
    from aiohttp import web
    from aiohttp.test_utils import TestServer

    journal = []

    async def hello(request: web.Request) -> web.Response:
        journal.append((request.method, request.path, request.headers, await request.read()))
        return web.Response(body=BIG if request.path == "/big" else HELLO)

    async def never(request: web.Request) -> web.Response:
        await asyncio.sleep(FOREVER)
        return web.Response()

    async def events(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        while True:
            await answer.write(TICK)

    async def websocket(request: web.Request) -> web.WebSocketResponse:
        answer = web.WebSocketResponse()
        await answer.prepare(request)
        await answer.receive()
        return answer

    app = web.Application()
    others = {"/hang": never, "/events": events, "/ws": websocket}
    app.add_routes([web.get(path, handler) for path, handler in others.items()])
    app.add_routes([web.route("*", path, hello) for path in ("/", "/big")])
    server = TestServer(app)
    loop, stop_loop = _loop_in_a_thread()
    asyncio.run_coroutine_threadsafe(server.start_server(ssl=tls), loop).result()

    def stop() -> None:
        asyncio.run_coroutine_threadsafe(server.close(), loop).result()
        stop_loop()

    assert server.port
    return server.port, stop


CONTESTANTS: dict[str, Callable[[ssl.SSLContext | None], Started]] = {
    "FakeServer": fake_server,
    "LiveServer": live_server,
    "raw asyncio": raw_asyncio,
    "pytest-httpserver": pytest_httpserver,
    "gocept.httpserverlayer": gocept_httpserverlayer,
    "pytest-localserver": pytest_localserver,
    "werkzeug, threaded": werkzeug,
    "ThreadingHTTPServer": threading_http_server,
    "handle_request recipe": handle_request,
    "aiohttp TestServer": aiohttp,
}


# -- what they are told


class Contest:
    """One server, which is started and stopped as often as is asked for.

    :param start: starts it.
    """

    def __init__(self, start: Callable[[ssl.SSLContext | None], Started]) -> None:
        self._start = start
        self._stop: Stop = bool
        self.start()
        self.stop()  # imports and first calls are not what is measured

    def start(self) -> tuple[int, float]:
        """Start; the port, and milliseconds to the end of the first answer."""
        began = time.perf_counter()
        port, self._stop = self._start(None)
        ask(port, None)
        return port, (time.perf_counter() - began) * 1e3

    def start_with_tls(self) -> tuple[int, float]:
        port, self._stop = self._start(server_context())
        return port, 0

    def stop(self) -> float:
        """Stop; milliseconds."""
        began = time.perf_counter()
        self._stop()
        return (time.perf_counter() - began) * 1e3

    def cpu(self) -> float:
        """Seconds that this process has used."""
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return usage.ru_utime + usage.ru_stime

    def cycles(self) -> tuple[int, int]:
        """Threads and descriptors that are left after 200 cycles."""
        gc.collect()
        before = threading.active_count(), len(os.listdir("/dev/fd"))
        for _each in range(200):
            self.start()
            self.stop()
        return threading.active_count() - before[0], len(os.listdir("/dev/fd")) - before[1]


def server_context() -> ssl.SSLContext:
    import trustme

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    return context


def ask(port: int, tls: ssl.SSLContext | None) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    if tls:
        unchecked = ssl._create_unverified_context()
        connection = http.client.HTTPSConnection("127.0.0.1", port, context=unchecked)
    connection.request("GET", "/")
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (200, HELLO)
    connection.close()


if __name__ == "__main__":
    contest = Contest(CONTESTANTS[sys.argv[1]])
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        print(json.dumps(getattr(contest, line.strip())()), flush=True)
