"""How groups of tests are dealt out to shards, so that the slowest is fast; pure.

Each shard has to set up all layers that its groups need, once.  So groups that share a slow base
belong into one shard, but not where this makes that shard the slowest.  It is bin packing: for a
limit of seconds, groups are put into shards, those that take longest first, each to that one of the
shards within the limit in which it needs the fewest seconds of new set-ups.  The limit is the least
for which this works out, found by bisection (multifit: Coffman, Garey and Johnson, 1978).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence

from underlay.runners._times import Load

STEPS = 20  # of the bisection: to a millionth of the time that one shard would take


class _Part:
    def __init__(self) -> None:
        self.groups: set[str] = set()
        self.layers: set[str] = set()
        self.seconds = 0.0


def deal(loads: Mapping[str, Load], set_up: Callable[[str], float], count: int) -> list[set[str]]:
    """The names of the groups in each of `count` shards; where little gathers, some are empty.

    :param loads: by name of the group.
    :param set_up: tells the seconds of a layer's set-up.
    """
    seconds = {layer: set_up(layer) for load in loads.values() for layer in load.layers}

    def whole(name: str) -> float:
        return loads[name].seconds + math.fsum(seconds[layer] for layer in loads[name].layers)

    names = sorted(loads, key=lambda name: (-whole(name), name))
    groups = [(name, loads[name]) for name in names]
    parts = _fitted(groups, seconds, count, math.inf)
    too_little, enough = 0.0, _longest(parts)
    for _ in range(STEPS):
        limit = (too_little + enough) / 2
        if fitted := _fitted(groups, seconds, count, limit):
            parts, enough = fitted, _longest(fitted)
        else:
            too_little = limit
    return [part.groups for part in parts]


def _fitted(
    groups: Iterable[tuple[str, Load]], seconds: Mapping[str, float], count: int, limit: float
) -> list[_Part]:
    """Parts that are within a limit; none at all if that does not work out."""
    parts = [_Part() for _ in range(count)]
    for name, load in groups:
        new = [_new_set_ups(part, load, seconds) for part in parts]
        grown = [part.seconds + load.seconds + more for part, more in zip(parts, new, strict=True)]
        fitting = [number for number in range(count) if grown[number] <= limit]
        if not fitting:
            return []
        best = min(fitting, key=lambda number: (new[number], grown[number]))
        parts[best].seconds = grown[best]
        parts[best].groups.add(name)
        parts[best].layers.update(load.layers)
    return parts


def _new_set_ups(part: _Part, load: Load, seconds: Mapping[str, float]) -> float:
    return math.fsum(seconds[layer] for layer in load.layers if layer not in part.layers)


def _longest(parts: Sequence[_Part]) -> float:
    return max(part.seconds for part in parts)
