"""--layer and --shard: which tests are run."""

import argparse
import random
import tempfile
import unittest
from collections import Counter
from pathlib import Path
from unittest import mock

from tests.runners.project import ProjectTest
from underlay.runners._selection import (
    Group,
    Shard,
    is_selected,
    layer_pattern,
    shard,
    shard_to_run,
)
from underlay.runners._times import NOTHING

LAYERS = """
    import unittest
    from hooks import Logged, log

    def case(name, layer=None):
        case = unittest.FunctionTestCase(lambda: log(name), description=name)
        if layer is not None:  # which zope.testrunner would take for a layer
            case.layer = layer
        return case

    SMALL, LARGE = Logged(), Logged()

    def test_suite():
        return unittest.TestSuite(
            [case("plain"), case("small", SMALL), *(case(f"large {n}", LARGE) for n in range(3))]
        )
"""


class SelectionTest(ProjectTest):
    def run_both(self, *arguments, text=LAYERS):
        folder = self.project(test_it=text)
        return [self.run_project(runner, folder, *arguments) for runner in ("pytest", "unittest")]

    def ran(self, run):
        return [line for line in run.log if not line.endswith(("up", "down"))]


class IsSelected(unittest.TestCase):
    def test_a_pattern_is_searched_in_full_names(self):
        self.assertTrue(is_selected(["app.testing.LIVE"], ["LIVE"]))
        self.assertFalse(is_selected(["app.testing.LIVE"], ["^LIVE"]))

    def test_one_pattern_and_one_of_the_layers_are_enough(self):
        self.assertTrue(is_selected(["app.A", "app.B"], ["C", "B"]))

    def test_what_an_exclamation_mark_names_is_left_out(self):
        self.assertFalse(is_selected(["app.A"], ["!A"]))
        self.assertFalse(is_selected(["app.A"], ["app", "!A"]))
        self.assertTrue(is_selected(["app.B"], ["!A"]))

    def test_tests_without_layers_have_a_layer_without_a_name(self):
        self.assertTrue(is_selected([], []))
        self.assertFalse(is_selected([], ["A"]))
        self.assertTrue(is_selected([], ["!."]))
        self.assertFalse(is_selected(["app.A"], ["!."]))

    def test_what_is_no_regular_expression_is_refused(self):
        self.assertEqual("!LIVE", layer_pattern("!LIVE"))
        with self.assertRaisesRegex(argparse.ArgumentTypeError, r"'\[' is no regular expression"):
            layer_pattern("[")


class LayerOption(SelectionTest):
    def test_only_its_tests_are_run_and_only_its_layers_set_up(self):
        for run in self.run_both("--layer", r"SMALL$"):
            self.assertEqual(0, run.status, run.output)
            self.assertEqual("SMALL up, SMALL test up, small", ", ".join(run.log[:3]))
            self.assertEqual(["small"], self.ran(run))

    def test_it_may_be_repeated_and_negated(self):
        for run in self.run_both("--layer", "test_it", "--layer", "!LARGE"):
            self.assertEqual(["small"], self.ran(run), run.output)

    def test_no_test_left_is_no_success(self):
        for run in self.run_both("--layer", "NOTHING"):
            self.assertEqual((5, []), (run.status, run.log), run.output)

    def test_a_pattern_that_cannot_be_read_is_an_error(self):
        statuses = [run.status for run in self.run_both("--layer", "[")]
        self.assertEqual([4, 2], statuses)

    def test_a_layer_that_cannot_be_found_is_an_error_whatever_is_selected(self):
        text = (
            LAYERS
            + """
    class It(unittest.TestCase):
        layer = "test_it.NOWHERE"
        def test_it(self): pass
    del test_suite
"""
        )
        for run in self.run_both("--layer", "NOTHING", text=text):
            self.assertEqual(1, run.status, run.output)
            self.assertIn("NOWHERE", run.output)


class Choosing(unittest.TestCase):
    def test_every_test_is_in_one_shard_in_its_order(self):
        tests = random.Random(1).choices("ABCDEFG", k=100)
        group = lambda test: Group(test.lower(), ())  # noqa: E731
        parts = [Shard(number, 3).choose(tests, group, NOTHING) for number in (1, 2, 3)]
        self.assertEqual(Counter(tests), sum(map(Counter, parts), Counter()))
        for part in parts:
            self.assertEqual([each for each in tests if each in part], part)

    def test_what_is_no_shard_is_refused(self):
        self.assertEqual("1/3", shard("1/3"))
        for text in ("", "1", "0/3", "4/3", "a/b", "1/", "-1/3", "0/0"):
            with self.subTest(text), self.assertRaises(argparse.ArgumentTypeError):
                shard(text)


class Bazel(unittest.TestCase):
    def test_its_first_shard_is_number_0_and_a_file_tells_that_we_shard(self):
        with tempfile.TemporaryDirectory() as folder:
            status = Path(folder, "status")
            environ = {
                "TEST_TOTAL_SHARDS": "3",
                "TEST_SHARD_INDEX": "0",
                "TEST_SHARD_STATUS_FILE": str(status),
            }
            self.assertEqual(Shard(1, 3), shard_to_run(None, environ))
            self.assertTrue(status.exists())

    def test_the_command_line_has_the_last_word(self):
        environ = {"TEST_TOTAL_SHARDS": "3", "TEST_SHARD_INDEX": "0"}
        self.assertEqual(Shard(2, 2), shard_to_run("2/2", environ))

    def test_without_either_there_are_no_shards(self):
        self.assertIsNone(shard_to_run(None, {}))

    def test_a_protocol_that_is_not_kept_is_refused(self):
        for index in ({}, {"TEST_SHARD_INDEX": "3"}):
            with self.assertRaises(argparse.ArgumentTypeError):
                shard_to_run(None, {"TEST_TOTAL_SHARDS": "3", **index})


class ShardOption(SelectionTest):
    def test_every_test_runs_in_one_shard_and_every_layer_is_in_one(self):
        all_tests = ["plain", "small", "large 0", "large 1", "large 2"]
        shards = zip(*(self.run_both("--shard", f"{number}/3") for number in (1, 2, 3)))  # noqa: B905
        for runs in shards:
            for run in runs:
                self.assertEqual(0, run.status, run.output)
            self.assertEqual(sorted(all_tests), sorted(t for run in runs for t in self.ran(run)))
            self.assertEqual(["large 0", "large 1", "large 2"], self.ran(runs[0]))

    def test_an_empty_shard_is_a_success_if_others_are_not_empty(self):
        for run in self.run_both("--shard", "4/4"):
            self.assertEqual((0, []), (run.status, run.log), run.output)
        for run in self.run_both("--shard", "4/4", text="import unittest"):
            self.assertEqual(5, run.status, run.output)

    def test_the_protocol_of_bazel_is_kept(self):
        environ = {"TEST_TOTAL_SHARDS": "2", "TEST_SHARD_INDEX": "0"}
        with mock.patch.dict("os.environ", environ):
            for run in self.run_both():
                self.assertEqual(["large 0", "large 1", "large 2"], self.ran(run), run.output)

    def test_what_is_no_shard_is_an_error(self):
        self.assertEqual([4, 2], [run.status for run in self.run_both("--shard", "3/2")])
        with mock.patch.dict("os.environ", {"TEST_TOTAL_SHARDS": "2"}):
            for run in self.run_both():
                self.assertIn(run.status, (1, 4), run.output)
                self.assertIn("TEST_SHARD_INDEX", run.output)
