"""Through: an exchange in front of another one, which a fault can bend."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from typing import Any, TypeVar

from underlay.http._answering import Exchange
from underlay.http._messages import HeaderPairs, Response

T = TypeVar("T")


class Through:
    """Hands on what it is told to the exchange behind it (see `Exchange`).

    A whole answer comes by `begin` and `finish`, like one in parts.

    :param exchange: the one behind.
    """

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.request = exchange.request
        self.gone = exchange.gone

    @property
    def started(self) -> bool:
        return self.exchange.started

    @property
    def ended(self) -> bool:
        return self.exchange.ended

    @property
    def stale(self) -> bool:
        return self.exchange.stale

    def failed(self, error: BaseException) -> None:
        self.exchange.failed(error)

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

    def reset_stream(self, code: int) -> None:
        self.exchange.reset_stream(code)

    def go_away(self, code: int) -> None:
        self.exchange.go_away(code)

    def break_off(self) -> None:
        self.exchange.break_off()

    def upgrade(self, headers: HeaderPairs) -> asyncio.StreamReader:
        return self.exchange.upgrade(headers)

    def run(self, about: str, function: Callable[..., T], *args: object) -> Awaitable[T]:
        return self.exchange.run(about, function, *args)

    def task(self, coroutine: Coroutine[Any, Any, T], about: str) -> asyncio.Task[T]:
        return self.exchange.task(coroutine, about)

    def start(self, about: str, function: Callable[[], object]) -> None:
        self.exchange.start(about, function)

    def post(self, function: Callable[..., object], *args: object) -> None:
        self.exchange.post(function, *args)

    def call(self, function: Callable[..., Coroutine[Any, Any, T]], *args: object) -> T:
        return self.exchange.call(function, *args)


def refuse(behaviour: object, exchange: Exchange, nearest: Mapping[str, str]) -> None:
    """Refuse what cannot be done over a kind of connection, before anything is sent.

    :param behaviour: what is to be played.
    :param nearest: what can be done instead, by kinds such as ``"HTTP/2"`` or ``"a unix socket"``.
    :raises TypeError: if the exchange is over one of them.
    """
    kinds = [f"HTTP/{exchange.request.version}"]
    kinds += [] if exchange.request.client else ["a unix socket"]
    for kind in kinds:
        if kind in nearest:
            raise TypeError(f"There is no {behaviour!r} over {kind}; use {nearest[kind]}.")
