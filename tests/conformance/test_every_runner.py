"""One verdict under every runner, whatever happens to a layer: eleven situations, five runners."""

import os
import unittest
from pathlib import Path

from tests.conformance.deviations import DEVIATIONS, deviation, expected
from tests.conformance.runs import RUNNERS, run, run_everywhere
from tests.conformance.situations import SITUATIONS, Situation
from tests.conformance.verdict import calls, in_a_cell, table

TABLE = Path(__file__).parents[2] / "docs" / "reference" / "conformance.inc"


class EverySituation(unittest.TestCase):
    maxDiff = None

    def check(self, name):
        [situation] = [each for each in SITUATIONS if each.name == name]
        for runner, came in run_everywhere(name).items():
            with self.subTest(runner=runner):
                self.check_run(expected(situation, runner), came, is_parallel=" -" in runner)

    def check_run(self, wanted, came, is_parallel):
        self.assertEqual(wanted.outcomes, came.outcomes, came.output)
        self.assertEqual(wanted.fails, came.status != 0, came.output)
        self.assertIn(wanted.cause, came.output)
        self.assertEqual([], came.left, came.output)
        blocks, called = calls(wanted, came)
        if is_parallel:
            blocks, called = sorted(blocks), sorted(called)
        self.assertEqual(blocks, called, came.output)

    def test_all_well(self):
        self.check("all well")

    def test_error_in_setUp(self):
        self.check("error in setUp")

    def test_half_a_setUp(self):
        self.check("half a setUp")

    def test_error_in_tearDown(self):
        self.check("error in tearDown")

    def test_error_in_testSetUp(self):
        self.check("error in testSetUp")

    def test_error_in_testTearDown(self):
        self.check("error in testTearDown")

    def test_error_in_verify(self):
        self.check("error in verify")

    def test_SkipTest_in_setUp(self):
        self.check("SkipTest in setUp")

    def test_Ctrl_C(self):
        self.check("Ctrl-C")

    def test_two_layers_of_one_name(self):
        self.check("two layers of one name")

    def test_a_nested_suite_with_a_layer(self):
        self.check("a nested suite with a layer")


LEAKING = """
    import subprocess, tempfile, threading, time, unittest
    from hooks import Logged

    class Leaking(Logged):
        def setUp(self):
            self.file = tempfile.NamedTemporaryFile(prefix="forgotten-", delete=False)
            subprocess.Popen(["sleep", "5"], stdout=-3, stderr=-3, start_new_session=True)
            thread = threading.Thread(target=time.sleep, args=[60], name="a thread", daemon=True)
            thread.start()

    LEAKING = Leaking()

    class OnLeaking(unittest.TestCase):
        layer = LEAKING
        def test_it(self):
            pass
"""


class Evidence(unittest.TestCase):
    def test_what_a_layer_leaves_is_seen(self):
        leaking = Situation("leaking", LEAKING, {}, [])
        for runner in ("zope.testrunner", "pytest", "underlay unittest"):
            with self.subTest(runner=runner):
                left = "\n".join(run(leaking, runner).left)
                self.assertRegex(left, r"left is <Thread\(a thread")
                self.assertRegex(left, r"left is .*/tmp/forgotten-")
                self.assertEqual(2, left.count("forgotten-"), left)  # the file, its descriptor
                self.assertIn(r"left is b'sleep\x005", left)


def cell(situation, runner):
    """What came of a situation, and a mark where the runner deviates."""
    came = run_everywhere(situation.name)[runner]
    found = deviation(situation, runner)
    mark = f" [{DEVIATIONS.index(found) + 1}]_" if found else ""
    return in_a_cell(expected(situation, runner), runner, came) + mark


class Manual(unittest.TestCase):
    maxDiff = None

    def test_it_shows_what_came_of_the_runs(self):
        """``UNDERLAY_WRITE_GOLDEN=1`` writes the table anew."""
        notes = [f".. [{number}] {each.reason}" for number, each in enumerate(DEVIATIONS, 1)]
        actual = table(RUNNERS, cell) + "\n".join(["", *notes, ""])
        if os.environ.get("UNDERLAY_WRITE_GOLDEN"):
            TABLE.write_text(actual, "utf-8")
        self.assertEqual(TABLE.read_text("utf-8"), actual)
