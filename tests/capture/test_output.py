"""Output: each test's output is kept in files, and still shown by the runner."""

import os
import tempfile
import unittest
from pathlib import Path

from tests.runners.project import ProjectTest
from underlay.capture import Output, capture
from underlay.testing import check_layer

TESTS = """
import os, sys, unittest
from underlay.capture import Output

class Talks(unittest.TestCase):
    layer = Output("kept", name="OUTPUT")

    def test_loudly(self):
        print("a word from Python")
        os.system("echo from a child >&2")
        self.assertIn("from a child", self.layer.captured.stderr)
        self.fail("provoked")

    def test_in_silence(self):
        pass
"""


class Keeps(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name, "deeper")
        self.layer = Output(self.folder)

    def kept(self):
        return {
            file.name.partition("-")[2]: file.read_text() for file in sorted(self.folder.iterdir())
        }

    def test_it_does_what_every_layer_does(self):
        check_layer(self.layer)

    def test_output_of_a_test_is_in_files_and_goes_on(self):
        with capture() as around, self.layer:
            print("from the test")
            self.assertEqual("from the test\n", self.layer.captured.stdout)
        self.assertEqual({"0001-stdout.txt": "from the test\n"}, self.kept())
        self.assertEqual("from the test\n", around.stdout)

    def test_a_test_that_fails(self):
        with capture(), self.assertRaises(ZeroDivisionError), self.layer:
            print("so far")
            raise ZeroDivisionError
        self.assertEqual({"0001-stdout.txt": "so far\n"}, self.kept())

    def test_bytes_are_kept_as_they_are(self):
        with capture() as around, self.layer:
            os.write(2, b"\xff\n")
        [file] = self.folder.iterdir()
        self.assertEqual((b"\xff\n", "\\xff\n"), (file.read_bytes(), around.stderr))


class Everywhere(ProjectTest):
    def test_output_is_in_files_and_in_what_the_runner_shows(self):
        for runner in self.runners:
            folder = self.project(test_it=TESTS)
            run = self.run_project(runner, folder, *(["-s"] if runner == "pytest" else []))
            with self.subTest(runner):
                self.assertEqual({"test_loudly"}, run.guilty, run.output)
                self.assertIn("a word from Python", run.output)
                self.assertIn("from a child", run.output)
                kept = "".join(file.read_text() for file in folder.glob("kept/*.txt"))
                self.assertIn("a word from Python", kept)
                self.assertIn("from a child", kept)

    def test_under_pytest_without_s_each_test_is_told_that_its_output_went_astray(self):
        run = self.run_project("pytest", self.project(test_it=TESTS))
        self.assertEqual({"test_loudly", "test_in_silence"}, run.guilty, run.output)
        self.assertIn("something else has redirected stderr since", run.output)
