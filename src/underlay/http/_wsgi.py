"""Gateway: calls a WSGI application for each request, in a thread of its own (PEP 3333).

The thread puts the parts of an answer down, a task in the event loop passes them on.  A small
answer changes hands once: what that costs is most of what such a request costs.
"""

from __future__ import annotations

import asyncio
import collections
import functools
import io
import operator
import sys
import urllib.parse
from collections.abc import Callable, Coroutine, Iterable
from typing import TYPE_CHECKING, Any

from underlay.http._exchange import SLICE
from underlay.http._failing import tell
from underlay.http._messages import Exchange, HeaderPairs, Request, allows_body, encoded

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

#: Parts by which an application may be ahead of its client, before it fights for the interpreter's
#: lock with the thread that sends them.
AHEAD = 8

Noting = Callable[[Request, BaseException], None]


class Gateway:
    """Answers requests with what a WSGI application returns.

    :param application: the application.
    :param raised: takes what the application raises.
    :param misled: takes what is wrong with an answer although nothing was raised.
    :param scheme: of the URLs that clients use.
    """

    def __init__(
        self, application: WSGIApplication, raised: Noting, misled: Noting, scheme: str = "http"
    ) -> None:
        self.application = application
        self.raised = raised
        self.misled = misled
        self.scheme = scheme

    def answer(self, exchange: Exchange) -> Coroutine[Any, Any, None]:
        call = Call(self, exchange)
        exchange.start(str(exchange.request), call.run)
        return call.relay()

    def failed(self, request: Request, error: BaseException) -> None:
        self.misled(request, error)

    def malformed(self, request: Request) -> None:
        """The client was told; the application has nothing to do with it."""

    def broken_off(self, request: Request) -> None:
        """Nobody waits for an answer."""


class Call:
    """One call of the application; what has no ``async`` runs in the thread of its request."""

    def __init__(self, gateway: Gateway, exchange: Exchange) -> None:
        self._gateway = gateway
        self._exchange = exchange
        self._head: tuple[int, HeaderPairs, bytes] | None = None
        self._parts: collections.deque[bytes] = collections.deque()
        self._size = 0  # of all parts; may be too large for a moment
        self._sent = False  # whether there was a part
        self._whole = False  # no more parts come
        self._error: BaseException | None = None  # what the client has to be told
        self._misled = False
        self._client_gone = False
        self._posted = False
        self._news: asyncio.Future[None] | None = None
        self._taken = asyncio.Event()

    def run(self) -> None:
        try:
            self._serve()
        except BaseException as error:
            if self._client_gone and isinstance(error, ConnectionAbortedError):
                return
            note = self._gateway.misled if self._misled else self._gateway.raised
            note(self._exchange.request, error)
            if not self._whole:
                self._error = error
                self._finish()

    async def relay(self) -> None:
        """Pass on what the thread puts down, as it comes."""
        while True:
            whole = self._whole  # asked before the parts are taken, for it comes after them
            data = self._take()
            if whole:
                break
            if data:
                await self._pass_on(data)
            else:
                self._news = asyncio.get_running_loop().create_future()
                await self._news
        if self._error:
            if data:
                await self._pass_on(data)
            await tell(self._exchange, self._error)
        elif not self._exchange.ended:
            self._begin(empty=not data)
            await self._exchange.finish(data)

    def _serve(self) -> None:
        application, scheme = self._gateway.application, self._gateway.scheme
        body = application(environment(self._exchange.request, scheme), self._start_response)
        try:
            self._send_all(body)
        finally:
            getattr(body, "close", bool)()

    def _send_all(self, body: Iterable[bytes]) -> None:
        # Parts that have a number are there already, there is nothing to wait for between them.
        all_there = operator.length_hint(body, -1) >= 0
        for data in body:
            self._send(data, wait=not all_there)
        self._check_head()
        self._finish()

    def _finish(self) -> None:
        self._whole = True
        self._post()

    def _start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None, /
    ) -> Callable[[bytes], None]:
        if exc_info:
            try:
                if self._sent:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None  # no cycle with this frame
        elif self._head is not None:
            raise AssertionError("start_response() was called once more without exc_info.")
        code, _, reason = status.partition(" ")
        self._head = int(code), encoded(headers), reason.encode("latin-1")
        return self._send

    def _send(self, data: bytes, wait: bool = True) -> None:
        self._check(data)
        if self._exchange.ended:
            self._client_gone = True
            raise ConnectionAbortedError("The connection is closed.")
        if not data:
            return
        self._sent = True
        self._parts.append(data)
        if not wait:
            return
        self._size += len(data)
        self._post()
        if self._size > SLICE or len(self._parts) >= AHEAD:
            self._wait_for_the_client()

    def _check(self, data: bytes) -> None:
        if not isinstance(data, bytes):
            self._misled = True
            raise TypeError(f"A body is made of bytes, the application gave {data!r:.40}.")
        if data:
            self._check_head()

    def _check_head(self) -> None:
        if self._head is None:
            self._misled = True
            raise AssertionError("The application has not called start_response().")

    def _wait_for_the_client(self) -> None:
        try:
            self._exchange.call(self._room)
        except ConnectionAbortedError:
            self._client_gone = True
            raise

    def _post(self) -> None:
        if not self._posted:
            self._posted = True
            self._exchange.post(self._wake)

    # -- in the event loop

    def _wake(self) -> None:
        self._posted = False
        if self._news and not self._news.done():
            self._news.set_result(None)

    async def _room(self) -> None:
        while self._parts and not self._exchange.ended:
            self._taken.clear()
            await self._taken.wait()

    def _take(self) -> bytes:
        parts = [self._parts.popleft() for _each in range(len(self._parts))]
        self._size = 0
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def _pass_on(self, data: bytes) -> None:
        try:
            self._begin(empty=False)
            await self._exchange.write(data)
        finally:
            self._taken.set()

    def _begin(self, empty: bool) -> None:
        if self._exchange.started:
            return
        assert self._head
        status, headers, reason = self._head
        named = {name.lower() for name, _ in headers}
        if empty and allows_body(status) and not named & {b"content-length", b"transfer-encoding"}:
            headers = [*headers, (b"Content-Length", b"0")]
        self._exchange.begin(status, headers, reason)


def environment(request: Request, scheme: str) -> WSGIEnvironment:
    """What PEP 3333 wants to be known of a request; it has come whole, so its length is known."""
    host, port = request.server
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": urllib.parse.unquote_to_bytes(request.raw_path).decode("latin-1"),
        "QUERY_STRING": request.query_string,
        "SERVER_NAME": host or "localhost",
        "SERVER_PORT": str(port or 80),
        "SERVER_PROTOCOL": f"HTTP/{request.version}",
        "REMOTE_ADDR": request.client,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scheme,
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.raw_headers:
        key, joint = _key(name.lower())
        text = value.decode("latin-1")
        environ[key] = f"{environ[key]}{joint}{text}" if key in environ else text
    environ.pop("HTTP_TRANSFER_ENCODING", None)
    if "HTTP_CONTENT_TYPE" in environ:
        environ["CONTENT_TYPE"] = environ.pop("HTTP_CONTENT_TYPE")
    if environ.pop("HTTP_CONTENT_LENGTH", None) or request.body:
        environ["CONTENT_LENGTH"] = str(len(request.body))
    return environ


@functools.lru_cache(maxsize=512)
def _key(name: bytes) -> tuple[str, str]:
    """What a header is called in the environ, and what joins its values if there are several."""
    key = "HTTP_" + name.decode("latin-1").upper().replace("-", "_")
    return key, "; " if name == b"cookie" else ","
