"""Plain unittest honours layers: ``python -m underlay unittest``, or `load_tests` in a module."""

from __future__ import annotations

import argparse
import fnmatch
import os
import sys
import types
import unittest
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from underlay._errors import LayerError
from underlay._hooks import AnyLayer
from underlay._naming import resolve
from underlay._stack import Layers, LayerStack, in_order, layer_name, union
from underlay.runners import _selection
from underlay.runners._terminating import Termination

__unittest = True  # unittest leaves our frames out of tracebacks

NO_TESTS_RAN = 5  # the exit status of pytest, and of unittest since Python 3.12

#: The class of the tests that stand for what could not be loaded.
FailedTest: Any = unittest.loader._FailedTest  # type: ignore[attr-defined]


def layered(suite: unittest.TestSuite, layer: AnyLayer) -> unittest.TestSuite:
    """Put a suite on a layer: its tests run on it unless they name another one."""
    suite.layer = layer  # type: ignore[attr-defined]
    return suite


def flatten(
    tests: unittest.TestSuite | unittest.TestCase, layer: AnyLayer = None
) -> Iterator[tuple[AnyLayer, unittest.TestCase]]:
    """Each case of a suite with its layer, or None: the innermost that is named counts."""
    named = getattr(tests, "layer", None)
    layer = layer if named is None else resolve(named)
    if isinstance(tests, unittest.TestSuite):
        for each in tests:
            yield from flatten(each, layer)
    else:
        yield layer, tests


def skip_reason(*decorated: object) -> str | None:
    """Why a test is skipped, if a decorator of unittest says so of its class or its method."""
    skips = (each for each in decorated if getattr(each, "__unittest_skip__", False))
    return next((getattr(each, "__unittest_skip_why__", "") for each in skips), None)


def _is_skipped(test: unittest.TestCase) -> bool:
    method = getattr(test, getattr(test, "_testMethodName", ""), None)
    return skip_reason(type(test), method) is not None


class LayeredSuite(unittest.TestSuite):
    """Runs its tests layer by layer: those without one first, then so that little is set up.

    :raises NameTaken: when it runs, if two of the layers have one name.
    """

    def run(self, result: unittest.TestResult, debug: bool = False) -> unittest.TestResult:
        stack = LayerStack()
        groups = self._groups()
        for index, _ in enumerate(self):
            self._removeTestAtIndex(index)  # type: ignore[attr-defined]
        try:
            for layers, tests in groups:
                _run_group(result, stack, layers, tests)
        finally:
            _release(result, stack)
        return result

    def _groups(self) -> list[tuple[Layers, list[unittest.TestCase]]]:
        groups: dict[Layers, list[unittest.TestCase]] = {}
        for layer, test in flatten(self):
            groups.setdefault(() if layer is None else (layer,), []).append(test)
        return [(layers, groups[layers]) for layers in in_order(groups)]


def _run_group(
    result: unittest.TestResult, stack: LayerStack, layers: Layers, tests: list[unittest.TestCase]
) -> None:
    """Run tests that share their layers; if these do not come up, each test is told so."""
    _release(result, stack, keep=union(layers))
    for test in filter(_is_skipped, tests):
        test(result)  # without its layers and its class, which may have nothing else to do
    waiting = [test for test in tests if not _is_skipped(test)]
    for test in waiting:
        if result.shouldStop:
            return
        try:
            stack.require(layers)
        except Exception as error:
            _report(result, test, error)
        else:
            break
    else:
        return
    suite = unittest.TestSuite(_on_layers(test, stack, layers) for test in waiting)
    tests.clear()  # like unittest, let go of each test once it has run
    waiting.clear()
    del test
    _run_as_outermost(suite, result)


def _run_as_outermost(suite: unittest.TestSuite, result: Any) -> None:
    """Run a suite such that its last ``tearDownClass`` runs with it, while the layers are up."""
    entered = getattr(result, "_testRunEntered", False)
    result._testRunEntered = False
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
        return do_cleanups()

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
    try:
        step(*arguments)
    except Exception:
        result.addError(LayerHook(description), sys.exc_info())


def _report(result: unittest.TestResult, test: unittest.TestCase, error: Exception) -> None:
    """Tell that a test could not run."""
    result.startTest(test)
    if isinstance(error, unittest.SkipTest):
        result.addSkip(test, str(error))
    else:
        result.addError(test, sys.exc_info())
    result.stopTest(test)


