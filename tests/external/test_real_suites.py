"""Suites that others have written, from npm: the same verdict on each spec as the tool itself."""

import collections
import html
import json
import re
import subprocess
import tempfile
import unittest
from pathlib import Path
from xml.etree import ElementTree

from tests.external.runners import PACKAGES, Verdicts
from tests.external.support import jasmine
from tests.helpers import at_once
from underlay.external import Mocha, NodeTest, makeSuite
from underlay.external._files import find_files
from underlay.external._node import find_node

#: Writes what Jasmine tells of each spec.
REPORTER = """
module.exports = class {
  specDone({fullName, status}) { console.log('SPEC ' + JSON.stringify([fullName, status])); }
};
"""


def told(*command: str, cwd: Path) -> str:
    """What a tool prints; its status is what its specs make of it."""
    process = subprocess.run(
        [str(find_node()), *command], cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True
    )
    return process.stdout.decode()


def one_line(title: str) -> str:
    return " ".join(title.split())


class RealSuite(unittest.TestCase):
    maxDiff = None

    def compare(self, suite, verdicts, at_least):
        """Titles with verdicts, each as often as it was told."""
        ours = self.run_it(suite)
        self.assertEqual(collections.Counter(verdicts), ours)
        self.assertGreaterEqual(sum(ours.values()), at_least)

    def run_it(self, suite):
        came = Verdicts()
        titles = {case.id(): str(case).rpartition(" (")[0] for case in suite}
        names = {key.rpartition(".")[2]: title for key, title in titles.items()}
        suite.run(came)
        self.assertEqual("passed", came.of.pop("zz runner finished"), came.messages)
        readable = {re.sub("^test_", "", name).replace("_", " "): name for name in names}
        return collections.Counter((names[readable[name]], came.of[name]) for name in came.of)

    def test_mocha(self):
        program = str(PACKAGES / "mocha" / "bin" / "mocha.js")
        for package, at_least in {"sprintf-js": 3, "roman-numerals": 10}.items():
            with self.subTest(package):
                folder = PACKAGES / package
                report = json.loads(told(program, "--reporter=json", "test/*.js", cwd=folder))
                verdicts = [
                    (one_line(spec["fullTitle"]), verdict)
                    for key, verdict in {
                        "passes": "passed",
                        "failures": "failed",
                        "pending": "skipped",
                    }.items()
                    for spec in report[key]
                ]
                suite = makeSuite(Mocha("test/*.js", program=program), cwd=folder)
                self.compare(suite, verdicts, at_least)

    packages = {
        "@fastify/error": ["test/*.test.js"],
        "@fastify/forwarded": ["test/*.js"],
        "@fastify/merge-json-schemas": ["test/*.test.js"],
        "process-warning": ["test/*.test.js", "!test/jest.test.js"],  # which is for Jest
    }

    def test_node(self):
        for package, (theirs, ours) in at_once(self.run_package, self.packages).items():
            with self.subTest(package):
                self.assertEqual(theirs, ours)
                self.assertGreaterEqual(sum(ours.values()), 8)

    def run_package(self, package):
        folder, patterns = PACKAGES / package, self.packages[package]
        files = find_files(package, patterns, folder)
        report = told("--test", "--test-reporter=junit", *files, cwd=folder)
        theirs = collections.Counter(
            (one_line(html.unescape(case.get("name", ""))), self.verdict(case))
            for case in ElementTree.fromstring(report).iter("testcase")
        )
        return theirs, self.run_it(makeSuite(NodeTest(*patterns), cwd=folder))

    def verdict(self, case):
        tags = {each.tag for each in case}
        return "failed" if "failure" in tags else "skipped" if "skipped" in tags else "passed"

    def test_jasmine(self):
        folder = PACKAGES / "number-to-words"
        tool = jasmine()
        reporter = self.enter_file("reporter.cjs", REPORTER)
        output = told(str(Path(tool.program).resolve()), f"--reporter={reporter}", cwd=folder)
        lines = [json.loads(line[5:]) for line in output.splitlines() if line.startswith("SPEC ")]
        kinds = {"passed": "passed", "failed": "failed", "pending": "skipped"}
        verdicts = [(one_line(title), kinds[status]) for title, status in lines]
        self.compare(makeSuite(tool, cwd=folder), verdicts, 40)

    def enter_file(self, name, text):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = Path(folder.name, name)
        path.write_text(text)
        return path
