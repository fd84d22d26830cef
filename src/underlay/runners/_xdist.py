"""With pytest-xdist: what the workers tell the controller, and which tests stay on one worker.

The workers alone collect, and only they know layers.  So each gets an execnet channel with its
input, and sends through it which group each test is in, before xdist tells the controller that it
has collected: the groups are there when the scheduler wants them.  Marks of xdist for groups travel
that way, too; the way by node ids fails with pytest 9.2.
https://github.com/pytest-dev/pytest-xdist/issues/1386
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from underlay._errors import needs_extra
from underlay._stack import layer_name
from underlay.runners import _pytest_durations, _pytest_selection, _pytest_teardown
from underlay.runners._pytest_layers import layers_of

with needs_extra("underlay.runners.pytest", "pytest"):
    import pytest

MODES = ("load", "loadgroup", "loadscope")  # of --dist, in which layers stay together
CHUNKS = 8  # for each worker, of tests that have no group; those of a chunk stay together


def register(config: pytest.Config) -> None:
    """Take part if xdist does: in the controller, or in a worker."""
    if is_worker(config):
        config.pluginmanager.register(Worker(), "underlay-worker")
    elif config.getoption("dist", "no") != "no":
        config.pluginmanager.register(Controller(), "underlay-controller")


def is_worker(config: pytest.Config) -> bool:
    """Whether this process runs tests for another one."""
    return hasattr(config, "workerinput")


class Controller:
    """Hears of the groups, and schedules tests by them."""

    def __init__(self) -> None:
        self.groups: dict[str, str] = {}  # by node id

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        channel = node.gateway.newchannel()
        channel.setcallback(self.groups.update)
        mode = node.config.getoption("dist")  # xdist changes this option for workers
        node.workerinput["underlay"] = (channel, mode)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Any) -> Any:
        if config.getoption("dist") not in MODES:
            return None
        from underlay.runners._scheduling import LayerScheduling

        return LayerScheduling(config, log, self.groups)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        told = getattr(node, "workeroutput", {}).get("underlay", {})
        _pytest_durations.hear(node.config, told.get("times", ()))
        for data in told.get("errors of layers", ()):
            hook = node.config.hook
            report = hook.pytest_report_from_serializable(config=node.config, data=data)
            report.node = node  # as xdist does
            hook.pytest_runtest_logreport(report=report)
        if told.get("empty shard", False):
            node.config.stash[_pytest_selection.EMPTY] = True


class Worker:
    """Tells the controller what it needs to know."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        config: Any = session.config
        channel, mode = config.workerinput["underlay"]
        channel.send(grouped(session.items, mode, config.workerinput["workercount"]))


def tell_controller(config: Any) -> None:
    """In a worker that ends, leave what the controller reports."""
    if hasattr(config, "workeroutput"):
        config.workeroutput["underlay"] = {
            "times": _pytest_durations.told(config),
            "errors of layers": [
                config.hook.pytest_report_to_serializable(config=config, report=report)
                for report in _pytest_teardown.told(config)
            ],
            "empty shard": config.stash.get(_pytest_selection.EMPTY, False),
        }


def grouped(items: list[pytest.Item], mode: str, workers: int) -> dict[str, str]:
    """The group of each test, by node id."""
    groups = {item.nodeid: _group(item, mode) for item in items}
    free = [nodeid for nodeid, group in groups.items() if not group]
    size = max(1, len(free) // (CHUNKS * workers))
    chunks = {nodeid: f"chunk {index // size}" for index, nodeid in enumerate(free)}
    return {nodeid: group or chunks[nodeid] for nodeid, group in groups.items()}


def _group(item: pytest.Item, mode: str) -> str:
    """The layers of a test; without any, what the mode of xdist keeps together, if that does."""
    if layers := layers_of(item):
        return " ".join(map(layer_name, layers))
    if mode == "loadscope":
        return item.nodeid.rpartition("::")[0]
    return " ".join(_marked(item)) if mode == "loadgroup" else ""


def _marked(item: pytest.Item) -> Iterator[str]:
    for mark in item.iter_markers("xdist_group"):
        yield str(mark.args[0] if mark.args else mark.kwargs.get("name", "default"))
