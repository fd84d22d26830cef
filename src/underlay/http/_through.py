"""Through: an exchange in front of another one, which a fault can bend."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from underlay.http._messages import Exchange, HeaderPairs, Response

T = TypeVar("T")


class Through:
    """Hands on what it is told to the exchange behind it (see `Exchange`).

    A whole answer comes by `begin` and `finish`, like one in parts.

    :param exchange: the one behind.
    """

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.request = exchange.request

    @property
    def started(self) -> bool:
        return self.exchange.started

    @property
    def ended(self) -> bool:
        return self.exchange.ended

    def begin(self, status: int, headers: HeaderPairs, reason: bytes | None = None) -> None:
        self.exchange.begin(status, headers, reason)

    async def write(self, data: bytes) -> None:
        await self.exchange.write(data)

    async def finish(self, data: bytes = b"") -> None:
        await self.exchange.finish(data)

    async def send(self, response: Response) -> None:
        self.begin(response.status, response.raw_headers)
        await self.finish(response.body)

    async def flush(self) -> None:
        await self.exchange.flush()

    async def raw(self, data: bytes) -> None:
        await self.exchange.raw(data)

    def pipe(self, through: Callable[[bytes], AsyncIterator[bytes]]) -> None:
        self.exchange.pipe(through)

    def close(self) -> None:
        self.exchange.close()

    def reset(self) -> None:
        self.exchange.reset()

    def run(self, about: str, function: Callable[..., T], *args: object) -> Awaitable[T]:
        return self.exchange.run(about, function, *args)

    def call(self, function: Callable[..., Coroutine[Any, Any, T]], *args: object) -> T:
        return self.exchange.call(function, *args)
