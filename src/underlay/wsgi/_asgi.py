"""ASGI: an application that belongs to a layer, lives in a loop of its own, and answers anybody.

There is one event loop, and one lifespan, whoever asks: what an application has opened at its start
belongs to that loop.  In-process clients ask it as a WSGI application, servers as an ASGI one.
"""

from __future__ import annotations

import asyncio
import http
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from typing import TYPE_CHECKING, Any

from underlay._errors import EndlessAnswer, NotReady, StillRunning
from underlay._hooks import AnyLayer
from underlay._resources import Resource
from underlay.wsgi._application import InProcess
from underlay.wsgi._exchange import ENVIRON_KEY, Exchange, current
from underlay.wsgi._lifespan import Lifespan
from underlay.wsgi._loop import LoopThread, OutOfTime, bridged
from underlay.wsgi._recorder import Recording

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Message = dict[str, Any]
ASGIApplication = Callable[[Message, Any, Any], Awaitable[None]]

#: Bytes of an answer in-process, after which it is called endless.
MOST = 64 * 1024 * 1024


class ASGI(InProcess):
    """An ASGI application, made and started when the layer is set up.

    Its lifespan is that of the layer.  `Browser` and other in-process clients ask it without a
    socket, ``LiveServer`` serves it with streaming, disconnects and WebSockets.  What it raises
    fails the test that made it do so: in-process it arrives in the client's own call, over a socket
    `verify` raises it.  See `InProcess` for the other parameters.

    :param patience: seconds for an answer in-process, for the start and for the end.
    :raises EndlessAnswer: in an in-process client's call, if an answer does not end.
    """

    application: Resource[WSGIApplication] = Resource("The application, for in-process clients")
    asgi_application = Resource[ASGIApplication]("The application, for servers")

    def __init__(
        self,
        app_or_factory: Callable[..., Any] | str,
        /,
        *args: Any,
        bases: Iterable[AnyLayer] | None = None,
        name: str | None = None,
        patience: float = 10.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(app_or_factory, *args, bases=bases, name=name, **kwargs)
        self._patience = patience

    def setUp(self) -> None:
        made = self._make()
        loop = LoopThread(f"{self!r}")
        self.addCleanup(self._stop, loop)
        lifespan = Lifespan(made)
        self._tell(loop, lifespan.start, "to start")
        self.addCleanup(self._tell, loop, lifespan.stop, "to shut down")
        recorder = ASGIRecorder(made, loop, lifespan.state, repr(self), self._patience)
        self._watch(recorder)
        self.asgi_application = recorder
        self.application = recorder.answer

    def _tell(
        self, loop: LoopThread, event: Callable[[], Coroutine[Any, Any, None]], awaited: str
    ) -> None:
        try:
            loop.run(event(), self._patience)
        except OutOfTime:
            raise NotReady(f"{self!r} {awaited}", self._patience) from None

    def _stop(self, loop: LoopThread) -> None:
        if not loop.stop(self._patience):
            raise StillRunning(repr(self), ("the application's event loop, blocked by it",))


class ASGIRecorder(Recording):
    """Notes each exchange with an ASGI application.

    :param application: the application.
    :param loop: where it lives.
    :param state: of its lifespan.
    :param layer: whose it is.
    :param patience: seconds for an answer in-process.
    """

    def __init__(
        self,
        application: ASGIApplication,
        loop: LoopThread,
        state: dict[str, Any],
        layer: str,
        patience: float,
    ) -> None:
        super().__init__()
        self._application = application
        self._loop = loop
        self._state = state
        self._layer = layer
        self._patience = patience

    async def __call__(self, scope: Message, receive: Any, send: Any) -> None:
        """Answer as an ASGI application, in the event loop of a server."""
        exchange = self._begin(_environ(scope), pending=True)
        here = asyncio.get_running_loop()
        there = _Relay(exchange, bridged(receive, here), bridged(send, here))
        await self._loop.run_from_loop(self._watched(exchange, scope, there))

    def answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer as a WSGI application, in any thread."""
        exchange = environ[ENVIRON_KEY] = self._begin(environ, pending=False)
        body = _read_body(environ)
        collected = _Collected(exchange, body)
        try:
            self._loop.run(self._watched(exchange, _scope(environ), collected), self._patience)
        except OutOfTime:
            raise self._endless(exchange, collected) from None
        except BaseException:
            exchange.delivered = True
            if len(collected.answer) > MOST:
                raise self._endless(exchange, collected) from None
            raise
        start_response(exchange.status, exchange.headers)
        return [bytes(collected.answer)]

    def _endless(self, exchange: Exchange, collected: _Collected) -> EndlessAnswer:
        size = len(collected.answer)
        return EndlessAnswer(self._layer, exchange.request, self._patience, size)

    def _begin(self, environ: WSGIEnvironment, pending: bool) -> Exchange:
        exchange = Exchange(environ)
        exchange.pending = pending
        self.exchanges.append(exchange)
        return exchange

    async def _watched(self, exchange: Exchange, scope: Message, client: _Client) -> None:
        scope = {**scope, "state": self._state.copy()}
        token = current.set(exchange)
        try:
            await self._application(scope, client.receive, client.send)
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            exchange.raises(error)
            raise
        finally:
            exchange.pending = False
            current.reset(token)


class _Client:
    """Who talks to the application; notes what is answered.

    :param exchange: where.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def receive(self) -> Message:
        raise NotImplementedError

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._exchange.status = status_line(message["status"])
            self._exchange.headers = [
                (name.decode("latin-1"), value.decode("latin-1"))
                for name, value in message.get("headers", ())
            ]
        elif message["type"] == "websocket.accept":
            self._exchange.status = status_line(101)


class _Relay(_Client):
    """A client behind a server; what begins an answer goes there with its first bytes."""

    def __init__(self, exchange: Exchange, receive: Any, send: Any) -> None:
        super().__init__(exchange)
        self.receive = receive  # type: ignore[method-assign]
        self._send = send

    async def send(self, message: Message) -> None:
        await super().send(message)
        with self._exchange.writing():
            await self._send(message)


class _Collected(_Client):
    """A client in-process, which wants the whole answer."""

    def __init__(self, exchange: Exchange, body: bytes) -> None:
        super().__init__(exchange)
        self.answer = bytearray()
        self._body: bytes | None = body
        self._whole = asyncio.Event()

    async def receive(self) -> Message:
        if self._body is None:
            await self._whole.wait()
            return {"type": "http.disconnect"}
        body, self._body = self._body, None
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(self, message: Message) -> None:
        await super().send(message)
        if message["type"] == "http.response.body":
            if self._whole.is_set():
                raise RuntimeError("The application has sent a body after the end of its answer.")
            self.answer += message.get("body", b"")
            if not message.get("more_body"):
                self._whole.set()
            if len(self.answer) > MOST:
                raise TooMuch


class TooMuch(Exception):
    """An answer in-process does not end."""


def status_line(code: int) -> str:
    """A status as WSGI spells it."""
    known = {each.value: each.phrase for each in http.HTTPStatus}
    return f"{code} {known.get(code, 'Unknown')}"


def _read_body(environ: WSGIEnvironment) -> bytes:
    length = environ.get("CONTENT_LENGTH") or 0
    return bytes(environ["wsgi.input"].read(int(length)))


def _environ(scope: Message) -> WSGIEnvironment:
    """What the record of an exchange tells of a request."""
    return {
        "REQUEST_METHOD": scope.get("method", "GET"),
        "SCRIPT_NAME": scope.get("root_path", ""),
        "PATH_INFO": scope["path"].encode().decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
    }


def _scope(environ: WSGIEnvironment) -> Message:
    path = environ.get("PATH_INFO", "").encode("latin-1")
    script = environ.get("SCRIPT_NAME", "").encode("latin-1")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": environ.get("SERVER_PROTOCOL", "HTTP/1.1").partition("/")[2],
        "method": environ["REQUEST_METHOD"],
        "scheme": environ.get("wsgi.url_scheme", "http"),
        "path": (script + path).decode("utf-8", "replace"),
        "raw_path": script + path,
        "query_string": environ.get("QUERY_STRING", "").encode("latin-1"),
        "root_path": script.decode("utf-8", "replace"),
        "headers": list(_headers(environ)),
        "client": (environ.get("REMOTE_ADDR", "127.0.0.1"), 0),
        "server": (environ.get("SERVER_NAME", "localhost"), int(environ.get("SERVER_PORT", 80))),
    }


def _headers(environ: WSGIEnvironment) -> Iterable[tuple[bytes, bytes]]:
    for name, value in environ.items():
        if name.startswith("HTTP_"):
            name = name[5:]
        elif name not in ("CONTENT_TYPE", "CONTENT_LENGTH") or not value:
            continue
        yield name.replace("_", "-").lower().encode("latin-1"), str(value).encode("latin-1")
