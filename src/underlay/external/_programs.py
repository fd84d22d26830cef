"""The programs that commands name."""

from __future__ import annotations

import os
from pathlib import Path

from underlay._errors import RunnerMissing


def program_path(name: str, cwd: Path) -> str:
    """The path of a program: as it is, or relative to the folder if it has a slash."""
    if os.sep not in name:
        return name
    path = cwd / name
    if not os.access(path, os.X_OK):
        raise RunnerMissing(name, (str(path),), "Check the path of its command.")
    return str(path)
