"""The manual tells the truth about what capture() and its peers see."""

import os
import unittest

from tests.capture import peers


class Table(unittest.TestCase):
    maxDiff = None

    def test_it_says_what_each_peer_sees(self):
        """UNDERLAY_WRITE_GOLDEN=1 writes it anew."""
        found = peers.table()
        if os.environ.get("UNDERLAY_WRITE_GOLDEN"):
            peers.TABLE.write_text(found, "utf-8")
        self.assertEqual(peers.TABLE.read_text("utf-8"), found)

    def test_ours_sees_everything(self):
        self.assertEqual({"yes"}, set(peers.seen("underlay").values()))
