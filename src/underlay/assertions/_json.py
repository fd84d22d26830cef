"""JSON with holes: where a value differs from what was expected, by its path; pure."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from underlay.assertions._matching import find, split


@dataclasses.dataclass(frozen=True)
class Difference:
    """Where two values differ.

    :param path: such as ``$.items[2].price``.
    :param problem: what is wrong there.
    """

    path: str
    problem: str

    def __str__(self) -> str:
        return f"JSON differs at {self.path}:\n    {self.problem}"


def differences(expected: Any, actual: Any, hole: str, path: str = "$") -> Iterator[Difference]:
    """Where a value differs from an expression, the first difference first."""
    if expected is ... or expected == hole:
        return
    if isinstance(expected, Mapping) and isinstance(actual, Mapping):
        yield from _of_objects(expected, actual, hole, path)
    elif _is_array(expected) and _is_array(actual):
        yield from _of_arrays(expected, actual, hole, path)
    elif isinstance(expected, str) and isinstance(actual, str):
        pieces, _ = split(expected, hole)
        if len(find(pieces, actual)) < len(pieces):
            yield _unequal(expected, actual, path)
    elif isinstance(expected, bool) is not isinstance(actual, bool) or expected != actual:
        yield _unequal(expected, actual, path)


def _of_objects(
    expected: Mapping[Any, Any], actual: Mapping[Any, Any], hole: str, path: str
) -> Iterator[Difference]:
    open_ended = hole in expected or ... in expected
    for key, value in expected.items():
        if key is ... or key == hole:
            continue
        if key in actual:
            yield from differences(value, actual[key], hole, f"{path}{_step(key)}")
        else:
            yield Difference(path, f"the key {_shown(key)} is missing; there are {_keys(actual)}")
    for key in actual:
        if key not in expected and not open_ended:
            yield Difference(path, f"the key {_shown(key)} is not expected: {_shown(actual[key])}")


def _of_arrays(
    expected: Sequence[Any], actual: Sequence[Any], hole: str, path: str
) -> Iterator[Difference]:
    """Pieces between holes stand one after the other; the leftmost place of each is enough."""
    pieces = _pieces(expected, hole)
    if len(pieces) == 1 and len(expected) != len(actual):
        yield Difference(path, f"expected {len(expected)} items, there are {len(actual)}")
    first, *rest = pieces
    yield from _at(first, actual, 0, hole, path)
    if not rest:
        return
    *middle, last = rest
    low, high = len(first), len(actual) - len(last)
    for piece in middle:
        places = range(low, high - len(piece) + 1)
        at = next((n for n in places if not any(_at(piece, actual, n, hole, path))), None)
        if at is None:
            yield Difference(path, f"{_shown(piece)} not found in items {low} to {high - 1}")
            return
        low = at + len(piece)
    if high < low:
        yield Difference(path, f"there are {len(actual)} items, fewer than expected")
    else:
        yield from _at(last, actual, high, hole, path)


def _at(
    piece: Sequence[Any], actual: Sequence[Any], at: int, hole: str, path: str
) -> Iterator[Difference]:
    for n, value in enumerate(piece, at):
        if n < len(actual):
            yield from differences(value, actual[n], hole, f"{path}[{n}]")
        else:
            yield Difference(f"{path}[{n}]", f"expected {_shown(value)}, the array ends before")


def _pieces(expected: Sequence[Any], hole: str) -> list[list[Any]]:
    pieces: list[list[Any]] = [[]]
    for value in expected:
        if value is ... or value == hole:
            pieces.append([])
        else:
            pieces[-1].append(value)
    return pieces


def _is_array(value: Any) -> bool:
    return isinstance(value, list | tuple)


def _unequal(expected: Any, actual: Any, path: str) -> Difference:
    return Difference(path, f"expected {_shown(expected)}, got {_shown(actual)}")


def _step(key: Any) -> str:
    return f".{key}" if str(key).isidentifier() else f"[{json.dumps(key)}]"


def _keys(actual: Mapping[Any, Any]) -> str:
    return _cut(", ".join(map(_shown, actual))) or "none"


def _shown(value: Any) -> str:
    return _cut(json.dumps(value, ensure_ascii=False, default=repr, skipkeys=True))


def _cut(text: str, limit: int = 200) -> str:
    return text if len(text) <= limit else f"{text[: limit - 3]}..."
