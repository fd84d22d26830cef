"""How outcomes are raised in a case, and where."""

import traceback
import unittest
from pathlib import Path
from unittest import mock

from tests.external.support import SPECS
from underlay._errors import ExternalError, NoTestsReported
from underlay.external._events import Done, Failure, Problem, Spec
from underlay.external._report import raise_at, relative, report, report_problems

CART = SPECS / "cart.js"
SPEC = Spec("1", str(SPECS / "cart_spec.js"), ("Cart", "adds items"))
STACK = f"    at <Jasmine>\n    at total ({CART}:4:17)\n    at a (/shop/node_modules/b.js:1:1)"


def raised(function, *args):
    """What it raises and the last frame of that; `assertRaises` forgets the frames."""
    try:
        function(*args)
    except Exception as error:
        return error, traceback.extract_tb(error.__traceback__)[-1]
    raise AssertionError("Nothing was raised.")


class Reports(unittest.TestCase):
    def raised(self, status, message="", stack=STACK):
        outcome = Done("1", status, message, (Failure("Expected 1 to be 2.", stack),), "7")
        return raised(report, outcome, SPEC, SPECS)

    def test_passed_raises_nothing(self):
        report(Done("1", "passed", "", (), None), SPEC, SPECS)

    def test_failed_is_an_assertion_error_at_the_first_line_of_the_users(self):
        error, frame = self.raised("failed")
        self.assertIs(AssertionError, type(error))
        self.assertEqual(
            "Expected 1 to be 2.\n"
            "    at total (cart.js:4:17)\n"
            "  spec: Cart > adds items (cart_spec.js)\n"
            "  order: random, seed 7",
            str(error),
        )
        self.assertEqual(
            (str(CART), 4, "Cart adds items"), (frame.filename, frame.lineno, frame.name)
        )
        self.assertEqual("return prices.reduce((sum, price) => sum + price, 0);", frame.line)

    def test_every_other_verdict_is_an_error(self):
        for status in ("error", "unheard of"):
            with self.subTest(status):
                self.assertIs(ExternalError, type(self.raised(status)[0]))

    def test_skipped_tells_the_reason(self):
        self.assertIs(unittest.SkipTest, type(self.raised("skipped")[0]))
        self.assertEqual("pending", str(self.raised("skipped")[0]))
        self.assertEqual("not yet", str(self.raised("skipped", "not yet")[0]))

    def test_no_result_is_the_error_that_says_why(self):
        missing = NoTestsReported("Jasmine", "It was killed.", "")
        self.assertIs(missing, raised(report, missing, SPEC, SPECS)[0])

    def test_frames_outside_of_the_users_files_are_left_out_and_causes_are_kept(self):
        stack = (
            f"    at async file://{CART}:4:17\n"
            "    at node:internal/timers:581:17\n"
            "Caused by: Error: no network\n"
            f"    at UserContext.<anonymous> ({CART}:3:1)"
        )
        self.assertEqual(
            "Expected 1 to be 2.\n"
            "    at cart.js:4:17\n"
            "  Caused by: Error: no network\n"
            "    at cart.js:3:1\n"
            "  spec: Cart > adds items (cart_spec.js)\n"
            "  order: random, seed 7",
            str(self.raised("failed", stack=stack)[0]),
        )

    def test_problems_beside_the_specs_are_told_together(self):
        report_problems([], SPECS)
        problems = [Problem("Cart", Failure("one", STACK)), Problem("", Failure("two", ""))]
        self.assertEqual(
            "one\n    at total (cart.js:4:17)\n  beside the specs of Cart\ntwo",
            str(raised(report_problems, problems, SPECS)[0]),
        )

    def test_a_difference_is_told_by_its_lines(self):
        lines = [f"'customer {number}'," for number in range(2000)]
        other = [*lines[:1000], "'nobody',", *lines[1001:]]
        failure = Failure("differ", "", "\n".join(lines), "\n".join(other))
        text = str(raised(report, Done("1", "failed", "", (failure,)), SPEC, SPECS)[0])
        self.assertIn("\n  -'customer 1000',\n  +'nobody',\n   'customer 1001',\n", text)
        self.assertEqual(13, text.count("\n") + 1)


class OddTexts(unittest.TestCase):
    """Whatever runners tell: a terminal, a file and a channel of execnet can take it."""

    def test_half_characters_are_written_as_escapes(self):
        failure = Failure("got \ud83d", "", "a", "\ud83d")
        outcome = Done("1", "failed", "", (failure,), output="\ud83d")
        error, _ = raised(report, outcome, Spec("1", "", ("half \ud83d",)), SPECS)
        self.assertIn("spec: half \\ud83d\n", str(error))
        self.assertIn("got \\ud83d\n", str(error))
        str(error).encode()

    def test_a_reason_and_a_problem_are_texts_as_well(self):
        skipped = Done("1", "skipped", "\ud83d", ())
        self.assertEqual("\\ud83d", str(raised(report, skipped, SPEC, SPECS)[0]))
        problem = Problem("\ud83d", Failure("x", ""))
        str(raised(report_problems, [problem], SPECS)[0]).encode()

    def test_a_file_may_have_a_name_that_is_no_text(self):
        with mock.patch("linecache.getline", return_value="second"):
            _, frame = raised(raise_at, ExternalError(("x",)), ("/caf\udce9.js", 2), "spec")
        self.assertEqual(("/caf\\udce9.js", 2), (frame.filename, frame.lineno))


class Places(unittest.TestCase):
    def test_a_line_that_is_not_there_is_not_shown(self):
        for location in (None, ("/nowhere/cart.js", 4), (str(CART), 400)):
            with self.subTest(location):
                _, frame = raised(raise_at, ExternalError(("x",)), location, "spec")
                self.assertEqual("raise_at", frame.name)

    def test_paths_are_shown_from_the_root_if_they_are_below(self):
        self.assertEqual("js/cart.js", relative("/shop/js/cart.js", Path("/shop")))
        self.assertEqual("/cart.js", relative("/cart.js", Path("/shop")))
