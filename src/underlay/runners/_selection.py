"""Which tests are run: those on layers that ``--layer`` names, and those of one shard; pure."""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

T = TypeVar("T")

LAYER_HELP = "run tests on layers whose full name has a match; !REGEX: on those without; repeatable"
SHARD_HELP = "run the I-th of N parts of the tests; a layer is in one of them"


def layer_pattern(text: str) -> str:
    """Check what is given as ``--layer``.

    :raises argparse.ArgumentTypeError: if it is no regular expression, or ``!`` before one.
    """
    try:
        re.compile(text.removeprefix("!"))
    except re.error as error:
        raise argparse.ArgumentTypeError(f"{text!r} is no regular expression: {error}") from None
    return text


def is_selected(names: Iterable[str], patterns: Sequence[str]) -> bool:
    """Whether a test on layers of these names is wanted; on none, its layer's name is empty."""
    wanted = [each for each in patterns if not each.startswith("!")] or [""]
    refused = [each[1:] for each in patterns if each.startswith("!")]
    names = list(names) or [""]
    return _any_matches(wanted, names) and not _any_matches(refused, names)


def _any_matches(patterns: list[str], names: list[str]) -> bool:
    return any(re.search(pattern, name) for pattern in patterns for name in names)


class Shard(NamedTuple):
    """One of several parts of a run; the first is number 1."""

    number: int
    total: int

    def __str__(self) -> str:
        return f"{self.number}/{self.total}"

    def choose(self, tests: Iterable[T], group: Callable[[T], str]) -> list[T]:
        """The tests of this shard; those of one group are not parted."""
        tests = list(tests)
        groups = deal(Counter(map(group, tests)), self.total)[self.number - 1]
        return [test for test in tests if group(test) in groups]


def deal(sizes: Mapping[str, int], count: int) -> list[set[str]]:
    """Deal groups out to shards, each to the one that has least: the largest first, then by name.

    Graham's rule: no shard has more than 4/3 of what the best distribution gives the largest one.
    """
    shards: list[set[str]] = [set() for _ in range(count)]
    loads = [0] * count
    for name in sorted(sizes, key=lambda name: (-sizes[name], name)):
        least = loads.index(min(loads))
        shards[least].add(name)
        loads[least] += sizes[name]
    return shards


def shard(text: str) -> str:
    """Check what is given as ``--shard``.

    :raises argparse.ArgumentTypeError: if there is no such shard.
    """
    _parsed(text)
    return text


def _parsed(text: str) -> Shard:
    number, slash, count = text.partition("/")
    if not (slash and number.isdecimal() and count.isdecimal()):
        raise argparse.ArgumentTypeError(f"{text!r} is no shard; the first of three is 1/3")
    if not 1 <= int(number) <= int(count):
        raise argparse.ArgumentTypeError(f"there is no shard {text}; the first of three is 1/3")
    return Shard(int(number), int(count))


def shard_to_run(option: str | None, environ: Mapping[str, str]) -> Shard | None:
    """That of the command line, or else that of Bazel's protocol, whose first is number 0.

    https://bazel.build/reference/test-encyclopedia#initial-conditions

    :raises argparse.ArgumentTypeError: if there is no such shard.
    """
    if option:
        return _parsed(option)
    if "TEST_TOTAL_SHARDS" not in environ:
        return None
    if "TEST_SHARD_STATUS_FILE" in environ:
        Path(environ["TEST_SHARD_STATUS_FILE"]).touch()  # it says that we honour the protocol
    index = environ.get("TEST_SHARD_INDEX", "")
    number = int(index) + 1 if index.isdecimal() else f"TEST_SHARD_INDEX {index!r}"
    return _parsed(f"{number}/{environ['TEST_TOTAL_SHARDS']}")
