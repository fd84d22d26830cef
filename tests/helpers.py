"""What tests of several rooms need."""

import contextlib
import os
import signal
import unittest
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

GOLDEN = Path(__file__).parent / "golden"


@contextlib.contextmanager
def interrupts_heard() -> Iterator[None]:
    """Where tests run in the background, SIGINT is ignored, and children would inherit that."""
    before = signal.getsignal(signal.SIGINT)
    if before is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        if before is signal.SIG_IGN:
            signal.signal(signal.SIGINT, before)


class Golden(unittest.TestCase):
    """For messages that users read: they stand in files, to be reviewed as text.

    Run the tests with ``UNDERLAY_WRITE_GOLDEN=1`` to write these files anew.
    """

    maxDiff = None

    def assertGolden(self, name: str, text: object) -> None:
        """Compare a text, or an error's, with ``golden/NAME.txt``, which ends in a line feed."""
        file, actual = GOLDEN / f"{name}.txt", f"{text}\n"
        if os.environ.get("UNDERLAY_WRITE_GOLDEN"):
            file.write_text(actual, "utf-8")
        self.assertTrue(file.exists(), f"There is no {file}. The text is:\n{actual}")
        self.assertEqual(file.read_text("utf-8"), actual)


class ByHand(unittest.TestCase):
    """For tests that call the hooks of layers themselves, and leave layers up.

    They would be taken down when the tests end; see `Layer._take_down_at_exit`.
    """

    def setUp(self) -> None:
        net = mock.patch("underlay._scopes.atexit")
        net.start()
        self.addCleanup(net.stop)
