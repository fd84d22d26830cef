"""Where a piece of text stands that is not quite the one that was looked for; pure."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator

from underlay.assertions._diff import MEANINGFUL
from underlay.assertions._matching import Span

#: Characters of a piece that are enough to recognise it; half of a shorter piece is.
ENOUGH = 30

#: Characters of a piece that a diff is given, and how many of them before the first difference.
WINDOW, BEFORE = 160, 30

#: Characters of the beginning and the end of a piece that are searched for in the text.
PROBE = 2000

#: Words of a piece that are searched for, places looked at for each, and words that name places.
WORDS, PLACES, RAREST = 60, 20, 5


@dataclasses.dataclass(frozen=True)
class Place:
    """Where a piece would stand in the text.

    :param shift: what to add to an offset in the piece to get one in the text.
    :param focus: the offset in the piece where the two begin to differ, or end to.
    :param backwards: whether they are alike behind the focus, not before it.
    :param like_it: how many places look like this one.
    """

    shift: int
    focus: int
    backwards: bool = False
    like_it: int = 1

    def window(self, size: int) -> Span:
        """The part of a piece of `size` characters that a diff shall show."""
        if size <= WINDOW:
            return 0, size
        before = WINDOW - BEFORE if self.backwards else BEFORE
        start = min(max(0, self.focus - before), size - WINDOW)
        return start, start + WINDOW


def nearest(piece: str, text: str, low: int) -> Place | None:
    """Where the longest beginning or end of a piece stands, or else most of its words.

    Blanks at its edges do not count.
    """
    core = piece.strip()
    place = _nearest(core, text, low)
    if place is None:
        return None
    lead = piece.index(core)
    return dataclasses.replace(place, shift=place.shift - lead, focus=place.focus + lead)


def _nearest(piece: str, text: str, low: int) -> Place | None:
    limit = min(len(piece), PROBE)
    head, first = _longest(lambda size: piece[:size], limit, text, low)
    tail, last = _longest(lambda size: piece[-size:], limit, text, low)
    if max(head, tail) < max(MEANINGFUL, min(ENOUGH, len(piece) / 2)):
        return _elected(piece, text, low)
    if head >= tail:
        return Place(first, head, False, text.count(piece[:head], low))
    focus = len(piece) - tail
    return Place(last - focus, focus, True, text.count(piece[focus:], low))


def _longest(part: Callable[[int], str], limit: int, text: str, low: int) -> tuple[int, int]:
    """Size and place of the longest part that occurs, where each part contains the smaller ones."""
    good, bad, at = 0, limit + 1, -1
    while bad - good > 1:
        size = (good + bad) // 2
        found = text.find(part(size), low)
        if found < 0:
            bad = size
        else:
            good, at = size, found
    return good, at


def _elected(piece: str, text: str, low: int) -> Place | None:
    """Where most of a piece's words stand; the rarest of them tell the places to look at."""
    probe = piece[:PROBE]
    offsets = {match[0]: match.start() for match in re.finditer(r"\w{2,}", probe)}
    words = sorted(offsets, key=len, reverse=True)[:WORDS]
    seen = {word: list(_occurrences(word, text, low)) for word in words}
    rarest = sorted(filter(seen.get, words), key=lambda word: len(seen[word]))[:RAREST]

    def present(shift: int) -> int:
        window = text[max(low, shift) : max(low, shift + len(probe))]
        return sum(len(word) for word in words if word in window)

    shifts = [at - offsets[word] for word in rarest for at in seen[word]]
    best = max(shifts, key=present, default=None)
    if best is None or present(best) < max(MEANINGFUL, sum(map(len, words)) / 3):
        return None
    return Place(best, 0)


def _occurrences(word: str, text: str, low: int) -> Iterator[int]:
    for _ in range(PLACES):
        at = text.find(word, low)
        if at < 0:
            return
        yield at
        low = at + len(word)
