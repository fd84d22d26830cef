"""Which tests are run: those on layers that ``--layer`` names, and those of one shard; pure."""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from underlay._stack import Layers, layer_name, union
from underlay.runners._dealing import deal
from underlay.runners._times import Record, named

T = TypeVar("T")

LAYER_HELP = "run tests on layers whose full name has a match; !REGEX: on those without; repeatable"
SHARD_HELP = "run the I-th of N parts of the tests; those of one layer are in one of them"


class Group(NamedTuple):
    """Tests that shards keep together: those that name the same layers, or are in one file.

    :param name: of the layers, or else of the file.
    """

    name: str
    layers: Layers


def group(layers: Layers, file: str) -> Group:
    """The group of a test that names some layers and is in a file, or module."""
    return Group(named(layers) or file, layers)


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

    def choose(self, tests: Iterable[T], group: Callable[[T], Group], record: Record) -> list[T]:
        """The tests of this shard; those of one group are not parted.

        Shards of one run part the tests well only if all have the same record.
        """
        tests = list(tests)
        loads = {
            each.name: record.load(named(each.layers), map(layer_name, union(each.layers)), number)
            for each, number in Counter(map(group, tests)).items()
        }
        chosen = deal(loads, record.set_up, self.total)[self.number - 1]
        return [test for test in tests if group(test).name in chosen]


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
