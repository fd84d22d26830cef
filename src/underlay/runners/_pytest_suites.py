"""What ``test_suite()`` and ``load_tests()`` return, as items of pytest."""

from __future__ import annotations

import traceback
import unittest
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from underlay._hooks import AnyLayer
from underlay.runners._cases import FailedTest, flatten
from underlay.runners._pytest_layers import SUITE_LAYER, SUITE_LAYERS


class SuiteCollector(pytest.Collector):
    """The cases of a suite that a function of a module makes, as items of their own.

    Cases whose class stands in that module are left to pytest, which has them already; it is only
    noted which layer their suite puts them on.
    """

    parent: pytest.Module

    def __init__(self, make: Callable[[], object], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.make = make
        self.items: list[SuiteItem] = []

    def collect(self) -> Iterable[pytest.Item]:
        suite = self.make()
        if not isinstance(suite, (unittest.TestSuite, unittest.TestCase)):
            raise self.CollectError(
                f"{self.name}() returned {type(suite).__name__}, not a unittest.TestSuite. "
                "If it is a test and makes no suite, give it another name."
            )
        layers = self.parent.stash.setdefault(SUITE_LAYERS, {})
        met: Counter[str] = Counter()
        for layer, case in flatten(suite):
            of_class = layers.setdefault(type(case), {})
            if self._is_left_to_pytest(case) and case._testMethodName not in of_class:
                of_class[case._testMethodName] = layer
            else:
                met[case.id()] += 1
                # xdist runs one test of each name, and says nothing of the others.
                name = f"{case.id()} #{met[case.id()]}" if met[case.id()] > 1 else case.id()
                item = SuiteItem.from_parent(self, name=name, case=case, layer=layer)
                self.items.append(item)
        return self.items

    def _is_left_to_pytest(self, case: unittest.TestCase) -> bool:
        """Whether pytest makes this very case itself, of a class that stands in the module."""
        kind = type(case)
        names = unittest.defaultTestLoader.getTestCaseNames(kind) or ["runTest"]
        return (
            getattr(self.parent.obj, kind.__name__, None) is kind
            and getattr(kind, "__test__", True)
            and case._testMethodName in names
            and not _takes_arguments(kind)
        )


def _takes_arguments(kind: Any) -> bool:
    """Whether the cases of a class are made from more than the name of a method."""
    own = kind.__init__.__module__ not in ("unittest.case", "unittest.async_case")
    return own or issubclass(kind, unittest.FunctionTestCase)


class SuiteItem(pytest.Item):
    """A case of a suite."""

    parent: SuiteCollector
    case: Any

    def __init__(self, case: unittest.TestCase, layer: AnyLayer, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.case = case
        self.stash[SUITE_LAYER] = layer

    def runtest(self) -> None:
        outcome = Outcome()
        self.case.run(outcome)
        outcome.tell(self)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show the frames of the case alone: neither pytest's nor unittest's."""
        frames = list(excinfo.traceback)
        ours = [number for number, frame in enumerate(frames) if str(frame.path) == __file__]
        excinfo.traceback = type(excinfo.traceback)(
            frame
            for frame in frames[ours[-1] + 1 if ours else 0 :]
            if "__unittest" not in frame.frame.f_globals
        )
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Any, int | None, str]:
        return self.path, 0, self.name  # skips need a line; which one it is, a case does not tell


def suite_items(items: Iterable[pytest.Item]) -> list[SuiteItem]:
    """Those that are cases of suites."""
    return [item for item in items if isinstance(item, SuiteItem)]


def stands_for_others(item: pytest.Item) -> bool:
    """Whether it is the case of what could not be loaded: nobody knows what is in there."""
    return isinstance(item, SuiteItem) and isinstance(item.case, FailedTest)


class Outcome(unittest.TestResult):
    """Hears how a case went, and tells it to pytest."""

    def __init__(self) -> None:
        super().__init__()
        self.raised: list[BaseException] = []

    def addError(self, test: object, err: Any) -> None:
        self.raised.append(err[1])

    addFailure = addError

    def addSubTest(self, test: object, subtest: object, err: Any) -> None:
        if err:
            self.addError(test, err)

    def addSkip(self, test: object, reason: str) -> None:
        self.raised.append(pytest.skip.Exception(reason, _use_item_location=True))

    def addExpectedFailure(self, test: object, err: Any) -> None:
        self.raised.append(pytest.xfail.Exception(f"expected failure: {err[1]}"))

    def addUnexpectedSuccess(self, test: object) -> None:
        self.raised.append(pytest.fail.Exception("Unexpected success", pytrace=False))

    def tell(self, item: pytest.Item) -> None:
        """Raise what the case did not pass with.

        :raises BaseException: the first error, else a skip; further errors go to the report.
        """
        errors = [each for each in self.raised if not isinstance(each, pytest.skip.Exception)]
        for further in errors[1:]:
            text = "".join(traceback.format_exception(further))
            item.add_report_section("call", "further error", text)
        if self.raised:
            raise (errors or self.raised)[0]
