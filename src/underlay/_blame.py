"""What zope.testrunner lacks: an error in a layer's hook becomes the error of the guilty test.

zope.testrunner calls ``testSetUp`` and ``testTearDown`` from ``startTest`` and ``stopTest`` of its
result, unguarded: what they raise ends the whole run, later layers never come up.  And if a
``setUp`` raises, the tests of that layer vanish from its count.  Nothing can be plugged in there,
so the hooks look up the stack for it.  Under other runners nothing of this applies.
"""

from __future__ import annotations

import sys
import unittest
from collections.abc import Iterator
from types import FrameType
from typing import Any, TypeGuard

#: Errors of code, to unittest and pytest as well.  What else may be raised is the wish of whoever
#: runs the tests: KeyboardInterrupt, pytest.skip().
FAULTS = (Exception, SystemExit)


def _callers() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe()
    while frame := frame.f_back if frame else None:
        yield frame


def zope_testrunners_output() -> Any:
    """What zope.testrunner reports to, if it is just setting a layer up; else None."""
    for frame in _callers():
        runs_it = frame.f_globals.get("__name__") == "zope.testrunner.runner"
        if runs_it and frame.f_code.co_name == "setup_layer":
            return frame.f_locals["output"]
    return None


def blame_test(error: BaseException) -> bool:
    """Charge an error to the test that zope.testrunner starts or stops just now, if it does."""
    for frame in _callers():
        if frame.f_code.co_name in ("startTest", "stopTest"):
            # Other frames are not asked for their variables: they would keep them alive.
            test, result = frame.f_locals.get("test"), frame.f_locals.get("self")
            if _is_zope_testrunners(result) and isinstance(test, unittest.TestCase):
                _charge(error, test, result, frame.f_code.co_name)
                return True
    return False


def _is_zope_testrunners(result: object) -> TypeGuard[unittest.TestResult]:
    return isinstance(result, unittest.TestResult) and hasattr(result, "testSetUp")


def _charge(
    error: BaseException, test: unittest.TestCase, result: unittest.TestResult, phase: str
) -> None:
    if phase == "startTest":

        def setUp() -> None:
            raise error

        # The first of several errors counts.  The runner restores __dict__ after the test.
        test.__dict__.setdefault("setUp", setUp)
    else:
        # With --buffer the streams were restored already, and addError would do it once more.
        getattr(result, "_setUpStdStreams", bool)()
        assert error.__traceback__ is not None
        result.addError(test, (type(error), error, error.__traceback__))
