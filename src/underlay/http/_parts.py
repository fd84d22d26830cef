"""Parts: an answer on its way from a handler's thread to the client, piece by piece."""

from __future__ import annotations

import asyncio
import collections
from collections.abc import Callable

from underlay.http._answering import Exchange
from underlay.http._exchange import SLICE

#: Parts by which a handler may be ahead of its client.
AHEAD = 8


class Parts:
    """A thread puts them down, a task in the event loop passes them on.

    :param exchange: what they belong to.
    :param begin: called before the first one is written, in the event loop.
    """

    def __init__(self, exchange: Exchange, begin: Callable[[], object]) -> None:
        self._exchange = exchange
        self._begin = begin
        self._held: collections.deque[bytes] = collections.deque()
        self._passing: asyncio.Task[None] | None = None
        self._error: Exception | None = None

    def put(self, data: bytes) -> None:
        """Send a part, soon; return when there may be another one.

        :raises ConnectionAbortedError: when the client has gone.
        """
        if self._exchange.ended:
            raise ConnectionAbortedError("The connection is closed.")
        self._held.append(data)
        far_ahead = len(self._held) >= AHEAD or len(data) >= SLICE
        self._exchange.post(self._pass_on)
        if far_ahead:
            self.wait()

    def wait(self) -> None:
        """Return when all of them have been sent; raise why one cannot be.

        :raises ConnectionAbortedError: when the client has gone.
        """
        self._exchange.call(self._passed_on)

    # -- in the event loop

    def _pass_on(self) -> None:
        if self._held and (self._passing is None or self._passing.done()):
            self._passing = self._exchange.task(self._pass(), str(self._exchange.request))

    async def _pass(self) -> None:
        try:
            self._begin()
            while self._held:
                parts = [self._held.popleft() for _each in range(len(self._held))]
                await self._exchange.write(b"".join(parts))
        except Exception as error:
            self._error = error

    async def _passed_on(self) -> None:
        if self._passing:
            await self._passing
        if self._error:
            raise self._error
