"""Gateway: calls a WSGI application for each request, in a thread of its own (PEP 3333).

The last part of an answer changes hands without anybody waiting for it; for most answers that is
all there is.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import io
import operator
import sys
import urllib.parse
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from underlay.http._answering import Exchange
from underlay.http._failing import told
from underlay.http._messages import HeaderPairs, Request, allows_body, encoded
from underlay.http._parts import Parts

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

Noting = Callable[[Request, BaseException], None]


class Gateway:
    """Answers requests with what a WSGI application returns.

    :param application: the application.
    :param raised: takes what the application raises.
    :param misled: takes what is wrong with an answer although nothing was raised.
    :param scheme: of the URLs that clients use.
    """

    early = False

    def __init__(
        self, application: WSGIApplication, raised: Noting, misled: Noting, scheme: str = "http"
    ) -> None:
        self.application = application
        self.raised = raised
        self.misled = misled
        self.scheme = scheme

    def answer(self, exchange: Exchange) -> asyncio.Future[bytes]:
        call = Call(self, exchange)
        exchange.start(str(exchange.request), call.run)
        return call.last

    def failed(self, request: Request, error: BaseException) -> None:
        self.misled(request, error)

    def malformed(self, request: Request) -> None:
        """The client was told; the application has nothing to do with it."""

    def broken_off(self, request: Request) -> None:
        """Nobody waits for an answer."""


class Call:
    """One call of the application, in the thread of its request.

    :ivar last: the last part of the answer, of which all else has been sent then.
    """

    def __init__(self, gateway: Gateway, exchange: Exchange) -> None:
        self.last: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._gateway = gateway
        self._exchange = exchange
        self._head: tuple[int, HeaderPairs, bytes] | None = None
        self._left: int | None = None  # bytes that are still to come, if that is known
        self._begun = False  # whether there was a part
        self._held: list[bytes] = []  # parts that may be the last ones
        self._parts: Parts | None = None  # those before
        self._whole = False  # no more parts come
        self._misled = False

    def run(self) -> None:
        try:
            self._serve()
        except BaseException as error:
            if self._exchange.stale:
                return
            if isinstance(error, ConnectionAbortedError) and self._client_gone:
                return
            note = self._gateway.misled if self._misled else self._gateway.raised
            note(self._exchange.request, error)
            if not self._whole:
                self._give_up(error)

    def _give_up(self, error: BaseException) -> None:
        if self._parts:
            with contextlib.suppress(Exception):
                self._parts.wait()
        self._exchange.post(self._tell, error)

    @property
    def _client_gone(self) -> bool:
        over = self._exchange.ended or self._exchange.request.stopping.is_set()
        return over and not self._whole

    def _serve(self) -> None:
        application, scheme = self._gateway.application, self._gateway.scheme
        body = application(environment(self._exchange.request, scheme), self._start_response)
        try:
            self._send_all(body)
        finally:
            getattr(body, "close", bool)()

    def _send_all(self, body: Iterable[bytes]) -> None:
        # Parts that have a number are there already, there is nothing to wait for between them.
        send = self._send if operator.length_hint(body, -1) < 0 else self._hold
        for data in body:
            send(data)
        self._check_head()
        if not self._whole:
            self._finish()

    def _start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: Any = None, /
    ) -> Callable[[bytes], None]:
        if exc_info:
            try:
                if self._begun:
                    raise exc_info[1].with_traceback(exc_info[2])
            finally:
                exc_info = None  # no cycle with this frame
        elif self._head is not None:
            raise AssertionError("start_response() was called once more without exc_info.")
        code, _, reason = status.partition(" ")
        self._head = int(code), encoded(headers), reason.encode("latin-1")
        named = {name.lower(): value for name, value in self._head[1]}
        self._left = int(named[b"content-length"]) if b"content-length" in named else None
        return self._send

    def _send(self, data: bytes) -> None:
        self._hold(data)
        if self._held:
            self._parts = self._parts or Parts(self._exchange, self._begin)
            self._pass_on(self._parts.put, self._take())

    def _hold(self, data: bytes) -> None:
        self._check(data)
        if data:
            self._begun = True
            self._held.append(data)
            if self._left is not None:
                self._left -= len(data)
                if self._left == 0:
                    self._finish()

    def _finish(self) -> None:
        if self._parts:
            self._pass_on(self._parts.wait)
        self._whole = True
        self._exchange.post(self._hand_over, self._take())

    def _pass_on(self, step: Callable[..., None], *args: bytes) -> None:
        try:
            step(*args)
        except Exception:
            self._misled = True
            raise

    def _take(self) -> bytes:
        held, self._held = self._held, []
        return held[0] if len(held) == 1 else b"".join(held)

    def _check(self, data: bytes) -> None:
        problem: Exception | None = None
        if not isinstance(data, bytes):
            problem = TypeError(f"A body is made of bytes, the application gave {data!r:.40}.")
        elif data and self._whole:
            problem = AssertionError("The application has sent more than its Content-Length.")
        if problem:
            self._misled = True
            raise problem
        if data:
            self._check_head()

    def _check_head(self) -> None:
        if self._head is None:
            self._misled = True
            raise AssertionError("The application has not called start_response().")

    # -- in the event loop

    def _hand_over(self, data: bytes) -> None:
        if self.last.done():  # the client has gone
            return
        try:
            self._begin(empty=not data)
        except Exception as error:
            self.last.set_exception(error)
        else:
            self.last.set_result(data)

    def _tell(self, error: BaseException) -> None:
        if self.last.done():
            return
        if self._parts:
            self._exchange.break_off()
            self.last.set_exception(ConnectionAbortedError("The answer was broken off."))
        else:
            response = told(error)
            self._exchange.begin(response.status, response.raw_headers)
            self.last.set_result(response.body)

    def _begin(self, empty: bool = False) -> None:
        if self._exchange.started:
            return
        assert self._head
        status, headers, reason = self._head
        if empty and self._left is None and allows_body(status):
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
