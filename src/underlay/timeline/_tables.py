"""The tables: what was slow, how often each layer went up, and all tests for those who read."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable

from underlay._markup import Child, Markup, join, tag
from underlay.timeline._reading import Note, Process, Run, Span
from underlay.timeline._rows import Summary, rows, summaries
from underlay.timeline._words import count, parted, seconds, times

SLOWEST = 10  # tests that are listed

Link = Callable[[Note], Markup]


def layers(run: Run, link: Link) -> Markup:
    """The section about layers, the slowest set-up first; empty if there are none."""
    found = summaries(run)
    if not found:
        return Markup()
    longest = found[0].seconds
    heads = ("Layer", "Set-ups", "Set-up time", "Tear-down", "Tests", "Started")
    lines = (_line(heads, _layer(summary, longest, link)) for summary in found)
    return tag("section", tag("h2", "Slowest set-ups"), _table(heads, lines), id="layers")


def _layer(summary: Summary, longest: float, link: Link) -> tuple[Child, ...]:
    number = len(summary.set_ups)
    where = f"on {', '.join(dict.fromkeys(summary.where))}"
    often = tag("b", times(number), class_="often", title=where) if number > 1 else times(1)
    each = tag("small", f" {seconds(summary.seconds / number)} each") if number > 1 else ""
    return (
        join(name_of(summary.layer), " ", tag("small", summary.kind)),
        often,
        join(_meter(summary.seconds, longest, "setUp"), seconds(summary.seconds), each),
        seconds(summary.tear_down_seconds),
        str(summary.tests),
        notes(summary.notes, link),
    )


def slowest_tests(run: Run) -> Markup:
    """The section about the slowest tests; empty if there are none."""
    tests = sorted(run.spans("test"), key=lambda each: -each[1].seconds)[:SLOWEST]
    if not tests:
        return Markup()
    heads = ("Test", "Took", "Worker")
    longest = tests[0][1].seconds
    lines = (_line(heads, _slow_test(process, span, longest)) for process, span in tests)
    return tag("section", tag("h2", "Slowest tests"), _table(heads, lines), id="tests")


def _slow_test(process: Process, span: Span, longest: float) -> tuple[Child, ...]:
    took = join(_meter(span.seconds, longest, "test"), seconds(span.seconds))
    return name_of(span.name), took, process.title


def all_tests(run: Run) -> Markup:
    """The section with everything that the picture shows of tests, for those who rather read."""
    tests = [
        (process, row.layer, span)
        for process in run.processes
        for row in rows(process)
        for span in row.tests
    ]
    heads = ("Test", "Outcome", "Layer", "Worker", "Began", "Took")
    lines = (_line(heads, _test(*each)) for each in tests)
    listed = tag("details", tag("summary", count(len(tests), "test")), _table(heads, lines))
    return tag("section", tag("h2", "All tests"), listed, id="all")


def _test(process: Process, layer: str, span: Span) -> tuple[Child, ...]:
    outcome = tag("b", span.outcome, class_="bad") if span.is_problem else span.outcome
    layer = parted(layer)[1] if layer else "none"
    times = (seconds(span.start), seconds(span.seconds))
    return name_of(span.name), outcome, layer, process.title, *times


def name_of(full_name: str) -> Markup:
    """A name, its last part to catch the eye."""
    place, name = map(_breakable, parted(full_name))
    return tag("span", tag("span", place, class_="place"), tag("b", name), class_="name")


def _breakable(name: str) -> Markup:
    """Where there is no room, it goes on in the next line after one of these."""
    return Markup(tag("wbr").join(map(html.escape, re.split(r"(?<=[/.:_])", name))))


def notes(told: Iterable[Note], link: Link) -> Markup:
    """What layers have told, a line each."""
    lines = [tag("li", link(note)) for note in told]
    return tag("ul", lines, class_="notes") if lines else Markup()


def _meter(value: float, longest: float, kind: str) -> Markup:
    width = 100 * value / longest if longest else 0
    return tag("span", tag("i", class_=kind, style=f"width:{width:.2f}%"), class_="meter")


def _table(heads: tuple[str, ...], lines: Iterable[Markup]) -> Markup:
    head = tag("thead", tag("tr", (tag("th", each, scope="col") for each in heads)))
    return tag("table", head, tag("tbody", lines))


def _line(heads: tuple[str, ...], values: tuple[Child, ...]) -> Markup:
    """A row of a table, whose cells say what they are where there is no room for columns."""
    others = zip(heads[1:], values[1:], strict=True)
    return tag(
        "tr",
        tag("th", values[0], scope="row"),
        (tag("td", value, data_label=head) for head, value in others),
    )
