"""The rows of a timeline: in each process, one for each layer, and one for tests without any."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from underlay._recording import PASSED
from underlay.timeline._reading import Note, Process, Run, Span


@dataclasses.dataclass
class Row:
    """A layer in a process, or the tests there that are on no layer.

    :param layer: its full name, empty for the latter.
    :param up: seconds from and until when it was up, each time.
    """

    layer: str
    kind: str = ""
    hooks: list[Span] = dataclasses.field(default_factory=list)
    tests: list[Span] = dataclasses.field(default_factory=list)
    up: list[tuple[float, float]] = dataclasses.field(default_factory=list)

    @property
    def set_ups(self) -> list[Span]:
        return [hook for hook in self.hooks if hook.what == "setUp"]

    def is_home_at(self, moment: float) -> bool:
        """Whether tests of the layer may begin: it is up, or did not come up."""
        before = [hook for hook in self.hooks if hook.end <= moment]
        return bool(before) and before[-1].what == "setUp"


def rows(process: Process) -> list[Row]:
    """Those of a process, in the order of their first spans."""
    found = {"": Row("")}
    for span in process.spans:
        if span.what != "test":
            row = found.setdefault(span.name, Row(span.name, span.kind))
            row.hooks.append(span)
    for row in found.values():
        row.up = list(_up(row.hooks, process.end))
    for span in process.spans:
        if span.what == "test":
            _home(span, found).tests.append(span)
    return [row for row in found.values() if row.hooks or row.tests]


def _up(hooks: list[Span], end: float) -> Iterator[tuple[float, float]]:
    ends = [*(hook.start for hook in hooks[1:]), end]
    for hook, until in zip(hooks, ends, strict=False):
        if hook.what == "setUp" and hook.outcome == PASSED:
            yield hook.end, until


def _home(test: Span, found: dict[str, Row]) -> Row:
    """The row of the most derived of its layers that was there when it began."""
    named = (found[layer] for layer in reversed(test.layers) if layer in found)
    return next((row for row in named if row.is_home_at(test.start)), found[""])


@dataclasses.dataclass
class Summary:
    """What came of a layer in all processes together.

    :param where: the titles of the processes that have set it up.
    """

    layer: str
    kind: str
    set_ups: list[Span] = dataclasses.field(default_factory=list)
    tear_down_seconds: float = 0.0
    tests: int = 0
    where: list[str] = dataclasses.field(default_factory=list)

    @property
    def seconds(self) -> float:
        return sum(span.seconds for span in self.set_ups)

    @property
    def notes(self) -> list[Note]:
        return [note for span in self.set_ups for note in span.notes]


def summaries(run: Run) -> list[Summary]:
    """Those of all layers, the slowest set-up first."""
    found: dict[str, Summary] = {}
    for process in run.processes:
        for row in filter(lambda row: row.layer, rows(process)):
            summary = found.setdefault(row.layer, Summary(row.layer, row.kind))
            summary.set_ups += row.set_ups
            summary.tear_down_seconds += sum(
                hook.seconds for hook in row.hooks if hook.what == "tearDown"
            )
            summary.tests += len(row.tests)
            summary.where.append(process.title)
    return sorted(found.values(), key=lambda summary: (-summary.seconds, summary.layer))
