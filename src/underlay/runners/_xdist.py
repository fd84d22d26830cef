"""With pytest-xdist: what controller and workers tell each other.

The workers alone collect, and only they know layers.  So each gets an execnet channel with its
input, and sends through it which group each test is in, before xdist tells the controller that it
has collected: the groups are there when the scheduler wants them.  Marks of xdist for groups travel
that way, too; the way by node ids fails with pytest 9.2.
https://github.com/pytest-dev/pytest-xdist/issues/1386
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest

from underlay._stack import layer_name, union
from underlay.runners import (
    _pytest_durations,
    _pytest_selection,
    _pytest_teardown,
    _pytest_times,
    _selection,
    _times,
)
from underlay.runners._pytest_layers import layers_of
from underlay.runners._pytest_suites import SuiteItem
from underlay.runners._times import named

MODES = ("load", "loadgroup", "loadscope")  # of --dist, in which layers stay together
CHUNKS = 8  # for each worker, of tests that have no group; those of a chunk stay together


def is_worker(config: pytest.Config) -> bool:
    """Whether this process runs tests for a controller."""
    return hasattr(config, "workerinput")


def configure_controller(config: pytest.Config) -> None:
    """Take part if xdist does."""
    if config.getoption("dist", "no") != "no":
        config.pluginmanager.register(Controller(), "underlay-controller")


def configure_worker(config: Any) -> None:
    """Take over what the controller knows: there may be no such file or environment here."""
    told = config.workerinput["underlay"]
    config.stash[_pytest_times.KNOWN] = _times.parsed(told["known"])
    if told["shard"]:
        config.stash[_pytest_selection.SHARD] = _selection.Shard(*told["shard"])
    config.pluginmanager.register(Worker(told["channel"], told["mode"]), "underlay-worker")


class Controller:
    """Hears of the groups, and schedules tests by them."""

    def __init__(self) -> None:
        self.heard: dict[str, Any] = {}  # from workers, which all tell the same

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        channel = node.gateway.newchannel()
        channel.setcallback(self.heard.update)
        stash = node.config.stash
        node.workerinput["underlay"] = {
            "channel": channel,
            "mode": node.config.getoption("dist"),  # xdist changes this option for workers
            "known": stash[_pytest_times.KNOWN].plain(),
            "shard": list(stash.get(_pytest_selection.SHARD, ())),
        }

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        if config.getoption("dist") not in MODES:
            return None
        from underlay.runners._scheduling import LayerScheduling

        return LayerScheduling(config, log, self.heard, config.stash[_pytest_times.KNOWN])

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self) -> None:
        if "usage error" in self.heard:
            raise pytest.UsageError(*self.heard["usage error"])

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        told = getattr(node, "workeroutput", {}).get("underlay")
        if told:  # else it has died
            _pytest_durations.hear(node.config, told["times"])
            _pytest_times.hear(node.config, told["found"])
            _pytest_teardown.hear(node, told["errors of layers"])
            node.config.stash[_pytest_selection.EMPTY] = told["empty shard"]


class Worker:
    """Tells the controller what it needs to know.

    :param channel: leads there.
    :param mode: of xdist.
    """

    def __init__(self, channel: Any, mode: str) -> None:
        self.channel = channel
        self.mode = mode

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        config: Any = session.config
        error = sys.exc_info()[1]  # pytest calls this hook also while a collection fails
        if isinstance(error, pytest.UsageError):  # of which xdist tells nothing
            self.channel.send({"usage error": [str(each) for each in error.args]})
            return
        self.channel.send(placed(session.items, self.mode, config.workerinput["workercount"]))


def tell_controller(config: Any) -> None:
    """In a worker that ends, leave what the controller reports."""
    config.workeroutput["underlay"] = {
        "times": _pytest_durations.told(config),
        "found": _pytest_times.measured(config).plain(),
        "errors of layers": _pytest_teardown.told(config),
        "empty shard": config.stash.get(_pytest_selection.EMPTY, False),
    }


def placed(items: list[pytest.Item], mode: str, workers: int) -> dict[str, Any]:
    """The group and bundle of each test by node id, and which layers the groups need."""
    groups = [_group(item, mode) for item in items]
    free = [number for number, group in enumerate(groups) if not group]
    size = max(1, len(free) // (CHUNKS * workers))
    for index, number in enumerate(free):
        groups[number] = f"chunk {index // size}"
    bundles = [_together(item, mode) or item.nodeid for item in items]
    needed = {named(layers): union(layers) for layers in {layers_of(item) for item in items}}
    return {
        "places": {item.nodeid: place for item, *place in zip(items, groups, bundles, strict=True)},
        "layers": {name: [*map(layer_name, layers)] for name, layers in needed.items() if name},
    }


def _group(item: pytest.Item, mode: str) -> str:
    """The layers of a test; without any, what it has to be together with, if there is something."""
    return named(layers_of(item)) or _together(item, mode)


def _together(item: pytest.Item, mode: str) -> str:
    """What a test stays with: the suite that a function made, or what the mode of xdist says."""
    if isinstance(item, SuiteItem):
        return item.parent.nodeid  # its cases may share what there is but once in each process
    if mode == "loadscope":
        return item.nodeid.rpartition("::")[0]
    return " ".join(_marked(item)) if mode == "loadgroup" else ""


def _marked(item: pytest.Item) -> Iterator[str]:
    for mark in item.iter_markers("xdist_group"):
        yield str(mark.args[0] if mark.args else mark.kwargs.get("name", "default"))
