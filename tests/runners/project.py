"""Small projects that tests write and run under every runner, each in a process of its own."""

from __future__ import annotations

import dataclasses
import os
import re
import subprocess
import sys
import tempfile
import textwrap
import unittest
from pathlib import Path

from tests.helpers import NO_PLUGINS, PATIENCE, at_once

RUNNERS = {
    "zope.testrunner": ["zope.testrunner", "--test-path", ".", "--tests-pattern", "^test_", "-vvv"],
    "pytest": ["pytest", *NO_PLUGINS, "-rA", "--tb=short"],
    "unittest": ["underlay", "unittest", "-v"],
}

GUILTY = {
    "zope.testrunner": r"^(?:Failure|Error) in test (.+)$",
    "pytest": r"^(?:FAILED|ERROR) (.+?)(?: - .*)?$",
    "unittest": r"^(?:FAIL|ERROR): (.+)$",
}

HOOKS = '''
import os
from underlay import Layer

def log(text):
    with open(os.environ["PROJECT_LOG"], "a") as file:
        print(text, file=file)

class Logged(Layer):
    """Writes a line for each of its hooks."""
    def setUp(self):
        log(f"{self.__name__} up")
    def tearDown(self):
        log(f"{self.__name__} down")
    def testSetUp(self):
        log(f"{self.__name__} test up")
    def testTearDown(self):
        log(f"{self.__name__} test down")
'''


@dataclasses.dataclass
class Run:
    """How a run of a project went."""

    runner: str
    status: int
    output: str
    log: list[str]

    @property
    def guilty(self) -> set[str]:
        """The methods (or what stands for them) of the tests that did not pass."""
        found = re.findall(GUILTY[self.runner], self.output, re.MULTILINE)
        return {re.findall(r"\btest_\w+|\w+$", test)[-1 if "::" in test else 0] for test in found}

    @property
    def ran(self) -> int:
        """How many tests were run, also if they were skipped."""
        if self.runner == "pytest":
            counts = re.findall(r"collected (\d+) items?()", self.output)
        else:
            counts = re.findall(r"Total: (\d+) tests|Ran (\d+) test", self.output)
        return int("".join(counts[-1])) if counts else 0


class ProjectTest(unittest.TestCase):
    """Base of tests that run projects."""

    maxDiff = None
    runners = tuple(RUNNERS)

    def project(self, **modules: str) -> Path:
        """A folder with these modules, and ``hooks`` with a layer that logs what it does."""
        folder = Path(self.enterContext_(tempfile.TemporaryDirectory()))
        for name, text in {"hooks": HOOKS, **modules}.items():
            (folder / f"{name}.py").write_text(textwrap.dedent(text))
        return folder

    def run_project(self, runner: str, folder: Path, *arguments: str) -> Run:
        """Run all tests of the folder."""
        log = folder / f"{runner}.log"
        log.write_text("")
        process = subprocess.run(
            [sys.executable, "-m", *RUNNERS[runner], *arguments],
            cwd=folder,
            env={**os.environ, "PROJECT_LOG": str(log)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PATIENCE,
        )
        return Run(runner, process.returncode, process.stdout, log.read_text().splitlines())

    def run_everywhere(self, *arguments: str, **modules: str) -> list[Run]:
        """Run the same project under each runner."""
        return self.run_under_each(self.project(**modules), *arguments)

    def run_under_each(self, folder: Path, *arguments: str) -> list[Run]:
        """Run all tests of the folder under each runner, side by side."""
        runs = at_once(lambda runner: self.run_project(runner, folder, *arguments), RUNNERS)
        return [*runs.values()]

    def assertRuns(
        self, runs: list[Run], *, guilty: set[str], ran: int, log: list[str] | None = None
    ) -> None:
        """Assert that every runner came to the same verdict."""
        for run in runs:
            with self.subTest(runner=run.runner):
                self.assertEqual(guilty, run.guilty, run.output)
                self.assertEqual(ran, run.ran, run.output)
                self.assertEqual(bool(guilty), bool(run.status), run.output)
                if log is not None:
                    self.assertEqual(log, run.log, run.output)

    def enterContext_(self, context):  # unittest has it since 3.11
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value
