"""When the tests of a layer run on several workers of xdist."""

import itertools
import random
import time
import unittest

from underlay._stack import Spent
from underlay.runners._splitting import WORTH, Place, cost, makespan, split, units
from underlay.runners._times import NOTHING, Load, Record


def situation(rng, scale):
    """Groups on layers that share bases, and what set-ups take, up to `scale` seconds."""
    loads = {
        f"G{number}": Load(10 * rng.random() ** 2, (rng.choice(["R0", "R1"]), f"L{number}"))
        for number in range(rng.randint(1, 4))
    }
    layers = {layer for load in loads.values() for layer in load.layers}
    seconds = {layer: scale * rng.random() for layer in sorted(layers)}
    return loads, seconds, Record({layer: Spent(each, 1) for layer, each in seconds.items()})


def situations():
    for seed in range(40):
        for scale, workers in itertools.product((0, 0.1, 1, 5), (2, 3)):
            yield (*situation(random.Random(seed), scale), workers)


class Splitting(unittest.TestCase):
    def split(self, seconds, set_up, workers, others=()):
        loads = {"A": Load(seconds, ("A",))}
        loads |= {f"B{number}": Load(each, (f"B{number}",)) for number, each in enumerate(others)}
        known = Record({load.layers[0]: Spent(set_up, 1) for load in loads.values()})
        return split(loads, dict.fromkeys(loads, 99), known, workers)

    def test_it_is_never_slower_than_no_split(self):
        for loads, seconds, known, workers in situations():
            parts = split(loads, dict.fromkeys(loads, workers), known, workers)
            before = makespan(loads, dict.fromkeys(loads, 1), seconds, workers)
            saved = before - makespan(loads, parts, seconds, workers)
            self.assertGreaterEqual(saved, cost(loads, parts, seconds))
            self.assertTrue(saved >= WORTH * before or set(parts.values()) == {1})

    def test_it_is_near_the_best_way_to_split(self):
        ratios = []
        for loads, seconds, known, workers in situations():

            def total(parts):
                return makespan(loads, parts, seconds, workers) + cost(loads, parts, seconds)  # noqa: B023

            ways = itertools.product(range(1, workers + 1), repeat=len(loads))
            best = min(total(dict(zip(loads, way))) for way in ways)  # noqa: B905
            parts = split(loads, dict.fromkeys(loads, workers), known, workers)
            ratios.append(total(parts) / best)
        self.assertLess(sum(ratios) / len(ratios), 1.03)
        self.assertLess(max(ratios), 1.3)

    def test_equal_layers_are_not_split(self):
        for workers in (2, 4, 8):
            self.assertEqual({1}, {*self.split(5, 0.1, workers, [5] * 7).values()})

    def test_a_layer_with_most_of_the_time_is_split_if_its_set_up_is_quick(self):
        self.assertEqual(2, self.split(8, 0.3, 2, [1, 1])["A"])
        self.assertGreater(self.split(8, 0.3, 4, [1, 1])["A"], 2)

    def test_it_is_not_if_its_set_up_takes_as_long_as_it_would_save(self):
        self.assertEqual(1, self.split(8, 4, 2, [1, 1])["A"])

    def test_layers_that_share_the_time_are_split_together(self):
        self.assertEqual({"A": 2, "B0": 2}, self.split(8, 0.3, 4, [8]))

    def test_a_layer_on_which_everything_is_runs_on_several_workers_without_any_record(self):
        """500 tests are taken for 50 seconds, a set-up for one."""
        loads = {"A": NOTHING.load("A", ("A",), 500)}
        self.assertEqual({"A": 7}, split(loads, {"A": 8}, NOTHING, 8))
        self.assertEqual({"A": 1}, split({"A": Load(2, ("A",))}, {"A": 8}, NOTHING, 8))

    def test_200_layers_on_16_workers_are_decided_in_less_than_a_second(self):
        rng = random.Random(1)
        loads = {f"G{number}": Load(rng.random(), ("R", f"L{number}")) for number in range(200)}
        loads["G0"] = Load(500, ("R", "L0"))
        start = time.process_time()
        split(loads, dict.fromkeys(loads, 16), NOTHING, 16)
        self.assertLess(time.process_time() - start, 1)


class Units(unittest.TestCase):
    def units(self, places, seconds=100.0, workers=2):
        known = Record({"A": Spent(0.1, 1)}, {"A": Spent(seconds, 1), "": Spent(1, 1)})
        return units(places, {"A": ["A"]}, known, workers)

    def test_every_test_is_in_one_unit(self):
        rng = random.Random(1)
        places = {str(n): Place(rng.choice("ABC"), rng.choice("xyz")) for n in range(99)}
        found = [nodeid for unit in self.units(places) for nodeid in unit]
        self.assertEqual(sorted(places), sorted(found))

    def test_parts_of_a_layer_are_about_equal_and_in_order(self):
        places = {str(number): Place("A", str(number)) for number in range(9)}
        first, second = self.units(places)
        self.assertEqual(list(places), first + second)
        self.assertLessEqual(abs(len(first) - len(second)), 1)

    def test_a_bundle_is_never_parted(self):
        places = {str(number): Place("A", f"bundle {number // 5}") for number in range(15)}
        self.assertEqual({5, 10}, {*map(len, self.units(places))})
        alone = {nodeid: Place("A", "the bundle") for nodeid in places}
        self.assertEqual([list(places)], self.units(alone))

    def test_tests_without_a_layer_are_not_parted(self):
        places = {str(number): Place("module.py", str(number)) for number in range(99)}
        self.assertEqual([list(places)], self.units(places))

    def test_those_that_take_longest_come_first(self):
        places = {"short": Place("module.py", ""), "long": Place("A", "")}
        self.assertEqual([["long"], ["short"]], self.units(places))
