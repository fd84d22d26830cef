"""Newer: files that are made of others are not older than these."""

from __future__ import annotations

import datetime
import os
from pathlib import Path
from typing import Protocol

__unittest = True  # unittest leaves our frames out of tracebacks


class _TestCase(Protocol):
    """What the mixin uses of its test case and of the attributes that this sets."""

    source_ext: str
    target_ext: str
    message: object
    delta: float
    failureException: type[BaseException]


class Newer:
    """Mixin for a TestCase: `check_files`, for what is generated and kept beside its source."""

    #: The end of the names of the sources, such as ``".js"``.
    source_ext: str
    #: What their targets have in its place, such as ``".min.js"``.
    target_ext: str
    #: What to do about it, shown with a failure.
    message: object = ""
    #: Seconds by which a target may be older than its source.
    delta: float = 3

    def check_files(self: _TestCase, path: str | os.PathLike[str]) -> None:
        """Check that each source in a folder, and below, has a target that is not older.

        Files whose names begin with an underscore do not count.

        :raises AssertionError: for the first that is missing or out of date, and if there is no
            such folder.
        """
        __tracebackhide__ = True
        if not os.path.isdir(path):
            raise self.failureException(f"There is no folder {os.fspath(path)}.")
        for source in sorted(Path(path).rglob(f"[!_]*{self.source_ext}")):
            if source.name.endswith(self.target_ext):
                continue
            target = source.with_name(source.name.removesuffix(self.source_ext) + self.target_ext)
            if problem := _problem(source, target, self.delta):
                raise self.failureException(f"{problem}\n{self.message}")


def _problem(source: Path, target: Path, delta: float) -> str | None:
    if not target.exists():
        return f"{target} does not exist."
    made, changed = target.stat().st_mtime, source.stat().st_mtime
    if changed - made < delta:
        return None
    return f"{target} is out of date: made {_shown(made)}, {source.name} changed {_shown(changed)}."


def _shown(seconds: float) -> str:
    return datetime.datetime.fromtimestamp(seconds).isoformat(" ", "milliseconds")
