"""Nothing survives a run; ``python -m tests.kills`` tries that more often, at random moments."""

import signal
import unittest

from tests.kills import COMMANDS, kill, when_a_server_runs


class Kills(unittest.TestCase):
    def check(self, number):
        for name in COMMANDS:
            with self.subTest(name):
                before, remains = kill(name, when_a_server_runs, number, seconds=20)
                self.assertGreater(before, 1)
                self.assertFalse(remains)

    def test_nothing_is_left_of_a_run_that_is_killed(self):
        self.check(signal.SIGKILL)

    def test_nothing_is_left_of_a_run_that_is_terminated(self):
        self.check(signal.SIGTERM)
