"""What an external runner tells: a plan, starts, results, problems, pauses, an end, as JSON lines.

After Jasmine's six reporter events.  Runner-neutral and pure: the reporters in ``reporters/`` write
these lines, `parse` reads them, nothing here knows of processes or of unittest.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias


def printable(text: str) -> str:
    """The text as it can be written anywhere: for what UTF-8 lacks, there are escapes.

    Texts of JavaScript may hold one half of a character, as in ``"😀"[0]``, and the names of files
    any bytes.
    """
    return text.encode("utf-8", "backslashreplace").decode()


@dataclass(frozen=True)
class Spec:
    """One test of an external runner.

    :param id: what the reporter calls it; unique within a plan.
    :param file: the absolute path of its file.
    :param titles: the titles of the groups it is in, then its own.
    :param line: where it is declared, from 1, if the runner knows.
    """

    id: str
    file: str
    titles: tuple[str, ...]
    line: int | None = None

    @property
    def title(self) -> str:
        """The titles in one line, as in ``"Cart adds items"``."""
        return printable(" ".join(" ".join(self.titles).split()))


def file_of(spec_id: str) -> str:
    """The file that a spec is in; reporters begin ids with it."""
    name, _ = json.JSONDecoder().raw_decode(spec_id)
    return str(name[0])


@dataclass(frozen=True)
class Failure:
    """One thing that went wrong in a spec or beside it; the stack has a frame per line.

    What was expected and what came instead are given where the message does not tell.
    """

    message: str
    stack: str
    expected: str | None = None
    actual: str | None = None


@dataclass(frozen=True)
class Plan:
    """All specs that the runner found."""

    specs: tuple[Spec, ...]


@dataclass(frozen=True)
class Started:
    """A spec runs now."""

    id: str


@dataclass(frozen=True)
class Done:
    """A spec has run.

    :param status: ``passed``, ``failed`` (an assertion), ``error`` or ``skipped``.
    :param message: why it was skipped.
    :param failures: what went wrong.
    :param seed: reproduces the order of the specs, if that was random.
    :param output: what was printed while it ran, if it failed.
    """

    id: str
    status: str
    message: str
    failures: tuple[Failure, ...]
    seed: str | None = None
    output: str = ""


@dataclass(frozen=True)
class Problem:
    """Something failed outside of any spec: ``where`` is the group it belongs to, may be empty."""

    where: str
    failure: Failure


@dataclass(frozen=True)
class Pause:
    """The process sleeps between two specs until it is told to go on."""


@dataclass(frozen=True)
class End:
    """All specs have run; the process will exit with this status."""

    status: int


Event: TypeAlias = Plan | Started | Done | Problem | Pause | End
Fields: TypeAlias = dict[str, Any]


def _failure(fields: Fields) -> Failure:
    expected, actual = fields.get("expected"), fields.get("actual")
    return Failure(fields["message"], fields["stack"], expected, actual)


def _spec(fields: Fields) -> Spec:
    return Spec(fields["id"], fields["file"], tuple(fields["titles"]), fields.get("line"))


def _plan(fields: Fields) -> Plan:
    return Plan(tuple(map(_spec, fields["specs"])))


def _done(fields: Fields) -> Done:
    failures = tuple(map(_failure, fields["failures"]))
    seed, output = fields.get("seed"), fields.get("output", "")
    return Done(fields["id"], fields["status"], fields["message"], failures, seed, output)


EVENTS: dict[str, Callable[[Fields], Event]] = {
    "plan": _plan,
    "start": lambda fields: Started(fields["id"]),
    "done": _done,
    "problem": lambda fields: Problem(fields["where"], _failure(fields)),
    "pause": lambda fields: Pause(),
    "end": lambda fields: End(fields["status"]),
}


def parse(line: bytes) -> Event:
    """The event that a line of JSON stands for."""
    fields = json.loads(line)
    return EVENTS[fields["event"]](fields)


NAMES = {
    Plan: "plan",
    Started: "start",
    Done: "done",
    Problem: "problem",
    Pause: "pause",
    End: "end",
}


def dump(event: Event) -> bytes:
    """The line of JSON that stands for an event."""
    fields = asdict(event)
    fields.update(fields.pop("failure", {}))
    return json.dumps({"event": NAMES[type(event)], **fields}).encode() + b"\n"


class EventFile:
    """A file of events that still grows; `read` returns what is new, whole lines only.

    :param path: the file; made if there is none.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        path.touch()
        self._file = path.open("rb")
        self._rest = b""

    def read(self) -> list[Event]:
        *lines, self._rest = (self._rest + self._file.read()).split(b"\n")
        return [parse(line) for line in lines]

    def close(self) -> None:
        self._file.close()
