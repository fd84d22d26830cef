"""Tests of pytest on the timeline, as its reports tell of them.

The layers of a test go up and down within what pytest calls its protocol.  So a test is recorded
from when they are up to when they are about to go down.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from underlay._recording import ERROR, FAILED, PASSED, SKIPPED, RecordedTest, Recorder
from underlay._stack import union
from underlay.runners._pytest_layers import layers_of

REPORTS: pytest.StashKey[list[pytest.TestReport]] = pytest.StashKey()
RECORDED: pytest.StashKey[RecordedTest] = pytest.StashKey()


class Recording:
    """Records tests, how they went by their reports, and tells workers of xdist to do so, too."""

    def __init__(self, recorder: Recorder) -> None:
        self.recorder = recorder

    def begin(self, item: pytest.Item) -> None:
        """Begin to record a test, unless that was done; one inside of another is part of that."""
        if not self.recorder.test and RECORDED not in item.stash:
            needed = union(layers_of(item))
            item.stash[RECORDED] = RecordedTest(self.recorder, item.nodeid, needed)

    def stop(self, item: pytest.Item) -> None:
        """All of a test has run, what is left is to report it."""
        if RECORDED in item.stash:
            item.stash[RECORDED].stop()

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        told = (self.recorder.directory, self.recorder.run, self.recorder.command)
        node.workerinput["underlay timeline"] = told

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> Iterator[None]:
        report = yield
        item.stash.setdefault(REPORTS, []).append(report)  # type: ignore[arg-type]
        return report

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        try:
            return (yield)
        finally:
            self.begin(item)  # where a mark has skipped it, for instance, it has not begun
            if RECORDED in item.stash:
                item.stash[RECORDED].end(*verdict(item.stash.get(REPORTS, [])))
                del item.stash[RECORDED]
            item.stash[REPORTS] = []


def verdict(reports: list[pytest.TestReport]) -> tuple[str, str, str]:
    """Outcome, message and details of a test."""
    problems = [report for report in reports if report.failed]
    if problems:
        outcome = FAILED if problems[0].when == "call" else ERROR
        details = "\n".join(report.longreprtext for report in problems)
        return outcome, _message(problems[0]), details
    ran = [report for report in reports if report.when != "teardown"]
    if ran and ran[-1].skipped and not hasattr(ran[-1], "wasxfail"):
        return SKIPPED, _message(ran[-1]), ""
    return PASSED, "", ""


def _message(report: pytest.TestReport) -> str:
    if isinstance(report.longrepr, tuple):  # of a skip: file, line, reason
        return report.longrepr[2].removeprefix("Skipped: ")
    crash = getattr(report.longrepr, "reprcrash", None)
    return crash.message if crash else report.longreprtext
