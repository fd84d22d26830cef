"""What a folder with a timeline tells: processes, and what took time in them."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from underlay._errors import TimelineUnreadable
from underlay._recording import ERROR, FAILED, FORMAT

T = TypeVar("T")

#: The outcome of what has a start, but no end.
UNFINISHED = "unfinished"
DID_NOT_END = "It did not end: its process was killed, or is still running."


@dataclasses.dataclass
class Note:
    """What a layer has told.

    :param path: of a file that tells more, may be empty.
    """

    text: str
    path: str


@dataclasses.dataclass
class Span:
    """A test, or a hook of a layer.

    :param what: ``"test"``, ``"setUp"`` or ``"tearDown"``.
    :param name: of the test, or the full name of the layer.
    :param start: seconds since the run began, as `end`.
    :param layers: of a test, base before derived.
    :param test: inside of which a hook was called, if it was.
    """

    what: str
    name: str
    kind: str
    start: float
    end: float
    outcome: str = UNFINISHED
    error: str = DID_NOT_END
    details: str = ""
    layers: tuple[str, ...] = ()
    test: str = ""
    notes: list[Note] = dataclasses.field(default_factory=list)

    @property
    def seconds(self) -> float:
        return self.end - self.start

    @property
    def is_problem(self) -> bool:
        """Whether it failed; a hook inside of a test leaves that to the test."""
        return self.outcome in (FAILED, ERROR, UNFINISHED) and not self.test


@dataclasses.dataclass
class Process:
    """What one process did.

    :param began: seconds since the epoch.
    :param end: seconds since the run began: when it last recorded anything.
    """

    pid: int
    worker: str
    run: str
    command: list[str]
    began: float
    end: float = 0.0
    spans: list[Span] = dataclasses.field(default_factory=list)

    @property
    def title(self) -> str:
        return self.worker or f"process {self.pid}"


@dataclasses.dataclass
class Run:
    """The newest run in a folder.

    :param began: seconds since the epoch.
    :param others: how many earlier runs there are in the folder.
    """

    began: float
    processes: list[Process]
    others: int

    @property
    def seconds(self) -> float:
        return max(process.end for process in self.processes)

    @property
    def command(self) -> list[str]:
        return self.processes[0].command

    @property
    def problems(self) -> list[tuple[Process, Span]]:
        """Everything that failed."""
        return [each for each in self.spans("setUp", "test", "tearDown") if each[1].is_problem]

    def spans(self, *kinds: str) -> Iterator[tuple[Process, Span]]:
        """Those that are a test, or such a hook, with their processes."""
        for process in self.processes:
            yield from ((process, span) for span in process.spans if span.what in kinds)


def read(directory: Path) -> Run:
    """Read the newest run in a folder.

    :raises TimelineUnreadable: if there is none, or a file is not what we wrote.
    """
    if not directory.is_dir():
        raise TimelineUnreadable(str(directory), "There is no such folder.")
    files = sorted(directory.glob("*.jsonl"))
    if not files:
        raise TimelineUnreadable(str(directory), "Nothing was recorded in this folder.")
    processes = sorted(filter(None, map(_process, files)), key=lambda process: process.began)
    if not processes:
        raise TimelineUnreadable(str(directory), "What was begun in this folder has no line yet.")
    newest = [process for process in processes if process.run == processes[-1].run]
    began = newest[0].began
    for process in newest:
        _shift(process, process.began - began)
    return Run(began, newest, len({process.run for process in processes}) - 1)


def _shift(process: Process, seconds: float) -> None:
    """Count time from the beginning of the run, by the clocks on the wall."""
    process.end += seconds
    for span in process.spans:
        span.start += seconds
        span.end += seconds


@dataclasses.dataclass
class _Line:
    """A line of a file."""

    place: str
    values: dict[str, Any]

    def get(self, key: str, kind: type[T], default: T | None = None) -> T:
        """A value; without a default there has to be one.

        :raises TimelineUnreadable: if it is missing, or of another type.
        """
        value = self.values.get(key, default)
        if isinstance(value, int) and kind is float:
            value = float(value)
        if not isinstance(value, kind):
            raise self.unreadable(f"{key} is {value!r}")
        return value

    def unreadable(self, problem: str) -> TimelineUnreadable:
        return TimelineUnreadable(self.place, f"This is no line of a timeline: {problem}.")


def _lines(file: Path) -> Iterator[_Line]:
    """The lines of a file, without the last one if it is half written."""
    texts = file.read_text("utf-8", "replace").split("\n")
    for number, text in enumerate(texts, 1):
        place = f"{file}:{number}"
        try:
            values = json.loads(text)
        except ValueError:
            if number == len(texts):
                return
            values = None
        if not isinstance(values, dict):
            raise TimelineUnreadable(place, f"This is no line of a timeline: {text[:80]}")
        yield _Line(place, values)


def _process(file: Path) -> Process | None:
    """What a file tells, by the clock of its process; nothing if that was killed at once."""
    lines = _lines(file)
    first = next(lines, None)
    if first is None:
        return None
    process = _begun(first)
    open_spans: dict[int, Span] = {}
    for line in lines:
        _take(line, process, open_spans)
    for span in open_spans.values():
        span.end = process.end
    return process


def _begun(line: _Line) -> Process:
    if line.get("event", str) != "process":
        raise line.unreadable("the first one tells of the process")
    if line.get("format", int) != FORMAT:
        raise line.unreadable("another version of underlay has written it")
    return Process(
        pid=line.get("pid", int),
        worker=line.get("worker", str, ""),
        run=line.get("run", str),
        command=[str(word) for word in line.get("command", list, [])],
        began=line.get("time", float),
    )


def _take(line: _Line, process: Process, open_spans: dict[int, Span]) -> None:
    """Add what a line tells to the process."""
    event, at = line.get("event", str), line.get("at", float)
    process.end = max(process.end, at)
    if event == "start":
        span = open_spans[line.get("id", int)] = _started(line, at)
        process.spans.append(span)
    elif event == "end":
        ended = open_spans.pop(line.get("id", int), None)
        if ended is not None:  # else it was begun by the process from which this one was forked
            _end(ended, line, at)
    elif event == "note":
        _attach(line, process.spans)
    else:
        raise line.unreadable(f"there is no event {event!r}")


def _started(line: _Line, at: float) -> Span:
    what = line.get("what", str)
    if what not in ("test", "setUp", "tearDown"):
        raise line.unreadable(f"what is {what!r}")
    if what == "test":
        return Span(what, line.get("test", str), "", at, at, layers=_layers(line))
    name, kind = line.get("layer", str), line.get("kind", str, "")
    return Span(what, name, kind, at, at, test=line.get("test", str, ""))


def _end(span: Span, line: _Line, at: float) -> None:
    span.end = at
    span.outcome = line.get("outcome", str)
    span.error, span.details = line.get("error", str, ""), line.get("details", str, "")
    span.layers = _layers(line) or span.layers


def _layers(line: _Line) -> tuple[str, ...]:
    return tuple(map(str, line.get("layers", list, [])))


def _attach(line: _Line, spans: Iterable[Span]) -> None:
    """Give a note to the test that it is about, or else to the set-up of its layer."""
    test, layer = line.get("test", str, ""), line.get("layer", str)
    wanted = ("test", test) if test else ("setUp", layer)
    found = [span for span in spans if (span.what, span.name) == wanted]
    if found:
        found[-1].notes.append(Note(line.get("text", str), line.get("path", str, "")))
