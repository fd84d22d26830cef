"""A linter at work, as `Run` sees a process: its specs are files.

Nothing stands between Python and the linter, which may take no longer than a process of ours would
take to start.
"""

from __future__ import annotations

import contextlib
import os
import weakref
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from underlay._children import TAIL, Child, unused_folder
from underlay._waiting import wait_until
from underlay.external._drive import Ids, problem
from underlay.external._events import Done, End, Event, Failure, Plan, Spec
from underlay.external._findings import IGNORED, Finding
from underlay.external._process import PAUSE, Launch

#: How many bytes of files may stand on a command line: the system allows this for them and for the
#: environment together (ARG_MAX in execve(2)), with a pointer to each.
MOST_BYTES = os.sysconf("SC_ARG_MAX") // 2
POINTER = 8


@dataclass(frozen=True)
class Findings:
    """What a linter has found.

    :param trouble: what is wrong with the linter itself, may be empty.
    """

    found: Sequence[Finding]
    trouble: str = ""


class Look(Protocol):
    """A look at files, which may take a while."""

    @property
    def pid(self) -> int | None:
        """The process that looks, if there is one."""

    @property
    def findings(self) -> Findings | None:
        """None while it goes on."""

    def tail(self) -> str:
        """The end of what the linter has printed beside its findings."""

    @property
    def stop(self) -> Callable[[], object]:
        """Ends it for certain."""


@dataclass(frozen=True)
class Seen:
    """A look that took no time."""

    findings: Findings
    pid: int | None = None

    def tail(self) -> str:
        return ""

    def stop(self) -> None:
        """There is nothing to stop."""


@dataclass(frozen=True, kw_only=True)
class LinterLaunch(Launch):
    """How a linter looks at files.

    :param find: the files that there are below a folder.
    :param look: begins to look at some of them.
    :param counts: whether a finding fails its file.
    :param config: what a configuration file of ours is to hold, if there is to be one.
    """

    find: Callable[[Path], Sequence[str]]
    look: Callable[[LinterLaunch, Sequence[str]], Look]
    counts: Callable[[Finding], bool]
    config: str = ""

    def start(self, selection: Iterable[str] = ()) -> Linting:
        """See `Launch.start`."""
        return Linting(self, selection)


class ToolLook:
    """The look of a tool that is started once for all files.

    :param read: makes findings of what it writes to stdout.
    :param status_of_findings: the exit status by which it tells that there are some.
    :raises OSError: if it can't be started; nothing is left behind then.
    """

    def __init__(
        self,
        launch: LinterLaunch,
        files: Sequence[str],
        read: Callable[[str, Path], list[Finding]],
        status_of_findings: int,
    ) -> None:
        self._read, self._status_of_findings, self._cwd = read, status_of_findings, launch.cwd
        folder = unused_folder()
        config, self._report = folder / "config.json", folder / "report"
        options = [f"--config={config}"] if launch.config else []
        self._child = Child(
            [*launch.command, *options, *files],
            folder,
            cwd=launch.cwd,
            env=launch.env,
            stdout=self._report.name,
        )
        with contextlib.ExitStack() as undo:
            undo.callback(self._child.stop)
            if launch.config:
                config.write_text(launch.config, "utf-8")
            self._child.start()
            self.stop: Callable[[], object] = weakref.finalize(self, undo.pop_all().close)

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def findings(self) -> Findings | None:
        status = self._child.status
        if status is None:
            return None
        text = self._report.read_text("utf-8", "replace")
        try:
            found = self._read(text, self._cwd)
        except (ValueError, LookupError, TypeError) as error:
            return self._trouble([], f" and wrote what can't be read: {error!r}\n{text[:TAIL]}")
        if status not in (0, self._status_of_findings) or (status and not found):
            return self._trouble(found, ".")
        return Findings(found)

    def _trouble(self, found: list[Finding], what: str) -> Findings:
        return Findings(found, f"It {self._child.ending}{what}\n{self.tail()}".rstrip())

    def tail(self) -> str:
        return self._child.tail()


