"""Plain unittest honours layers: ``python -m underlay unittest``, or `load_tests` in a module."""

from __future__ import annotations

import copy
import sys
import time
import types
import unittest
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from underlay import _timeline
from underlay._hooks import AnyLayer
from underlay._stack import Layers, LayerStack, Spent, in_order, layer_name, union
from underlay.runners import _times
from underlay.runners._cases import FailedTest, flatten, is_skipped
from underlay.runners._times import NOTHING, Record

__unittest = True  # unittest leaves our frames out of tracebacks


def layered(
    suite: unittest.TestSuite, layer: AnyLayer, addLayerToDoctestGlobs: bool = True
) -> unittest.TestSuite:
    """Put a suite on a layer: its tests run on it unless they name another one.

    :param addLayerToDoctestGlobs: whether doctests find the layer as ``layer``, unless they have
        something of that name; as with plone.testing.
    """
    suite.layer = layer  # type: ignore[attr-defined]
    for _, case in flatten(suite) if addLayerToDoctestGlobs else ():
        if doctest := getattr(case, "_dt_test", None):
            doctest.globs.setdefault("layer", layer)
    return suite


class LayeredSuite(unittest.TestSuite):
    """Runs its tests layer by layer: those without one first, then so that little is set up.

    :param known: what earlier runs have taken, for the order.
    :raises NameTaken: when it runs, if two of the layers have one name.
    """

    def __init__(
        self,
        tests: Iterable[unittest.TestSuite | unittest.TestCase] = (),
        known: Record = NOTHING,
    ) -> None:
        super().__init__(tests)
        self.known = known
        self.found = NOTHING  # what the latest run has taken

    def run(self, result: unittest.TestResult, debug: bool = False) -> unittest.TestResult:
        stack = LayerStack()
        groups = self._groups()
        self._let_go_of_tests()
        spent: dict[Layers, Spent] = {}
        try:
            for layers, tests in groups:
                if result.shouldStop:
                    break
                spent[layers] = _run_group(result, stack, layers, tests)
        finally:
            _release(result, stack)
            complete = {layers: each for layers, each in spent.items() if each.calls}
            self.found = _times.found(stack.times(), complete)
        return result

    def _let_go_of_tests(self) -> None:
        for index, _ in enumerate(self):
            self._removeTestAtIndex(index)  # type: ignore[attr-defined]

    def _groups(self) -> list[tuple[Layers, list[unittest.TestCase]]]:
        groups: dict[Layers, list[unittest.TestCase]] = {}
        for layer, test in flatten(self):
            groups.setdefault(() if layer is None else (layer,), []).append(test)
        return [(layers, groups[layers]) for layers in in_order(groups, self.known.seconds)]


def _run_group(
    result: unittest.TestResult, stack: LayerStack, layers: Layers, tests: list[unittest.TestCase]
) -> Spent:
    """Run tests that share their layers; if these do not come up, each test is told so.

    What it returns has no calls if they were not all run.
    """
    _release(result, stack, keep=union(layers))
    for test in filter(is_skipped, tests):
        test(result)  # without its layers and its class, which may have nothing else to do
    waiting = [test for test in tests if not is_skipped(test)]
    for test in waiting:
        if result.shouldStop:
            return Spent()
        try:
            stack.require(layers)
        except Exception as error:
            _report(result, test, error, layers)
        else:
            break
    else:
        return Spent()
    suite = unittest.TestSuite(_on_layers(test, stack, layers) for test in waiting)
    tests.clear()  # like unittest, let go of each test once it has run
    waiting.clear()
    del test
    return _timed(suite, result)


def _timed(suite: unittest.TestSuite, result: unittest.TestResult) -> Spent:
    number, start = suite.countTestCases(), time.perf_counter()
    _run_as_outermost(suite, result)
    return Spent() if result.shouldStop else Spent(time.perf_counter() - start, number)


def _run_as_outermost(suite: unittest.TestSuite, result: Any) -> None:
    """Run a suite such that its last ``tearDownClass`` runs with it, while the layers are up."""
    entered = getattr(result, "_testRunEntered", False)
    result._testRunEntered = False
    with _timeline.beside_tests(result):
        suite.run(result)
    result._previousTestClass = None  # else the next suite calls its tearDownClass once more
    result._testRunEntered = entered


