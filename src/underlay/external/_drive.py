"""The process between us and a tool that knows nothing of us: it tells events in the tool's place.

It is started as any runner is, with the tool in the same process group.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from underlay.external._events import Done, End, Event, Failure, Pause, Plan, Problem, Spec, dump


@dataclass(frozen=True)
class Report:
    """What a tool told of its tests.

    :param results: each test with what became of it.
    :param problems: what does not fit together, or failed beside the tests.
    """

    results: tuple[tuple[Spec, Done], ...]
    problems: tuple[Problem, ...] = ()


class Channel:
    """Our side of the events and commands that `RunnerProcess` describes."""

    only_lists = False  # whether another process is to run what this one lists

    def __init__(self) -> None:
        self._events = os.open(os.environ["UNDERLAY_EVENTS"], os.O_WRONLY | os.O_APPEND)
        self._commands = Path(os.environ["UNDERLAY_COMMANDS"])
        self._selection = Path(os.environ.get("UNDERLAY_SELECTION", self._commands))
        self.stepwise = "UNDERLAY_STEPWISE" in os.environ

    def tell(self, *events: Event) -> None:
        for event in events:
            os.write(self._events, dump(event))

    def pass_on(self, lines: Sequence[bytes]) -> None:
        """Tell events that are lines already."""
        os.write(self._events, b"".join(line + b"\n" for line in lines))

    def offer(self, specs: Sequence[Spec]) -> list[Spec]:
        """Tell the plan, and wait until it is known which of them are to run."""
        self.tell(Plan(tuple(specs)))
        if self.only_lists or not specs:
            return []
        wanted = set(json.loads(self._selection.read_text("utf-8")))
        return [spec for spec in specs if spec.id in wanted]

    def pause(self) -> None:
        """Between two specs on a layer: wait until the case of the next one has begun."""
        if self.stepwise:
            self.tell(Pause())
            self._commands.read_text("utf-8")

    def end(self) -> None:
        self.tell(End(0))

    def replay(self, report: Report) -> None:
        """For tools that must run to be listed: what was told already is the result."""
        self.tell(*report.problems)
        wanted = {spec.id for spec in self.offer([spec for spec, _ in report.results])}
        self.tell(*(done for spec, done in report.results if spec.id in wanted))
        self.end()


#: How much of what a tool prints is told with a test, in characters: its end.
OUTPUT = 64 * 1024


def run(command: Sequence[str]) -> tuple[int, str]:
    """The status of a tool and what it writes to stdout; that is shown if it is not understood."""
    process = subprocess.run(command, stdout=subprocess.PIPE)
    return process.returncode, process.stdout.decode("utf-8", "replace")


def stream(command: Sequence[str]) -> Iterator[str]:
    """The lines that a tool writes to stdout, as they come; then its status, as text."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, errors="replace") as process:
        assert process.stdout is not None
        for line in process.stdout:
            sys.stdout.write(line)
            yield line.rstrip("\n")
    yield f"{process.returncode}"


def refuse(problem: str, output: str = "") -> None:
    """End without a plan, as what a tool says can't be understood."""
    print(output)
    raise SystemExit(problem)


def crossed(status: int, failed: int, who: str) -> Iterator[Problem]:
    """Whether an exit status and a report say the same."""
    if bool(status) != bool(failed):
        count = f"{failed} failed test(s)" if failed else "no failed test"
        yield problem(f"{who} exited with status {status}, but its report has {count}.")


def problem(message: str, where: str = "") -> Problem:
    return Problem(where, Failure(message, ""))


class Ids:
    """Unique ids for specs whose titles need not be: the second of a kind gets ``#2``."""

    def __init__(self) -> None:
        self._count: dict[str, int] = {}

    def spec(self, file: str, titles: Sequence[str], line: int | None = None) -> Spec:
        name = json.dumps([file, *titles])
        count = self._count[name] = self._count.get(name, 0) + 1
        return Spec(name if count == 1 else f"{name}#{count}", file, tuple(titles), line)
