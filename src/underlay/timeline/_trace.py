"""The timeline as Chrome Trace Event JSON, which Perfetto and chrome://tracing show.

The format: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU.
Complete events ("X") of one thread must nest, never overlap, see https://perfetto.dev/docs/faq.  So
each row of the timeline is a thread, and that a layer is up is an event around its tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from underlay.timeline._reading import Process, Run, Span
from underlay.timeline._rows import Row, rows

Event = dict[str, Any]

MICROSECONDS = 1_000_000


def trace(run: Run) -> dict[str, Any]:
    """The whole run, to be written as JSON."""
    events = [
        event
        for number, process in enumerate(run.processes, 1)
        for event in _of_process(process, number)
    ]
    return {
        "traceEvents": events,
        "displayTimeUnit": "ms",
        "otherData": {"command": " ".join(run.command)},
    }


def _of_process(process: Process, number: int) -> Iterator[Event]:
    # Numbered anew: processes of several machines, or one after the other, may have the same pid.
    title = f"{process.title} (pid {process.pid})" if process.worker else process.title
    yield _metadata("process_name", number, 0, name=title)
    yield _metadata("process_sort_index", number, 0, sort_index=number)
    for index, row in enumerate(rows(process), 1):
        yield _metadata("thread_name", number, index, name=row.layer or "no layer")
        yield _metadata("thread_sort_index", number, index, sort_index=index)
        yield from _of_row(row, number, index)


def _metadata(name: str, pid: int, tid: int, /, **args: object) -> Event:
    return {"ph": "M", "name": name, "pid": pid, "tid": tid, "ts": 0, "args": args}


def _of_row(row: Row, pid: int, tid: int) -> Iterator[Event]:
    for start, end in row.up:
        yield _complete("up", "layer", start, end, pid, tid, {})
    for span in (*row.hooks, *row.tests):
        name = span.name if span.what == "test" else span.what
        category = "test" if span.what == "test" else "layer"
        yield _complete(name, category, span.start, span.end, pid, tid, _known(span))


def _complete(
    name: str, category: str, start: float, end: float, pid: int, tid: int, args: Event
) -> Event:
    begin = round(start * MICROSECONDS)
    return {
        **{"ph": "X", "name": name, "cat": category, "pid": pid, "tid": tid, "args": args},
        **{"ts": begin, "dur": round(end * MICROSECONDS) - begin},
    }


def _known(span: Span) -> Event:
    notes = [" ".join(filter(None, (note.text, note.path))) for note in span.notes]
    args = {"outcome": span.outcome, "error": span.error, "notes": notes}
    return {key: value for key, value in args.items() if value}
