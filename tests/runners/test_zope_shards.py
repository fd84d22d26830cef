"""``underlay shards N``: parts of a run for zope.testrunner."""

import shlex
import subprocess
import sys
import unittest
from collections import Counter

from tests.runners.project import ProjectTest
from tests.runners.test_selection import LAYERS
from underlay import LayerError
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

    def test_a_shard_without_tests_is_refused_for_it_would_run_all(self):
        for tests, count in ((Counter(A=1), 2), (Counter(), 1), (Counter(A=1), 0)):
            with self.assertRaises(LayerError):
                options(tests, count)

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
