"""The picture: for each process its rows, time to the right."""

from __future__ import annotations

import math
from collections.abc import Iterator

from underlay._markup import Markup, tag
from underlay.timeline._reading import Process, Run, Span
from underlay.timeline._rows import Row, rows
from underlay.timeline._words import count, parted, seconds, times

ZOOMS = (1, 4, 16)
TICKS = 6  # about so many marks on the axis

LEGEND = (
    ("setUp", "set-up"),
    ("up", "up"),
    ("test passed", "test"),
    ("test skipped", "skipped"),
    ("test problem", "failure"),
    ("tearDown", "tear-down"),
)

Anchors = dict[int, str]  # of the problems that the page lists, by the identity of the span


def chart(run: Run, anchors: Anchors) -> Markup:
    """The section with the picture.

    :param anchors: where on the page to read about a problem.
    """
    scale = _Scale(run.seconds)
    processes = (_process(process, scale, anchors) for process in run.processes)
    plot = tag("div", scale.axis(), processes, class_="plot", style=f"--tick:{scale.tick:.4f}%")
    label = "Timeline; scrolls sideways when it is zoomed in"
    return tag(
        "section",
        tag("h2", "Timeline"),
        tag("div", _legend(), _zoom(), class_="tools"),
        tag("div", plot, class_="scroll", tabindex=0, role="region", aria_label=label),
        id="timeline",
    )


def _legend() -> Markup:
    marks = (tag("li", tag("i", class_=f"bar {kind}"), text) for kind, text in LEGEND)
    return tag("ul", marks, class_="legend")


def _zoom() -> Markup:
    choices = (
        tag(
            "label",
            tag("input", type="radio", name="zoom", value=zoom, checked=zoom == ZOOMS[0]),
            tag("span", times(zoom)),
        )
        for zoom in ZOOMS
    )
    return tag("fieldset", tag("legend", "Zoom"), choices, class_="zoom")


class _Scale:
    """From seconds to percent of the width."""

    def __init__(self, total: float) -> None:
        self.total = max(total, 0.001)
        self.step = _round_up(self.total / TICKS)
        self.tick = self.percent(self.step)

    def percent(self, value: float) -> float:
        return 100 * value / self.total

    def place(self, start: float, end: float) -> str:
        """CSS for what lasts from one moment to another."""
        return f"--x:{self.percent(start):.4f}%;--w:{self.percent(end - start):.4f}%"

    def axis(self) -> Markup:
        ticks = range(int(self.total / self.step) + 1)
        marks = (
            tag("span", _tick(self.step * tick), style=f"--x:{self.tick * tick:.4f}%")
            for tick in ticks
        )
        return tag("div", tag("div", marks, class_="ticks"), class_="axis", aria_hidden="true")


def _round_up(value: float) -> float:
    """The next of 1, 2, 5, 10, 20, 50, ..."""
    power = float(10 ** math.floor(math.log10(value)))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= value * 0.999)


def _tick(value: float) -> str:
    return "0" if not value else f"{value:g} s" if value < 100 else seconds(value)


def _process(process: Process, scale: _Scale, anchors: Anchors) -> Markup:
    tests = [span for span in process.spans if span.what == "test"]
    facts = [count(len(tests), "test"), seconds(process.end - min(_starts(process)))]
    if process.worker:
        facts.insert(0, f"process {process.pid}")
    title = tag("h3", process.title, " ", tag("small", " · ".join(facts)))
    return tag("div", title, (_row(row, scale, anchors) for row in rows(process)), class_="worker")


def _starts(process: Process) -> Iterator[float]:
    yield process.end
    yield from (span.start for span in process.spans)


def _row(row: Row, scale: _Scale, anchors: Anchors) -> Markup:
    name = parted(row.layer)[1] or "no layer"
    label = tag(
        "div", tag("b", name), " ", tag("small", row.kind), class_="label", title=row.layer or None
    )
    ups = (
        tag("i", class_="bar up", style=scale.place(*up), title=f"{name}, up for {_lasted(*up)}")
        for up in row.up
    )
    bars = (_bar(span, scale, anchors) for span in (*row.hooks, *row.tests))
    track = tag("div", ups, bars, class_="track", role="group", aria_label=_said(row, name))
    return tag("div", label, track, class_="row")


def _lasted(start: float, end: float) -> str:
    return seconds(end - start)


def _said(row: Row, name: str) -> str:
    """The row in words."""
    problems = sum(span.is_problem for span in (*row.hooks, *row.tests))
    words = [f"set up in {seconds(span.seconds)}" for span in row.set_ups]
    words += [count(len(row.tests), "test"), count(problems, "failure") if problems else ""]
    return f"{name}: {', '.join(filter(None, words))}"


def _bar(span: Span, scale: _Scale, anchors: Anchors) -> Markup:
    kind = f"test {span.outcome}" if span.what == "test" else span.what
    name = span.name if span.what == "test" else f"{span.what} of {span.name}"
    title = f"{name}: {span.outcome}, {seconds(span.seconds)}"
    style = scale.place(span.start, span.end)
    if span.is_problem:
        link, label = f"#{anchors[id(span)]}", f"{title}. {span.error}"
        css = f"bar {kind} problem"
        return tag("a", class_=css, style=style, href=link, title=label, aria_label=title)
    return tag("i", class_=f"bar {kind}", style=style, title=title)
