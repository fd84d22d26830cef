"""What linters tell, in the formats that they write: SARIF 2.1.0, ESLint's JSON, Checkstyle's XML.

Each reader takes the text and the folder in which the linter ran, and raises ``ValueError``,
``LookupError`` or ``TypeError`` for a text that is something else.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from underlay.external._junit import parse_safely

#: From what does no harm to what does.
LEVELS = ("none", "note", "warning", "error")

#: The level of what is no finding, but says why the linter has not looked at a file.
IGNORED = "ignored"


@dataclass(frozen=True, order=True)
class Finding:
    """Something that a linter says of a place; the file is empty if it says it of its run.

    :raises ValueError: for another level.
    """

    file: str
    line: int
    column: int
    level: str
    rule: str
    text: str

    def __post_init__(self) -> None:
        if self.level not in (*LEVELS, IGNORED):
            raise ValueError(f"{self.level!r} is none of {', '.join(LEVELS)}.")

    def __str__(self) -> str:
        rule = f" {self.rule}" if self.rule else ""
        return f"{self.line}:{self.column}: {self.level}{rule}: {self.text}"


def read_sarif(text: str, cwd: Path) -> list[Finding]:
    """Findings, and what the tool has to say of files that it could not read."""
    runs = json.loads(text)["runs"]
    if not runs:
        raise ValueError("it tells of no run")
    return [
        _of_result(result, rules, cwd)
        for run in runs
        for rules in [_default_levels(run)]
        for result in _results(run)
        if not _is_suppressed(result)
    ]


def _results(run: dict[str, Any]) -> list[dict[str, Any]]:
    results = [*run.get("results", ()), *_notifications(run)]
    successes = [each.get("executionSuccessful") for each in run.get("invocations", ())]
    if not results and False in successes:
        raise ValueError("its run was not successful, and it does not say why")
    return results


def _is_suppressed(result: dict[str, Any]) -> bool:
    """A wish that was refused, or is still looked at, does not count (SARIF, 3.27.23)."""
    states = {each.get("status", "accepted") for each in result.get("suppressions") or ()}
    return states == {"accepted"}


def _notifications(run: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Of its run; ESLint's formatter tells errors of parsing here."""
    for invocation in run.get("invocations", ()):
        for key in ("toolConfigurationNotifications", "toolExecutionNotifications"):
            for each in invocation.get(key, ()):
                yield {"ruleId": each.get("descriptor", {}).get("id", ""), **each}


def _default_levels(run: dict[str, Any]) -> dict[str, str]:
    parts = (run["tool"]["driver"], *run["tool"].get("extensions", ()))
    return {
        each["id"]: each.get("defaultConfiguration", {}).get("level", "warning")
        for part in parts
        for each in part.get("rules", ())
    }


def _of_result(result: dict[str, Any], levels: dict[str, str], cwd: Path) -> Finding:
    rule = result.get("ruleId") or ""
    usual = "none" if result.get("kind", "fail") != "fail" else levels.get(rule, "warning")
    level = result.get("level") or usual  # a result may say that all is well (SARIF, 3.27.9)
    places: list[dict[str, Any]] = [*result.get("locations", ()), {}]
    place = places[0].get("physicalLocation", {})
    region = place.get("region", {})
    uri = place.get("artifactLocation", {}).get("uri", "")
    where = region.get("startLine", 1), region.get("startColumn", 1)
    return Finding(_path(uri, cwd), *where, level, rule, result["message"]["text"])


def _path(uri: str, cwd: Path) -> str:
    """Biome and Oxlint do not encode their paths; so only what says to be a URI is decoded."""
    if not uri:
        return ""
    path = unquote(urlsplit(uri).path) if uri.startswith("file:") else uri
    return os.path.normpath(cwd / path)


def read_eslint(text: str, cwd: Path) -> list[Finding]:
    return [
        Finding(
            file["filePath"],
            each.get("line") or 1,
            each.get("column") or 1,
            _eslint_level(each),
            each["ruleId"] or "",
            each["message"],
        )
        for file in json.loads(text)
        for each in file["messages"]
    ]


def _eslint_level(message: dict[str, Any]) -> str:
    """A warning without a rule and a line says that the configuration leaves the file out."""
    if message["severity"] == 2:
        return "error"
    return IGNORED if message["ruleId"] is None and "line" not in message else "warning"


def read_checkstyle(text: str, cwd: Path) -> list[Finding]:
    return [
        Finding(
            os.path.normpath(cwd / file.get("name", "")),
            int(each.get("line", 1)),
            int(each.get("column", 1)),
            each.get("severity", "error").replace("info", "note").replace("ignore", "none"),
            each.get("source", ""),
            each.get("message", ""),
        )
        for file in parse_safely(text.encode()).iter("file")
        for each in file.iter("error")
    ]


READERS: dict[str, Callable[[str, Path], list[Finding]]] = {
    "sarif": read_sarif,
    "eslint": read_eslint,
    "checkstyle": read_checkstyle,
}
