"""Plain unittest honours layers: ``python -m underlay unittest``, or `load_tests` in a module."""

from __future__ import annotations

import argparse
import fnmatch
import itertools
import os
import sys
import time
import types
import unittest
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from underlay import _timeline
from underlay._errors import LayerError
from underlay._hooks import AnyLayer
from underlay._naming import resolve
from underlay._stack import Layers, LayerStack, Spent, in_order, layer_name, union
from underlay.runners import _selection, _times
from underlay.runners._terminating import Termination
from underlay.runners._times import NOTHING, Record

LayeredTest = tuple[AnyLayer, unittest.TestCase]

__unittest = True  # unittest leaves our frames out of tracebacks

NO_TESTS_RAN = 5  # the exit status of pytest, and of unittest since Python 3.12

#: The class of the tests that stand for what could not be loaded.
FailedTest: Any = unittest.loader._FailedTest  # type: ignore[attr-defined]


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


def flatten(
    tests: unittest.TestSuite | unittest.TestCase, layer: AnyLayer = None
) -> Iterator[LayeredTest]:
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
    for each in decorated:
        if getattr(each, "__unittest_skip__", False):
            return str(getattr(each, "__unittest_skip_why__", ""))
    return None


def _is_skipped(test: unittest.TestCase) -> bool:
    method = getattr(test, getattr(test, "_testMethodName", ""), None)
    return skip_reason(type(test), method) is not None


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
    for test in filter(_is_skipped, tests):
        test(result)  # without its layers and its class, which may have nothing else to do
    waiting = [test for test in tests if not _is_skipped(test)]
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
    try:
        step(*arguments)
    except Exception:
        result.addError(LayerHook(description), sys.exc_info())


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
    needs it, and has its layers for itself.  ``python -m underlay unittest`` needs none of this.
    """
    package = _package_being_loaded()
    return LayeredSuite([tests, *([_discovered(loader, package, pattern)] if package else [])])


def _package_being_loaded() -> types.ModuleType | None:
    """The package whose ``load_tests`` is called: that is known to the caller alone."""
    frame: types.FrameType | None = sys._getframe()
    while frame and frame.f_code.co_name != "loadTestsFromModule":
        frame = frame.f_back
    module = frame and frame.f_locals.get("module")
    return module if hasattr(module, "__path__") else None


def _discovered(
    loader: unittest.TestLoader, package: types.ModuleType, pattern: str | None
) -> unittest.TestSuite:
    """What unittest leaves to the ``load_tests`` of a package; without a pattern, its own."""
    folder = Path(package.__path__[0])
    top = folder.parents[package.__name__.count(".")]
    return loader.discover(str(folder), pattern or "test*.py", str(top))


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


def _group(test: LayeredTest) -> _selection.Group:
    layer, case = test
    return _selection.group(() if layer is None else (layer,), type(case).__module__)


class Program(unittest.TestProgram):
    """unittest's command line, honouring layers; a run without any test is a failure."""

    test: LayeredSuite
    exit: bool
    layer_patterns: Sequence[str] | None = None
    shard: str | None = None
    layer_times: str | None = None
    in_empty_shard = False
    kept_in: str | None = None  # the file to which this run adds what it has taken

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
        parser.add_argument(
            "--layer-times", metavar="FILE", type=os.path.abspath, help=_times.OPTION_HELP
        )
        return parser

    def createTests(self, *args: Any, **kwargs: Any) -> None:
        super().createTests(*args, **kwargs)
        known = _times.read(self.layer_times) if self.layer_times else NOTHING
        tests = self._wanted(list(flatten(self.test)))
        if shard := _selection.shard_to_run(self.shard, os.environ):
            all_tests, tests = tests, shard.choose(tests, _group, known)
            self.in_empty_shard = len(all_tests) > len(tests) == 0
        self.kept_in = None if shard else self.layer_times
        self.test = LayeredSuite(
            (
                layered(
                    unittest.TestSuite(case for _, case in neighbours),
                    layer,
                    addLayerToDoctestGlobs=False,
                )
                for layer, neighbours in itertools.groupby(tests, lambda test: test[0])
            ),
            known,
        )

    def _wanted(self, tests: list[LayeredTest]) -> list[LayeredTest]:
        """Those that --layer and -k select: unittest does not ask the cases of ready-made suites.

        What stands for a module that failed to load is wanted in any case.
        """
        wanted = {layer: self._is_wanted(layer) for layer in {layer for layer, _ in tests}}
        return [
            (layer, case)
            for layer, case in tests
            if isinstance(case, FailedTest) or (wanted[layer] and self._has_wanted_name(case))
        ]

    def _is_wanted(self, layer: AnyLayer) -> bool:
        names = [] if layer is None else [layer_name(layer)]
        return _selection.is_selected(names, self.layer_patterns or ())

    def _has_wanted_name(self, case: unittest.TestCase) -> bool:
        return not self.testNamePatterns or any(
            fnmatch.fnmatchcase(name, pattern)
            for pattern in self.testNamePatterns
            for name in (case.id(), str(case))
        )

    def runTests(self) -> None:
        leave, self.exit = self.exit, False
        super().runTests()
        if self.kept_in:
            _times.update(self.kept_in, self.test.found)
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
