"""The files that patterns name."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from underlay._errors import NoTestsReported

BRACES = re.compile(r"\{([^{}]*)\}")


def find_files(who: object, patterns: Sequence[str], cwd: Path) -> list[str]:
    """The paths of all files that match, sorted, absolute.

    :param who: whose files they are, for the message.
    :param patterns: paths or glob patterns, also with ``**`` and ``{js,ts}``, that start in `cwd`;
        with ``!`` in front, files to leave out.  ``node_modules`` are left out by ``**``.
    :raises NoTestsReported: if there is none.
    """
    wanted = (pattern for pattern in patterns if not pattern.startswith("!"))
    unwanted = (pattern[1:] for pattern in patterns if pattern.startswith("!"))
    left_out = set(_matches(unwanted, cwd))
    found = sorted({*_matches(wanted, cwd)} - left_out)
    if not found:
        raise NoTestsReported(str(who), f"No file in {cwd} matches its patterns.", "")
    return found


def _matches(patterns: Iterator[str], cwd: Path) -> Iterator[str]:
    for pattern in patterns:
        for each in (
            [glob.escape(pattern)] if os.path.exists(cwd / pattern) else expand_braces(pattern)
        ):
            for found in glob.iglob(each, root_dir=cwd, recursive=True):
                path = os.path.normpath(os.path.join(cwd, found))
                is_meant = "node_modules" in each or "node_modules" not in found.split(os.sep)
                if is_meant and os.path.isfile(path):
                    yield path


def expand_braces(pattern: str) -> list[str]:
    """``["a.js", "a.ts"]`` for ``"a.{js,ts}"``."""
    if not (found := BRACES.search(pattern)):
        return [pattern]
    before, after = pattern[: found.start()], pattern[found.end() :]
    return [text for each in found[1].split(",") for text in expand_braces(before + each + after)]
