"""Gateway: calls a WSGI application for each request, in a thread of its own (PEP 3333)."""

from __future__ import annotations

import contextlib
import io
import sys
import urllib.parse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from underlay.http._failing import tell
from underlay.http._messages import Exchange, HeaderPairs, Request, allows_body, encoded

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

Noting = Callable[[Request, BaseException], None]


class Gateway:
    """Answers requests with what a WSGI application returns.

    :param application: the application.
    :param raised: takes what the application raises.
    :param misled: takes what is wrong with an answer although nothing was raised.
    """

    def __init__(self, application: WSGIApplication, raised: Noting, misled: Noting) -> None:
        self.application = application
        self.raised = raised
        self.misled = misled

    async def answer(self, exchange: Exchange) -> None:
        await exchange.run(str(exchange.request), Call(self, exchange).run)

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
        self._misled = False
        self._client_gone = False

    def run(self) -> None:
        try:
            self._serve()
        except BaseException as error:
            if self._client_gone and isinstance(error, ConnectionAbortedError):
                return
            note = self._gateway.misled if self._misled else self._gateway.raised
            note(self._exchange.request, error)
            with contextlib.suppress(ConnectionAbortedError):
                self._exchange.call(tell, self._exchange, error)

    def _serve(self) -> None:
        body = self._gateway.application(environment(self._exchange.request), self._start_response)
        try:
            for data in body:
                self._write(data)
            self._send(b"", True)
        finally:
            getattr(body, "close", bool)()

    def _start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None, /
    ) -> Callable[[bytes], None]:
        if exc_info:
            try:
                if self._exchange.started:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None  # no cycle with this frame
        elif self._head is not None:
            raise AssertionError("start_response() was called once more without exc_info.")
        code, _, reason = status.partition(" ")
        self._head = int(code), encoded(headers), reason.encode("latin-1")
        return self._write

    def _write(self, data: bytes) -> None:
        if data:
            self._send(data, False)

    def _send(self, data: bytes, last: bool) -> None:
        try:
            self._exchange.call(self._part, data, last)
        except ConnectionAbortedError:
            self._client_gone = True
            raise
        except Exception:
            self._misled = True
            raise

    async def _part(self, data: bytes, last: bool) -> None:
        if not isinstance(data, bytes):
            raise TypeError(f"A body is made of bytes, the application gave {data!r:.40}.")
        if not self._exchange.started:
            self._begin(last)
        if last:
            await self._exchange.finish(data)
        else:
            await self._exchange.write(data)

    def _begin(self, empty: bool) -> None:
        if self._head is None:
            raise AssertionError("The application has not called start_response().")
        status, headers, reason = self._head
        named = {name.lower() for name, _ in headers}
        if empty and allows_body(status) and not named & {b"content-length", b"transfer-encoding"}:
            headers = [*headers, (b"Content-Length", b"0")]
        self._exchange.begin(status, headers, reason)


def environment(request: Request) -> WSGIEnvironment:
    """What PEP 3333 wants to be known of a request; it has come whole, so its length is known."""
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": urllib.parse.unquote_to_bytes(request.raw_path).decode("latin-1"),
        "QUERY_STRING": request.query_string,
        "SERVER_NAME": request.server[0],
        "SERVER_PORT": str(request.server[1]),
        "SERVER_PROTOCOL": f"HTTP/{request.version}",
        "REMOTE_ADDR": request.client,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name in request.headers:
        if name != "transfer-encoding":
            joint = "; " if name == "cookie" else ","
            key = "HTTP_" + name.upper().replace("-", "_")
            environ[key] = joint.join(request.headers.all(name))
    if "HTTP_CONTENT_TYPE" in environ:
        environ["CONTENT_TYPE"] = environ.pop("HTTP_CONTENT_TYPE")
    if environ.pop("HTTP_CONTENT_LENGTH", None) or request.body:
        environ["CONTENT_LENGTH"] = str(len(request.body))
    return environ
