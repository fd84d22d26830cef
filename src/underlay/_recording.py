"""What is recorded of a run: how lines of JSON tell when a layer or a test began and how it ended.

Each process appends to a file of its own, each line by a single write, so that a run which is
killed leaves all of them, but perhaps half of the last.  ``underlay.timeline`` reads them; the
format stands in docs/reference/timeline.rst.
"""

from __future__ import annotations

import atexit
import contextlib
import errno
import itertools
import json
import os
import sys
import time
import traceback
import unittest
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any

__unittest = True  # unittest leaves our frames out of tracebacks

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
        self._file: int | None = None  # none, if it could not be written

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
        try:
            self._append(line.encode())
        except OSError as error:
            self._give_up(error)

    def _append(self, line: bytes) -> None:
        if self._file is not None and os.write(self._file, line) < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _give_up(self, error: OSError) -> None:
        """The tests go on; it is said at the end, when no runner captures what is printed."""
        self._file = None
        text = f"underlay: the timeline in {self.directory} is not complete: {error.strerror}."
        atexit.register(lambda: print(text, file=sys.stderr))

    def hook(self, layer: Any, name: str) -> AbstractContextManager[None]:
        """Record a hook of a layer, which is called inside the block."""
        if name in ("setUp", "tearDown"):
            kind = None if isinstance(layer, type) else type(layer).__name__
            return Span(self, name, layer=_name(layer), kind=kind, test=self._test_name)
        if name == "testSetUp":
            self.test_on(layer)
        return contextlib.nullcontext()

    def test_on(self, layer: Any) -> None:
        """Record that the test which is going on, if any, is on a layer."""
        if self.test:
            self.test.layers[_name(layer)] = None

    def note(
        self, layer: Any, text: str, path: str | os.PathLike[str] | None, of_test: bool
    ) -> None:
        """Record what a layer tells; see `Layer.addNote`."""
        test = self._test_name if of_test else None
        file = os.path.abspath(path) if path else None
        self.write("note", self.now(), layer=_name(layer), test=test, text=text, path=file)

    @contextlib.contextmanager
    def case(
        self, test: unittest.TestCase, result: unittest.TestResult, layers: Iterable[Any]
    ) -> Iterator[None]:
        """Record a test of unittest; its result hears inside the block how it goes.

        A test inside of another one is part of that.
        """
        if self.test:
            yield
            return
        before = {kind: len(getattr(result, kind, ())) for kind in (*PROBLEMS, "skipped")}
        recorded = RecordedTest(self, test.id(), layers)
        try:
            yield
        except BaseException as error:
            recorded.end(*verdict_of(error))
            raise
        recorded.end(*_verdict(test, result, before))

    @contextlib.contextmanager
    def beside_tests(self, result: unittest.TestResult) -> Iterator[None]:
        """Record what fails inside the block in no test: the fixtures of classes and modules."""
        before = len(result.errors)
        yield
        for each, text in result.errors[before:]:
            if not isinstance(each, unittest.TestCase):
                RecordedTest(self, each.id()).end(ERROR, headline(text), text)

    @property
    def _test_name(self) -> str | None:
        return self.test.name if self.test else None

    def _begin(self) -> None:
        self._process, self._began, began = os.getpid(), time.perf_counter(), time.time()
        path = os.path.join(self.directory, f"{self._process}-{time.time_ns()}.jsonl")
        try:
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o666)
        except OSError as error:
            self._give_up(error)
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


def _name(layer: Any) -> str:
    """The full name; to read ``__name__`` of one of ours would claim it."""
    own = getattr(layer, "_full_name", None)
    return own() if own else f"{layer.__module__}.{layer.__name__}"


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
