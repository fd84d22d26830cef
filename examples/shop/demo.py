"""The demo: run the shop's tests, tell how many of which kind there were, and when each ran."""

from __future__ import annotations

import shutil
import sys
import unittest
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from zope.testrunner.runner import Runner

from underlay import timeline

TIMELINE = Path(__file__).parents[2] / "build" / "timeline"
OPTIONS = ["--path", str(Path(__file__).parents[1]), "-s", "shop", "--tests-pattern", "^test_"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the tests under zope.testrunner.

    :param arguments: more options for it, by default those of the command line.
    :return: the exit status: 0 if all tests passed, and there were some in Python and JavaScript.
    """
    more = sys.argv[1:] if arguments is None else arguments
    shutil.rmtree(TIMELINE, ignore_errors=True)
    timeline.record(TIMELINE)
    runner = Runner([*OPTIONS, "-vv"], ["demo", *more], script_parts=["-m", "zope.testrunner"])
    runner.run()
    tests = unittest.TestSuite(runner.tests_by_layer_name.values())
    found = Counter(_languages(tests))
    problems = len(runner.failures) + len(runner.errors) + len(runner.import_errors)
    complete = runner.ran == tests.countTestCases() and len(found) == 2
    print(f"\n{found['Python']} Python tests and {found['JavaScript']} JavaScript tests:", end=" ")
    print(f"{problems} problems." if complete else f"{problems} problems, and not all has run.")
    print("\nWhen each layer and each test ran:")
    timeline.main([str(TIMELINE)])
    return int(runner.failed or not complete)


def _languages(tests: unittest.TestSuite) -> Iterator[str]:
    for test in tests:
        if isinstance(test, unittest.TestSuite):
            yield from _languages(test)
        elif not hasattr(test, "specs"):
            yield "Python"
        elif test.id().rpartition(".")[2] in test.specs:  # there is one more case for the runner
            yield "JavaScript"


if __name__ == "__main__":
    sys.exit(main())
