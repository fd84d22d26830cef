"""While pytest runs tests: their layers go up before, and down between them."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from underlay._errors import SetUpFailed
from underlay._stack import Layers, LayerStack
from underlay.runners._pytest_layers import PROBLEM, layers_of
from underlay.runners._pytest_teardown import take_down
from underlay.runners._pytest_times import Stopwatch

if TYPE_CHECKING:
    from underlay.runners._pytest_recording import Recording


class Running:
    """Has the layers of a test up, and their per-test hooks around it, inside class fixtures.

    An autouse fixture for these would cost each test more than three layers do, also a test without
    any.

    :param stack: of the run.
    :param stopwatch: measures the tests.
    :param recording: of the run, if there is one.
    :param only_plans: whether nothing is to be set up, as --setup-plan has it.
    """

    def __init__(
        self,
        stack: LayerStack,
        stopwatch: Stopwatch,
        recording: Recording | None,
        only_plans: bool,
    ) -> None:
        self.stack = stack
        self.stopwatch = stopwatch
        self.recording = recording
        self.only_plans = only_plans
        self.waiting: Layers = ()  # of a test that has not begun yet

    def set_up(self, item: pytest.Item) -> None:
        """Have the layers up that a test needs."""
        __tracebackhide__ = True
        if self.only_plans:
            return
        if PROBLEM in item.stash:
            _fail(item.stash[PROBLEM])
        layers = layers_of(item)
        try:
            self.stack.require(layers)
        except SetUpFailed as error:
            _fail(str(error))  # its traceback stood at the first of these tests
        else:
            self.stopwatch.start(layers)
            if layers:
                self.waiting = layers
                item.teardown = functools.partial(self._tear_down, item)  # type: ignore[method-assign]
        finally:
            if self.recording:
                self.recording.begin(item)

    @pytest.hookimpl(tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[object], request: Any) -> None:
        __tracebackhide__ = True
        if fixturedef.scope == "function":
            try:
                self.begin()
            except BaseException as error:
                # As pytest notes it: a fixture without a result breaks later tests that take it.
                raised = error, error.__traceback__
                fixturedef.cached_result = None, fixturedef.cache_key(request), raised
                raise

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_setup(self) -> None:
        __tracebackhide__ = True
        self.begin()

    def begin(self) -> None:
        """Begin the test, unless a fixture has made that necessary already."""
        __tracebackhide__ = True
        if layers := self.waiting:
            self.waiting = ()
            self.stack.begin_test(layers)

    def _tear_down(self, item: pytest.Item) -> None:
        """End the test after its fixtures and, with --pdb, after the ``tearDown`` of its case."""
        __tracebackhide__ = True
        del item.teardown
        try:
            item.teardown()
        finally:
            self.stack.end_test()

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_teardown(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Iterator[None]:
        # The innermost wrapper: after all fixtures, also if one of them fails.
        __tracebackhide__ = True
        try:
            return (yield)
        finally:
            self.waiting = ()
            self.stopwatch.stop()
            if self.recording:
                self.recording.stop(item)
            take_down(self.stack, item, layers_of(nextitem) if nextitem else ())


def _fail(reason: str) -> NoReturn:
    """Fail a test without a traceback; with all frames hidden, pytest would tell of that."""
    raise pytest.fail.Exception(reason, pytrace=False) from None


RUNNING: pytest.StashKey[Running] = pytest.StashKey()
