"""Which tests stay on one worker of xdist, and when a layer is worth several; pure.

A worker that gets tests of a layer sets it up.  So the tests of a layer are one unit of work; but
if they take most of the time, all other workers wait for one.  Then they are several units, if that
saves more than the further set-ups cost.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from underlay.runners._times import Load, Record

WORTH = 0.1  # of the time, to be saved at least: recorded times tell the future no better


class Place(NamedTuple):
    """What a test belongs to.

    :param group: tests on the same layers, or what else has to be, or may be, on one worker.
    :param bundle: the tests of a group that are not parted in any case.
    """

    group: str
    bundle: str


def units(
    places: Mapping[str, Place], layers: Mapping[str, Sequence[str]], known: Record, workers: int
) -> list[list[str]]:
    """The tests that a worker gets at once, those that take longest first.

    :param places: of each test, by its node id.
    :param layers: all layers that a group needs; only groups that need some are ever split.
    :param workers: how many there are.
    """
    bundles: dict[str, dict[str, list[str]]] = {}
    for nodeid, place in places.items():
        bundles.setdefault(place.group, {}).setdefault(place.bundle, []).append(nodeid)
    loads = {
        group: _load(group, each, layers.get(group, ()), known) for group, each in bundles.items()
    }
    most = {group: min(workers, len(bundles[group])) for group in loads if loads[group].layers}
    parts = split(loads, most, known, workers)
    cut = {group: _cut([*each.values()], parts[group]) for group, each in bundles.items()}
    longest = sorted(cut, key=lambda group: -loads[group].seconds / parts[group])
    return [unit for group in longest for unit in cut[group]]


def _load(
    group: str, bundles: Mapping[str, Sequence[str]], layers: Sequence[str], known: Record
) -> Load:
    return known.load(group if layers else "", layers, sum(map(len, bundles.values())))


def split(
    loads: Mapping[str, Load], most: Mapping[str, int], known: Record, workers: int
) -> dict[str, int]:
    """Into how many parts each group is split: into one, unless it saves more than it costs.

    The longest part is split further, some times; the best of these plans is taken.

    :param most: how many parts a group may have at most; others are not split.
    """
    set_ups = {layer: known.set_up(layer) for load in loads.values() for layer in load.layers}
    parts = dict.fromkeys(loads, 1)
    best, least = dict(parts), makespan(loads, parts, set_ups, workers) * (1 - WORTH)
    for _ in range(4 * workers):
        divisible = [group for group in most if parts[group] < most[group]]
        if not divisible:
            break
        parts[max(divisible, key=lambda group: loads[group].seconds / parts[group])] += 1
        total = makespan(loads, parts, set_ups, workers) + cost(loads, parts, set_ups)
        if total < least:
            best, least = dict(parts), total
    return best


def makespan(
    loads: Mapping[str, Load],
    parts: Mapping[str, int],
    set_ups: Mapping[str, float],
    workers: int,
) -> float:
    """The seconds until all is done, if the worker that is ready first gets the longest part."""
    queue = [Load(load.seconds / parts[group], load.layers) for group, load in loads.items()]
    order = sorted(zip(queue, loads, strict=True), key=lambda each: -each[0].seconds)
    ready = [(0.0, worker) for worker in range(workers)]
    up: list[set[str]] = [set() for _ in ready]
    for load in (load for load, group in order for _ in range(parts[group])):
        seconds, worker = ready[0]
        new = math.fsum(set_ups[layer] for layer in load.layers if layer not in up[worker])
        up[worker].update(load.layers)
        heapq.heapreplace(ready, (seconds + load.seconds + new, worker))
    return max(ready)[0]


def cost(
    loads: Mapping[str, Load], parts: Mapping[str, int], set_ups: Mapping[str, float]
) -> float:
    """The seconds of the further set-ups of the group for which these are most.

    Not those of all groups: theirs go on side by side.
    """
    return max(
        (count - 1) * math.fsum(map(set_ups.__getitem__, loads[group].layers))
        for group, count in parts.items()
    )


def _cut(bundles: Sequence[Sequence[str]], parts: int) -> Iterable[list[str]]:
    """Cut a row of bundles into parts of about as many tests."""
    number = sum(map(len, bundles))
    cut: dict[int, list[str]] = {}
    before = 0
    for bundle in bundles:
        middle = before + len(bundle) / 2
        cut.setdefault(int(middle * parts / number), []).extend(bundle)
        before += len(bundle)
    return cut.values()
