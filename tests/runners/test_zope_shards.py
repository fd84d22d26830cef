"""``underlay shards N``: parts of a run for zope.testrunner."""

import shlex
import subprocess
import sys
import unittest
from collections import Counter

from tests.runners.project import ProjectTest
from tests.runners.test_selection import LAYERS
from underlay import LayerError
from underlay._stack import Spent
from underlay.runners._times import Record
from underlay.runners._zope_shards import listed, options

LISTING = """\
Listing app.A tests:
  test_one (app.It)
  test_two (app.It)
Listing app.B tests:
  a doctest
"""


class Listing(unittest.TestCase):
    def test_the_tests_of_each_layer_are_counted(self):
        self.assertEqual({"app.A": 2, "app.B": 1}, listed(LISTING.splitlines()))

    def test_an_empty_shard_selects_nothing_for_without_options_all_tests_run(self):
        self.assertEqual(
            ["--layer '^$'", "--layer '^A$'"], sorted(options(Counter(A=1), 2), key=len)
        )

    def test_no_tests_and_no_shards_are_refused(self):
        for tests, count in ((Counter(), 1), (Counter(A=1), 0)):
            with self.assertRaises(LayerError):
                options(tests, count)

    def test_layers_gather_around_a_base_that_is_known_to_be_slow(self):
        tests = Counter({"app.A1": 1, "app.A2": 1, "app.B1": 1, "app.B2": 1})
        layers = {name: (name[:-1], name) for name in tests}
        set_ups = {"app.A": Spent(9, 1), "app.B": Spent(9, 1)}
        first, second = options(tests, 2, Record(set_ups, {}, layers))
        self.assertEqual((2, 2), (first.count("A"), second.count("B")))

    def test_options_are_quoted_and_match_whole_names(self):
        self.assertEqual(
            [r"--layer '^app\.A$' --layer '^app\.B$'"], options(Counter(["app.A", "app.B"]), 1)
        )


class Running(ProjectTest):
    def test_every_test_runs_in_one_shard(self):
        folder = self.project(test_it=LAYERS)
        listing = self.run_project("zope.testrunner", folder, "--list-tests").output
        command = [sys.executable, "-m", "underlay", "shards", "3"]
        printed = subprocess.run(command, input=listing, capture_output=True, text=True, check=True)
        lines = printed.stdout.splitlines()
        runs = [self.run_project("zope.testrunner", folder, *shlex.split(each)) for each in lines]
        self.assertEqual([3, 1, 1], [run.ran for run in runs], printed.stdout)
        ran = [line for run in runs for line in run.log if not line.endswith(("up", "down"))]
        self.assertEqual(["large 0", "large 1", "large 2", "plain", "small"], sorted(ran))
