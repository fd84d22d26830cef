"""HTML with holes: the first node that differs, by its path.

The content of an element is seen as one text in which `CHILD` stands for each child element.  So a
piece of an expression is looked for as text is, and then its children are compared one by one.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from typing import Any

from underlay.assertions._diff import quoted
from underlay.assertions._matching import find, split

#: Stands for a child element; Unicode's own character for that.
CHILD = "\ufffc"

#: Elements in which white space counts.
PREFORMATTED = ("pre", "textarea")

Element = Any  # lxml's, which comes without types


@dataclasses.dataclass(frozen=True)
class Difference:
    """Where two trees differ.

    :param path: of the actual element, such as ``html/body/p[2]``.
    :param problem: what is wrong there.
    """

    path: str
    problem: str

    def __str__(self) -> str:
        return f"HTML differs at {self.path}:\n    {self.problem}"


@dataclasses.dataclass(frozen=True)
class Comparing:
    """Compares trees.

    :param hole: the marker of a hole.
    :param extra_attributes: whether the actual elements may have more attributes.
    """

    hole: str
    extra_attributes: bool

    def differences(self, expected: Element, actual: Element, path: str) -> Iterator[Difference]:
        """Where an element differs from an expression, the first difference first."""
        if expected.tag != actual.tag:
            yield Difference(path, f"expected <{expected.tag}>, got <{actual.tag}>")
            return
        yield from self._of_attributes(expected, actual, path)
        yield from self._of_contents(expected, actual, path)

    def _of_attributes(self, expected: Element, actual: Element, path: str) -> Iterator[Difference]:
        for name, value in expected.attrib.items():
            if name not in actual.attrib:
                yield Difference(path, f"the attribute {name} is missing")
            elif not self._is_like(name, value, actual.attrib[name]):
                found = quoted(actual.attrib[name])
                yield Difference(path, f"attribute {name}: expected {quoted(value)}, got {found}")
        for name in actual.attrib:
            if name not in expected.attrib and not self.extra_attributes:
                value = quoted(actual.attrib[name])
                yield Difference(path, f"the attribute {name} is not expected: {value}")

    def _is_like(self, name: str, expected: str, actual: str) -> bool:
        if name == "class" and self.hole not in expected:
            return set(expected.split()) == set(actual.split())
        pieces, _ = split(expected, self.hole)
        return len(find(pieces, actual)) == len(pieces)

    def _of_contents(self, expected: Element, actual: Element, path: str) -> Iterator[Difference]:
        text = _content(actual, self.hole, text_only=True)
        pieces, _ = split(_content(expected, self.hole), self.hole)
        wanted, found = list(expected), list(actual)
        first, *rest = pieces
        count = first.count(CHILD)
        yield from self._of_children(wanted[:count], found, 0, path)
        if not (text.startswith(first) if rest else text == first):
            yield _unequal(first, text, wanted, found, path, " first" if rest else "")
        elif rest:
            yield from self._of_rest(rest, text, wanted[count:], found, len(first), path)

    def _of_rest(
        self,
        pieces: list[str],
        text: str,
        wanted: list[Element],
        found: list[Element],
        low: int,
        path: str,
    ) -> Iterator[Difference]:
        """What follows a hole; the leftmost place of each piece is enough."""
        *middle, last = pieces
        high = len(text) - len(last)
        for piece in middle:
            children, wanted = wanted[: piece.count(CHILD)], wanted[piece.count(CHILD) :]
            at, nearest = self._place(piece, text, children, found, low, high, path)
            if at < 0:
                yield nearest or _unequal(piece, text[low:high], children, found, path, " anywhere")
                return
            low = at + len(piece)
        if high < low or not text.endswith(last):
            yield _unequal(last, text[low:], wanted, found, path, " last")
        else:
            yield from self._of_children(wanted, found, text.count(CHILD, 0, high), path)

    def _place(
        self,
        piece: str,
        text: str,
        children: list[Element],
        found: list[Element],
        low: int,
        high: int,
        path: str,
    ) -> tuple[int, Difference | None]:
        """Where a piece and its children stand, else -1 and the difference that is deepest."""
        nearest: Difference | None = None
        at = text.find(piece, low, max(low, high))
        while at >= 0:
            before = text.count(CHILD, 0, at)
            difference = next(self._of_children(children, found, before, path), None)
            if difference is None:
                return at, None
            if nearest is None or difference.path.count("/") > nearest.path.count("/"):
                nearest = difference
            at = text.find(piece, at + 1, high)
        return -1, nearest

    def _of_children(
        self, wanted: list[Element], found: list[Element], start: int, path: str
    ) -> Iterator[Difference]:
        # The step is known only where something differs: to count siblings each time is quadratic.
        for expected, actual in zip(wanted, found[start:]):  # noqa: B905 - the texts tell the rest
            for difference in self.differences(expected, actual, ""):
                below = f"{path}/{_step(actual, found)}{difference.path}"
                yield Difference(below, difference.problem)


def _content(element: Element, hole: str, *, text_only: bool = False) -> str:
    """The text of an element, with `CHILD` for each child."""
    content = (element.text or "") + "".join(CHILD + (child.tail or "") for child in element)
    if element.tag in PREFORMATTED:
        return content
    marks = [CHILD] if text_only else [CHILD, hole]
    content = " ".join(content.split())
    return re.sub(rf" ?({'|'.join(map(re.escape, marks))}) ?", r"\1", content)


def _unequal(
    piece: str, text: str, wanted: list[Element], found: list[Element], path: str, where: str
) -> Difference:
    expected = quoted(_named(piece, wanted))
    return Difference(path, f"expected{where} {expected}, got {quoted(_named(text, found))}")


def _named(content: str, children: list[Element]) -> str:
    """A content with the names of its children, as far as there are any."""
    names = iter(children)
    return re.sub(CHILD, lambda _: f"<{getattr(next(names, None), 'tag', '')}>", content)


def _step(element: Element, siblings: list[Element]) -> str:
    same = [each for each in siblings if each.tag == element.tag]
    return f"{element.tag}[{same.index(element) + 1}]" if len(same) > 1 else str(element.tag)
