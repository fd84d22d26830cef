"""Text with holes: which pieces stand where, as doctest and gocept.testing define it; pure.

White space runs count as one blank on both sides.  The text between two holes is a piece; pieces
stand in the text one after the other and do not overlap, the first at its start, the last at its
end.  The leftmost place is taken for each piece, and that is enough: if any match exists, this is
one (see ``_ellipsis_match`` in CPython's ``Lib/doctest.py``).
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

from underlay.assertions._contents import Contents, text_of

Span = tuple[int, int]


@dataclasses.dataclass(frozen=True, repr=False)
class Match:
    """What an expression found; always true.  ``match["name"]`` is what stands in a named hole.

    :param text: the text with each run of white space as one blank.
    :param spans: where in `text` each piece stands, as (start, end); pieces at the edges of an
        expression that begins or ends with a hole are empty.
    :param names: the name of each hole, None for one that has none; hole n lies between the spans
        n and n + 1.
    """

    text: str
    spans: tuple[Span, ...]
    names: tuple[str | None, ...]

    @property
    def holes(self) -> dict[str, str]:
        """What stands in each hole that has a name."""
        return {
            name: self.text[self.spans[n][1] : self.spans[n + 1][0]]
            for n, name in enumerate(self.names)
            if name is not None
        }

    def __getitem__(self, name: str) -> str:
        return self.holes[name]

    def __repr__(self) -> str:
        return f"<Match {self.holes}>"


@dataclasses.dataclass(frozen=True)
class Comparison:
    """An expression, a text and how far the one was found in the other.

    :param expected: the expression as it was written.
    :param pieces: the texts between the holes.
    :param names: the names of the holes.
    :param actual: the text as it was given.
    :param text: the text with each run of white space as one blank.
    :param spans: where the pieces stand, up to the first that is not found.
    :param remarks: what had to be done to the texts before.
    """

    expected: str
    pieces: Sequence[str]
    names: Sequence[str | None]
    actual: str
    text: str
    spans: Sequence[Span]
    remarks: Sequence[str]

    @property
    def match(self) -> Match | None:
        if len(self.spans) < len(self.pieces):
            return None
        return Match(self.text, tuple(self.spans), tuple(self.names))


def compare(expected: Contents, actual: Contents, hole: str) -> Comparison:
    """Look for an expression in a text.

    :raises TypeError: if one of them has no contents that are text or bytes.
    :raises ValueError: if `hole` cannot be a marker, or two holes have the same name.
    """
    remarks: list[str] = []
    wanted = text_of(expected, "expected", remarks)
    found = text_of(actual, "actual", remarks)
    pieces, names = split(_one_blank(wanted), hole)
    text = _one_blank(found)
    return Comparison(wanted, pieces, names, found, text, find(pieces, text), remarks)


def split(expected: str, hole: str) -> tuple[list[str], list[str | None]]:
    """The pieces of an expression and, one fewer, the names of the holes between them."""
    if not hole or re.search(r"\s", hole):
        raise ValueError(f"hole must be text without white space, not {hole!r}")
    marker = re.escape(hole)
    parts = re.split(rf"{marker}(?:\{{([^\W\d]\w*)\}}{marker})?", expected)
    names = parts[1::2]
    given = [name for name in names if name]
    if len(given) > len(set(given)):
        raise ValueError(f"two holes have the same name: {', '.join(given)}")
    return parts[::2], names


def find(pieces: Sequence[str], text: str) -> list[Span]:
    """Where each piece stands in the text, up to the first that is not found."""
    first, *rest = pieces
    if not rest:
        return [(0, len(text))] if text == first else []
    if not text.startswith(first):
        return []
    *middle, last = rest
    spans, low, ends = [(0, len(first))], len(first), text.endswith(last)
    high = len(text) - len(last) if ends else len(text)
    for piece in middle:
        at = text.find(piece, low, high) if piece else low
        if at < 0:
            return spans
        low = at + len(piece)
        spans.append((at, low))
    if ends and low <= high:
        spans.append((high, len(text)))
    return spans


def _one_blank(text: str) -> str:
    return " ".join(text.split())
