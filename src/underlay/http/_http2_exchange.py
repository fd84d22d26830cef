"""HTTP2Exchange: a request on a stream of HTTP/2 and the ways to answer it."""

from __future__ import annotations

import asyncio
import functools
from typing import TYPE_CHECKING

from h2.errors import ErrorCodes

from underlay.http._answering import Answerer
from underlay.http._exchange import ServedExchange
from underlay.http._messages import HeaderPairs, Request, Response, allows_body

if TYPE_CHECKING:
    from underlay.http._http2 import HTTP2

#: What belongs to a connection of HTTP/1, and must not be sent here (RFC 9113, 8.2.2).
HTTP1_ONLY = {b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade"}


class HTTP2Exchange(ServedExchange):
    """A request on a stream of HTTP/2 and the ways to answer it (see `Exchange`).

    :param number: of the stream.
    """

    connection: HTTP2

    def __init__(
        self,
        connection: HTTP2,
        number: int,
        request: Request,
        gone: asyncio.Event,
        answerer: Answerer,
    ) -> None:
        onward = functools.partial(connection.send_body, number)
        super().__init__(connection, request, gone, onward, answerer)
        self._number = number
        self._head: HeaderPairs = []
        self._left: int | None = None  # bytes that the head has promised and are still to come
        self._bodiless = request.method == "HEAD"
        self._finished = False

    @property
    def ended(self) -> bool:
        return self._finished or not self.connection.has(self._number)

    def begin(self, status: int, headers: HeaderPairs, reason: bytes | None = None) -> None:
        named = [(name.lower(), value) for name, value in headers]
        self._head = [(b":status", str(status).encode())]
        self._head += [pair for pair in named if pair[0] not in HTTP1_ONLY]
        lengths = [int(value) for name, value in named if name == b"content-length"]
        self._bodiless = self._bodiless or not allows_body(status)
        self._left = lengths[0] if lengths and not self._bodiless else None
        self.started = True

    async def write(self, data: bytes) -> None:
        self._count(data)
        self._send_head()
        if not self._bodiless:
            await self._onward(data)
        self.connection.flush()

    async def finish(self, data: bytes = b"") -> None:
        await self.write(data)
        if self._left:
            raise ValueError(f"The answer is {self._left} bytes shorter than its Content-Length.")
        self.connection.end_stream(self._number)
        self._finished = True

    async def conclude(self, last: asyncio.Future[bytes]) -> None:
        """Finish with a part that is still to come."""
        await self.finish(await last)

    async def send(self, response: Response) -> None:
        self.begin(response.status, response.raw_headers)
        await self.finish(response.body)

    async def flush(self) -> None:
        self._send_head()
        self.connection.flush()
        await self.connection.drain()

    def close(self) -> None:
        self.connection.close()

    def break_off(self) -> None:
        self.reset_stream(ErrorCodes.INTERNAL_ERROR)

    def reset_stream(self, code: int) -> None:
        self.connection.reset_stream(self._number, code)

    def go_away(self, code: int) -> None:
        self.connection.go_away(code)

    def _send_head(self) -> None:
        if self.ended:
            raise ConnectionAbortedError("The stream is closed.")
        if self._head:
            self.connection.h2.send_headers(self._number, self._head)
            self._head = []

    def _count(self, data: bytes) -> None:
        if self._left is None:
            return
        self._left -= len(data)
        if self._left < 0:
            raise ValueError(f"The answer is {-self._left} bytes longer than its Content-Length.")
