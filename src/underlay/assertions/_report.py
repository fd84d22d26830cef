"""Why text with holes does not match (or does): a few lines, whatever the size of the text; pure.

A diff never sees more than a window of the texts.  Their whole would cost minutes: ndiff is cubic,
see https://github.com/pytest-dev/pytest/issues/8998; cutting its output comes too late.
"""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Callable, Iterator, Sequence

from underlay.assertions._colours import are_shown, painted
from underlay.assertions._diff import MEANINGFUL, Diff, common, quoted
from underlay.assertions._matching import Comparison, find
from underlay.assertions._nearest import Place, nearest

#: Texts up to this many characters get the messages of gocept.testing.
SHORT = 500

#: Characters of the text that a diff is given beyond the size of the piece, for what was inserted.
SLACK = 40

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
    return "\n".join(_Report(comparison).lines())


def agreement(comparison: Comparison) -> str:
    """That the expression matches, and where."""
    shown = repr(comparison.expected) if _is_short(comparison) else quoted(comparison.expected)
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


class _Report:
    """The lines that say which piece is not found, what stands there, and how they differ."""

    def __init__(self, comparison: Comparison) -> None:
        self.comparison = comparison
        self.text = comparison.text
        self.index = len(comparison.spans)
        self.piece = comparison.pieces[self.index]
        self.low = comparison.spans[-1][1] if comparison.spans else 0
        self.starts = self.index == 0
        self.ends = self.index == len(comparison.pieces) - 1

    def lines(self) -> Iterator[str]:
        place = self._place()
        yield self._headline(place)
        if place is None:
            yield f"    expected: {quoted(self.piece)}"
            yield from self._after()
            yield "    nearest:  nothing similar"
        else:
            yield from self._compared(place)
        yield from (f"    note:     {note}" for note in self._notes())

    def _place(self) -> Place | None:
        if self.starts:
            return Place(0, common(self.piece, self.text))
        if self.ends:
            shift = len(self.text) - len(self.piece)
            return Place(shift, len(self.piece) - common(self.piece[::-1], self.text[::-1]), True)
        return nearest(self.piece, self.text, self.low)

    def _headline(self, place: Place | None) -> str:
        if place and self.starts and self.ends:
            where = _location(self.comparison, place.focus)
            return f"Text differs from the expression at {where}:"
        name = _name(self.comparison, self.index)
        if self.starts:
            return f"Text does not start with {name}:"
        if self.ends:
            return f"Text does not end with {name}:"
        where = f" after {_location(self.comparison, self.low)}" if self.low else ""
        return f"{name.capitalize()} not found{where}:"

    def _after(self) -> Iterator[str]:
        before = [n for n in range(self.index) if self.comparison.pieces[n]]
        if before:
            yield f"    after:    {_found(self.comparison, before[-1])}"

    def _compared(self, place: Place) -> Iterator[str]:
        start, stop = place.window(len(self.piece))
        wanted = self.piece[start:stop]
        unlike = place.focus if place.backwards else len(self.piece) - place.focus
        slack = SLACK if self.starts and self.ends else min(SLACK, max(MEANINGFUL, unlike))
        at = max(self.low, place.shift + start - (slack if place.backwards else 0))
        end = max(at, place.shift + stop + (0 if place.backwards else slack))
        diff = Diff(wanted, self.text[at:end])
        if place.backwards:
            at += diff.trim_start(cut=start > 0)
        elif stop < len(self.piece) or not self.ends:
            diff.trim_end(cut=stop < len(self.piece))
        label = "actual: " if self.starts or self.ends else "nearest:"
        similar = f" (one of {place.like_it} such places)" if place.like_it > 1 else ""
        where = _location(self.comparison, at)
        yield f"    expected: {quoted(diff.wanted)}"
        yield from self._after()
        yield f"    {label}  {quoted(diff.found)} at {where}{similar}"
        if diff.is_telling:
            yield f"    diff:     {painted(str(diff)) if are_shown() else diff}"

    def _notes(self) -> Iterator[str]:
        if self.starts and self.ends and len(self.text) != len(self.piece):
            yield f"the text has {len(self.text)} characters, the expression {len(self.piece)}"
        yield from self._stands_elsewhere()
        yield from self._found_if_loosened()
        yield from self.comparison.remarks

    def _stands_elsewhere(self) -> Iterator[str]:
        if not self.piece:
            return
        at = self.text.find(self.piece, self.low)
        if at >= 0 and (self.starts or self.ends):
            sides = [side for side, here in (("before", self.starts), ("after", self.ends)) if here]
            where = _location(self.comparison, at)
            yield f"it stands at {where}; a hole {' and '.join(sides)} it would match"
        elif (at := self.text.find(self.piece)) >= 0:
            where = _location(self.comparison, at)
            yield f"it stands at {where}, but pieces must follow each other without overlap"

    def _found_if_loosened(self) -> Iterator[str]:
        for condition, loosen in LOOSENED:
            pieces = [loosen(piece) for piece in self.comparison.pieces]
            if len(find(pieces, loosen(self.text))) > self.index:
                yield f"it would match {condition}"


def _name(comparison: Comparison, index: int) -> str:
    """A piece's name for humans; those that are empty, next to a hole at an edge, do not count."""
    numbers = [n for n, piece in enumerate(comparison.pieces) if piece]
    return f"piece {numbers.index(index) + 1} of {len(numbers)}"


def _found(comparison: Comparison, index: int) -> str:
    name = _name(comparison, index).partition(" of ")[0]
    where = _location(comparison, comparison.spans[index][0])
    return f"{name} {quoted(comparison.pieces[index])} at {where}"


def _location(comparison: Comparison, offset: int) -> str:
    """Line and column, in the text as it was given, of an offset in the text with single blanks."""
    before = comparison.text[:offset]
    blanks = before.count(" ")
    words = comparison.actual.split(None, blanks)
    word = len(comparison.actual) - len(words[blanks]) if words else 0
    at = word + offset - (before.rfind(" ") + 1)
    line = comparison.actual.count("\n", 0, at) + 1
    return f"line {line}, column {at - comparison.actual.rfind(chr(10), 0, at)}"
