"""``--layer`` and ``--shard`` under pytest, and the order of what is left."""

from __future__ import annotations

import argparse
import os
from collections import defaultdict
from collections.abc import Mapping, Sequence

import pytest

from underlay._stack import Layers, in_order, layer_name
from underlay.runners import _selection
from underlay.runners._pytest_layers import PROBLEM, layers_of
from underlay.runners._pytest_suites import stands_for_others
from underlay.runners._times import Record

SHARD: pytest.StashKey[_selection.Shard] = pytest.StashKey()
EMPTY: pytest.StashKey[bool] = pytest.StashKey()  # whether there are tests, but none in the shard


def add_options(parser: pytest.Parser) -> None:
    """The options of this module."""
    group = parser.getgroup("underlay")
    group.addoption(
        "--layer",
        action="append",
        default=[],
        metavar="REGEX",
        type=_selection.layer_pattern,
        help=_selection.LAYER_HELP,
    )
    group.addoption("--shard", metavar="I/N", type=_selection.shard, help=_selection.SHARD_HELP)


def configure(config: pytest.Config) -> None:
    """Find the shard to be run, if any.

    :raises pytest.UsageError: if there is no such shard.
    """
    try:
        shard = _selection.shard_to_run(config.getoption("--shard"), os.environ)
    except argparse.ArgumentTypeError as error:
        raise pytest.UsageError(str(error)) from None
    if shard:
        config.stash[SHARD] = shard


def select(config: pytest.Config, items: list[pytest.Item], known: Record) -> None:
    """Deselect the tests that are not wanted; one that cannot run is wanted anyway.

    :param known: what tests have taken in the past; shards are made by it.
    """
    kept = items
    if patterns := config.getoption("--layer"):
        kept = _on_layers(items, patterns)
    if SHARD in config.stash:
        found = len(kept)
        kept = config.stash[SHARD].choose(kept, _group, known)
        config.stash[EMPTY] = found > len(kept) == 0
    if len(kept) < len(items):
        chosen = set(kept)
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = kept


def _on_layers(items: list[pytest.Item], patterns: Sequence[str]) -> list[pytest.Item]:
    wanted = {
        layers: _selection.is_selected(map(layer_name, layers), patterns)
        for layers in set(map(layers_of, items))
    }
    return [
        item
        for item in items
        if PROBLEM in item.stash or stands_for_others(item) or wanted[layers_of(item)]
    ]


def _group(item: pytest.Item) -> _selection.Group:
    return _selection.group(layers_of(item), item.nodeid.split("::")[0])


def put_in_order(items: list[pytest.Item], seconds: Mapping[str, float]) -> None:
    """Sort tests by their layers, such that little is set up.

    :param seconds: how long set-ups took in the past, by the full names of layers.
    :raises NameTaken: if two layers have one name.
    """
    groups: dict[Layers, list[pytest.Item]] = defaultdict(list)
    for item in items:
        groups[layers_of(item)].append(item)
    items[:] = [item for layers in in_order(groups, seconds) for item in groups[layers]]


def forgive_empty_shard(session: pytest.Session) -> None:
    """A shard without tests is a success, if others have some."""
    if session.config.stash.get(EMPTY, False) and not session.testsfailed:
        session.exitstatus = pytest.ExitCode.OK
