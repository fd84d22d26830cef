"""The timeline: layers and tests write down what they do while they do it.

``UNDERLAY_TIMELINE=dir`` asks for it.  Two things here belong to the process rather than to an
object, because zope.testrunner takes no plugin and hands nothing to layers: the `Recorder`, since
the lines of a process belong into one file, and, while there is one, what unittest calls to run a
test, the only place that every test passes.  Without the variable there is neither.
"""

from __future__ import annotations

import contextlib
import functools
import os
import sys
import time
import unittest
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from underlay._errors import LayerError

if TYPE_CHECKING:
    from underlay._recording import Recorder

__unittest = True  # unittest leaves our frames out of tracebacks

#: Where to record, and the name of the run; processes that the run starts inherit both.
DIRECTORY, RUN = "UNDERLAY_TIMELINE", "UNDERLAY_TIMELINE_RUN"

_recorder: Recorder | None = None

#: Records nothing.
NOTHING: AbstractContextManager[None] = contextlib.nullcontext()


def begin(directory: str, run: str = "", command: list[str] | None = None) -> None:
    """Record in this process, and in those that it starts.

    :param run: the name of the run, by default the one in the environment, else a new one.
    :param command: the command line to name in the timeline, by default that of this process.
    :raises LayerError: if there cannot be such a folder, or nothing can be written to it.
    """
    global _recorder
    directory = os.path.abspath(directory)
    import tempfile  # few runs need it

    try:
        os.makedirs(directory, exist_ok=True)
        tempfile.TemporaryFile(dir=directory).close()
    except OSError as error:
        raise LayerError(
            f"No timeline can be written to {directory}: {error.strerror}.\n"
            f"  Name another folder in {DIRECTORY}, or in --underlay-timeline of pytest."
        ) from error
    from underlay._recording import Recorder

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
    return _recorder.hook(layer, name) if _recorder else NOTHING


def test_on(layer: Any) -> None:
    """Record that the test which is going on, if any, is on a layer."""
    if _recorder:
        _recorder.test_on(layer)


def note(layer: Any, text: str, path: str | os.PathLike[str] | None, of_test: bool) -> None:
    """Record what a layer tells; see `Layer.addNote`."""
    if _recorder:
        _recorder.note(layer, text, path, of_test)


def case(
    test: unittest.TestCase, result: unittest.TestResult, layers: Iterable[Any] = ()
) -> AbstractContextManager[None]:
    """Record a test of unittest, which runs inside the block.

    :param layers: those that it needs, as far as they are known.
    """
    return _recorder.case(test, result, layers) if _recorder else NOTHING


def beside_tests(result: unittest.TestResult) -> AbstractContextManager[None]:
    """Record what fails inside the block in no test: the fixtures of classes and modules."""
    return _recorder.beside_tests(result) if _recorder else NOTHING


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
