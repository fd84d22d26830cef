"""check_layer(): what every layer has to do, whoever wrote it; for the tests of your own layers."""

from __future__ import annotations

import contextlib
import gc
import inspect
import itertools
import os
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import unittest
from collections.abc import Callable, Hashable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, TypeVar

from underlay._errors import CheckFailed, NotReady
from underlay._hooks import STEPS, AnyLayer, call_hook
from underlay._layer import Layer
from underlay._stack import LayerStack, layer_name, union
from underlay._waiting import wait_until

__all__ = ["check_layer"]

__unittest = True  # unittest leaves our frames out of tracebacks

T = TypeVar("T")
Sight = Iterator[tuple[Hashable, str]]  # what it is, and how to tell it to a reader

UNDO = "Undo it where it is done: addCleanup() or enterContext() right after it."
REPAIR = "The traceback above shows where."


def check_layer(
    layer: AnyLayer, *, factory: Callable[[], AnyLayer] | None = None, patience: float = 2.0
) -> None:
    """Put a layer through what runners do to it, and see that nothing is left of it.

    It is set up and taken down twice, with two tests each time, then by ``with``, then beside
    another of its kind, and then its ``setUp`` fails after each thing that it has to undo.
    Afterwards there may be no thread, descriptor, process, temporary file, environment variable or
    resource that was not there before.  The last part is for children of `Layer` alone: nobody
    undoes half a ``setUp`` of other layers.

    :param layer: any layer that is not set up; it need not be one of ours.
    :param factory: makes another layer of the same kind, to have two of them up at once.
    :param patience: how many seconds what was stopped may take to be gone.
    :raises CheckFailed: at the first thing that is wrong.
    """
    _check_protocol(layer)
    with _own_surroundings() as folder:
        check = _Check(layer, folder, patience)
        for number in ("first", "second"):
            check.leaves_nothing(f"its {number} set-up and tear-down", check.up_and_down)
        if hasattr(type(layer), "__enter__"):
            check.leaves_nothing("`with`", check.in_with)
        if factory is not None:
            check.leaves_nothing("two of its kind at once", check.two_at_once, factory)
        if isinstance(layer, Layer):
            check.half_set_ups()


def _check_protocol(layer: AnyLayer) -> None:
    """Whether it has what zope.testrunner asks of a layer."""
    problems = [f"it has no {name}" for name in ("__bases__", "__name__", "__module__")
                if not hasattr(layer, name)]  # fmt: skip
    if not problems and layer_name(layer) != layer_name(layer):
        problems.append("its name changes")
    if type(layer).__hash__ is None:
        problems.append("it has no hash, but runners keep layers in dictionaries")
    if "\n" in repr(layer) or not repr(layer):
        problems.append("its repr is not one line")
    for hook in STEPS:
        if _is_not_called(getattr(layer, hook, None)):
            problems.append(f"its {hook} is async or has a yield in it: nobody would run it")
    if problems:
        remedy = "Derive it from underlay.Layer, which has all that."
        raise CheckFailed(repr(layer), "a look at it", tuple(problems), remedy)


def _is_not_called(hook: object) -> bool:
    kinds = (inspect.iscoroutinefunction, inspect.isgeneratorfunction, inspect.isasyncgenfunction)
    return any(kind(hook) for kind in kinds)


class _Check:
    """What is done to one layer, in surroundings where everything new is its doing."""

    def __init__(self, layer: AnyLayer, folder: Path, patience: float) -> None:
        self.layer = layer
        self.folder = folder
        self.patience = patience

    def leaves_nothing(self, moment: str, action: Callable[..., None], *arguments: Any) -> None:
        """Do something with the layer; wait until nothing is left of it.

        :raises CheckFailed: if it raises, or if something stays.
        """
        before = self._sight()
        try:
            action(*arguments)
        except (unittest.SkipTest, CheckFailed):
            raise
        except Exception as error:
            self._fail(moment, (f"{type(error).__name__}: {error}",), REPAIR, error)

        def left() -> tuple[str, ...]:
            gc.collect()
            return tuple(text for what, text in self._sight().items() if what not in before)

        try:
            wait_until(lambda: not left(), "nothing to be left", self.patience)
        except NotReady:
            self._fail(moment, tuple(f"left is {each}" for each in left()), UNDO)

    def _fail(
        self,
        moment: str,
        problems: tuple[str, ...],
        remedy: str,
        cause: BaseException | None = None,
    ) -> None:
        raise CheckFailed(repr(self.layer), moment, problems, remedy) from cause

    def _sight(self) -> dict[Hashable, str]:
        return {
            **dict(_threads()),
            **dict(_descriptors()),
            **dict(_processes(self.folder)),
            **dict(_files(self.folder)),
            **dict(_environment()),
            **dict(_resources(self.layer)),
        }

    def up_and_down(self) -> None:
        with _released() as stack:
            stack.require([self.layer])
            self._two_tests(stack)

    def _two_tests(self, stack: LayerStack) -> None:
        before = dict(_resources(self.layer))
        for number in ("first", "second"):
            with stack.around_test([self.layer]):
                pass
            after = dict(_resources(self.layer))
            if left := [f"left is {after[each]}" for each in after if each not in before]:
                self._fail(f"the {number} test", tuple(left), UNDO)

    def in_with(self) -> None:
        with self.layer:
            pass

    def two_at_once(self, factory: Callable[[], AnyLayer]) -> None:
        """Have two up; the older one goes, and the other must not mind."""
        layers = older, newer = [factory(), factory()]
        with _released() as stack:
            stack.require(layers)
            with stack.around_test(layers):
                pass
            stack.release(keep=union([newer]))
            with stack.around_test([newer]):
                pass
        problems = tuple(
            f"left is {text}" for each in (older, newer) for _, text in _resources(each)
        )
        if problems:
            self._fail("two of its kind at once", problems, UNDO)

    def half_set_ups(self) -> None:
        """Let setUp fail after the first thing that it has to undo, after the second, and so on."""
        for number in itertools.count(1):
            failing = _Failing(self.layer._running, number)
            moment = f"a setUp that failed after clean-up {number}"
            self.leaves_nothing(moment, self._half_set_up, failing)
            if not failing.has_failed:
                break

    def _half_set_up(self, failing: _Failing) -> None:
        with _released() as stack:
            stack.require(self.layer.__bases__)
            self.layer._running = failing
            try:
                call_hook(self.layer, "setUp")
            except Exception as error:
                if failing.error not in (error, error.__cause__):
                    raise
            finally:
                del self.layer._running
            call_hook(self.layer, "tearDown")


