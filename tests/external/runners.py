"""Every runner of JavaScript as the tests use it, and what makes one dialect of theirs.

``npm ci`` in this folder installs them; bin/buildout does that.
"""

from __future__ import annotations

import dataclasses
import re
import unittest
from collections.abc import Callable
from pathlib import Path

from tests.external.support import jasmine
from underlay.external import Jasmine, Jest, Mocha, NodeTest, QUnit, Runner, Vitest, makeSuite

PACKAGES = Path(__file__).resolve().with_name("node_modules")

QUNIT = """
const hooks = [];
const asserting = work => async assert => { assert.true(true); await work(); };
const describe = (title, declare) =>
  QUnit.module(title, these => { hooks.push(these); declare(); hooks.pop(); });
const it = (title, work) => QUnit.test(title, asserting(work));
it.only = (title, work) => QUnit.test.only(title, asserting(work));
const afterAll = work => hooks.at(-1).after(work);
"""


def installed(kind: type, script: str) -> Callable[..., Runner]:
    program = PACKAGES / script
    return lambda *patterns: kind(*patterns, program=str(program))


@dataclasses.dataclass(frozen=True)
class Tool:
    """A runner in a version.

    :param make: makes it of patterns.
    :param prelude: stands before specs that are written with ``describe``, ``it``, ``it.only`` and
        ``afterAll``.
    :param args: for its command line; the order of specs is that of their declaration.
    """

    make: Callable[..., Runner]
    prelude: str = ""
    args: tuple[str, ...] = ()

    def suite(self, folder: Path, *patterns: str, **options) -> unittest.TestSuite:
        return makeSuite(self.make(*patterns), cwd=folder, args=self.args, **options)


TOOLS = {
    "Jasmine 7": Tool(jasmine, "it.only = fit;", ("--random=false",)),
    "Jasmine 5": Tool(
        installed(Jasmine, "jasmine-5/bin/jasmine.js"), "it.only = fit;", ("--random=false",)
    ),
    "Mocha 12": Tool(installed(Mocha, "mocha/bin/mocha.js"), "const afterAll = after;"),
    "Mocha 11": Tool(installed(Mocha, "mocha-11/bin/mocha.js"), "const afterAll = after;"),
    "node:test": Tool(NodeTest, "const {describe, it, after: afterAll} = require('node:test');"),
    "Vitest 5": Tool(installed(Vitest, "vitest/vitest.mjs"), args=("--globals",)),
    "Vitest 4": Tool(installed(Vitest, "vitest-4/vitest.mjs"), args=("--globals",)),
    "Vitest 3": Tool(installed(Vitest, "vitest-3/vitest.mjs"), args=("--globals",)),
    "Jest 30": Tool(installed(Jest, "jest/bin/jest.js")),
    "QUnit 3": Tool(installed(QUnit, "qunit/bin/qunit.js"), QUNIT),
}

#: One version of each runner.
NEWEST = ("Jasmine 7", "Mocha 12", "node:test", "Vitest 5", "Jest 30", "QUnit 3")


def write_specs(folder: Path, tool: Tool, **files: str) -> None:
    """Write ``NAME.test.js`` for each, in the dialect of a tool."""
    (folder / "package.json").write_text("{}")  # Jest looks for one
    for name, source in files.items():
        (folder / f"{name}.test.js").write_text(f"{tool.prelude}\n{source}")


class Verdicts(unittest.TestResult):
    """The verdict on each test and what it says, by the names of their methods."""

    def __init__(self) -> None:
        super().__init__()
        self.of: dict[str, str] = {}
        self.messages: dict[str, str] = {}

    def _note(self, test: unittest.TestCase, verdict: str, message: object) -> None:
        name = re.sub("^test_|^test_zz_", "", test.id().rpartition(".")[2]).replace("_", " ")
        self.of[name] = verdict
        self.messages[name] = str(message)

    def addSuccess(self, test: unittest.TestCase) -> None:
        self._note(test, "passed", "")

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        self._note(test, "skipped", reason)

    def addFailure(self, test: unittest.TestCase, err) -> None:
        self._note(test, "failed", err[1])

    def addError(self, test: unittest.TestCase, err) -> None:
        self._note(test, "error", err[1])
