"""What was left behind in a file: debuggers, console output, focused tests."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from pathlib import Path

DEBUGGERS = {"pdb", "ipdb", "pudb", "bpdb", "wdb"}

#: Comments, strings and regular expressions are taken away before anything is looked for: the first
#: of these alternatives that begins, counts.  A slash is no division where no value is before it.
NO_CODE = re.compile(
    r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`"""
    r"""|(?:(?<=[(,=:\[!&|?{};\n])|(?<==>)|(?<=\breturn))[ \t]*"""
    r"""/(?![*/])(?:\\[^\n]|\[(?:\\[^\n]|[^\]\\\n])*\]|[^/\\\n\[])+/""",
    re.DOTALL,
)

FORGOTTEN = {
    r"\bdebugger\b": "debugger",
    r"\bconsole\s*\.\s*\w+": "output on the console",
    r"\b(?:it|test|describe|suite|context|specify|module)\s*\.\s*only\b": "a focused test",
    r"(?<![\w.$])(?:fit|fdescribe|ddescribe|iit)\s*\(": "a focused test",
}


def find_forgotten(file: str) -> Iterator[tuple[int, int, str]]:
    """Line, column and what it is, of each thing that must not be committed."""
    text = Path(file).read_text("utf-8", "replace")
    yield from _in_python(text) if file.endswith(".py") else _in_javascript(text)


def _in_python(text: str) -> Iterator[tuple[int, int, str]]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes that mean nothing
            tree = ast.parse(text)
    except SyntaxError as error:
        yield error.lineno or 1, error.offset or 1, f"can't be parsed: {error.msg}"
        return
    for node in ast.walk(tree):
        if name := _debugger(node):
            yield node.lineno, node.col_offset + 1, name  # type: ignore[attr-defined]


def _debugger(node: ast.AST) -> str:
    match node:
        case ast.Import(names=names):
            found = {each.name.partition(".")[0] for each in names} & DEBUGGERS
            return f"import {', '.join(sorted(found))}" if found else ""
        case ast.ImportFrom(module=str(module)) if module.partition(".")[0] in DEBUGGERS:
            return f"from {module} import"
        case ast.Call(func=ast.Name(id="breakpoint")):
            return "breakpoint()"
    return ""


def _in_javascript(text: str) -> Iterator[tuple[int, int, str]]:
    code = NO_CODE.sub(_blank, text)
    for number, line in enumerate(code.splitlines(), 1):
        for pattern, name in FORGOTTEN.items():
            for found in re.finditer(pattern, line):
                yield number, found.start() + 1, name


def _blank(found: re.Match[str]) -> str:
    """As many lines, and as long ones."""
    return re.sub(r"[^\n]", " ", found[0])
