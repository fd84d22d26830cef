"""The words of the manual's tables are earned."""

import unittest

from tests.conformance.runs import Run
from tests.conformance.situations import FAILED, PASSED, Situation, on
from tests.conformance.verdict import differences, in_a_cell

RED = Situation(
    "red", "", {"test_a": PASSED, "test_b": FAILED}, [on("L", "test_a", "test_b")], "boom"
)
GREEN = Situation("green", "", {"test_a": PASSED}, [on("L", "test_a")], fails=False)
END = "Ran 2 tests in 0.1s\n"


def run(wanted, **other):
    """A run that goes as it should, but for what is told."""
    as_wanted = {
        "status": int(wanted.fails),
        "output": wanted.cause + "\n" + END,
        "outcomes": wanted.outcomes,
        "log": wanted.log,
        "left": [],
    }
    return Run(**{**as_wanted, **other})


class Differences(unittest.TestCase):
    def check(self, words, wanted, **other):
        self.assertEqual(words, differences(wanted, "underlay unittest", run(wanted, **other)))

    def test_none(self):
        self.check([], RED)
        self.check([], GREEN)

    def test_of_the_status(self):
        self.check(["not noticed"], RED, status=0)
        self.check(["false alarm"], GREEN, status=1)

    def test_of_the_output(self):
        self.check(["cause not told"], RED, output=END)
        self.check(["the run dies"], RED, output="boom")

    def test_of_outcomes(self):
        self.check(["1 test lost"], RED, outcomes={"test_b": FAILED})
        self.check(["1 wrongly passed"], RED, outcomes={"test_a": PASSED, "test_b": PASSED})
        self.check(
            ["1 test run all the same"], GREEN, outcomes={"test_a": PASSED, "test_b": PASSED}
        )

    def test_of_set_ups(self):
        self.check(["1 set-up too many"], GREEN, log=[on("L", "test_a"), on("L")])
        self.check(["1 set-up missing"], GREEN, log=[["test_a"]])

    def test_of_the_order(self):
        self.check(["calls in another order"], GREEN, log=[["L up", "L down", "test_a"]])

    def test_of_what_is_left(self):
        left = ["left is b'sleep'", "left is <Thread(x)>", "left is /tmp/x", "7 did not look"]
        self.check(["leaks a process, a thread, a file", "7 did not look"], GREEN, left=left)


class Cell(unittest.TestCase):
    def test_it_counts_outcomes(self):
        cell = in_a_cell(RED, "underlay unittest", run(RED))
        self.assertEqual("1 failed, 1 passed; red", cell)

    def test_differences_are_bold(self):
        cell = in_a_cell(GREEN, "underlay unittest", run(GREEN, outcomes={}, left=["left is /x"]))
        self.assertEqual("stopped; green: **1 test lost, leaks a file**", cell)
