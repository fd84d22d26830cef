"""How an outcome reads: an exception whose last traceback frame is a line of the spec's file."""

from __future__ import annotations

import ast
import difflib
import linecache
import os
import re
import unittest
from collections.abc import Iterable, Iterator
from pathlib import Path
from urllib.parse import unquote

from underlay._errors import ExternalError, NoTestsReported
from underlay.external._events import Done, Failure, Problem, Spec, printable
from underlay.external._run import Outcome

__unittest = True  # unittest and pytest leave the frames of this module out of tracebacks

#: Where our own code is that runs inside of runners.
REPORTERS = Path(__file__).with_name("reporters")

#: How much of what a spec has printed is shown, in characters.
TAIL = 4000

#: What terminals take for colours (ECMA-48, "select graphic rendition").
COLOUR = re.compile(r"\x1b\[[\d;]*m")

#: A frame as V8 writes it: "at total (/shop/src/cart.js:3:17)"; the name may be missing, and the
#: file of a module is a URL.
FRAME = re.compile(
    r"\s*at (?:(?P<name>.+?) \()?(?:async )?(?P<scheme>file://)?(?P<path>/.+?)"
    r":(?P<line>\d+):(?P<column>\d+)\)?$"
)


def report(outcome: Outcome, spec: Spec, root: Path) -> None:
    """Return if the spec passed, else raise what a unittest case is to raise.

    :param root: the folder below which paths are shown relative.
    """
    if isinstance(outcome, NoTestsReported):
        raise outcome
    if outcome.status == "passed":
        return
    if outcome.status == "skipped":
        raise unittest.SkipTest(printable(outcome.message) or "pending")
    lines = (*_lines(outcome.failures, root), *_about(outcome, spec, root))
    error: Exception = ExternalError(tuple(map(printable, lines)))
    if outcome.status == "failed":
        error = AssertionError(str(error))
    declared = (spec.file, spec.line) if spec.line else None
    raise_at(error, _location(outcome.failures) or declared, spec.title)


def report_problems(problems: Iterable[Problem], root: Path) -> None:
    """Raise what went wrong beside the specs, if anything did."""
    lines = tuple(line for problem in problems for line in _problem(problem, root))
    if lines:
        raise ExternalError(tuple(map(printable, lines)))


def _problem(problem: Problem, root: Path) -> Iterator[str]:
    yield from _lines((problem.failure,), root)
    if problem.where:
        yield f"  beside the specs of {problem.where}"


def _about(outcome: Done, spec: Spec, root: Path) -> Iterator[str]:
    file = f" ({relative(spec.file, root)})" if spec.file else ""
    yield f"  spec: {' > '.join(spec.titles)}{file}"
    if outcome.seed:
        yield f"  order: random, seed {outcome.seed}"
    if outcome.output:
        yield "  It printed:"
        yield _end(outcome.output)


def _end(output: str) -> str:
    """The last characters of what was printed, without colours."""
    text = COLOUR.sub("", output).rstrip()
    return text if len(text) <= TAIL else f"[...]{text[-TAIL:]}"


def _lines(failures: Iterable[Failure], root: Path) -> Iterator[str]:
    """Messages, each with the frames that are the user's own."""
    for failure in failures:
        yield failure.message
        yield from _difference(failure)
        for line in failure.stack.splitlines():
            if frame := FRAME.match(line):
                if _is_users(frame):
                    yield f"    at {_place(frame, root)}"
            elif not line.lstrip().startswith("at "):
                yield f"  {line}"


def _difference(failure: Failure) -> Iterator[str]:
    """Not ndiff's, which is cubic: it would think for minutes about a thousand lines."""
    if failure.expected is None or failure.actual is None:
        return
    expected, actual = failure.expected.splitlines(), failure.actual.splitlines()
    for line in difflib.unified_diff(expected, actual, "expected", "actual", lineterm=""):
        yield f"  {line}"


def _file(frame: re.Match[str]) -> str:
    return unquote(frame["path"]) if frame["scheme"] else frame["path"]


def _is_users(frame: re.Match[str]) -> bool:
    file = _file(frame)
    return "/node_modules/" not in file and Path(file).parent != REPORTERS


def _place(frame: re.Match[str], root: Path) -> str:
    place = f"{relative(_file(frame), root)}:{frame['line']}:{frame['column']}"
    name = frame["name"]
    return place if not name or name.endswith("<anonymous>") else f"{name} ({place})"


def relative(file: str, root: Path) -> str:
    """The path as seen from the root, if it is below."""
    return file.removeprefix(f"{root}{os.sep}")


def _location(failures: Iterable[Failure]) -> tuple[str, int] | None:
    """File and line of the first frame that is the user's own."""
    for failure in failures:
        for line in failure.stack.splitlines():
            if (frame := FRAME.match(line)) and _is_users(frame):
                return _file(frame), int(frame["line"])
    return None


def raise_at(error: Exception, location: tuple[str, int] | None, name: str) -> None:
    """Raise an error so that the last frame of its traceback is a line of any text file.

    Traceback printers look lines up by the file name and the line number of a frame's code, and
    mark columns on Python 3.11 and newer: so a raise statement is compiled which claims to stand
    there and to fill the line.

    :param location: the path of the file and the line, from 1; None raises right here.
    :param name: what the printed frame calls its function.
    """
    text = linecache.getline(*location).rstrip("\n") if location else ""
    if not location or not text:
        raise error
    file, line = location
    tree = ast.parse("raise error")
    for node in ast.walk(tree):
        if isinstance(node, (ast.stmt, ast.expr)):
            node.lineno = node.end_lineno = line
            node.col_offset = len(text) - len(text.lstrip())
            node.end_col_offset = len(text.encode())
    code = compile(tree, printable(file), "exec").replace(co_name=name)
    exec(code, {"error": error, "__name__": file})
