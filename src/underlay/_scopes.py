"""The two scopes of a layer: the time from a set-up to its tear-down, of the layer or for a test.

What the author of a layer writes in the four hooks runs inside of `Scoped`'s methods, which see to
it that half a set-up is undone, and that nothing is taken down which never came up.
"""

from __future__ import annotations

import atexit
import os
import unittest
from collections.abc import Callable
from typing import Any

from underlay import _timeline
from underlay._blame import FAULTS, zope_testrunners_output
from underlay._errors import LayerError, SetUpFailed
from underlay._following import follow_zope_testrunner
from underlay._graph import setup_order
from underlay._hooks import AnyLayer, Hook
from underlay._resources import Resources
from underlay._undo import Undo, reraise

__unittest = True  # unittest leaves our frames out of tracebacks


class Scope(Undo):
    """What has to be undone when the layer goes down, or when a test ends."""

    is_open = False


class Scoped(Resources):
    """The scopes, as a base class of layers."""

    setUp: Any
    tearDown: Any
    testSetUp: Any
    testTearDown: Any
    verify: Any
    _verifies = False  # whether anybody has written a verify(): a clean-up for nothing takes time

    def __init__(self) -> None:
        super().__init__()
        self._of_layer = Scope()
        self._of_test = Scope()
        self._phase: Scope | None = None  # the one whose hook is running
        self._set_up_error: BaseException | None = None  # what the tests will be told
        self._scoped_bases = [base for base in self._order_of_bases if isinstance(base, Scoped)]

    # -- for kinds of layers whose subclasses need not call super()

    def _begin_layer(self) -> None:
        """Do what has to be done before ``setUp``, which is left to subclasses."""

    def _begin_test(self) -> None:
        """Do what has to be done before ``testSetUp``, which is left to subclasses."""

    # -- the state

    @property
    def _is_up(self) -> bool:
        return self._of_layer.is_open

    @property
    def _in_test(self) -> bool:
        """Whether a test is going on, its ``testSetUp`` included."""
        return self._of_test.is_open

    @property
    def _was_never_set_up(self) -> bool:
        return not self._of_layer.is_open and self._set_up_error is None

    def _running(self) -> Undo:
        scope = self._phase or (self._of_test if self._of_test.is_open else self._of_layer)
        if not scope.is_open:
            raise LayerError(
                f"{self!r} is not set up, so that nothing would ever be undone.\n"
                "  Add clean-ups and set resources in setUp() or testSetUp(), or inside the test."
            )
        return scope

    # -- the steps, each around one of the author's hooks

    def _set_up(self, hook: Hook) -> None:
        __tracebackhide__ = True
        if self._of_layer.is_open:
            raise self._error_of_second_set_up()
        if error := self._error_of_bases():
            self._set_up_error = error
            return
        follow_zope_testrunner()
        try:
            with _timeline.hook(self, "setUp"):
                self._open(self._of_layer, self._begin_layer, hook)
        except BaseException as error:
            self._tell_of_skip(error)
            if zope_testrunners_output() is None or not isinstance(error, FAULTS):
                raise
            self._set_up_error = error  # zope.testrunner would drop the tests
        else:
            atexit.register(self._take_down_at_exit, os.getpid())

    def _tear_down(self, hook: Hook) -> None:
        __tracebackhide__ = True
        self._set_up_error = None
        atexit.unregister(self._take_down_at_exit)
        if self._of_layer.is_open:  # else it never came up: nothing of the author's has run
            try:
                self.testTearDown()  # of a test that was interrupted
            finally:
                with _timeline.hook(self, "tearDown"):
                    self._close(self._of_layer, hook)

    def _set_up_test(self, hook: Hook) -> None:
        __tracebackhide__ = True
        if self._of_test.is_open:
            raise self._error_of_second_set_up()
        _timeline.test_on(self)  # also if it does not come so far as to be set up
        if self._set_up_error is not None:
            raise self._tell_set_up_error()
        if not self._of_layer.is_open:
            raise LayerError(f"{self!r} is not set up, but a test was to begin on it.")
        if not self._base_failed_in_test_set_up():
            self._open(self._of_test, self._begin_test, hook)

    def _tear_down_test(self, hook: Hook) -> None:
        __tracebackhide__ = True
        if self._of_test.is_open:
            if self._verifies:  # for tests whose class was not there to be asked
                self._of_test.add(self.verify)
            self._close(self._of_test, hook)

    def _open(self, scope: Scope, begin: Callable[[], None], hook: Hook) -> None:
        """Call a set-up hook; if it fails, undo what it did."""
        __tracebackhide__ = True
        scope.is_open = True
        self._phase = scope
        failure = None
        try:
            begin()
            hook(self)
        except BaseException as error:
            failure = scope.give_up(error)
            scope.is_open = False
        finally:
            self._phase = None
        if failure is not None:
            reraise(failure)

    def _close(self, scope: Scope, hook: Hook) -> None:
        """Call a tear-down hook, then the clean-ups."""
        __tracebackhide__ = True
        scope.add(hook, self)
        self._phase = scope
        try:
            scope.close()
        finally:
            self._phase = None
            scope.is_open = False

    def _take_down_at_exit(self, process: int) -> None:
        """The safety net: zope.testrunner leaves layers up when it is interrupted.

        The newest layer comes first, for ``atexit`` calls in reverse.  A forked child inherits the
        layer, but not the duty.
        """
        if os.getpid() == process:
            self.tearDown()

    # -- errors

    def _error_of_second_set_up(self) -> LayerError:
        return LayerError(f"{self!r} is already set up; it was to be set up once more.")

    def _tell_of_skip(self, error: BaseException) -> None:
        """Say it to zope.testrunner, whose processes with -j report failures and errors only."""
        output = zope_testrunners_output()
        if output is not None and isinstance(error, unittest.SkipTest):
            output.info(f"{self!r} skips its tests: {error}")

    def _tell_set_up_error(self) -> BaseException:
        """The error itself for the first test, a short one for the others."""
        error = self._set_up_error
        assert error is not None
        self._set_up_error = set_up_failed(self, error)
        return error

    def _error_of_bases(self) -> BaseException | None:
        for base in setup_order(self)[:-1]:
            if error := getattr(base, "_set_up_error", None):
                return set_up_failed(base, error)
        return None

    def _base_failed_in_test_set_up(self) -> bool:
        """zope.testrunner goes on with derived layers; the error is charged to the test already."""
        for base in self._scoped_bases:
            if base._of_layer.is_open and not base._of_test.is_open:
                return True
        return False


def set_up_failed(layer: AnyLayer, error: BaseException) -> BaseException:
    """What further tests are told of an error in setUp: a skip stays one, else one line."""
    if isinstance(error, (unittest.SkipTest, SetUpFailed)) or not isinstance(error, Exception):
        return error
    return SetUpFailed(repr(layer), f"{type(error).__name__}: {error}")
