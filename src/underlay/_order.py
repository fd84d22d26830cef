"""In which order groups of tests run, so that the least is set up; pure, on the names of layers.

From one group to the next those layers stay up that both need.  What a run sets up is thus what all
groups need, each for itself, less what neighbours share: the best order is a path through all
groups on which neighbours share most.  Sorted by the names of their layers, base before derived,
groups on trees of layers stand on such a path already.  Where a layer has several bases, or a test
several layers, two moves known from the travelling salesman bring that path near the best:
stretches of it are reversed (2-opt), and short ones are put elsewhere (or-opt).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

K = TypeVar("K")

Path = list[int]  # numbers of groups; it begins and ends with one that shares nothing
Shared = list[list[int]]  # microseconds of set-up that two groups have in common

LONGEST = 3  # groups that or-opt puts elsewhere at once


def arrange(groups: Mapping[K, Sequence[str]], seconds: Mapping[str, float]) -> list[K]:
    """The keys of groups in an order that sets up little; a group without layers comes first.

    :param groups: the names of all layers that each group needs, base before derived.
    :param seconds: how long set-ups took in the past, by name; one second where it is not known.
    """

    def microseconds(names: Iterable[str]) -> int:
        return sum(max(1, round(1_000_000 * seconds.get(name, 1))) for name in names)

    keys = sorted(groups, key=lambda key: tuple(groups[key]))
    free = sum(not groups[key] for key in keys)
    needed = [frozenset(groups[key]) for key in keys[free:]] + [frozenset[str]()]
    shared = [[microseconds(one & other) for other in needed] for one in needed]
    most = sum(map(microseconds, needed)) - microseconds(frozenset().union(*needed))
    path = _improved([-1, *range(len(needed) - 1), -1], shared, most)
    return keys[:free] + [keys[free + number] for number in path[1:-1]]


def _improved(path: Path, shared: Shared, most: int) -> Path:
    """Move while that helps, unless neighbours share the `most` they can: all goes up once."""
    before = -1
    while before < (now := _kept(path, shared)) < most:
        before = now
        _reverse_stretches(path, shared)
        _put_elsewhere(path, shared)
    return path


def _kept(path: Path, shared: Shared) -> int:
    """What stays up along the path."""
    return sum(shared[one][other] for one, other in itertools.pairwise(path))


def _reverse_stretches(path: Path, shared: Shared) -> None:
    """Reverse each stretch of the path whose new neighbours share more."""
    for start in range(1, len(path) - 1):
        for end in range(start + 2, len(path)):
            before, first, last, after = path[start - 1], path[start], path[end - 1], path[end]
            gain = shared[before][last] + shared[first][after]
            if gain > shared[before][first] + shared[last][after]:
                path[start:end] = path[start:end][::-1]


def _put_elsewhere(path: Path, shared: Shared) -> None:
    """Put each short stretch of the path where it and its new neighbours share most."""
    for length in range(1, min(LONGEST, len(path) - 2) + 1):
        for start in range(1, len(path) - length):
            stretch = path[start : start + length]
            rest = path[:start] + path[start + length :]
            path[:] = _with(rest, stretch, start, shared)


def _with(rest: Path, stretch: Path, start: int, shared: Shared) -> Path:
    """Insert a stretch where that gains most, either way round; in case of doubt at `start`."""
    first, last = shared[stretch[0]], shared[stretch[-1]]
    best, place, turned = -math.inf, start, False
    for here in (start, *range(1, len(rest))):
        before, after = rest[here - 1], rest[here]
        for turn, one, other in ((False, first, last), (True, last, first)):
            gain = one[before] + other[after] - shared[before][after]
            if gain > best:
                best, place, turned = gain, here, turn
    return rest[:place] + (stretch[::-1] if turned else stretch) + rest[place:]
