"""Request, Response and Exchange: what behaviours and handlers see, in any version of HTTP."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import json
import re
import threading
import urllib.parse
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Coroutine,
    Iterable,
)
from typing import Any, ClassVar, Protocol, TypeVar

from underlay.http._forms import Fields, File, Pairs, parse_cookies, parse_form, parse_urlencoded

T = TypeVar("T")

HeaderPairs = list[tuple[bytes, bytes]]

TOKEN = re.compile(rb"[-!#$%&'*+.^_`|~0-9A-Za-z]+")
NO_VALUE = re.compile(rb"[\0\r\n]")


@dataclasses.dataclass(eq=False)
class Request:
    """A request as the server saw it.

    :param method: such as ``"POST"``; empty for what was no HTTP.
    :param target: path and query as they came, such as ``"/pay?now=1"``.
    :param raw_headers: names and values as they came.
    :param body: as far as it came.
    :param problem: why it was not answered as a request: malformed or broken off; else empty.
    :param version: of HTTP, such as ``"1.1"``.
    :param client: the address that it came from.
    :param server: the address and port that it came to.
    :param stopping: set when the server stops.
    :param messages: of the WebSocket that it became, so far: ``("received", "ping")`` and the like.
    :param path_params: what stood at the places of a path's template, such as ``{"id": 7}``.
    :param number: its place among the requests of the test, from 1.
    :param upload: the body, while it still comes; `body` is empty then.
    """

    method: str
    target: str
    raw_headers: HeaderPairs = dataclasses.field(default_factory=list, repr=False)
    body: bytes = b""
    problem: str = ""
    version: str = dataclasses.field(default="1.1", repr=False)
    client: str = dataclasses.field(default="", repr=False)
    server: tuple[str, int] = dataclasses.field(default=("", 0), repr=False)
    stopping: threading.Event = dataclasses.field(default_factory=threading.Event, repr=False)
    messages: list[tuple[str, str | bytes]] = dataclasses.field(default_factory=list, repr=False)
    path_params: dict[str, Any] = dataclasses.field(default_factory=dict, repr=False)
    number: int = dataclasses.field(default=0, repr=False)
    upload: asyncio.StreamReader | None = dataclasses.field(default=None, repr=False)

    @functools.cached_property
    def raw_path(self) -> str:
        """The path as it came; of a target in absolute form the path, too."""
        target = self.target
        if not target.startswith("/"):
            target = urllib.parse.urlsplit(target).path
        return target.partition("?")[0]

    @property
    def path(self) -> str:
        """The path, decoded."""
        return urllib.parse.unquote(self.raw_path)

    @property
    def query_string(self) -> str:
        return self.target.partition("?")[2]

    @functools.cached_property
    def query(self) -> Fields:
        """The parameters after the question mark."""
        return Fields(parse_urlencoded(self.query_string))

    @functools.cached_property
    def headers(self) -> Fields:
        """The headers; their names in any case."""
        pairs = (
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in self.raw_headers
        )
        return Fields(pairs, str.lower)

    @functools.cached_property
    def cookies(self) -> Fields:
        """The cookies, their values as they came."""
        return Fields(parse_cookies(self.headers.all("cookie")))

    @property
    def content_type(self) -> str:
        """The whole header, or nothing."""
        return self.headers.get("content-type", "")

    @property
    def form(self) -> Fields:
        """The fields of a form, urlencoded or multipart; none if the body is no form."""
        return Fields(self._form[0])

    @property
    def files(self) -> list[File]:
        """The files of a multipart form."""
        return self._form[1]

    @functools.cached_property
    def _form(self) -> tuple[Pairs, list[File]]:
        return parse_form(self.content_type, self.body)

    @property
    def text(self) -> str:
        """The body as UTF-8, with replacement characters for what is none."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON.

        :raises ValueError: if it is not JSON.
        """
        return json.loads(self.body)

    def sleep(self, seconds: float) -> None:
        """For handlers: like ``time.sleep``, but over at once when the server stops."""
        self.stopping.wait(seconds)

    def __str__(self) -> str:
        return f"{self.method} {self.target}".strip() or repr(self.body[:40])


class Answer:
    """A behaviour that is a whole answer, after which nothing is left to play."""

    final: ClassVar = True


@dataclasses.dataclass(frozen=True, repr=False)
class Response(Answer):
    """An answer whose body is known; the last of the behaviours that are played for a request.

    :param headers: names and values; a ``Content-Length`` is added to them.
    :raises TypeError: for a body or a header that is of another type.
    :raises ValueError: for a status or a header that is none.
    """

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    raw_headers: HeaderPairs = dataclasses.field(init=False, repr=False)  # as they are sent

    def __post_init__(self) -> None:
        if not (isinstance(self.status, int) and 200 <= self.status <= 999):
            raise ValueError(f"{self.status!r} is not the status of an answer.")
        if not isinstance(self.body, bytes):
            raise TypeError(f"The body of an answer is bytes, not {self.body!r}.")
        pairs = encoded(self.headers)
        has_length = any(name.lower() == b"content-length" for name, _ in pairs)
        if not has_length and allows_body(self.status):
            pairs.append((b"Content-Length", str(len(self.body)).encode()))
        object.__setattr__(self, "raw_headers", pairs)

    async def play(self, exchange: Exchange) -> None:
        await exchange.send(self)

    def __repr__(self) -> str:
        return f"respond({self.status}, {self.body[:40]!r})"


def encoded(headers: Iterable[tuple[str, str]]) -> HeaderPairs:
    """Headers as they are sent.

    :raises TypeError: if they are not text.
    :raises ValueError: if they cannot be sent (RFC 9110, 5.1 and 5.5).
    """
    pairs = []
    for name, value in headers:
        if not (isinstance(name, str) and isinstance(value, str)):
            raise TypeError(f"{(name, value)!r} is not a header: name and value are text.")
        pair = name.encode("latin-1"), value.encode("latin-1")
        if not TOKEN.fullmatch(pair[0]) or NO_VALUE.search(pair[1]):
            raise ValueError(f"{pair[0]!r}: {pair[1]!r} is not a header.")
        pairs.append(pair)
    return pairs


def plain(status: int, text: str) -> Response:
    """An answer for people to read."""
    kind = ("Content-Type", "text/plain; charset=utf-8")
    return Response(status, (kind,), text.encode("utf-8", "replace"))


def allows_body(status: int) -> bool:
    """Whether an answer with this status may have a body (RFC 9110, 6.4.1)."""
    return status >= 200 and status not in (204, 304)


class Exchange(Protocol):
    """A request and the ways to answer it, all of them in the server's event loop.

    What sends raises ConnectionAbortedError once the connection is gone; a behaviour lets that
    pass.  It sends a whole answer with `send`, or one in parts: `begin`, `write`, `finish`.

    :ivar request: what was asked; it has come whole.
    :ivar gone: set once the client sends nothing any more; it may still listen.
    """

    request: Request
    gone: asyncio.Event

    @property
    def started(self) -> bool:
        """Whether there is an answer under way already, so that no other can be sent."""
        ...

    @property
    def ended(self) -> bool:
        """Whether nothing more can be sent."""
        ...

    def begin(self, status: int, headers: HeaderPairs, reason: bytes | None = None) -> None:
        """Make status and headers ready; they leave with the first bytes of the body.

        :param status: the status code.
        :param headers: pairs of bytes.  Without a ``Content-Length`` the body is sent in chunks, or
            to a client of HTTP/1.0 until the connection's end.
        :param reason: the reason phrase; by default that of the standard.
        """
        ...

    async def write(self, data: bytes) -> None:
        """Send a part of the body, after `begin`; return when the client has read enough for more.

        :param data: the part; if it is empty, the head may leave alone.
        """
        ...

    async def finish(self, data: bytes = b"") -> None:
        """Send the last part of the body; nothing can be sent after it.

        :param data: the part; may be empty.
        """
        ...

    async def send(self, response: Response) -> None:
        """Send a whole answer.

        :param response: the answer.
        """
        ...

    async def flush(self) -> None:
        """Send what is ready, be it the head alone; return when the client's kernel has it."""
        ...

    async def raw(self, data: bytes) -> None:
        """Send bytes as they are, HTTP or not, and what has been made ready before them.

        The connection ends with the answer, unless that was begun and finished besides, or an
        `upgrade` came before.

        :param data: the bytes.
        :raises TypeError: over HTTP/2, where they would end all requests of the connection.
        """
        ...

    def pipe(self, through: Callable[[bytes], AsyncIterator[bytes]]) -> None:
        """Send all further bytes of the answer through a function: over HTTP/2 those of the body.

        :param through: gets bytes that are to be sent, and yields what is sent.
        """
        ...

    def close(self) -> None:
        """Send what has been written, then the connection's end (FIN)."""
        ...

    def reset(self) -> None:
        """Reset the connection (RST); what the client has not read yet is lost.

        :raises TypeError: on a unix socket, which knows no reset.
        """
        ...

    def reset_stream(self, code: int) -> None:
        """End this request alone (RST_STREAM).

        :param code: why, see RFC 9113, 7.
        :raises TypeError: over HTTP/1, which has no streams.
        """
        ...

    def go_away(self, code: int) -> None:
        """End the connection, and say why (GOAWAY).

        :param code: why, see RFC 9113, 7.
        :raises TypeError: over HTTP/1, which knows no reasons.
        """
        ...

    def upgrade(self, headers: HeaderPairs) -> asyncio.StreamReader:
        """Agree to another protocol; what comes can be read from the result, `raw` sends.

        :param headers: of the answer, which has status 101.
        :raises TypeError: over HTTP/2, which has no upgrades.
        """
        ...

    def break_off(self) -> None:
        """Let the client see that the answer is not whole; HTTP/2 keeps the connection."""
        ...

    def run(self, about: str, function: Callable[..., T], *args: object) -> Awaitable[T]:
        """Call what may block in a thread of its own, and await what it returns or raises.

        :param about: what it does, for the error if it does not return in time.
        :param function: what to call.
        :param args: what to call it with.
        """
        ...

    def task(self, coroutine: Coroutine[Any, Any, T], about: str) -> asyncio.Task[T]:
        """Run a coroutine besides this answer; it is cancelled when the server stops.

        :param coroutine: what to run.
        :param about: what it does, for the error if it does not end then.
        """
        ...

    def start(self, about: str, function: Callable[[], object]) -> None:
        """Call what may block in a thread of its own, and leave it alone; it must not raise.

        :param about: what it does, for the error if it does not return in time.
        :param function: what to call.
        """
        ...

    def post(self, function: Callable[..., object], *args: object) -> None:
        """From such a thread: call a function in the event loop, and do not wait for it.

        :param function: what to call.
        :param args: what to call it with.
        """
        ...

    def call(self, function: Callable[..., Coroutine[Any, Any, T]], *args: object) -> T:
        """From such a thread: run a coroutine function in the event loop, return its result.

        :param function: such as `send`.
        :param args: what to call it with.
        """
        ...


#: An answer, or how to come to one.
Answering = Response | Coroutine[Any, Any, None] | asyncio.Future[bytes]


class Answerer(Protocol):
    """Answers the requests of a server, called in its event loop.

    :ivar early: whether it is asked as soon as the head of a request is there, and reads the body
        from `Request.upload`.
    """

    early: bool

    def answer(self, exchange: Exchange) -> Answering:
        """Return the answer if it is known, else what has still to be done for it.

        A future stands for the last part of an answer that will have been begun by then.
        """
        ...

    def failed(self, request: Request, error: BaseException) -> None:
        """Take note of an answer that could not be sent."""
        ...

    def malformed(self, request: Request) -> None:
        """Take note of what is no HTTP; the client has been told."""
        ...

    def broken_off(self, request: Request) -> None:
        """Take note of a request that did not come whole."""
        ...
