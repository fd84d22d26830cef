"""The same timeline under every runner."""

import functools
import os
import subprocess
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path

from tests.conformance.runs import RUNNERS
from tests.helpers import PATIENCE
from underlay import TimelineUnreadable
from underlay.timeline._reading import read
from underlay.timeline._rows import rows

MODULE = """
    import unittest
    from underlay import Layer

    class Noted(Layer):
        def setUp(self):
            self.addNote("port 1")

    class Broken(Layer):
        def setUp(self):
            raise RuntimeError("boom")

        def tearDown(self):
            raise RuntimeError("not reached")

    class Grumpy(Layer):
        def tearDown(self):
            raise RuntimeError("grumble")

    class Strict(Layer):
        def testTearDown(self):
            raise RuntimeError("left behind")

    BASE = Noted()
    LIVE = Layer([BASE])
    BROKEN, GRUMPY, STRICT = Broken(), Grumpy(), Strict()

    class OnLive(unittest.TestCase):
        layer = LIVE
        def test_passes(self):
            pass
        def test_fails(self):
            self.layer.addNote("screenshot", "page.png")
            self.fail("wrong")
        def test_error(self):
            1 / 0
        def test_is_skipped(self):
            self.skipTest("no")
        @unittest.skip("never")
        def test_is_never_run(self):
            pass
        @unittest.expectedFailure
        def test_is_expected_to_fail(self):
            self.fail()
        def test_subtests(self):
            for number in range(3):
                with self.subTest(number=number):
                    pass

    class OnBroken(unittest.TestCase):
        layer = BROKEN
        def test_first(self):
            pass
        def test_second(self):
            pass

    class OnGrumpy(unittest.TestCase):
        layer = GRUMPY
        def test_on_grumpy(self):
            pass

    class OnStrict(unittest.TestCase):
        layer = STRICT
        def test_on_strict(self):
            pass

    class Free(unittest.TestCase):
        def test_free(self):
            pass

    def load_tests(loader, tests, pattern):
        suite = unittest.TestSuite([unittest.FunctionTestCase(print)])
        suite.layer = LIVE
        return unittest.TestSuite([tests, suite])
"""

HOOKS = [
    ("setUp", "BASE", "passed"),
    ("setUp", "BROKEN", "error"),
    ("setUp", "GRUMPY", "passed"),
    ("setUp", "LIVE", "passed"),
    ("setUp", "STRICT", "passed"),
    ("tearDown", "BASE", "passed"),
    ("tearDown", "GRUMPY", "error"),
    ("tearDown", "LIVE", "passed"),
    ("tearDown", "STRICT", "passed"),
]
OUTCOMES = {
    "test_passes": "passed",
    "test_fails": "failed",
    "test_error": "error",
    "test_is_skipped": "skipped",
    "test_is_never_run": "skipped",
    "test_is_expected_to_fail": "passed",
    "test_subtests": "passed",
    "test_first": "error",
    "test_second": "error",
    "test_on_grumpy": "passed",
    "test_on_strict": "error",
    "test_free": "passed",
    "print": "passed",
}
#: To pytest what a test raises is a failure, and its last layers go down while it is the test's.
OF_PYTEST = {"test_error": "failed"}
HOMES = {
    **dict.fromkeys(["test_passes", "test_fails", "test_error", "test_is_skipped"], "LIVE"),
    **dict.fromkeys(["test_is_expected_to_fail", "test_subtests", "print"], "LIVE"),
    **dict.fromkeys(["test_first", "test_second"], "BROKEN"),
    **{"test_on_grumpy": "GRUMPY", "test_on_strict": "STRICT", "test_free": ""},
}


def run_recorded(runner, *arguments, **environment):
    """Run the module under a runner and return what was recorded in ``there``."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "test_it.py").write_text(textwrap.dedent(MODULE))
        words = [each.format(folder=folder) for each in (*RUNNERS[runner], *arguments)]
        inherited = {key: os.environ[key] for key in os.environ if "TIMELINE" not in key}
        process = subprocess.run(
            [sys.executable, "-m", *words],
            cwd=folder,
            env={**inherited, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
        )
        try:
            return read(Path(folder) / "there")
        except TimelineUnreadable as error:
            raise AssertionError(process.stdout) from error


@functools.cache
def recorded_everywhere():
    """The run under each runner, asked for by the variable, or also by pytest's option."""
    runs = {runner: run_recorded(runner, UNDERLAY_TIMELINE="there") for runner in RUNNERS}
    for runner in ("pytest", "pytest -n2"):
        runs[f"{runner} --underlay-timeline"] = run_recorded(runner, "--underlay-timeline", "there")
    return runs.items()


class EveryRunner(unittest.TestCase):
    def test_set_ups_and_tear_downs_are_recorded(self):
        for runner, run in recorded_everywhere():
            hooks = [span for _, span in run.spans("setUp", "tearDown")]
            seen = {(hook.what, hook.name.split(".")[-1], hook.outcome) for hook in hooks}
            self.assertEqual(HOOKS, sorted(seen), runner)

    def test_each_test_is_recorded_once_with_its_outcome(self):
        for runner, run in recorded_everywhere():
            tests = [(last_name(span), span.outcome) for _, span in run.spans("test")]
            expected = OUTCOMES if "pytest" not in runner else OUTCOMES | OF_PYTEST
            self.assertEqual(sorted(expected.items()), sorted(tests), runner)

    def test_errors_are_told_in_short_and_in_full(self):
        for runner, run in recorded_everywhere():
            tests = {last_name(span): span for _, span in run.spans("test")}
            error = tests["test_error"]
            self.assertEqual("ZeroDivisionError: division by zero", error.error, runner)
            self.assertIn("1 / 0", error.details, runner)
            self.assertEqual("no", tests["test_is_skipped"].error, runner)
            self.assertIn("test_it.BROKEN", tests["test_second"].error, runner)

    def test_notes_are_recorded(self):
        for runner, run in recorded_everywhere():
            [screenshot] = [span.notes for _, span in run.spans("test") if span.notes]
            self.assertRegex(screenshot[0].path, "/page.png$", runner)
            starts = [span.notes for _, span in run.spans("setUp") if span.name.endswith("BASE")]
            self.assertEqual("port 1", starts[0][0].text, runner)

    def test_tests_stand_in_the_row_of_their_layer(self):
        for runner, run in recorded_everywhere():
            homes = {
                last_name(span): row.layer.split(".")[-1]
                for process in run.processes
                for row in rows(process)
                for span in row.tests
            }
            self.assertLessEqual(HOMES.items(), homes.items(), runner)

    def test_no_test_overlaps_with_a_layer_that_goes_up_or_down(self):
        """Though pytest counts that in; where it goes down, pytest waits to tell of the test."""
        for runner, run in recorded_everywhere():
            for process, hook in run.spans("setUp", "tearDown"):
                for test in process.spans:
                    apart = hook.end <= test.start or test.end <= hook.start
                    self.assertTrue(test.what != "test" or apart, (runner, hook, test))


def last_name(span):
    return span.name.split(".")[-1].split(":")[-1]
