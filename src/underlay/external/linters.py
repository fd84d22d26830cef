"""Linters: a case for each file, one process for all that are selected."""

from __future__ import annotations

import glob
import json
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

from underlay._errors import RunnerMissing
from underlay.external._checks import Environment, check_texts
from underlay.external._files import find_files
from underlay.external._findings import LEVELS, READERS, Finding
from underlay.external._hygiene import find_forgotten
from underlay.external._linting import Findings, LinterLaunch, Look, Seen, ToolLook
from underlay.external._node import find_node
from underlay.external._node_runner import find_installed
from underlay.external._programs import program_path

#: How many files a folder stands for: all of these languages.
JAVASCRIPT = "**/*.{js,mjs,cjs,jsx,ts,mts,cts,tsx}"
PYTHON = "**/*.py"


class Linter:
    """What all linters share.

    Their exit status is not trusted to say which file is meant, but it must fit: one that tells of
    trouble without a finding is an error of each file.

    :param patterns: files, folders or glob patterns, relative to the suite's folder.
    :param exclude: files, folders or patterns to leave out.
    :param level: what fails a file: ``"error"``, or ``"warning"`` and what is worse.
    :param program: the path of its command; by default the one that is installed nearest.
    :raises ValueError: for another level.
    """

    #: What its test class is called by default.
    name: ClassVar[str]
    #: How it writes its findings, and the exit status with which it tells that there are some.
    format: ClassVar[str] = "sarif"
    status_of_findings: ClassVar[int] = 1
    #: The files in a folder that are meant.
    files: ClassVar[str] = JAVASCRIPT

    def __init__(
        self,
        *patterns: str,
        exclude: Sequence[str] = (),
        level: str = "warning",
        program: str | None = None,
    ) -> None:
        check_texts(f"the patterns of {self.name}", patterns)
        check_texts("exclude", exclude)
        if level not in LEVELS[1:]:
            raise ValueError(f"level is {level!r}, none of {', '.join(LEVELS[1:])}.")
        self.patterns, self.exclude = patterns, exclude
        self.level, self.program = level, program

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(map(repr, self.patterns))})"

    def launch(self, cwd: Path, args: Sequence[str], env: Environment) -> LinterLaunch:
        """See `Runner.launch`.

        :raises ValueError: for coverage, as no file runs.
        """
        if "UNDERLAY_COVERAGE" in env:
            raise ValueError(f"{self} runs none of the files, so there is no coverage.")
        return LinterLaunch(
            (*self.tool(cwd), *args),
            cwd,
            env,
            find=self.found,
            look=self.look,
            counts=self.counts,
            config=self.config(),
        )

    def found(self, cwd: Path) -> list[str]:
        """The files that are meant."""
        wanted = (self._inside(each, cwd) for each in self.patterns)
        unwanted = (self._inside(each, cwd) for each in self.exclude)
        return find_files(self, [*wanted, *(f"!{each}" for each in unwanted)], cwd)

    def _inside(self, pattern: str, cwd: Path) -> str:
        """A folder stands for the files in it."""
        return f"{glob.escape(pattern)}/{self.files}" if os.path.isdir(cwd / pattern) else pattern

    def tool(self, cwd: Path) -> list[str]:
        """The command line, to which files are added."""
        raise NotImplementedError

    def config(self) -> str:
        """What a configuration file of ours is to hold; nothing: the project's own counts."""
        return ""

    def look(self, launch: LinterLaunch, files: Sequence[str]) -> Look:
        """Begin to look at files."""
        return ToolLook(launch, files, READERS[self.format], self.status_of_findings)

    def counts(self, finding: Finding) -> bool:
        """Whether a finding fails its file."""
        return LEVELS.index(finding.level) >= LEVELS.index(self.level)


class NodeLinter(Linter):
    """A linter that comes as an npm package."""

    package: ClassVar[str]
    script: ClassVar[str]
    options: ClassVar[tuple[str, ...]]

    def launch(self, cwd: Path, args: Sequence[str], env: Environment) -> LinterLaunch:
        """See `Runner.launch`."""
        path = f"{find_node().parent}{os.pathsep}{env.get('PATH', os.defpath)}"
        return super().launch(cwd, args, {**env, "PATH": path})

    def tool(self, cwd: Path) -> list[str]:
        if self.program is not None:
            return [program_path(self.program, cwd), *self.options]
        script = find_installed(self.package, self.script, [cwd])
        return [str(find_node()), str(script), *self.options]


