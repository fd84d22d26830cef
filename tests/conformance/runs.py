"""Runs a situation under every runner side by side, and tells what came of it."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import re
import signal
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from tests.conformance.situations import FAILED, HOOKS, PASSED, SITUATIONS, SKIPPED, Situation
from tests.helpers import NO_PLUGINS, PATIENCE, at_once, signals_heard
from underlay import NotReady
from underlay._waiting import wait_until

ZOPE = ["zope.testrunner", "--path", "{folder}", "--tests-pattern", "^test_", "-vvv"]
PYTEST = ["pytest", *NO_PLUGINS, "--tb=short", "-rs", "--junitxml={folder}/log.xml"]
RUNNERS = {
    "zope.testrunner": ZOPE,
    "zope.testrunner -j2": [*ZOPE, "-j2"],
    "pytest": PYTEST,
    "pytest -n2": [*PYTEST, "-n2"],
    "underlay unittest": ["underlay", "unittest", "-v"],
}

#: The lines that tell of a test; those that come later here count more.
LINES = {
    "zope.testrunner": {
        PASSED: r"^ (test_\w+) \(.*\(\d+\.\d+ s\)",
        SKIPPED: r"^ (test_\w+) \(.*\(skipped",
        FAILED: r"^(?:Failure|Error) in test (test_\w+)",
    },
    "underlay unittest": {
        PASSED: r"^(test_\w+) \(.*\.\.\. ok$",
        SKIPPED: r"^(test_\w+) \(.*\.\.\. skipped ",
        FAILED: r"^(?:FAIL|ERROR): (test_\w+)",
    },
}


@dataclasses.dataclass(frozen=True)
class Run:
    """How a run went.

    :param outcomes: of each test.
    :param log: what each of its processes wrote down, in the order of their first lines.
    :param left: what was there afterwards: temporary files, processes, and what these told of.
    """

    status: int
    output: str
    outcomes: dict[str, str]
    log: list[list[str]]
    left: list[str]


@functools.cache
def run_everywhere(situation: str) -> dict[str, Run]:
    """How the situation of that name goes under each runner."""
    [found] = [each for each in SITUATIONS if each.name == situation]
    with signals_heard():
        return at_once(functools.partial(run, found), RUNNERS)


def run(
    situation: Situation, runner: str, *, hooks: str = HOOKS, python: str = sys.executable
) -> Run:
    """How a situation goes under one runner.

    :param hooks: text of the module that has the layers.
    :param python: what the runner is installed for.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "hooks.py").write_text(hooks)
        (folder / "test_it.py").write_text(textwrap.dedent(situation.module))
        (folder / "tmp").mkdir()
        status, output = _execute(runner, folder, python)
        lines = _lines(folder / "log")
        log, left = _by_process(lines), [line for _, line in lines if line.startswith("left is ")]
        ended = {process for process, text in lines if text == "ended"}
        left += [f"{each} did not look" for each in {process for process, _ in lines} - ended]
        left += [*_files_left(folder / "tmp"), *_processes_left(folder)]
        return Run(status, output, _outcomes(runner, output, folder, log), log, left)


def _execute(runner: str, folder: Path, python: str) -> tuple[int, str]:
    """Run it as a shell would: in a process group that Ctrl-C goes to."""
    process = subprocess.run(
        [python, "-m", *(each.format(folder=folder) for each in RUNNERS[runner])],
        cwd=folder,
        env={
            **os.environ,
            "PROJECT_LOG": str(folder / "log"),
            "TMPDIR": str(folder / "tmp"),
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE,
        start_new_session=True,
    )
    return process.returncode, process.stdout


def _lines(log: Path) -> list[tuple[str, str]]:
    """Process and text of each line."""
    lines = log.read_text().splitlines() if log.exists() else []
    return [(process, text) for process, _, text in (line.partition(" ") for line in lines)]


def _by_process(lines: list[tuple[str, str]]) -> list[list[str]]:
    log: dict[str, list[str]] = {}
    for process, text in lines:
        if text != "ended" and not text.startswith("left is "):
            log.setdefault(process, []).append(text)
    return list(log.values())


def _files_left(folder: Path) -> Iterator[str]:
    for each in folder.iterdir():
        if not each.name.startswith("pytest-of-"):  # which pytest keeps on purpose
            yield f"left is {each}"


def _processes_left(folder: Path) -> Iterator[str]:
    """Those that have inherited our folder; one that was told to end may take a moment."""
    with contextlib.suppress(NotReady):
        wait_until(lambda: not _processes_of(folder), "all processes to end", seconds=2)
    for number, command in _processes_of(folder).items():
        yield f"left is {command!r}"
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)


def _processes_of(folder: Path) -> dict[int, bytes]:
    mark = str(folder).encode()
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended, or belongs to somebody else
            if mark in (process / "environ").read_bytes():
                found[int(process.name)] = (process / "cmdline").read_bytes()
    return found


def _outcomes(runner: str, output: str, folder: Path, log: list[list[str]]) -> dict[str, str]:
    name = runner.partition(" -")[0]
    if name == "pytest":
        return _outcomes_of_pytest(folder / "log.xml")
    # zope.testrunner prints nothing of what its processes did well: what ran tells itself.
    ran = [text for lines in log for text in lines if text.startswith("test_")]
    outcomes = dict.fromkeys(ran if "-j2" in runner and "\nTotal:" in output else [], PASSED)
    for outcome, pattern in LINES[name].items():
        outcomes.update(dict.fromkeys(re.findall(pattern, output, re.MULTILINE), outcome))
    return outcomes


def _outcomes_of_pytest(report: Path) -> dict[str, str]:
    outcomes: dict[str, str] = {}
    for case in ElementTree.parse(report).iter("testcase") if report.exists() else ():
        verdicts = {each.tag for each in case}
        for test in re.findall(r"test_(?!it\b)\w+", case.get("name", "")):
            if verdicts & {"failure", "error"}:
                outcomes[test] = FAILED
            else:
                outcomes.setdefault(test, SKIPPED if "skipped" in verdicts else PASSED)
    return outcomes
