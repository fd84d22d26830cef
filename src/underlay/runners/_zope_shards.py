"""``underlay shards N``: parts of a run for zope.testrunner, as options for it.

zope.testrunner knows best which tests there are, so its listing is what is read:
``bin/test --list-tests | bin/underlay shards 3``.
"""

from __future__ import annotations

import re
import shlex
import sys
from collections import Counter
from collections.abc import Iterable

from underlay._errors import LayerError
from underlay.runners._selection import deal

USAGE = "usage: bin/test --list-tests | underlay shards N"


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


def options(tests: Counter[str], count: int) -> list[str]:
    """The options of zope.testrunner for each shard, quoted for a shell.

    :raises LayerError: if a shard would be empty: without options, zope.testrunner runs all tests.
    """
    if not 1 <= count <= len(tests):
        raise LayerError(
            f"There are {len(tests)} layers with tests, which make no {count} shards.\n  {USAGE}"
        )
    return [" ".join(map(_option, sorted(layers))) for layers in deal(tests, count)]


def _option(layer: str) -> str:
    return "--layer " + shlex.quote(f"^{re.escape(layer)}$")


def main(arguments: list[str]) -> None:
    """Print a line of options for each shard.

    :raises SystemExit: if there are no such shards, or their number is not given.
    """
    if len(arguments) != 1 or not arguments[0].isdecimal():
        print(USAGE, file=sys.stderr)
        sys.exit(2)
    try:
        print(*options(listed(sys.stdin), int(arguments[0])), sep="\n")
    except LayerError as error:
        sys.exit(str(error))
