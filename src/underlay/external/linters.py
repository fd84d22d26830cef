"""Linters: a case for each file, one process for all that are selected."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from underlay._errors import RunnerMissing
from underlay.external._checks import Environment, check_texts
from underlay.external._drive import Channel, Ids, problem, run
from underlay.external._events import Done, Failure, Spec, Started
from underlay.external._files import find_files
from underlay.external._findings import LEVELS, READERS, Finding
from underlay.external._hygiene import find_forgotten
from underlay.external._node import find_node
from underlay.external._node_runner import find_installed
from underlay.external._process import Launch
from underlay.external.inlets import Inlet, program_path

#: How many files a folder stands for: all of these languages.
JAVASCRIPT = "**/*.{js,mjs,cjs,jsx,ts,mts,cts,tsx}"
PYTHON = "**/*.py"


class Linter(Inlet):
    """What all linters share.

    Their exit status is not trusted to say which file is meant, but it must fit: one that tells of
    trouble without a finding is an error of each file.

    :param patterns: files, folders or glob patterns, relative to the suite's folder.
    :param exclude: patterns of files to leave out.
    :param level: what fails a file: ``"error"``, or ``"warning"`` and what is worse.
    :param program: the path of its command; by default the one that is installed nearest.
    :raises ValueError: for another level.
    """

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

    def state(self, cwd: Path, args: Sequence[str]) -> dict[str, Any]:
        return {
            "command": [*self.tool(cwd), *args],
            "files": self.found(cwd),
            "level": self.level,
        }

    def found(self, cwd: Path) -> list[str]:
        """The files that are meant."""
        patterns = [
            f"{each}/{self.files}" if (cwd / each).is_dir() else each for each in self.patterns
        ]
        return find_files(self, [*patterns, *(f"!{each}" for each in self.exclude)], cwd)

    def tool(self, cwd: Path) -> list[str]:
        """The command line, to which files are added."""
        raise NotImplementedError

    @classmethod
    def serve(cls, channel: Channel, state: Mapping[str, Any]) -> None:
        ids = Ids()
        selected = channel.offer(
            [ids.spec(file, [os.path.relpath(file)]) for file in state["files"]]
        )
        if selected:
            channel.pause()
            findings, broken = cls.look(state, [spec.file for spec in selected])
            tell(channel, selected, findings, state["level"], broken)
        channel.end()

    @classmethod
    def look(cls, state: Mapping[str, Any], files: Sequence[str]) -> tuple[list[Finding], str]:
        """What there is to find, and what is wrong with the linter itself, may be empty."""
        status, output = run([*state["command"], *files])
        try:
            findings = READERS[cls.format](output, Path.cwd())
        except (ValueError, LookupError, TypeError) as error:
            print(output)
            return [], f"It exited with status {status} and wrote what can't be read: {error!r}"
        if status > cls.status_of_findings or (status and not findings):
            return findings, f"It exited with status {status}."
        return findings, ""


def tell(
    channel: Channel, specs: Sequence[Spec], findings: Iterable[Finding], level: str, broken: str
) -> None:
    """Tell of each file what was found in it; with what is wrong with the linter, all err."""
    severe = [each for each in sorted(findings) if LEVELS.index(each.level) >= LEVELS.index(level)]
    asked = {spec.file for spec in specs}
    channel.tell(*(problem(str(each), each.file) for each in severe if each.file not in asked))
    for spec in specs:
        channel.tell(Started(spec.id))
        failures = [_failure(each) for each in severe if each.file == spec.file]
        status = "failed" if failures else "passed"
        if broken:
            failures, status = [*failures, Failure(broken, "")], "error"
        channel.tell(Done(spec.id, status, "", tuple(failures)))
        channel.pause()


def _failure(finding: Finding) -> Failure:
    return Failure(str(finding), f"    at {finding.file}:{finding.line}:{finding.column}")


class NodeLinter(Linter):
    """A linter that comes as an npm package."""

    package: ClassVar[str]
    script: ClassVar[str]
    options: ClassVar[tuple[str, ...]]

    def launch(self, cwd: Path, args: Sequence[str], env: Environment) -> Launch:
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

    def state(self, cwd: Path, args: Sequence[str]) -> dict[str, Any]:
        pairs = (each.partition(":") for each in self.switched)
        config = {name.strip(): json.loads(value or "true") for name, _, value in pairs}
        if self.predefined:
            config["predef"] = list(self.predefined)
        return {**super().state(cwd, args), "config": config, "ignore": list(self.ignore)}

    @classmethod
    def look(cls, state: Mapping[str, Any], files: Sequence[str]) -> tuple[list[Finding], str]:
        command = state["command"]
        if state["config"]:
            path = Path(os.environ["UNDERLAY_EVENTS"]).with_name("jshint.json")
            path.write_text(json.dumps(state["config"]))
            command = [*command, f"--config={path}"]
        findings, broken = super().look({**state, "command": command}, files)
        ignored = state["ignore"]
        return [each for each in findings if not any(map(str(each).count, ignored))], broken


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

    @classmethod
    def look(cls, state: Mapping[str, Any], files: Sequence[str]) -> tuple[list[Finding], str]:
        return [
            Finding(file, line, column, "error", "", text)
            for file in files
            for line, column, text in find_forgotten(file)
        ], ""
