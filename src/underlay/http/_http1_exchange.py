"""HTTP1Exchange: a request on an HTTP/1 connection and the ways to answer it."""

from __future__ import annotations

import asyncio
import functools
from typing import TYPE_CHECKING

import h11

from underlay.http._answering import Answerer
from underlay.http._exchange import PHRASES, SLICE, ServedExchange
from underlay.http._messages import HeaderPairs, Request, Response, allows_body

if TYPE_CHECKING:
    from underlay.http._http1 import HTTP1

END = h11.EndOfMessage()


class HTTP1Exchange(ServedExchange):
    """A request on an HTTP/1 connection and the ways to answer it (see `Exchange`)."""

    connection: HTTP1

    def __init__(self, connection: HTTP1, request: Request, answerer: Answerer) -> None:
        super().__init__(connection, request, connection.gone, connection.write, answerer)
        self._wire: list[bytes] = []  # made ready, not sent yet
        self._bodiless = request.method == "HEAD"

    @property
    def ended(self) -> bool:
        finished = self.connection.h11.our_state not in (h11.SEND_RESPONSE, h11.SEND_BODY)
        return finished or not self.connection.alive

    def begin(self, status: int, headers: HeaderPairs, reason: bytes | None = None) -> None:
        if reason is None:
            reason = PHRASES.get(status, b"")
        if self.connection.h11.they_are_waiting_for_100_continue:
            # Whether the body still comes is up to the client (RFC 9110, 10.1.1).
            headers = [*headers, (b"Connection", b"close")]
        self._send(_head(status, tuple(headers), reason))
        self.started = True
        self._bodiless = self._bodiless or not allows_body(status)

    async def write(self, data: bytes) -> None:
        for start in range(0, len(data) or 1, SLICE):
            self._add(data[start : start + SLICE])
            await self._flush()

    async def finish(self, data: bytes = b"") -> None:
        if len(data) > SLICE:
            await self.write(data)
            data = b""
        await self._onward(self.last(data))

    def last(self, data: bytes) -> bytes:
        """What is to be sent, now that the last part is there."""
        self._add(data)
        self._send(END)
        return self._take()

    async def send(self, response: Response) -> None:
        self.begin(response.status, response.raw_headers)
        await self.finish(response.body)

    async def flush(self) -> None:
        await self._flush()
        await self.connection.drain()

    async def raw(self, data: bytes) -> None:
        await self._onward(self._take() + data)

    def upgrade(self, headers: HeaderPairs) -> asyncio.StreamReader:
        self.started = True
        return self.connection.switch(headers)

    def close(self) -> None:
        self.connection.close()

    def break_off(self) -> None:
        self.connection.reset()

    def _add(self, data: bytes) -> None:
        if data and not self._bodiless:
            self._send(h11.Data(data=data))

    def _send(self, event: h11.Event) -> None:
        self._wire.append(self.connection.h11.send(event) or b"")

    def _take(self) -> bytes:
        wire, self._wire = b"".join(self._wire), []
        return wire

    async def _flush(self) -> None:
        await self._onward(self._take())


@functools.lru_cache(maxsize=128)
def _head(status: int, headers: tuple[tuple[bytes, bytes], ...], reason: bytes) -> h11.Response:
    """The head of an answer; to check it takes a tenth of a request, and many are alike."""
    return h11.Response(status_code=status, headers=list(headers), reason=reason)
