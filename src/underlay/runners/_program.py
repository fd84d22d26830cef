"""The command line of `python -m underlay unittest`: unittest's own, and what layers add to it."""

from __future__ import annotations

import argparse
import fnmatch
import itertools
import os
import sys
import unittest
from collections.abc import Sequence
from typing import Any

from underlay._errors import LayerError
from underlay._hooks import AnyLayer
from underlay._stack import layer_name
from underlay.runners import _selection, _times
from underlay.runners._cases import FailedTest, LayeredTest, flatten
from underlay.runners._terminating import Termination
from underlay.runners._times import NOTHING
from underlay.runners.unittest import LayeredSuite, layered, with_test_suites

__unittest = True  # unittest leaves our frames out of tracebacks

NO_TESTS_RAN = 5  # the exit status of pytest, and of unittest since Python 3.12


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
            testLoader=with_test_suites(unittest.TestLoader()),
        )
    except (LayerError, argparse.ArgumentTypeError) as error:
        sys.exit(str(error))
