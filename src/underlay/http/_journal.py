"""Journal: what a server was asked, and what became of it."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from underlay._waiting import wait_until
from underlay.http._answering import Exchange
from underlay.http._arguments import check_number, check_seconds
from underlay.http._messages import HeaderPairs, Request
from underlay.http._through import Through

if TYPE_CHECKING:
    from underlay.http._expectation import Expectation
    from underlay.http.behaviours import Behaviour

#: Requests that are listed in a report.
LISTED = 10


@dataclasses.dataclass(eq=False)
class Entry:
    """A request in the journal of a server.

    :ivar request: the request as the server saw it.
    :ivar began: when it had come, in seconds since 1970.
    :ivar expectation: the one that answered it, if any did.
    :ivar behaviours: what was played for it besides an answer, such as faults.
    :ivar status: of the answer, once that has begun; None if it never did.
    :ivar error: what was wrong with the request or its answer; else empty.
    :ivar report: if no expectation matched, the nearest one and how it differs, a line each.
    :ivar ended: when all was done, in seconds since 1970.
    """

    request: Request
    began: float
    expectation: Expectation | None = None
    behaviours: tuple[Behaviour, ...] = ()
    status: int | None = None
    error: str = ""
    report: tuple[str, ...] = ()
    ended: float | None = None

    @property
    def complete(self) -> bool:
        """Whether the whole request came, and was HTTP."""
        return not self.request.problem

    def __str__(self) -> str:
        played = f" ({', '.join(map(repr, self.behaviours))})" if self.behaviours else ""
        return f"{self.request}{played}"


class Journal:
    """The requests of a test.

    :param clock: tells the time, in seconds since 1970.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.entries: list[Entry] = []
        self.clock = clock

    def enter(self, request: Request) -> Entry:
        """Note a request that has come."""
        entry = Entry(request, self.clock(), error=request.problem)
        request.number = self.entries[-1].request.number + 1 if self.entries else 1
        self.entries.append(entry)
        return entry

    def entry_of(self, request: Request) -> Entry | None:
        """What is noted of a request, unless that was of an earlier test."""
        found = (each for each in reversed(self.entries) if each.request is request)
        return next(found, None)

    def wait_for(
        self, number: int, timeout: float, came: Callable[[], list[Request]], about: str = ""
    ) -> list[Request]:
        """Wait until as many requests have come, and return them.

        :param number: how many, at least 1.
        :param timeout: for how many seconds.
        :param came: those that have.
        :param about: what kind of requests.
        :raises NotReady: if they do not come; it tells what came.
        """
        check_number("number", number, 1)
        check_seconds("timeout", timeout)
        return wait_until(
            lambda: found if len(found := came()) >= number else None,
            f"{number} request(s){about}",
            timeout,
            lambda: f"what came: {self}",
        )

    def chances_told(self) -> tuple[str, ...]:
        """A line with what was left to chance so far, seeds included; none if that is nothing."""
        played = (each for entry in self.entries for each in entry.behaviours)
        seeded = [repr(each) for each in played if getattr(each, "seed", None) is not None]
        return (f"by chance: {', '.join(dict.fromkeys(seeded))}",) if seeded else ()

    def __str__(self) -> str:
        entries = self.entries
        shown = ", ".join(map(str, entries[:LISTED])) or "nothing"
        return shown + (f" and {len(entries) - LISTED} more" if len(entries) > LISTED else "")


class Noting(Through):
    """An exchange that tells the journal how it is answered."""

    def __init__(self, exchange: Exchange, entry: Entry) -> None:
        super().__init__(exchange)
        self._entry = entry

    def begin(self, status: int, headers: HeaderPairs, reason: bytes | None = None) -> None:
        self.exchange.begin(status, headers, reason)
        self._entry.status = status

    def upgrade(self, headers: HeaderPairs) -> asyncio.StreamReader:
        self._entry.status = 101
        return self.exchange.upgrade(headers)