def load_tests(
    loader: unittest.TestLoader, tests: unittest.TestSuite, pattern: str | None
) -> unittest.TestSuite:
    """Unittest's protocol: in a module that imports it, stock unittest honours layers, too.

    The layers are shared by the tests of that one module; ``python -m underlay unittest`` shares
    them between modules.
    """
    return LayeredSuite([tests])


class LayerLoader(unittest.TestLoader):
    """Knows ``test_suite()``, zope.testrunner's protocol, beside ``load_tests``."""

    def loadTestsFromModule(
        self, module: types.ModuleType, *args: Any, **kwargs: Any
    ) -> unittest.TestSuite:
        if hasattr(module, "test_suite") and not hasattr(module, "load_tests"):
            return _suite_of(module)
        return super().loadTestsFromModule(module, *args, **kwargs)


def _suite_of(module: types.ModuleType) -> unittest.TestSuite:
    """What ``test_suite()`` returns; if it raises, a test that fails with that."""
    try:
        return unittest.TestSuite([module.test_suite()])
    except Exception as error:
        return unittest.TestSuite([FailedTest(f"{module.__name__}.test_suite", error)])


def _group(test: tuple[AnyLayer, unittest.TestCase]) -> str:
    """What is not parted by shards: tests of one layer, or else those of a module."""
    layer, case = test
    return type(case).__module__ if layer is None else layer_name(layer)


class Program(unittest.TestProgram):
    """unittest's command line, honouring layers; a run without any test is a failure."""

    test: unittest.TestSuite
    exit: bool
    layer_patterns: Sequence[str] | None = None
    shard: str | None = None
    in_empty_shard = False

    def _getParentArgParser(self) -> argparse.ArgumentParser:
        parser: argparse.ArgumentParser = super()._getParentArgParser()  # type: ignore[misc]
        parser.add_argument(
            "--layer",
            action="append",
            dest="layer_patterns",
            metavar="REGEX",
            type=_selection.layer_pattern,
            help=_selection.LAYER_HELP,
        )
        parser.add_argument(
            "--shard", metavar="I/N", type=_selection.shard, help=_selection.SHARD_HELP
        )
        return parser

    def createTests(self, *args: Any, **kwargs: Any) -> None:
        super().createTests(*args, **kwargs)
        tests = [each for each in flatten(self.test) if self._wanted(*each)]
        if shard := _selection.shard_to_run(self.shard, os.environ):
            found, tests = tests, shard.choose(tests, _group)
            self.in_empty_shard = len(found) > len(tests) == 0
        self.test = LayeredSuite(
            layered(unittest.TestSuite([case]), layer) for layer, case in tests
        )

    def _wanted(self, layer: AnyLayer, case: unittest.TestCase) -> bool:
        """Whether --layer and -k select it: unittest does not ask the cases of ready-made suites.

        What stands for a module that failed to load is wanted in any case.
        """
        names = [] if layer is None else [layer_name(layer)]
        return isinstance(case, FailedTest) or (
            _selection.is_selected(names, self.layer_patterns or ()) and self._has_wanted_name(case)
        )

    def _has_wanted_name(self, case: unittest.TestCase) -> bool:
        patterns: Iterable[str] = self.testNamePatterns or ["*"]
        return any(
            fnmatch.fnmatchcase(name, pattern)
            for pattern in patterns
            for name in (case.id(), str(case))
        )

    def runTests(self) -> None:
        leave, self.exit = self.exit, False
        super().runTests()
        if leave:
            sys.exit(self._status())

    def _status(self) -> int:
        nothing_ran = not self.result.testsRun and not self.result.skipped
        if nothing_ran and self.in_empty_shard:
            print("This shard is empty, the others are not.", file=sys.stderr)
        elif nothing_ran and self.result.wasSuccessful():
            print("No test was found: that is not a success.", file=sys.stderr)
            return NO_TESTS_RAN
        return 0 if self.result.wasSuccessful() else 1


def main(arguments: list[str]) -> None:
    """Run ``python -m underlay unittest`` with these arguments; unittest's own, and ours.

    :raises SystemExit: always; 0 if all went well, 5 if there was no test, else 1 or 2.
    """
    if os.getcwd() not in sys.path:  # the installed script does not have it there, python -m does
        sys.path.insert(0, os.getcwd())
    Termination().heed()
    try:
        Program(
            module=None,
            argv=["python -m underlay unittest", *arguments],
            testLoader=LayerLoader(),
        )
    except (LayerError, argparse.ArgumentTypeError) as error:
        sys.exit(str(error))
