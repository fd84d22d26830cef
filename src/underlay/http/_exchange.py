"""ServedExchange: what the exchanges of all versions of HTTP have in common."""

from __future__ import annotations

import asyncio
import http
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import TypeVar

from underlay.http._answering import Answerer
from underlay.http._connection import Connection
from underlay.http._messages import HeaderPairs, Request

T = TypeVar("T")

#: Bytes per write: dropping a buffer of 50 MB would cost `Server.stop` milliseconds.
SLICE = 64 * 1024
#: Bytes of what was no HTTP that are kept for the journal.
EVIDENCE = 1024
#: Bytes that the head of a request may have; common servers take between 8 and 100 KB.
MAX_HEAD = 64 * 1024
#: Bytes that the body of a request may have, since it is kept in memory, and in the journal.
MAX_BODY = 256 * 1024 * 1024
#: What the standard calls the statuses.
PHRASES = {status.value: status.phrase.encode() for status in http.HTTPStatus}


class ServedExchange:
    """A request on a connection and the ways to answer it (see `Exchange`).

    What one version of HTTP alone has is refused here.

    :param connection: on which it came.
    :param request: what was asked.
    :param gone: is set once the client sends nothing any more.
    :param onward: sends bytes of the answer.
    :param answerer: who is told what fails.
    """

    def __init__(
        self,
        connection: Connection,
        request: Request,
        gone: asyncio.Event,
        onward: Callable[[bytes], Awaitable[None]],
        answerer: Answerer,
    ) -> None:
        self.request = request
        self.gone = gone
        self.connection = connection
        self.started = False
        self._onward = onward
        self._answerer = answerer
        self._tests = connection.server.tests

    @property
    def stale(self) -> bool:
        return self._tests != self.connection.server.tests

    def failed(self, error: BaseException) -> None:
        if not self.stale:
            self._answerer.failed(self.request, error)

    def pipe(self, through: Callable[[bytes], AsyncIterator[bytes]]) -> None:
        onward = self._onward

        async def piped(data: bytes) -> None:
            async for piece in through(data):
                await onward(piece)

        self._onward = piped

    async def raw(self, data: bytes) -> None:
        raise self._lacks("bytes of one's own", "reset_stream() or go_away()")

    def upgrade(self, headers: HeaderPairs) -> asyncio.StreamReader:
        raise self._lacks("upgrades", "another stream")

    def reset_stream(self, code: int) -> None:
        raise self._lacks("streams", "reset()")

    def go_away(self, code: int) -> None:
        raise self._lacks("GOAWAY", "close()")

    def reset(self) -> None:
        if not self.connection.knows_reset:
            raise TypeError("A unix socket knows no reset; use close().")
        self.connection.reset()

    def run(self, about: str, function: Callable[..., T], *args: object) -> Awaitable[T]:
        return self.connection.server.run(about, self.failed, function, *args)

    def task(self, coroutine: Coroutine[object, object, T], about: str) -> asyncio.Task[T]:
        return self.connection.server.task(coroutine, about)

    def start(self, about: str, function: Callable[[], object]) -> None:
        self.connection.server.workers.run(about, function)

    def post(self, function: Callable[..., object], *args: object) -> None:
        self.connection.server.post(function, *args)

    def call(self, function: Callable[..., Coroutine[object, object, T]], *args: object) -> T:
        return self.connection.server.call(function, *args)

    def _lacks(self, what: str, instead: str) -> TypeError:
        return TypeError(f"HTTP/{self.request.version} has no {what}; use {instead}.")
