"""How groups of tests are dealt out to shards."""

import itertools
import random
import time
import unittest
from collections import Counter

from underlay.runners._dealing import deal
from underlay.runners._times import Load


def loads(rng, number):
    """Groups of tests with layers on a few roots, and the seconds of their set-ups."""
    roots = [f"R{each}" for each in range(3)]
    names = [f"G{each}" for each in range(number)]
    groups = {name: Load(rng.random(), (rng.choice(roots), name)) for name in names}
    return groups, {layer: rng.random() for layer in [*roots, *names]}


def longest(shards, groups, seconds):
    """The seconds of the shard that takes longest."""
    layers = [{layer for name in shard for layer in groups[name].layers} for shard in shards]
    set_ups = [sum(seconds[layer] for layer in each) for each in layers]
    tests = [sum(groups[name].seconds for name in shard) for shard in shards]
    return max(map(sum, zip(tests, set_ups)))  # noqa: B905


def all_ways(groups, count):
    """Every way to deal groups out."""
    for way in itertools.product(range(count), repeat=len(groups)):
        yield [{name for name, to in zip(groups, way) if to == part} for part in range(count)]  # noqa: B905


class Dealing(unittest.TestCase):
    def test_every_group_is_in_one_shard(self):
        for seed in range(50):
            rng = random.Random(seed)
            groups, seconds = loads(rng, rng.randint(0, 30))
            shards = deal(groups, seconds.get, rng.randint(1, 9))
            found = Counter(name for each in shards for name in each)
            self.assertEqual(dict.fromkeys(groups, 1), found, f"seed {seed}")

    def test_the_order_in_which_groups_are_known_does_not_matter(self):
        for seed in range(50):
            rng = random.Random(seed)
            groups, seconds = loads(rng, rng.randint(0, 30))
            mixed = dict(rng.sample(sorted(groups.items()), len(groups)))
            self.assertEqual(deal(groups, seconds.get, 4), deal(mixed, seconds.get, 4))

    def test_the_longest_come_first_and_names_decide_a_tie(self):
        groups = {name: Load(seconds, ()) for name, seconds in zip("BACD", (2, 2, 4, 1))}  # noqa: B905
        self.assertEqual([{"C", "D"}, {"A", "B"}], deal(groups, {}.get, 2))

    def test_groups_gather_around_a_base_if_that_is_faster(self):
        groups = {name: Load(1, (name[0],)) for name in ("A1", "A2", "B1", "B2")}
        self.assertEqual([{"A1", "A2"}, {"B1", "B2"}], deal(groups, lambda layer: 5, 2))
        groups["A1"] = Load(9, ("A",))
        self.assertEqual([{"A1"}, {"A2", "B1", "B2"}], deal(groups, lambda layer: 2, 2))

    def test_the_slowest_shard_is_near_the_best(self):
        ratios = []
        for seed in range(60):
            rng = random.Random(seed)
            groups, seconds = loads(rng, 7)
            best = min(longest(each, groups, seconds) for each in all_ways(groups, 2))
            dealt = longest(deal(groups, seconds.get, 2), groups, seconds)
            ratios.append(dealt / best)
        self.assertLess(sum(ratios) / len(ratios), 1.02)
        self.assertLess(max(ratios), 1.2)

    def test_200_layers_are_dealt_to_16_shards_in_less_than_a_second(self):
        groups, seconds = loads(random.Random(1), 200)
        start = time.process_time()
        deal(groups, seconds.get, 16)
        self.assertLess(time.process_time() - start, 1)
