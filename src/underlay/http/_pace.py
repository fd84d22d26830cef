"""Pace: answers that come late or slowly, evenly or by chance; re-exported by ``faults``."""

from __future__ import annotations

import asyncio
import dataclasses
import random
from collections.abc import AsyncIterator
from typing import Protocol

from underlay.http._answering import Exchange
from underlay.http._arguments import check_bytes, check_seconds

#: Times per second at which `throttle` sends.
RATE = 50


class Distribution(Protocol):
    """Seconds that differ from request to request, the same ones in each run."""

    def draw(self, number: int) -> float:
        """The seconds for the request with this number in its test."""
        ...


@dataclasses.dataclass(frozen=True)
class uniform:
    """Seconds between two bounds, each as likely.

    :param low: the least.
    :param high: the most.
    :param seed: the same seed gives the same seconds to the same request of a test.
    """

    low: float
    high: float
    seed: object = 0

    def __post_init__(self) -> None:
        check_seconds("low", self.low)
        check_seconds("high", self.high)

    def draw(self, number: int) -> float:
        return chance(repr(self), number).uniform(self.low, self.high)


@dataclasses.dataclass(frozen=True)
class lognormal:
    """Seconds as networks have them: mostly near the median, at times far beyond it.

    :param median: half of them are below it.
    :param sigma: how far they spread: with 0.4 one in a hundred is over 2.5 times the median.
    :param seed: the same seed gives the same seconds to the same request of a test.
    """

    median: float
    sigma: float
    seed: object = 0

    def __post_init__(self) -> None:
        check_seconds("median", self.median)
        check_seconds("sigma", self.sigma)

    def draw(self, number: int) -> float:
        return self.median * chance(repr(self), number).lognormvariate(0, self.sigma)


@dataclasses.dataclass(frozen=True)
class delay:
    """Wait before what comes next.

    :param seconds: how long: a number, or `uniform` or `lognormal`.
    :raises TypeError: if it is none of them.
    :raises ValueError: if it is less than 0.
    """

    seconds: float | Distribution

    def __post_init__(self) -> None:
        if not hasattr(self.seconds, "draw"):
            check_seconds("delay", self.seconds)

    @property
    def seed(self) -> object:
        """That of the seconds, if they are left to chance."""
        return getattr(self.seconds, "seed", None)

    async def play(self, exchange: Exchange) -> None:
        seconds = self.seconds
        if not isinstance(seconds, (int, float)):
            seconds = seconds.draw(exchange.request.number)
        await asyncio.sleep(seconds)


@dataclasses.dataclass(frozen=True)
class drip:
    """Send the answer, its head included, in small pieces.

    :param size: bytes of a piece.
    :param every: seconds from one piece to the next.
    """

    size: int = 1
    every: float = 0.01

    def __post_init__(self) -> None:
        check_bytes("size", self.size, 1)
        check_seconds("every", self.every)

    async def play(self, exchange: Exchange) -> None:
        exchange.pipe(self._pieces)

    async def _pieces(self, data: bytes) -> AsyncIterator[bytes]:
        for start in range(0, len(data), self.size):
            yield data[start : start + self.size]
            await asyncio.sleep(self.every)


@dataclasses.dataclass(frozen=True)
class throttle:
    """Send the answer, its head included, with a limited bandwidth.

    :param bytes_per_second: the limit.
    """

    bytes_per_second: int

    def __post_init__(self) -> None:
        check_bytes("bytes_per_second", self.bytes_per_second, 1)

    async def play(self, exchange: Exchange) -> None:
        size = max(1, self.bytes_per_second // RATE)
        await drip(size, size / self.bytes_per_second).play(exchange)


def chance(about: str, number: int) -> random.Random:
    """Independent of the order in which requests are answered, and of other behaviours."""
    return random.Random(f"{about} {number}")
