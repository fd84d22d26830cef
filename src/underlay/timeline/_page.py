"""The page: one file of HTML that asks nobody for anything."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from underlay._markup import Markup, join, tag
from underlay.timeline._chart import Anchors, chart
from underlay.timeline._reading import UNFINISHED, Note, Process, Run, Span
from underlay.timeline._rows import summaries
from underlay.timeline._tables import Link, all_tests, layers, name_of, notes, slowest_tests
from underlay.timeline._words import count, parted, seconds

#: Nothing is loaded and no script runs, whatever the names of tests may hold.
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def page(run: Run, folder: Path, trace: Path) -> str:
    """The HTML of a run.

    :param folder: where the page will be; links to files start there.
    :param trace: where the same is for Perfetto.
    """

    def link(note: Note) -> Markup:
        return _link(note.text, Path(note.path), folder) if note.path else join(note.text)

    anchors = {id(span): f"failure-{n}" for n, (_, span) in enumerate(run.problems, 1)}
    body = (
        _head(run),
        _failures(run, anchors, link),
        chart(run, anchors),
        layers(run, link),
        slowest_tests(run),
        all_tests(run),
        _foot(run, _link(trace.name, trace, folder)),
    )
    return "<!DOCTYPE html>\n" + tag("html", _meta(run), tag("body", tag("main", body)), lang="en")


def _meta(run: Run) -> Markup:
    style = Path(__file__).with_name("page.css").read_text("utf-8")
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=POLICY),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{_verdict(run)} | timeline"),
        tag("style", Markup(style)),
    )


def _verdict(run: Run) -> str:
    tests = count(len(list(run.spans("test"))), "test")
    failed = sum(span.what == "test" for _, span in run.problems)
    hooks = len(run.problems) - failed
    words = [f"{failed} of {tests} failed"] if failed else []
    words += [f"{count(hooks, 'layer hook')} failed"] if hooks else []
    return ", ".join(words) or f"{tests}, no failure"


def _head(run: Run) -> Markup:
    bad = bool(run.problems)
    began = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(run.began))
    facts = (tag("div", tag("dt", name), tag("dd", value)) for name, value in _facts(run))
    return tag(
        "header",
        tag("h1", tag("span", "✗ " if bad else "✓ ", aria_hidden="true"), _verdict(run)),
        tag("p", tag("code", shlex.join(run.command)), " ", tag("time", began), class_="command"),
        tag("dl", facts),
        class_="bad" if bad else "good",
    )


def _facts(run: Run) -> Iterator[tuple[str, str]]:
    outcomes = [span.outcome for _, span in run.spans("test")]
    found = summaries(run)
    yield "Duration", seconds(run.seconds)
    yield "Workers", str(len(run.processes))
    yield "Layers", str(len(found))
    yield "Set-ups", str(sum(len(summary.set_ups) for summary in found))
    yield "Time in set-ups", seconds(sum(summary.seconds for summary in found))
    yield "Skipped tests", str(outcomes.count("skipped"))


def _failures(run: Run, anchors: Anchors, link: Link) -> Markup:
    """The section about what failed; empty if nothing has."""
    listed = [_failure(*each, anchors[id(each[1])], link) for each in run.problems]
    if not listed:
        return Markup()
    return tag("section", tag("h2", "Failures"), tag("ol", listed), id="failures")


def _failure(process: Process, span: Span, anchor: str, link: Link) -> Markup:
    what = name_of(span.name)
    if span.what != "test":
        what = join(tag("b", f"{span.what} of "), what)
    layer = parted(span.layers[-1])[1] if span.layers else ""
    took = "" if span.outcome == UNFINISHED else f"took {seconds(span.seconds)}"
    facts = (layer, process.title, f"at {seconds(span.start)}", took)
    details = tag("details", tag("summary", "Details"), tag("pre", span.details))
    return tag(
        "li",
        tag("h3", what),
        tag("pre", span.error, class_="message"),
        tag("p", " · ".join(filter(None, facts)), class_="facts"),
        notes(span.notes, link),
        details if span.details.strip() not in ("", span.error.strip()) else "",
        id=anchor,
    )


def _link(text: str, path: Path, folder: Path) -> Markup:
    return tag("a", text, href=quote(os.path.relpath(path, folder)))


def _foot(run: Run, trace: Markup) -> Markup:
    earlier = f"{count(run.others, 'earlier run')} in the same folder not shown. "
    return tag(
        "footer",
        tag("p", earlier if run.others else "", "For Perfetto or chrome://tracing: ", trace),
    )
