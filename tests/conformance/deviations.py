"""Where runners come to another verdict, each with its reason; the manual lists them."""

from __future__ import annotations

import dataclasses

from tests.conformance.situations import PASSED, Situation


@dataclasses.dataclass(frozen=True)
class Deviation:
    """Runners that cannot do what the others do.

    :param situation: its name.
    :param instead: what they make of it, as attributes of `Situation`.
    """

    situation: str
    runners: tuple[str, ...]
    reason: str
    instead: dict[str, object]


DEVIATIONS = [
    Deviation(
        "SkipTest in setUp",
        ("zope.testrunner -j2",),
        "With -j, processes run the tests, and tell zope.testrunner three numbers: of tests, "
        "failures and errors. It knows of no skipped test, and says 0 in its total. Each process "
        "counts them in its own line, and the layer prints that it skips its tests, and why.",
        {"outcomes": {"test_other": PASSED}},
    ),
]


def deviation(situation: Situation, runner: str) -> Deviation | None:
    found = (
        each for each in DEVIATIONS if each.situation == situation.name and runner in each.runners
    )
    return next(found, None)


def expected(situation: Situation, runner: str) -> Situation:
    """The situation as that runner has to see it."""
    found = deviation(situation, runner)
    return dataclasses.replace(situation, **found.instead) if found else situation
