"""What an expectation wants of the story so far: how often, in which order, in which state.

Conditions are criteria that look at what has happened instead of at the request.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from underlay.http._arguments import check_number
from underlay.http._messages import Request

if TYPE_CHECKING:
    from underlay.http._expectation import Expectation


@dataclasses.dataclass(frozen=True)
class Times:
    """How many requests are to come.

    :param least: how many at least; None for one for each answer, at least one.
    :param most: how many match at most; None for any number.
    """

    least: int | None = None
    most: int | None = None

    @classmethod
    def of(
        cls, times: int | None, at_least: int | None, at_most: int | None, optional: bool
    ) -> Times:
        """Check what the caller of `FakeServer.expect` said."""
        given = (("times", times, 1), ("at_least", at_least, 0), ("at_most", at_most, 1))
        for name, number, least in given:
            if number is not None:
                check_number(name, number, least)
        if at_least is not None and (optional or times is not None):
            raise TypeError("times= and optional= say it all: leave out at_least=.")
        if at_most is not None and times is not None:
            raise TypeError("times= says it all: leave out at_most=.")
        if (at_least or 0) > (at_most or at_least or 0):
            raise ValueError(f"at_least={at_least} is more than at_most={at_most}.")
        if optional or (at_least is None and at_most is not None):
            at_least = 0
        return cls(times if at_least is None else at_least, at_most or times)

    def __str__(self) -> str:
        if self.least == self.most:
            return str(self.least)
        if self.most is None:
            return f"at least {self.least}"
        return f"{self.least} to {self.most}" if self.least else f"at most {self.most}"


@dataclasses.dataclass(frozen=True)
class NotUsedUp:
    """There are requests left that are to come."""

    expectation: Expectation
    name, weight = "times", 1

    def differences(self, request: Request) -> Iterator[str]:
        most = self.expectation._times.most
        if most is not None and self.expectation.calls >= most:
            yield f"wanted {self.expectation._times}, this is one more"


class Sequence:
    """Expectations whose requests are to come in this order."""

    def __init__(self) -> None:
        self.expectations: list[Expectation] = []


@dataclasses.dataclass(frozen=True)
class InOrder:
    """Those before it in a sequence have got their requests, those after it none."""

    sequence: Sequence
    expectation: Expectation
    name, weight = "order", 1

    def differences(self, request: Request) -> Iterator[str]:
        place = self.sequence.expectations.index(self.expectation)
        for before in self.sequence.expectations[:place]:
            if before._missing:
                yield f"wanted after {before._headline}, which is still to come"
        for after in self.sequence.expectations[place + 1 :]:
            if after.calls:
                yield f"wanted before {after._headline}, which has come already"


class Scenarios:
    """The states of some stories that a test tells, each with a name."""

    def __init__(self) -> None:
        self.states: dict[str, str] = {}
        self._begun: list[Mapping[str, str]] = []

    def begin(self, states: Mapping[str, str]) -> None:
        """Begin some scenarios in these states."""
        self._begun.append(states)
        self.states.update(states)

    def end(self, states: Mapping[str, str]) -> None:
        """The end of `begin`."""
        self._begun.remove(states)
        self.restart()

    def restart(self) -> None:
        """Bring all scenarios into the states in which they began."""
        self.states = {name: state for states in self._begun for name, state in states.items()}

    def check(self, states: Mapping[str, str]) -> None:
        """Refuse scenarios that have not begun."""
        for name in (each for each in states if each not in self.states):
            begun = ", ".join(self.states) or "none"
            raise ValueError(
                f"There is no scenario {name!r}; begun: {begun}.\n"
                f"  Begin it first: scenario({name}='begun')."
            )


@dataclasses.dataclass(frozen=True)
class When:
    """Scenarios are in these states."""

    scenarios: Scenarios
    states: Mapping[str, str]
    name, weight = "scenario", 1

    def differences(self, request: Request) -> Iterator[str]:
        for name, wanted in self.states.items():
            state = self.scenarios.states.get(name)
            if state != wanted:
                yield f"{name}: wanted {wanted!r}, is {state!r}"
