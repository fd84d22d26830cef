"""RunnerProcess: an external runner that tells its plan, waits for a selection and runs it."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import signal
import subprocess
import tempfile
import weakref
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from underlay._waiting import wait_until
from underlay.external._events import Event, EventFile

#: The runner's parent shell becomes the runner; a second one stays behind in the same process
#: group, reads a pipe that only we can write to, and at its end kills the group.  The kernel closes
#: that pipe when we end, however we end, so that nothing survives a `kill -9` of the tests either.
#: ($1 is the folder to remove.)
GUARD = (
    'exec 3<&0; (read -r _ <&3; rm -rf -- "$1"; kill -KILL 0) >/dev/null 2>&1 & '
    'exec 3<&-; shift; exec "$@" </dev/null'
)

#: How much of the runner's output is shown, in bytes.
TAIL = 4000


@dataclass(frozen=True)
class Launch:
    """How a process is started; two that are equal would give the same process.

    :param command: the program and its arguments.
    :param cwd: the folder it runs in.
    :param env: all of its environment.
    """

    command: tuple[str, ...]
    cwd: Path
    env: Mapping[str, str]


class RunnerProcess:
    """One process of an external runner, in a process group of its own.

    It gets two paths in its environment: ``UNDERLAY_EVENTS``, a file to append events to, and
    ``UNDERLAY_COMMANDS``, a named pipe.  That it reads to its end after it has told its plan, for a
    JSON list of the ids to run, and again at each pause that it tells of.  Its stdin is empty; what
    it prints goes into a file.

    :param launch: how to start it.
    :raises OSError: if that is not possible; nothing is left behind then.
    """

    def __init__(self, launch: Launch) -> None:
        self.launch = launch
        self._command: object = None
        with contextlib.ExitStack() as undo:
            folder = Path(tempfile.mkdtemp(prefix="underlay-"))
            undo.callback(shutil.rmtree, folder, ignore_errors=True)
            self._fifo, self._log = folder / "commands", folder / "output.log"
            os.mkfifo(self._fifo)
            self._events = EventFile(folder / "events.jsonl")
            undo.callback(self._events.close)
            self._process = self._popen(folder)
            undo.callback(_kill, self._process)
            self.stop = weakref.finalize(self, _stop, undo.pop_all(), os.getpid())

    def _popen(self, folder: Path) -> subprocess.Popen[bytes]:
        own = {"UNDERLAY_EVENTS": str(self._events.path), "UNDERLAY_COMMANDS": str(self._fifo)}
        with self._log.open("wb") as log:
            return subprocess.Popen(
                ["/bin/sh", "-c", GUARD, "sh", str(folder), *self.launch.command],
                cwd=self.launch.cwd,
                env={**self.launch.env, **own},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def status(self) -> int | None:
        """Its exit status, minus the signal's number if one killed it; None while it runs."""
        return self._process.poll()

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
        news = wait_until(self._news, "the next event", seconds)
        return news[0]

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
        with self._log.open("rb") as log:
            log.seek(max(0, self._log.stat().st_size - TAIL))
            return log.read().decode(errors="replace")


def _stop(undo: contextlib.ExitStack, owner: int) -> None:
    """Undo everything; a forked child of its owner must not."""
    if os.getpid() == owner:
        undo.close()


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill the whole process group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
