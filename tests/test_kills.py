"""Nothing survives a run; ``python -m tests.kills`` tries that more often, at random moments."""

import signal
import unittest
from concurrent.futures import ThreadPoolExecutor

from tests.helpers import signals_heard
from tests.kills import COMMANDS, kill, when_a_server_runs


class Kills(unittest.TestCase):
    def left(self, number, names):
        """What is left of runs that got a signal."""
        self.lent = []
        with signals_heard(), ThreadPoolExecutor(2) as pool:
            results = pool.map(lambda name: kill(name, self.moment, number, seconds=20), names)
            return {name: left for name, (_, left) in zip(names, results, strict=True) if left}

    def moment(self, run):
        when_a_server_runs(run)
        self.lent += run.descriptors_lent()

    def test_nothing_is_left_of_a_run_that_is_killed(self):
        self.assertEqual({}, self.left(signal.SIGKILL, COMMANDS))
        self.assertEqual([], self.lent, "Nobody but the runner writes to its streams.")

    def test_nothing_is_left_if_the_first_process_of_several_is_terminated(self):
        self.assertEqual({}, self.left(signal.SIGTERM, ["zope.testrunner -j2", "pytest -n2"]))
