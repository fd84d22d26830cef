"""Runners of JavaScript tests: their command lines; their side of it is in ``reporters/``."""

from __future__ import annotations

import glob
from collections.abc import Iterable, Sequence
from pathlib import Path

from underlay.external._node_runner import REPORTERS, NodeRunner

#: Options of jasmine-node, which gocept.exttest's users pass.
HISTORIC = ("--coffee", "--json")

#: What a project's configuration may ask of Mocha, but each case wants a result of its own, which
#: our reporter has to see.
NOT_AS_CONFIGURED = ("--no-parallel", "--no-bail", "--no-dry-run")


class Jasmine(NodeRunner):
    """Specs for Jasmine, 5 or newer (https://jasmine.github.io); see `NodeRunner`.

    Without patterns those count that the project's ``spec/support/jasmine.*`` names.
    """

    name = "Jasmine"
    package = "jasmine"
    script = "bin/jasmine.js"
    reserved = ("--filter", "--parallel", "--reporter")

    @classmethod
    def from_command(
        cls, program: str, arguments: Sequence[str], cwd: Path
    ) -> tuple[Jasmine, list[str]]:
        """What a command line of gocept.exttest's days means, and the options that are left.

        ``--json`` is what we do anyway, ``--coffee`` adds a file ending, and a folder stands for
        all the files in it that are called like ``cart_spec.js``.
        """
        endings = ["{js,mjs,cjs}", *(["coffee"] if "--coffee" in arguments else [])]
        patterns = []
        for argument in arguments:
            path = (cwd / argument).absolute()
            if path.is_dir():
                folder = glob.escape(str(path))
                patterns += [f"{folder}/**/*[sS]pec.{ending}" for ending in endings]
            elif not argument.startswith("-"):
                patterns.append(str(path))
        options = [arg for arg in arguments if arg.startswith("-") and arg not in HISTORIC]
        return cls(*patterns, program=program), options

    def files(self, cwd: Path) -> Sequence[str]:
        """The patterns themselves, which Jasmine resolves."""
        return self.patterns

    def command(self, node: Path, tool: list[str], args: Sequence[str]) -> Iterable[str | Path]:
        return [*tool, f"--reporter={REPORTERS / 'jasmine.cjs'}", *args]


class Mocha(NodeRunner):
    """Specs for Mocha, 11 or newer (https://mochajs.org); see `NodeRunner`.

    Without patterns those count that its configuration names, else ``test/*.{js,cjs,mjs}``.
    """

    name = "Mocha"
    package = "mocha"
    script = "bin/mocha.js"
    reserved = (
        "--reporter",
        "-R",
        "--parallel",
        "-p",
        "--bail",
        "-b",
        "--dry-run",
        "--watch",
        "-w",
    )

    def command(self, node: Path, tool: list[str], args: Sequence[str]) -> Iterable[str | Path]:
        return [*tool, *NOT_AS_CONFIGURED, "--reporter", REPORTERS / "mocha.cjs", *args]


class QUnit(NodeRunner):
    """Tests for QUnit 3 (https://qunitjs.com); see `NodeRunner`.

    Without patterns those in the folder ``test`` count.
    """

    name = "QUnit"
    package = "qunit"
    script = "bin/qunit.js"
    is_listed_first = True
    reserved = ("--reporter", "--filter", "-f", "--module", "-m", "--watch", "-w")

    def command(self, node: Path, tool: list[str], args: Sequence[str]) -> Iterable[str | Path]:
        return [*tool, "--reporter", REPORTERS / "qunit.cjs", *args]


class Jest(NodeRunner):
    """Tests for Jest 30 (https://jestjs.io); see `NodeRunner`.

    Without patterns those count that its configuration names.
    """

    name = "Jest"
    package = "jest"
    script = "bin/jest.js"
    reserved = ("--reporters", "--testRunner", "-t", "--testNamePattern", "--bail", "-b", "--watch")
    is_listed_first = True
    before_files = ("--runTestsByPath",)
    measurable = False

    def command(self, node: Path, tool: list[str], args: Sequence[str]) -> Iterable[str | Path]:
        reporter, runner = REPORTERS / "jest-reporter.cjs", REPORTERS / "jest.cjs"
        return [*tool, "--no-bail", f"--reporters={reporter}", f"--testRunner={runner}", *args]


class Vitest(NodeRunner):
    """Tests for Vitest 3, 4 or 5 (https://vitest.dev); see `NodeRunner`.

    Without patterns those count that its configuration names.
    """

    name = "Vitest"
    package = "vitest"
    script = "vitest.mjs"
    is_listed_first = True
    measurable = False
    reserved = ("--reporter", "-t", "--testNamePattern", "--bail", "--watch", "-w")

    def command(self, node: Path, tool: list[str], args: Sequence[str]) -> Iterable[str | Path]:
        return [node, REPORTERS / "vitest.mjs", *args]


class NodeTest(NodeRunner):
    """Tests for Node's own runner, from Node 20 on (https://nodejs.org/api/test.html).

    Each file runs in a process of its own, one after the other.  See `NodeRunner`.
    """

    name = "NodeTest"
    package = "node"
    script = ""
    is_listed_first = True
    reserved = ("--test",)

    def command(self, node: Path, tool: list[str], args: Sequence[str]) -> Iterable[str | Path]:
        return [*tool, REPORTERS / "node-test.mjs", *args]

    def _tool(self, cwd: Path, node: Path) -> list[str]:
        return [str(node)] if self.program is None else super()._tool(cwd, node)
