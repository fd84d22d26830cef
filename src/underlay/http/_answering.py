"""Exchange and Answerer: what the two sides of an answer expect of each other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any, Protocol, TypeVar

from underlay.http._messages import HeaderPairs, Request, Response

T = TypeVar("T")


class Exchange(Protocol):
    """A request and the ways to answer it, all of them in the server's event loop.

    What sends raises ConnectionAbortedError once the connection is gone; a behaviour lets that
    pass.  It sends a whole answer with `send`, or one in parts: `begin`, `write`, `finish`.

    :ivar request: what was asked; it has come whole, unless its answerer is an early one.
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

    @property
    def stale(self) -> bool:
        """Whether its test has ended, so that what goes wrong now is no other test's fault."""
        ...

    def failed(self, error: BaseException) -> None:
        """From any thread: let its test fail because of an error, unless that has ended.

        :param error: what was raised for it, not by what is to answer it: that may just raise.
        """
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
