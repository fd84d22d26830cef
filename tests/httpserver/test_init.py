"""What comes with the extra."""

import subprocess
import sys
import unittest
from pathlib import Path

import underlay


class Extra(unittest.TestCase):
    def test_without_werkzeug_the_extra_is_named(self):
        house = str(Path(underlay.__file__).parents[1])
        code = f"import sys; sys.path.insert(0, {house!r}); import underlay.httpserver"
        run = subprocess.run(
            [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True
        )
        self.assertIn("werkzeug: install underlay[httpserver]", run.stderr)
