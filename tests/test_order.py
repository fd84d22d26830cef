"""In which order groups of tests run, so that the least is set up."""

import functools
import itertools
import random
import time
import unittest

from underlay._order import arrange

GRAPHS = 60


def set_up(order, groups, seconds):
    """The seconds of all set-ups of a run."""
    return sum(
        sum(seconds.get(name, 1) for name in set(groups[key]) - set(groups.get(before, ())))
        for before, key in itertools.pairwise([None, *order])
    )


def optimum(groups, seconds):
    """The fewest seconds of set-ups that are possible: all orders are looked at."""

    @functools.cache
    def rest(before, left):
        costs = {key: set(groups[key]) - set(groups.get(before, ())) for key in left}
        return min(
            (
                sum(seconds.get(name, 1) for name in names) + rest(key, left - {key})
                for key, names in costs.items()
            ),
            default=0,
        )

    return rest(None, frozenset(groups))


def random_groups(rng, layers, bases):
    """Chains of names, by name; each layer has at most so many bases."""
    names = rng.sample(range(layers), layers)
    chains = {}
    for name in names:
        chosen = rng.sample(sorted(chains), min(len(chains), rng.randint(0, bases)))
        union = dict.fromkeys(each for base in chosen for each in chains[base])
        chains[name] = [*union, f"{name:03}"]
    return chains


class Random(unittest.TestCase):
    def ratios(self, bases, weighted):
        for seed in range(GRAPHS):
            rng = random.Random(seed)
            groups = random_groups(rng, 8, bases)
            used = {key: groups[key] for key in rng.sample(sorted(groups), 7)}
            seconds = {f"{name:03}": rng.uniform(0.01, 9) for name in groups} if weighted else {}
            order = arrange(used, seconds)
            self.assertEqual(sorted(used), sorted(order), f"seed {seed}")
            yield seed, set_up(order, used, seconds) / optimum(used, seconds)

    def test_on_trees_the_order_is_the_best(self):
        for weighted in (False, True):
            for seed, ratio in self.ratios(1, weighted):
                self.assertAlmostEqual(1, ratio, msg=f"seed {seed}, weighted: {weighted}")

    def test_on_other_graphs_it_is_near_the_best(self):
        for bases, weighted in ((2, False), (3, False), (2, True), (3, True)):
            ratios = dict(self.ratios(bases, weighted))
            average = sum(ratios.values()) / GRAPHS
            worst = max(ratios, key=ratios.get)
            self.assertLess(
                average, 1.05, f"{bases=}, {weighted=}, worst {ratios[worst]} at seed {worst}"
            )


class Arrange(unittest.TestCase):
    def test_groups_without_layers_come_first(self):
        self.assertEqual([1, 3, 2], arrange({2: ["A"], 1: [], 3: []}, {}))

    def test_it_does_not_depend_on_the_order_in_which_groups_are_given(self):
        rng = random.Random(1)
        groups = random_groups(rng, 20, 3)
        shuffled = {key: groups[key] for key in rng.sample(sorted(groups), 20)}
        self.assertEqual(arrange(groups, {}), arrange(shuffled, {}))

    def test_the_layer_that_takes_longest_is_set_up_least_often(self):
        groups = {"1": ["A"], "2": ["A", "B"], "3": ["B", "C"], "4": ["C", "A"]}
        for slow in "ABC":
            order = arrange(groups, {slow: 10})
            self.assertEqual(12 + 1, set_up(order, groups, {slow: 10}), order)

    def test_no_groups_have_an_order(self):
        self.assertEqual([], arrange({}, {}))

    def test_200_layers_are_put_in_order_in_less_than_a_second(self):
        for bases in (1, 2, 6):
            groups = random_groups(random.Random(bases), 200, bases)
            start = time.process_time()
            arrange(groups, {})
            self.assertLess(time.process_time() - start, 1)
