"""The shop's Jasmine on specs in ``specs/``, and what became of each."""

from __future__ import annotations

import re
import unittest
from pathlib import Path

from underlay.external import Jasmine

ROOT = Path(__file__).resolve().parents[2]
SHOP = ROOT / "examples" / "shop"
SPECS = Path(__file__).resolve().with_name("specs")


def jasmine(*patterns: str) -> Jasmine:
    """Jasmine as bin/buildout installs it for the shop."""
    program = SHOP / "node_modules" / ".bin" / "jasmine"
    assert program.exists(), f"{program} is missing: run bin/buildout."
    return Jasmine(*patterns, program=str(program))


class Report(unittest.TestResult):
    """The verdict on each test, and the messages of those that did not pass, by their titles."""

    def __init__(self) -> None:
        super().__init__()
        self.verdicts: dict[str, str] = {}
        self.messages: dict[str, str] = {}

    def _tell(self, test: unittest.TestCase, verdict: str, message: object) -> None:
        title = str(test).partition(" (")[0]
        self.verdicts[title] = verdict
        self.messages[title] = str(message)

    def addSuccess(self, test: unittest.TestCase) -> None:
        self._tell(test, "passed", "")

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        self._tell(test, "skipped", reason)

    def addFailure(self, test: unittest.TestCase, err) -> None:
        self._tell(test, "failed", err[1])

    def addError(self, test: unittest.TestCase, err) -> None:
        self._tell(test, "error", err[1])


def run(suite: unittest.TestSuite) -> Report:
    report = Report()
    suite.run(report)
    return report


def cases(suite: unittest.TestSuite) -> dict[str, unittest.TestCase]:
    """The cases of a suite by their titles."""
    return {str(case).partition(" (")[0]: case for case in suite}


def told(report: Report) -> str:
    """What a report tells of tests that did not pass, without what differs from run to run."""
    text = "\n".join(
        f"{report.verdicts[title]}: {title}\n{message}\n"
        for title, message in report.messages.items()
        if message
    )
    text = text.replace(str(SPECS), "SPECS").replace(str(SHOP), "SHOP")
    text = re.sub(r"^.*(node:|node_modules|wrapModuleLoad).*\n", "", text, flags=re.M)
    return re.sub(r"seed \d+", "seed 12345", text).rstrip("\n")
