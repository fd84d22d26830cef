"""RunnerProcess: an external runner that tells its plan, waits for a selection and runs it."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import weakref
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TextIO

from underlay._children import Child, unused_folder
from underlay._waiting import wait_until
from underlay.external._events import Event, EventFile, file_of

#: The longest pause between two looks at what a process does, in seconds.
PAUSE = 0.005


@dataclass(frozen=True)
class Launch:
    """How a process is started; two that are equal would give the same process.

    :param command: the program and its arguments.
    :param cwd: the folder it runs in.
    :param env: all of its environment.
    :param plan_is_kept: whether files decide which specs there are, so that it need not be asked
        again while they stay as they are.
    :param plan_files: these files; if there are none, all of its project.
    :param runs: for a runner that can't wait for a selection: `command` only lists the specs, and
        this one runs them; the files that hold them are added.
    :param selects: whether it can run a part of the specs; if not, it isn't taken up again where it
        broke.
    :param grace: how many seconds it has to end by itself, once it is asked to, by SIGTERM.
    """

    command: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str]
    plan_is_kept: bool = False
    plan_files: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    selects: bool = True
    grace: float = 0.0

    def start(self, selection: Iterable[str] = ()) -> Process:
        """Start it.

        :param selection: the ids of the specs to run, if they are known.
        :raises OSError: if that is not possible; nothing is left behind then.
        """
        return RunnerProcess(self, selection)

    def line(self, selection: Iterable[str]) -> tuple[str, ...]:
        """The command line that lists specs, or runs the selected ones."""
        files = [file for file in dict.fromkeys(map(file_of, selection)) if file]
        return (*self.runs, *files) if self.runs and files else self.command


class Process(Protocol):
    """A runner at work: it tells its plan, waits for a selection, and runs that.

    `RunnerProcess` says more.
    """

    coverage: Path

    @property
    def launch(self) -> Launch: ...

    @property
    def stop(self) -> Callable[[], object]: ...

    @property
    def status(self) -> int | None: ...

    @property
    def ending(self) -> str: ...

    def select(self, ids: Iterable[str]) -> None: ...

    def go_on(self) -> None: ...

    def wait(self, seconds: float) -> list[Event]: ...

    def tail(self) -> str: ...


class RunnerProcess:
    """One process of an external runner, gone with all that it has started when ours ends.

    It gets two paths in its environment: ``UNDERLAY_EVENTS``, a file to append events to, and
    ``UNDERLAY_COMMANDS``, a named pipe.  That it reads to its end after it has told its plan, for a
    JSON list of the ids to run, and again at each pause that it tells of.  If that list is known
    from the beginning, it gets the path of a file with it instead, as ``UNDERLAY_SELECTION``.  Its
    stdin is empty; what it prints goes into a file.

    :param launch: how to start it.
    :param selection: the ids to run, if they are known.
    :raises OSError: if that is not possible; nothing is left behind then.
    """

    def __init__(self, launch: Launch, selection: Iterable[str] = ()) -> None:
        self.launch = launch
        self._command: object = None
        ids = list(selection)
        folder = unused_folder()
        self._fifo, events = folder / "commands", folder / "events.jsonl"
        own = {"UNDERLAY_EVENTS": str(events), "UNDERLAY_COMMANDS": str(self._fifo)}
        self.coverage = folder / "coverage"  # with UNDERLAY_COVERAGE, Node writes it as it exits
        if "UNDERLAY_COVERAGE" in launch.env and (ids or not launch.runs):
            own["NODE_V8_COVERAGE"] = str(self.coverage)
        if ids:
            own["UNDERLAY_SELECTION"] = str(folder / "selection.json")
        env = {**launch.env, **own}
        self._child = Child(launch.line(ids), folder, cwd=launch.cwd, env=env, grace=launch.grace)
        with contextlib.ExitStack() as undo:
            undo.callback(self._child.stop)
            os.mkfifo(self._fifo)
            if ids:
                Path(own["UNDERLAY_SELECTION"]).write_text(json.dumps(ids), "utf-8")
            self._events = EventFile(events)
            undo.callback(self._events.close)
            self._child.start()
            self.stop: Callable[[], object] = weakref.finalize(self, undo.pop_all().close)

    @property
    def status(self) -> int | None:
        """Its exit status, minus the signal's number if one killed it; None while it runs."""
        return self._child.status

    @property
    def ending(self) -> str:
        """How it ended, to stand behind "it"."""
        return self._child.ending

    def select(self, ids: Iterable[str]) -> None:
        """Say which specs to run; handed over as soon as the process asks for it."""
        self._command = list(ids)

    def go_on(self) -> None:
        """End a pause."""
        self._command = "go on"

    def wait(self, seconds: float) -> list[Event]:
        """The next events; none if the process has exited and told everything.

        :raises NotReady: if nothing comes in this time.
        """
        return wait_until(self._news, "the next event", seconds, longest=PAUSE)[0]

    def _news(self) -> tuple[list[Event]] | None:
        exited = self.status is not None
        self._hand_over()
        events = self._events.read()
        return (events,) if events or exited else None

    def _hand_over(self) -> None:
        if self._command is not None and (fifo := self._open_fifo()):
            with contextlib.suppress(BrokenPipeError), fifo:
                json.dump(self._command, fifo)
            self._command = None

    def _open_fifo(self) -> TextIO | None:
        """The named pipe, or None while nobody reads it (ENXIO in fifo(7))."""
        try:
            descriptor = os.open(self._fifo, os.O_WRONLY | os.O_NONBLOCK)
        except OSError as error:
            if error.errno != errno.ENXIO:
                raise
            return None
        os.set_blocking(descriptor, True)
        return os.fdopen(descriptor, "w", encoding="utf-8")

    def tail(self) -> str:
        """The end of what it has printed."""
        return self._child.tail()