class _Failing:
    """Stands in for what a layer keeps its clean-ups in, and raises once one has been added."""

    def __init__(self, running: Callable[[], Any], number: int) -> None:
        self.error = RuntimeError("check_layer lets this set-up fail")
        self._running = running
        self._left = number

    @property
    def has_failed(self) -> bool:
        return self._left <= 0

    def __call__(self) -> _Failing:
        return self

    def add(self, function: Callable[..., object], /, *args: Any, **kwargs: Any) -> None:
        self._running().add(function, *args, **kwargs)
        self._count()

    def enter(self, context: AbstractContextManager[T]) -> T:
        value: T = self._running().enter(context)
        self._count()
        return value

    def _count(self) -> None:
        self._left -= 1
        if self._left == 0:
            raise self.error


@contextlib.contextmanager
def _released() -> Iterator[LayerStack]:
    stack = LayerStack()
    try:
        yield stack
    finally:
        stack.release()


# -- what there is


@contextlib.contextmanager
def _own_surroundings() -> Iterator[Path]:
    """A folder for temporary files that nobody else writes to; child processes use it as well."""
    was, inherited = tempfile.tempdir, os.environ.get("TMPDIR")
    with tempfile.TemporaryDirectory(prefix="check-") as folder:
        tempfile.tempdir = os.environ["TMPDIR"] = folder
        try:
            yield Path(folder)
        finally:
            tempfile.tempdir = was
            del os.environ["TMPDIR"]
            if inherited is not None:
                os.environ["TMPDIR"] = inherited


def _threads() -> Sight:
    frames = sys._current_frames()
    for thread in threading.enumerate():
        frame = frames.get(thread.ident or 0)
        where = f" at {frame.f_code.co_filename}:{frame.f_lineno}" if frame else ""
        yield thread, f"the thread {thread.name!r}{where}"


def _descriptors() -> Sight:
    for number in map(int, os.listdir("/dev/fd")):
        with contextlib.suppress(OSError):  # the one that listed them is closed by now
            status = os.fstat(number)
            key = ("descriptor", number, status.st_dev, status.st_ino)
            yield key, f"the descriptor {number}, {_target(number, status.st_mode)}"


def _target(number: int, mode: int) -> str:
    """What a descriptor is open for."""
    if stat.S_ISSOCK(mode):
        with socket.socket(fileno=os.dup(number)) as connection:
            return f"a socket of {connection.getsockname()}"
    try:
        return os.readlink(f"/dev/fd/{number}")
    except OSError:  # where these are no links
        return "a file"


def _processes(folder: Path) -> Sight:
    """Our children; and, where /proc tells, all that inherited the folder of temporary files."""
    if os.path.isdir("/proc/self"):
        yield from _processes_by_proc(str(folder).encode())
    else:
        yield from _processes_by_ps()


def _processes_by_proc(mark: bytes) -> Sight:
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it may end while we look
            parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == os.getpid() or mark in (process / "environ").read_bytes():
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
                yield ("process", process.name), f"the process {process.name}: {command or 'ended'}"


def _processes_by_ps() -> Sight:
    command = ["ps", "-A", "-o", "pid=,ppid=,command="]
    listing = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    for line in listing.stdout.splitlines():
        process, parent, name = line.split(maxsplit=2)
        if int(parent) == os.getpid() and not name.startswith("ps -A"):
            yield ("process", process), f"the process {process}: {name}"


def _files(folder: Path) -> Sight:
    for each in folder.iterdir():
        yield ("file", each.name), f"the temporary file or folder {each}"


def _environment() -> Sight:
    for name, value in os.environ.items():
        yield ("environment", name, value), f"the environment variable {name}={value}"


def _resources(layer: AnyLayer) -> Sight:
    for each in union([layer]):
        for name, entries in getattr(each, "_resources", {}).items():
            for number, _ in enumerate(entries):
                yield ("resource", id(each), name, number), f"the resource {name!r} of {each!r}"