class Linting:
    """A linter, as `RunnerProcess` is to those who wait for events.

    :param selection: the ids of the files to look at, if they are known.
    """

    def __init__(self, launch: LinterLaunch, selection: Iterable[str] = ()) -> None:
        self.launch = launch
        self.coverage = Path(os.devnull)
        ids = Ids()
        cwd = launch.cwd
        self._specs = [ids.spec(each, [os.path.relpath(each, cwd)]) for each in launch.find(cwd)]
        self._news: list[Event] | None = [Plan(tuple(self._specs))]
        self._look: Look | None = None
        self._to_come: list[list[Spec]] = []
        if wanted := list(selection):
            self.select(wanted)

    @property
    def status(self) -> int | None:
        """0 if everything is told; None before."""
        return 0 if self._news is None else None

    @property
    def ending(self) -> str:
        return "has looked at all files"

    def select(self, ids: Iterable[str]) -> None:
        """Begin to look at these files."""
        wanted = set(ids)
        self._to_come = [*_batches(spec for spec in self._specs if spec.id in wanted)]
        self._begin()

    def _begin(self) -> None:
        self._specs = self._to_come.pop(0)
        self._look = self.launch.look(self.launch, [spec.file for spec in self._specs])

    def go_on(self) -> None:
        """There are no pauses: no file is looked at before the first case has begun."""

    def wait(self, seconds: float) -> list[Event]:
        """See `RunnerProcess.wait`."""
        pid = self._look.pid if self._look else None
        return wait_until(self._next, "the next event", seconds, longest=PAUSE, pid=pid)[0]

    def _next(self) -> tuple[list[Event]] | None:
        if self._news is None:
            return ([],)
        if not self._news and self._look and (seen := self._look.findings):
            return (self._seen(seen),)
        events, self._news = self._news, []
        return (events,) if events else None

    def _seen(self, seen: Findings) -> list[Event]:
        """What was found, and the end, unless there are more files to look at."""
        told: list[Event] = [*self._told(seen)]
        if self._to_come:
            self.stop()
            self._begin()
            return told
        self._news = None
        return [*told, End(0)]

    def _told(self, seen: Findings) -> Iterator[Event]:
        """What was found in each file; with what is wrong with the linter, all err."""
        by_file: dict[str, list[Finding]] = {spec.file: [] for spec in self._specs}
        ignored = {each.file: each.text for each in seen.found if each.level == IGNORED}
        found = (each for each in seen.found if each.level != IGNORED)
        for each in sorted(filter(self.launch.counts, found)):
            if each.file in by_file:
                by_file[each.file].append(each)
            else:
                yield problem(str(each), each.file)
        for spec in self._specs:
            yield _done(spec, by_file[spec.file], seen.trouble, ignored.get(spec.file, ""))

    def tail(self) -> str:
        return self._look.tail() if self._look else ""

    def stop(self) -> None:
        """End the look, if there is one."""
        if self._look:
            self._look.stop()


def _batches(specs: Iterable[Spec]) -> Iterator[list[Spec]]:
    """As many at once as a command line takes."""
    batch: list[Spec] = []
    size = 0
    for spec in specs:
        length = len(os.fsencode(spec.file)) + 1 + POINTER
        if batch and size + length > MOST_BYTES:
            yield batch
            batch, size = [], 0
        batch.append(spec)
        size += length
    yield batch


def _done(spec: Spec, found: Iterable[Finding], trouble: str, ignored: str) -> Done:
    failures = tuple(map(_failure, found))
    if trouble:
        return Done(spec.id, "error", "", (*failures, Failure(trouble, "")))
    if ignored:
        return Done(spec.id, "skipped", ignored, ())
    return Done(spec.id, "failed" if failures else "passed", "", failures)


def _failure(finding: Finding) -> Failure:
    return Failure(str(finding), f"    at {finding.file}:{finding.line}:{finding.column}")
