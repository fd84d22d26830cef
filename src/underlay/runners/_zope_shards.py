"""``underlay shards N``: parts of a run for zope.testrunner, as options for it.

zope.testrunner knows best which tests there are, so its listing is what is read:
``bin/test --list-tests | bin/underlay shards 3``.
"""

from __future__ import annotations

import argparse
import re
import shlex
import sys
from collections import Counter
from collections.abc import Iterable

from underlay._errors import LayerError
from underlay.runners._dealing import deal
from underlay.runners._times import NOTHING, Load, Record, read

USAGE = "bin/test --list-tests | underlay shards N [--layer-times FILE]"

UNLAYERED = "zope.testrunner.layer.UnitTests"  # what zope.testrunner calls having no layer

NO_TESTS = "--layer '^$'"  # for an empty shard: without options, zope.testrunner runs all tests


def listed(lines: Iterable[str]) -> Counter[str]:
    """How many tests each layer has, by its full name."""
    tests: Counter[str] = Counter()
    layer = None
    for line in lines:
        if found := re.fullmatch(r"Listing (\S+) tests:\s*", line):
            layer = found[1]
        elif layer and line.startswith("  "):
            tests[layer] += 1
    return tests


def options(tests: Counter[str], count: int, known: Record = NOTHING) -> list[str]:
    """The options of zope.testrunner for each shard, quoted for a shell.

    :raises LayerError: if there are no tests, or no shards.
    """
    if not tests or count < 1:
        raise LayerError(f"{tests.total()} tests make no {count} shards.\n  {USAGE}")
    loads = {layer: _load(layer, number, known) for layer, number in tests.items()}
    shards = deal(loads, known.set_up, count)
    return [" ".join(map(_option, sorted(layers))) or NO_TESTS for layers in shards]


def _load(layer: str, number: int, known: Record) -> Load:
    """The listing says nothing of bases: those of an unknown layer are not counted."""
    if layer == UNLAYERED:
        return known.load("", (), number)
    return known.load(layer, known.layers.get(layer, (layer,)), number)


def _option(layer: str) -> str:
    return "--layer " + shlex.quote(f"^{re.escape(layer)}$")


def main(arguments: list[str]) -> None:
    """Print a line of options for each shard.

    :raises SystemExit: if there are no such shards, or their number is not given.
    """
    parser = argparse.ArgumentParser("underlay shards", usage=USAGE)
    parser.add_argument("count", metavar="N", type=int, help="how many shards there are to be")
    parser.add_argument("--layer-times", metavar="FILE", help="what runs under other runners took")
    told = parser.parse_args(arguments)
    try:
        known = read(told.layer_times) if told.layer_times else NOTHING
        print(*options(listed(sys.stdin), told.count, known), sep="\n")
    except LayerError as error:
        sys.exit(str(error))
