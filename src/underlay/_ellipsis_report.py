"""Why text with holes does not match (or does): a few lines, whatever the size of the text; pure.

A diff never sees more than a window of the texts.  Their whole would cost minutes: ndiff is cubic,
see https://github.com/pytest-dev/pytest/issues/8998; cutting its output comes too late.
"""

from __future__ import annotations

import collections
import dataclasses
import difflib
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence

from underlay._ellipsis import Comparison, find

#: Texts up to this many characters get the messages of gocept.testing.
SHORT = 500

#: Characters of a piece that a diff is given, how many of them before the first difference, and
#: how many more of the text, in case that something was inserted there.
WINDOW, BEFORE, SLACK = 300, 30, 40

#: Characters of the beginning and the end of a piece that are searched for in the text.
PROBE = 2000

#: Words that vote for the nearest place, places that each of them may name, and how far apart
#: (in characters) two places are still the same.
WORDS, VOTES, BUCKET = 60, 20, 16

#: What a piece may be compared without, to tell a user what to look at.
LOOSENED: Sequence[tuple[str, Callable[[str], str]]] = (
    ("without the blanks next to the holes", str.strip),
    (
        "if white space next to tags is ignored",
        lambda text: text.replace(" <", "<").replace("> ", ">"),
    ),
    (
        "if both texts are in Unicode's normal form NFC",
        lambda text: unicodedata.normalize("NFC", text),
    ),
)


def difference(comparison: Comparison) -> str:
    """Why the expression does not match."""
    if len(comparison.pieces) == 1 and _is_short(comparison):
        return _ndiff(comparison)
    return "\n".join(_report(comparison))


def agreement(comparison: Comparison) -> str:
    """That the expression matches, and where."""
    shown = repr(comparison.expected) if _is_short(comparison) else _quoted(comparison.expected)
    message = f"Value unexpectedly matches expression {shown}."
    if _is_short(comparison):
        return message
    found = [n for n, piece in enumerate(comparison.pieces) if piece]
    places = [f"    {_found(comparison, n)}" for n in found[:3]]
    more = [f"    and {len(found) - 3} more"] if len(found) > 3 else []
    return "\n".join([message, *places, *more])


def _is_short(comparison: Comparison) -> bool:
    return max(len(comparison.expected), len(comparison.actual)) <= SHORT


def _ndiff(comparison: Comparison) -> str:
    differ = difflib.Differ(charjunk=difflib.IS_CHARACTER_JUNK)
    wanted, found = comparison.expected.splitlines(True), comparison.actual.splitlines(True)
    lines = [line.rstrip() for line in differ.compare(wanted, found)]
    notes = [f"note: {remark}" for remark in comparison.remarks]
    return "\n".join(["Differences (ndiff with -expected +actual):", *lines, *notes, ""])


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a piece would stand in the text.

    :param shift: what to add to an offset in the piece to get one in the text.
    :param focus: the offset in the piece where the two begin, or end, to differ.
    :param like_it: how many places look like this one.
    """

    shift: int
    focus: int
    like_it: int = 1


def _report(comparison: Comparison) -> Iterator[str]:
    index, last = len(comparison.spans), len(comparison.pieces) - 1
    piece, text = comparison.pieces[index], comparison.text
    low = comparison.spans[-1][1] if index else 0
    place: Place | None
    if index == 0:
        place = Place(0, _common(piece, text))
    elif index == last:
        place = Place(len(text) - len(piece), len(piece) - _common(piece[::-1], text[::-1]))
    else:
        place = nearest(piece, text, low)
    yield _headline(comparison, place, low)
    wanted, found, at = _windows(piece, text, place, low) if place else (piece, "", 0)
    if place:
        trimmed = _Diff(wanted, found, starts=index == 0, ends=index == last)
        ...
