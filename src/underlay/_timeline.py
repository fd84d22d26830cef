"""The timeline: layers and tests write down what they do while they do it.

``UNDERLAY_TIMELINE=dir`` asks for it.  Each process appends lines of JSON to a file of its own,
each line by a single write, so that a run which is killed leaves all of them, but perhaps half of
the last.  ``underlay.timeline`` reads them; the format stands in docs/reference/timeline.rst.

Two things here belong to the process rather than to an object, because zope.testrunner takes no
plugin and hands nothing to layers: the `Recorder`, since the lines of a process belong into one
file, and, while there is one, what unittest calls to run a test, the only place that every test
passes.  Without the variable there is neither.
"""

from __future__ import annotations

import contextlib
import functools
import itertools
import json
import os
import sys
import time
import traceback
import unittest
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any

from underlay._errors import LayerError

__unittest = True  # unittest leaves our frames out of tracebacks

#: Where to record, and the name of the run; processes that the run starts inherit both.
DIRECTORY, RUN = "UNDERLAY_TIMELINE", "UNDERLAY_TIMELINE_RUN"
FORMAT = 1
#: How a test or a hook went.
PASSED, FAILED, ERROR, SKIPPED = "passed", "failed", "error", "skipped"
#: Characters of an error that are kept: its message, and all that is known.
MESSAGE, DETAILS = 2_000, 40_000

#: The lists of a unittest.TestResult that tell of a test which did not pass.
PROBLEMS = {"errors": ERROR, "failures": FAILED, "unexpectedSuccesses": FAILED}

TRACEBACK = "Traceback (most recent call last):\n"


class Recorder:
    """Appends what happens in this process to a file; a forked child begins one of its own.

    :param directory: where the files are.
    :param run: a name that the processes of one run share.
    :param command: the command line that began the run, as far as this process knows.
    """

    def __init__(self, directory: str, run: str, command: list[str]) -> None:
        self.directory = directory
        self.run = run
        self.command = command
        self.test: RecordedTest | None = None  # the one that is going on
        self.numbers = itertools.count(1)
        self._process = 0  # the one whose file is open

    def now(self) -> float:
        """Seconds since this process began to record."""
        if self._process != os.getpid():
            self._begin()
        return round(time.perf_counter() - self._began, 6)

    def write(self, event: str, at: float, **values: Any) -> None:
        """Append a line.

        :param at: what `now` told when it happened.
        :param values: what is not known may be left empty.
        """
        known = {key: value for key, value in values.items() if value}
        line = json.dumps({"event": event, "at": at, **known}) + "\n"
        os.write(self._file, line.encode())

    def _begin(self) -> None:
        self._process, self._began, began = os.getpid(), time.perf_counter(), time.time()
        path = os.path.join(self.directory, f"{self._process}-{time.time_ns()}.jsonl")
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o666)
        self.write(
            "process",
            0.0,
            format=FORMAT,
            run=self.run,
            time=began,
            pid=self._process,
            worker=os.environ.get("PYTEST_XDIST_WORKER"),
            command=self.command,
        )


class Span:
    """Something that takes time, from when it is made until it ends; also for ``with``."""

    def __init__(self, recorder: Recorder, what: str, **about: Any) -> None:
        self._recorder = recorder
        self._number = next(recorder.numbers)
        recorder.write("start", recorder.now(), id=self._number, what=what, **about)
        self._stopped: float | None = None

    def stop(self) -> None:
        """Say that it is over, though it is not known yet how it went."""
        self._stopped = self._recorder.now()

    def end(self, outcome: str = PASSED, error: str = "", details: str = "", **more: Any) -> None:
        """Say how it went."""
        self._recorder.write(
            "end",
            self._recorder.now() if self._stopped is None else self._stopped,
            id=self._number,
            outcome=outcome,
            error=error[:MESSAGE],
            details=details[-DETAILS:],
            **more,
        )

    def __enter__(self) -> None:
        """It has begun already."""

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        self.end(*verdict_of(error))


class RecordedTest(Span):
    """A test that is going on.

    :param name: by which its runner knows it.
    :param layers: that it needs, base before derived; those that begin it are added.
    """

    def __init__(self, recorder: Recorder, name: str, layers: Iterable[Any] = ()) -> None:
        self.name = name
        self.layers = dict.fromkeys(map(_name, layers))
        super().__init__(recorder, "test", test=name, layers=[*self.layers])
        recorder.test = self

    def stop(self) -> None:
        super().stop()
        self._recorder.test = None

    def end(self, outcome: str = PASSED, error: str = "", details: str = "", **more: Any) -> None:
        self._recorder.test = None
        super().end(outcome, error, details, layers=[*self.layers], **more)


_recorder: Recorder | None = None

#: Records nothing.
NOTHING: AbstractContextManager[None] = contextlib.nullcontext()


