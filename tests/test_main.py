"""``python -m underlay``: which commands there are."""

import contextlib
import io
import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from tests.helpers import Golden
from underlay.__main__ import main


class Main(Golden):
    def run_main(self, *arguments):
        """Exit status, standard output and standard error of a command."""
        out, err, status = io.StringIO(), io.StringIO(), None
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                main(list(arguments))
            except SystemExit as error:
                status = error.code
        return status, out.getvalue(), err.getvalue()

    def test_without_a_command_it_tells_which_there_are(self):
        for arguments in ((), ("-h",), ("--help",)):
            status, out, err = self.run_main(*arguments)
            self.assertEqual((None, ""), (status, err))
            self.assertGolden("main-usage", out.removesuffix("\n"))

    def test_an_unknown_command_is_an_error(self):
        status, out, err = self.run_main("unitest")
        self.assertEqual((2, ""), (status, out))
        self.assertGolden("main-unknown", err.removesuffix("\n"))

    def test_unittest_gets_the_rest_of_the_arguments(self):
        status, out, _ = self.run_main("unittest", "--help")
        self.assertEqual(0, status)
        self.assertIn("python -m underlay unittest", out)


class Process(unittest.TestCase):
    def folder(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        return Path(folder.name)

    def run_it(self, *command):
        text = "import unittest\nclass One(unittest.TestCase):\n    def test_one(self): pass\n"
        folder = self.folder()
        (folder / "test_one.py").write_text(text)
        return subprocess.run(
            [sys.executable, *command, "unittest", "test_one"],
            cwd=folder,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )

    def test_it_runs_as_a_module(self):
        process = self.run_it("-m", "underlay")
        self.assertEqual(0, process.returncode, process.stderr)

    def test_the_installed_script_finds_the_tests_as_well(self):
        """Unlike ``python -m`` a script does not have the current folder on its path."""
        script = self.folder() / "underlay"
        script.write_text("from underlay.__main__ import main\nmain()\n")
        process = self.run_it(script)
        self.assertEqual(0, process.returncode, process.stderr)
