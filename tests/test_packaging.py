"""What a source distribution has in it."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@unittest.skipUnless((ROOT / ".git").exists(), "this is not a checkout")
class SourceDistribution(unittest.TestCase):
    def test_it_has_every_file_of_the_checkout(self):
        """What its tests and its manual need is in MANIFEST.in, whatever kind of file that is."""
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, "setup.py", "-q", "egg_info", "--egg-base", folder]
            subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
            sources = Path(folder, "underlay.egg-info", "SOURCES.txt").read_text("utf-8")
        listed = subprocess.check_output(["git", "ls-files"], cwd=ROOT, text=True).splitlines()
        self.assertEqual({".gitignore"}, {*listed} - {*sources.splitlines()})
