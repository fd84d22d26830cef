"""Whether the terminal shows colours, and the word diff in them."""

from __future__ import annotations

import os
import re

RED, GREEN, RESET = "\x1b[31m", "\x1b[32m", "\x1b[0m"


def are_shown() -> bool:
    """Whether what a runner prints can be in colour.

    ``NO_COLOR`` and ``FORCE_COLOR`` decide (https://no-color.org, https://force-color.org).
    Without them both standard output and standard error have to be terminals: some runners print
    failures to the one, some to the other.
    """
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return True
    return os.environ.get("TERM") != "dumb" and os.isatty(1) and os.isatty(2)


def painted(diff: str) -> str:
    """A word diff with what is expected in red and what is there in green."""
    diff = re.sub(r"\[-.*?-\]", rf"{RED}\g<0>{RESET}", diff)
    return re.sub(r"\{\+.*?\+\}", rf"{GREEN}\g<0>{RESET}", diff)