def _on_layers(test: Any, stack: LayerStack, layers: Layers) -> unittest.TestCase:
    """Put the per-test hooks of its layers around a test, the way zope.testrunner orders them."""
    set_up, do_cleanups = test.setUp, test.doCleanups

    def setUp() -> Any:
        stack.begin_test(layers)
        return set_up()

    def doCleanups() -> Any:
        do_cleanups()  # the test's own, and what its layers have to verify
        test.addCleanup(stack.end_test)
        return unittest.TestCase.doCleanups(test)

    if layers:
        test.setUp, test.doCleanups = setUp, doCleanups
    return test  # type: ignore[no-any-return]


class LayerHook:
    """Stands in a result where a layer failed, and no test is to blame."""

    failureException = None

    def __init__(self, description: str) -> None:
        self.description = description

    def id(self) -> str:
        return self.description

    def shortDescription(self) -> None:
        return None

    def __str__(self) -> str:
        return self.description


def _release(result: unittest.TestResult, stack: LayerStack, keep: Iterable[AnyLayer] = ()) -> None:
    """Take layers down; an error in that is an error of the run, which goes on."""
    _attempt(result, "testTearDown of an interrupted test", stack.end_test)
    for layer in stack.surplus(keep):
        _attempt(result, f"tearDown of {layer_name(layer)}", stack.take_down, layer)


def _attempt(
    result: Any, description: str, step: Callable[..., None], *arguments: AnyLayer
) -> None:
    getattr(result, "_setupStdout", bool)()  # as unittest does for tearDownClass; --buffer needs it
    try:
        step(*arguments)
    except Exception:
        result.addError(LayerHook(description), sys.exc_info())
    finally:
        getattr(result, "_restoreStdout", bool)()


def _report(
    result: unittest.TestResult, test: unittest.TestCase, error: Exception, layers: Layers
) -> None:
    """Tell that a test could not run."""
    with _timeline.case(test, result, union(layers)):
        result.startTest(test)
        if isinstance(error, unittest.SkipTest):
            result.addSkip(test, str(error))
        else:
            result.addError(test, sys.exc_info())
        result.stopTest(test)


def load_tests(
    loader: unittest.TestLoader, tests: unittest.TestSuite, pattern: str | None
) -> unittest.TestSuite:
    """Unittest's protocol: in a module or package that imports it, stock unittest honours layers.

    In the ``__init__.py`` of a package it finds the tests of all its modules, which share the
    layers.  If modules are named on the command line, packages are not asked: then each module
    needs it, and has its layers for itself.  Where there is a ``test_suite()``, that counts, as
    for zope.testrunner.  ``python -m underlay unittest`` needs none of this.
    """
    module = _module_being_loaded()
    if getattr(module, "load_tests", None) is load_tests and hasattr(module, "test_suite"):
        tests = _suite_of(module)
    if hasattr(module, "__path__"):
        return LayeredSuite([tests, _discovered(loader, module, pattern)])
    return LayeredSuite([tests])


def _module_being_loaded() -> Any:
    """The module whose ``load_tests`` is called: that is known to the caller alone."""
    frame: types.FrameType | None = sys._getframe()
    while frame and frame.f_code.co_name != "loadTestsFromModule":
        frame = frame.f_back
    return frame and frame.f_locals.get("module")


def _discovered(
    loader: unittest.TestLoader, package: types.ModuleType, pattern: str | None
) -> unittest.TestSuite:
    """What unittest leaves to the ``load_tests`` of a package; without a pattern, its own."""
    folder = Path(package.__path__[0])
    top = folder.parents[package.__name__.count(".")]
    return with_test_suites(loader).discover(str(folder), pattern or "test*.py", str(top))


def with_test_suites(loader: unittest.TestLoader) -> unittest.TestLoader:
    """A copy of a loader that knows ``test_suite()``, zope.testrunner's protocol, too."""
    load, copied = loader.loadTestsFromModule, copy.copy(loader)

    def loadTestsFromModule(
        module: types.ModuleType, *args: Any, **kwargs: Any
    ) -> unittest.TestSuite:
        if hasattr(module, "test_suite") and not hasattr(module, "load_tests"):
            return _suite_of(module)
        return load(module, *args, **kwargs)

    copied.loadTestsFromModule = loadTestsFromModule  # type: ignore[method-assign]
    return copied


def _suite_of(module: types.ModuleType) -> unittest.TestSuite:
    """What ``test_suite()`` returns; if it raises, a test that fails with that."""
    try:
        return unittest.TestSuite([module.test_suite()])
    except Exception as error:
        return unittest.TestSuite([FailedTest(f"{module.__name__}.test_suite", error)])
