"""A word diff of two short texts, and texts shortened and made visible; pure."""

from __future__ import annotations

import difflib
import re

#: Characters of a quoted text and of a diff; ``[=912=]`` stands for what is left out.
LINE, DIFF = 80, 240

#: Characters that two texts must have in common to count as similar.
MEANINGFUL = 3


class Diff:
    """A word diff of two short texts, ``str()`` of it is like ``equal [-expected-]{+actual+}``."""

    def __init__(self, wanted: str, found: str) -> None:
        old, new = _tokens(wanted), _tokens(found)
        matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
        self.runs = [
            ("".join(old[i1:i2]), "".join(new[j1:j2]))
            for _, i1, i2, j1, j2 in matcher.get_opcodes()
        ]

    @property
    def wanted(self) -> str:
        return "".join(old for old, _ in self.runs)

    @property
    def found(self) -> str:
        return "".join(new for _, new in self.runs)

    @property
    def is_telling(self) -> bool:
        """Whether some of it is alike and some is not."""
        alike = any(old == new and len(old) >= MEANINGFUL for old, new in self.runs)
        return alike and self.wanted != self.found

    def trim_start(self, *, cut: bool) -> int:
        """Drop what the window shows too much at its start; return how much of the actual text.

        :param cut: whether the expected text is longer than the window on that side.
        """
        cut = cut and len(self.runs) > 1
        old, new = self.runs[0]
        surplus = len(new) - len(old)
        self.runs[0] = (old[-surplus:] if cut and surplus < 0 else old, new[max(0, surplus) :])
        return max(0, surplus)

    def trim_end(self, *, cut: bool) -> None:
        """Drop what the window shows too much at its end, as `trim_start` does."""
        cut = cut and len(self.runs) > 1
        old, new = self.runs[-1]
        self.runs[-1] = (old[: len(new)] if cut else old, new[: len(old)])

    def __str__(self) -> str:
        shown = "".join(
            shortened(old) if old == new else _change(old, new) for old, new in self.runs
        )
        return shortened(_printable(shown), DIFF)


def _tokens(text: str) -> list[str]:
    """Words, or characters if there are no words to speak of (Chinese, Base64)."""
    words = re.findall(r"\w+|\W", text)
    return words if max(map(len, words), default=0) <= LINE / 2 else list(text)


def _change(old: str, new: str) -> str:
    removed = f"[-{shortened(old)}-]" if old else ""
    added = f"{{+{shortened(new)}+}}" if new else ""
    return removed + added


def common(one: str, other: str) -> int:
    """How many characters at the start of both are the same."""
    good, bad = 0, min(len(one), len(other)) + 1
    while bad - good > 1:
        size = (good + bad) // 2
        if one[:size] == other[:size]:
            good = size
        else:
            bad = size
    return good


def quoted(text: str) -> str:
    """A text as one line, in quotes."""
    return shortened(repr(shortened(text)), LINE + 10)


def shortened(text: str, limit: int = LINE) -> str:
    """Both ends of a text that is too long, with the number of characters between them."""
    if len(text) <= limit:
        return text
    half = limit // 2 - 5
    return f"{text[:half]}[={len(text) - 2 * half}=]{text[-half:]}"


def _printable(text: str) -> str:
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)
