import os
import pty
import subprocess
import sys
import unittest
from unittest import mock

from underlay.assertions._colours import painted

FAILING = """if True:
    from underlay.assertions import assertEllipsis
    try:
        assertEllipsis("...the price is 7...", "Yes, the price is 8.")
    except AssertionError as error:
        open("/dev/fd/{}", "w").write(str(error))
"""


def message(in_terminal: bool, **environ: str) -> str:
    """What a failure says in a process whose standard output and error are a terminal or not."""
    environ = {**os.environ, "TERM": "xterm", "NO_COLOR": "", "FORCE_COLOR": "", **environ}
    ours, theirs = pty.openpty() if in_terminal else os.pipe()
    read, write = os.pipe()
    try:
        subprocess.run(
            [sys.executable, "-c", FAILING.format(write)],
            **{"stdin": subprocess.DEVNULL, "stdout": theirs, "stderr": theirs, "check": True},
            **{"pass_fds": [write], "env": environ},
        )
        return os.read(read, 10_000).decode()
    finally:
        for descriptor in (ours, theirs, read, write):
            os.close(descriptor)


class Shown(unittest.TestCase):
    def test_in_a_terminal(self):
        self.assertIn("\x1b[31m[-7-]\x1b[0m\x1b[32m{+8+}\x1b[0m", message(True))

    def test_elsewhere_there_are_none(self):
        self.assertIn("[-7-]{+8+}", message(False))

    def test_a_terminal_that_knows_none(self):
        self.assertIn("[-7-]{+8+}", message(True, TERM="dumb"))

    def test_the_user_decides(self):
        self.assertNotIn("\x1b", message(True, NO_COLOR="1"))
        self.assertIn("\x1b", message(False, FORCE_COLOR="1"))


class Painted(unittest.TestCase):
    def test_all_changes_of_a_line(self):
        with mock.patch.multiple("underlay.assertions._colours", RED="<", GREEN="<", RESET=">"):
            self.assertEqual("a <[-b-]><{+c+}> d <{+e+}>", painted("a [-b-]{+c+} d {+e+}"))