class ESLint(NodeLinter):
    """ESLint, 10 or newer (https://eslint.org); see `Linter`."""

    name = "ESLint"
    package, script = "eslint", "bin/eslint.js"
    format = "eslint"
    options = ("--format=json",)


class Biome(NodeLinter):
    """Biome's linter, 2 (https://biomejs.dev); see `Linter`."""

    name = "Biome"
    package, script = "@biomejs/biome", "bin/biome"
    options = ("lint", "--reporter=sarif", "--max-diagnostics=none")


class Oxlint(NodeLinter):
    """Oxlint, 1 (https://oxc.rs); see `Linter`."""

    name = "Oxlint"
    package, script = "oxlint", "bin/oxlint"
    options = ("--format=sarif",)


class JSHint(NodeLinter):
    """JSHint, 2 (https://jshint.com); see `Linter`.

    :param options: options to switch on, such as ``"esversion: 11"`` or ``"undef"``.
    :param predefined: names of globals.
    :param ignore: codes or parts of messages that do not count, such as ``"W033"``.
    """

    name = "JSHint"
    package, script = "jshint", "bin/jshint"
    format, status_of_findings = "checkstyle", 2
    options = ("--reporter=checkstyle",)
    files = "**/*.js"

    def __init__(
        self,
        *patterns: str,
        options: Sequence[str] = (),
        predefined: Sequence[str] = (),
        ignore: Sequence[str] = (),
        **others: Any,
    ) -> None:
        super().__init__(*patterns, **others)
        check_texts("options", options)
        check_texts("predefined", predefined)
        check_texts("ignore", ignore)
        self.switched, self.predefined, self.ignore = options, predefined, ignore

    def config(self) -> str:
        pairs = (each.partition(":") for each in self.switched)
        config = {name.strip(): json.loads(value or "true") for name, _, value in pairs}
        if self.predefined:
            config["predef"] = list(self.predefined)
        return json.dumps(config) if config else ""

    def counts(self, finding: Finding) -> bool:
        return super().counts(finding) and not any(map(str(finding).count, self.ignore))


class Ruff(Linter):
    """Ruff (https://docs.astral.sh/ruff); see `Linter`."""

    name = "Ruff"
    files = PYTHON

    def tool(self, cwd: Path) -> list[str]:
        beside = Path(sys.executable).with_name("ruff")
        found = (
            program_path(self.program, cwd) if self.program else shutil.which("ruff") or str(beside)
        )
        if not os.access(found, os.X_OK):
            raise RunnerMissing("ruff", ("PATH", str(beside)), "Install it with: pip install ruff")
        return [found, "check", "--output-format=sarif"]


class SARIF(Linter):
    """Any command that takes files as its last arguments and writes SARIF 2.1.0 to stdout.

    :param command: the program and its arguments.
    """

    name = "SARIF"

    def __init__(self, command: Sequence[str], *patterns: str, **others: Any) -> None:
        super().__init__(*patterns, **others)
        check_texts("the command of SARIF", command)
        self.command = list(command)

    def __repr__(self) -> str:
        return f"SARIF({self.command!r})"

    def tool(self, cwd: Path) -> list[str]:
        return [program_path(self.command[0], cwd), *self.command[1:]]


class Hygiene(Linter):
    """What must not be committed: what helped with debugging, and tests that leave others out.

    ``console.log`` and ``debugger``, ``it.only`` and ``fdescribe`` in JavaScript; ``breakpoint()``
    and the import of a debugger in Python.  Comments and strings do not count.
    """

    name = "Hygiene"
    files = "**/*.{py,js,mjs,cjs,jsx,ts,mts,cts,tsx}"

    def tool(self, cwd: Path) -> list[str]:
        return []

    def look(self, launch: LinterLaunch, files: Sequence[str]) -> Look:
        return Seen(Findings([found for file in files for found in _forgotten(file)]))


def _forgotten(file: str) -> Iterator[Finding]:
    """Also of files that can't be read, or that Python can't take as text."""
    try:
        for line, column, text in find_forgotten(file):
            yield Finding(file, line, column, "error", "", text)
    except (OSError, ValueError, RecursionError) as error:
        yield Finding(file, 1, 1, "error", "", f"can't be read: {error}")
