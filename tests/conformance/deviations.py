"""Where runners come to another verdict, each with its reason; the manual lists them."""

from __future__ import annotations

import dataclasses

from tests.conformance.situations import FAILED, PASSED, Situation


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
        "error in tearDown",
        ("pytest", "pytest -n2"),
        "pytest has no place for errors of the run: the last test of the layer bears it.",
        {"outcomes": {"test_first": PASSED, "test_second": FAILED, "test_other": PASSED}},
    ),
    Deviation(
        "SkipTest in setUp",
        ("zope.testrunner -j2",),
        "The processes of zope.testrunner tell nothing of skipped tests.",
        {"outcomes": {"test_other": PASSED}, "cause": ""},
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
