"""What goes wrong between a client and a server: a small class each.

``.then(delay(0.2), drip(1), json={...})`` puts them before an answer; ``with PEER.failing(...)``
has them for all requests.  The names are the field's, of toxiproxy and WireMock, where it has some.
"""

from __future__ import annotations

import dataclasses
import http
from typing import ClassVar

from underlay.http._answering import Exchange
from underlay.http._arguments import check_bytes
from underlay.http._endings import close_connection, go_away, hang, reset_connection, reset_stream
from underlay.http._messages import HeaderPairs
from underlay.http._pace import chance, delay, drip, lognormal, throttle, uniform
from underlay.http._through import Through, refuse
from underlay.http.behaviours import Behaviour, as_behaviour, perform

__all__ = [
    "close_connection",
    "delay",
    "drip",
    "garbage",
    "go_away",
    "half_a_head",
    "hang",
    "lognormal",
    "malformed_chunk",
    "reset_connection",
    "reset_stream",
    "sometimes",
    "throttle",
    "uniform",
    "wrong_content_length",
]

#: Where all requests share the frames of one connection, nobody can write bytes of their own.
NO_BYTES = {"HTTP/2": "reset_stream() or go_away()"}


@dataclasses.dataclass(frozen=True)
class garbage:
    """Send what is no HTTP, then close the connection.

    :param data: the bytes.
    """

    final: ClassVar = True

    data: bytes = b"\x00\xff garbage \xfe\r\n\r\n"

    async def play(self, exchange: Exchange) -> None:
        refuse(self, exchange, NO_BYTES)
        await exchange.raw(self.data)
        exchange.close()


@dataclasses.dataclass(frozen=True)
class half_a_head:
    """Send the first half of the answer's head, then close the connection."""

    async def play(self, exchange: Exchange) -> Exchange:
        refuse(self, exchange, NO_BYTES)
        return _HalfAHead(exchange)


@dataclasses.dataclass(frozen=True)
class wrong_content_length:
    """Send the whole answer with another ``Content-Length``, then close the connection.

    :param declared: the length that is told.
    """

    declared: int

    def __post_init__(self) -> None:
        check_bytes("declared", self.declared, 0)

    async def play(self, exchange: Exchange) -> Exchange:
        refuse(self, exchange, NO_BYTES)
        return _WrongLength(exchange, self.declared)


class _ByHand(Through):
    """Writes the head of the answer itself, so that it may be any."""

    _head = b""

    @property
    def started(self) -> bool:
        return bool(self._head) or self.exchange.started

    def begin(self, status: int, headers: HeaderPairs, reason: bytes | None = None) -> None:
        if reason is None:
            known = {each.value: each.phrase for each in http.HTTPStatus}
            reason = known.get(status, "").encode()
        lines = [b"HTTP/1.1 %d %s" % (status, reason)]
        lines += [b"%s: %s" % pair for pair in headers]
        self._head = b"\r\n".join([*lines, b"", b""])


class _HalfAHead(_ByHand):
    async def write(self, data: bytes) -> None:
        await self.exchange.raw(self._head[: len(self._head) // 2])
        self.exchange.close()

    async def finish(self, data: bytes = b"") -> None:
        await self.write(data)


class _WrongLength(_ByHand):
    def __init__(self, exchange: Exchange, declared: int) -> None:
        super().__init__(exchange)
        self._declared = declared
        self._unsent = True

    def begin(self, status: int, headers: HeaderPairs, reason: bytes | None = None) -> None:
        others = [pair for pair in headers if pair[0].lower() != b"content-length"]
        length = (b"Content-Length", b"%d" % self._declared)
        super().begin(status, [*others, length], reason)

    async def write(self, data: bytes) -> None:
        head = self._head if self._unsent else b""
        self._unsent = False
        await self.exchange.raw(head + data)

    async def finish(self, data: bytes = b"") -> None:
        await self.write(data)
        self.exchange.close()


@dataclasses.dataclass(frozen=True)
class malformed_chunk:
    """Send the answer in chunks, the last of which is none, then close the connection."""

    async def play(self, exchange: Exchange) -> Exchange:
        refuse(self, exchange, {**NO_BYTES, "HTTP/1.0": "close_connection(after=1)"})
        return _MalformedChunk(exchange)


class _MalformedChunk(Through):
    def begin(self, status: int, headers: HeaderPairs, reason: bytes | None = None) -> None:
        chunked = [pair for pair in headers if pair[0].lower() != b"content-length"]
        self.exchange.begin(status, chunked, reason)

    async def finish(self, data: bytes = b"") -> None:
        # In one piece with what is right, for aiohttp may wait for ever if the rest comes later.
        chunk = b"%x\r\n%b\r\n" % (len(data), data) if data else b""
        await self.exchange.raw(chunk + b"no chunk\r\n")
        self.exchange.close()


class sometimes:
    """Play other behaviours for a share of the requests, the same ones in each run.

    :param share: of the requests, between 0 and 1.
    :param behaviours: what to play for them, in this order.
    :param seed: the same seed strikes the same requests of a test.
    """

    def __init__(self, share: float, *behaviours: Behaviour, seed: object = 0) -> None:
        if not isinstance(share, (int, float)) or isinstance(share, bool):
            raise TypeError(f"share is a number between 0 and 1, not {share!r}.")
        if not 0 <= share <= 1:
            raise ValueError(f"share is between 0 and 1, not {share!r}.")
        if not behaviours:
            raise TypeError("sometimes() needs to know what: sometimes(0.1, reset_connection()).")
        self.share, self.seed = share, seed
        self.behaviours = tuple(map(as_behaviour, behaviours))

    async def play(self, exchange: Exchange) -> Exchange | None:
        kinds = [type(each).__name__ for each in self.behaviours]
        about = f"{self.share} {kinds} {self.seed!r}"  # no repr(): that may hold an address
        if chance(about, exchange.request.number).random() >= self.share:
            return None
        return await perform(self.behaviours, exchange)

    def __repr__(self) -> str:
        behaviours = ", ".join(map(repr, self.behaviours))
        return f"sometimes({self.share}, {behaviours}, seed={self.seed!r})"
