"""Layers go down under pytest; if one cannot, no test is to blame: the error has its own report.

The report bears the name of what the last test of the layer is in, its class most often, so that
``--lf`` runs that again.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from underlay._hooks import AnyLayer
from underlay._stack import Layers, LayerStack, layer_name

REPORTS: pytest.StashKey[list[pytest.TestReport]] = pytest.StashKey()  # which were not told yet


def take_down(stack: LayerStack, item: pytest.Item, layers: Layers) -> None:
    """After a test, take down what these layers of the next one do not need; note each error."""
    __tracebackhide__ = True
    for layer in stack.surplus(stack.needed(layers)):
        try:
            stack.take_down(layer)
        except (Exception, pytest.fail.Exception):
            error = pytest.ExceptionInfo.from_current()
            item.config.stash.setdefault(REPORTS, []).append(_report(item, layer, error))


def _report(
    item: pytest.Item, layer: AnyLayer, error: pytest.ExceptionInfo[BaseException]
) -> pytest.TestReport:
    where = (item.parent or item).nodeid
    return pytest.TestReport(
        nodeid=where,
        location=(where, None, layer_name(layer)),
        keywords={},
        outcome="failed",
        longrepr=item.repr_failure(error),
        when="teardown",
        sections=_printed(item.config),
    )


def _printed(config: pytest.Config) -> list[tuple[str, str]]:
    """What was printed since the test; else it would go with the report of that."""
    capture: Any = config.pluginmanager.getplugin("capturemanager")
    if capture is None:  # with -p no:capture
        return []
    printed = zip(("stdout", "stderr"), capture.read_global_capture(), strict=True)
    return [(f"Captured {stream} teardown", text) for stream, text in printed if text]


class Teller:
    """Reports what was noted; between two tests, for then pytest does not capture the output."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logfinish(self) -> None:
        for report in _forgotten(self.config):
            self.config.hook.pytest_runtest_logreport(report=report)

    pytest_sessionfinish = pytest_runtest_logfinish  # if the last test was interrupted


def told(config: pytest.Config) -> list[Any]:
    """In a worker of xdist, what was noted, for `hear` in the controller."""
    serializable = config.hook.pytest_report_to_serializable
    return [serializable(config=config, report=report) for report in _forgotten(config)]


def hear(node: Any, told: Iterable[Any]) -> None:
    """Report what a worker tells."""
    hook = node.config.hook
    for data in told:
        report = hook.pytest_report_from_serializable(config=node.config, data=data)
        report.node = node  # as xdist does
        hook.pytest_runtest_logreport(report=report)


def _forgotten(config: pytest.Config) -> list[pytest.TestReport]:
    """What was noted, for the last time."""
    if REPORTS not in config.stash:
        return []
    reports = config.stash[REPORTS]
    del config.stash[REPORTS]
    return reports
