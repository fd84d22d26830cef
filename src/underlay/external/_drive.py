"""The process between us and a tool that knows nothing of us: it tells events in the tool's place.

It is started as any runner is, with the tool in the same process group.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

from underlay._children import LOG, TAIL
from underlay.external._events import (
    Done,
    End,
    Event,
    Failure,
    Pause,
    Plan,
    Problem,
    Spec,
    Started,
    dump,
)

#: A test with what became of it.
Result: TypeAlias = tuple[Spec, Done]


class Channel:
    """Our side of the events and commands that `RunnerProcess` describes."""

    only_lists = False  # whether another process is to run what this one lists

    def __init__(self) -> None:
        self._events = os.open(os.environ["UNDERLAY_EVENTS"], os.O_WRONLY | os.O_APPEND)
        self._commands = Path(os.environ["UNDERLAY_COMMANDS"])
        self._selection = Path(os.environ.get("UNDERLAY_SELECTION", self._commands))
        self.is_selected = self._selection != self._commands
        self.stepwise = "UNDERLAY_STEPWISE" in os.environ

    def tell(self, *events: Event) -> None:
        os.write(self._events, b"".join(map(dump, events)))

    def pass_on(self, lines: Sequence[bytes]) -> None:
        """Tell events that are lines already."""
        os.write(self._events, b"".join(line + b"\n" for line in lines))

    def offer(self, specs: Sequence[Spec]) -> list[Spec]:
        """Tell the plan, and wait until it is known which of them are to run."""
        self.tell(Plan(tuple(specs)))
        if self.only_lists or not specs:
            return []
        wanted = self.wanted()
        return [spec for spec in specs if spec.id in wanted]

    def wanted(self) -> set[str]:
        """The ids of the specs that are to run; waits until they are known."""
        return set(json.loads(self._selection.read_text("utf-8")))

    def pause(self) -> None:
        """Between two specs on a layer: wait until the case of the next one has begun."""
        if self.stepwise:
            self.tell(Pause())
            self._commands.read_text("utf-8")

    def end(self, status: int = 0) -> None:
        """Exit with a status: 128 and the signal's number, as shells have it, if that is below."""
        status = status if status >= 0 else 128 - status
        self.tell(End(status))
        raise SystemExit(status)


class Log:
    """What this process and the tool that it runs have printed, as it is kept to be shown."""

    def __init__(self) -> None:
        self._file = Path(os.environ["UNDERLAY_EVENTS"]).with_name(LOG).open("rb")
        self._file.seek(0, os.SEEK_END)

    def news(self) -> str:
        """What has come since the last time, or since this was made."""
        return self._file.read().decode("utf-8", "replace")

    def tail(self) -> str:
        """The end of all."""
        size = self._file.seek(0, os.SEEK_END)
        self._file.seek(max(0, size - TAIL))
        return self.news().strip()


class Results:
    """The results of a tool that can't say which tests there are, but by running them.

    If it's known by now which are wanted, as they were in a plan, each is told as soon as it comes,
    and so is each test, as the plan may be wrong.  Else whoever lists them gets all at the end.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._wanted = channel.wanted() if channel.is_selected else None
        self._waiting: list[Result] = []
        self._failed = 0
        self._has_any = False

    def add(self, results: Iterable[Result]) -> None:
        for spec, done in results:
            self._has_any = True
            self._failed += done.status in ("failed", "error")
            if self._wanted is None:
                self._waiting.append((spec, done))
                self._channel.tell(Started(""))  # a sign of life
            else:
                self._channel.tell(Plan((spec,)), *([done] if spec.id in self._wanted else ()))

    def end(self, status: int, problems: Sequence[Problem]) -> None:
        """There are no more.

        :param status: the tool's exit status.
        :param problems: what does not fit together, or failed beside the tests.
        """
        problems = [*problems, *self._crossed(status)]
        if problems and self._has_any and (printed := Log().tail()):
            problems.append(problem(f"It printed:\n{printed}"))
        self._channel.tell(*problems)
        if self._wanted is None:
            wanted = {spec.id for spec in self._channel.offer([spec for spec, _ in self._waiting])}
            self._channel.tell(*(done for spec, done in self._waiting if spec.id in wanted))
        self._channel.end(status)

    def _crossed(self, status: int) -> Iterator[Problem]:
        """Whether the exit status and the results say the same."""
        if bool(status) != bool(self._failed):
            count = f"{self._failed} failed test(s)" if self._failed else "no failed test"
            yield problem(f"The command exited with status {status}, but its report has {count}.")


#: How much of what a tool prints is told with a test, in characters: its end.
OUTPUT = 64 * 1024


def run(command: Sequence[str]) -> tuple[int, str]:
    """The status of a tool, and the end of what it has printed."""
    log = Log()
    status = subprocess.run(command).returncode
    return status, log.news()[-OUTPUT:]


def ask(command: Sequence[str]) -> tuple[int, str, str]:
    """The status of a tool, its answer, which it writes to stdout, and what it writes to stderr."""
    log = Log()
    process = subprocess.run(command, stdout=subprocess.PIPE)
    return process.returncode, process.stdout.decode("utf-8", "replace"), log.news()


def stream(command: Sequence[str], take: Callable[[str], object]) -> int:
    """The status of a tool, after each line that it has written to stdout was taken as it came."""
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        for line in process.stdout:
            text = line.decode("utf-8", "replace")
            print(text, end="", flush=True)
            take(text.rstrip("\r\n"))
    return process.returncode


def refuse(problem: str, output: str = "") -> None:
    """End without a plan, as what a tool says can't be understood."""
    print(output)
    raise SystemExit(problem)


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