def begin(directory: str, run: str = "", command: list[str] | None = None) -> None:
    """Record in this process, and in those that it starts.

    :param run: the name of the run, by default the one in the environment, else a new one.
    :param command: the command line to name in the timeline, by default that of this process.
    :raises LayerError: if there cannot be such a folder.
    """
    global _recorder
    directory = os.path.abspath(directory)
    try:
        os.makedirs(directory, exist_ok=True)
    except OSError as error:
        raise LayerError(
            f"No timeline can be written to {directory}: {error.strerror}.\n"
            f"  Name another folder in {DIRECTORY}, or in --underlay-timeline of pytest."
        ) from error
    now = time.strftime("%Y%m%dT%H%M%S")
    run = run or os.environ.get(RUN) or f"{now}-{os.getpid()}"
    os.environ[DIRECTORY], os.environ[RUN] = directory, run
    _recorder = Recorder(directory, run, command or sys.argv)
    if not hasattr(unittest.TestCase.__call__, "is_recorded"):
        unittest.TestCase.__call__ = _recorded(unittest.TestCase.__call__)  # type: ignore[method-assign]


def begin_if_asked() -> None:
    """Record if the environment asks for it.

    :raises LayerError: if it names no folder to write to.
    """
    if directory := os.environ.get(DIRECTORY):
        begin(directory)


def recorder() -> Recorder | None:
    """The one of this process, if it is to record anything."""
    return _recorder


def hook(layer: Any, name: str) -> AbstractContextManager[None]:
    """Record a hook of a layer, which is called inside the block."""
    if _recorder is None:
        return NOTHING
    if name in ("setUp", "tearDown"):
        test = _recorder.test.name if _recorder.test else None
        kind = None if isinstance(layer, type) else type(layer).__name__
        return Span(_recorder, name, layer=_name(layer), kind=kind, test=test)
    if name == "testSetUp":
        test_on(layer)
    return NOTHING


def test_on(layer: Any) -> None:
    """Record that the test which is going on, if any, is on a layer."""
    if _recorder is not None and _recorder.test:
        _recorder.test.layers[_name(layer)] = None


def note(layer: Any, text: str, path: str | os.PathLike[str] | None, of_test: bool) -> None:
    """Record what a layer tells; see `Layer.addNote`."""
    if _recorder is not None:
        test = _recorder.test.name if of_test and _recorder.test else None
        file = os.path.abspath(path) if path else None
        _recorder.write(
            "note", _recorder.now(), layer=_name(layer), test=test, text=text, path=file
        )


def _name(layer: Any) -> str:
    """The full name; to read ``__name__`` of one of ours would claim it."""
    own = getattr(layer, "_full_name", None)
    return own() if own else f"{layer.__module__}.{layer.__name__}"


@contextlib.contextmanager
def case(
    test: unittest.TestCase, result: unittest.TestResult, layers: Iterable[Any] = ()
) -> Iterator[None]:
    """Record a test of unittest; its result hears inside the block how it goes.

    A test inside of another one is part of that.

    :param layers: see `RecordedTest`.
    """
    if _recorder is None or _recorder.test:
        yield
        return
    before = {kind: len(getattr(result, kind, ())) for kind in (*PROBLEMS, "skipped")}
    recorded = RecordedTest(_recorder, test.id(), layers)
    try:
        yield
    except BaseException as error:
        recorded.end(*verdict_of(error))
        raise
    recorded.end(*_verdict(test, result, before))


@contextlib.contextmanager
def beside_tests(result: unittest.TestResult) -> Iterator[None]:
    """Record what fails inside the block in no test: the fixtures of classes and modules."""
    before = len(result.errors)
    yield
    for each, text in result.errors[before:] if _recorder else ():
        if not isinstance(each, unittest.TestCase):
            RecordedTest(_recorder, each.id()).end(ERROR, headline(text), text)


def _recorded(call: Callable[..., Any]) -> Callable[..., Any]:
    """Record a test that is called; pytest hands other results, and records tests itself."""

    @functools.wraps(call)
    def __call__(self: Any, result: Any = None, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(result, unittest.TestResult):
            return call(self, result, *args, **kwargs)
        with case(self, result):
            return call(self, result, *args, **kwargs)

    __call__.is_recorded = True  # type: ignore[attr-defined]
    return __call__


def _verdict(
    test: unittest.TestCase, result: unittest.TestResult, before: dict[str, int]
) -> tuple[str, str, str]:
    """Outcome, message and details, by what a result has heard of since."""
    problems = [
        (outcome, each[1] if isinstance(each, tuple) else "Unexpected success")
        for kind, outcome in PROBLEMS.items()
        for each in getattr(result, kind, ())[before[kind] :]
    ]
    if problems:
        outcome, text = problems[0]
        return outcome, headline(text), "\n".join(text for _, text in problems)
    skips = getattr(result, "skipped", ())[before["skipped"] :]
    reasons = [reason for skipped, reason in skips if skipped is test]  # not one of its subtests
    return (SKIPPED, reasons[0], "") if reasons else (PASSED, "", "")


def verdict_of(error: BaseException | None) -> tuple[str, str, str]:
    """Outcome, message and details, by what was raised."""
    if error is None:
        return PASSED, "", ""
    if isinstance(error, unittest.SkipTest):
        return SKIPPED, str(error), ""
    details = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    return ERROR, f"{type(error).__name__}: {error}", details


def headline(text: str) -> str:
    """What a formatted traceback ends with: the exception and its message."""
    lines = text.rpartition(TRACEBACK)[2].splitlines()
    message = itertools.dropwhile(lambda line: line.startswith(" "), lines)
    return "\n".join(message).strip() or text.strip()
