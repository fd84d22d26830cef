"""``--layer-times``: how pytest measures tests on layers, and where it keeps what it has found."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from underlay._errors import TimesUnusable
from underlay._stack import Layers, Meter, Spent
from underlay.runners import _times
from underlay.runners._pytest_layers import STACK
from underlay.runners._pytest_selection import SHARD
from underlay.runners._times import NOTHING, Record

CACHED = "underlay/layer-times"  # in pytest's cache


class Stopwatch:
    """Measures one test after the other, each while its layers are up.

    :param clock: tells seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._meter: Meter[Layers] = Meter(clock)
        self._started: tuple[Layers, float] | None = None

    def start(self, layers: Layers) -> None:
        """The layers of a test are up."""
        self._started = layers, self._meter.now()

    def stop(self) -> None:
        """The test is over; one that was not started is not measured."""
        if self._started is not None:
            self._meter.add(*self._started)
            self._started = None

    def spent(self) -> dict[Layers, Spent]:
        """What went into tests so far, by the layers that they name."""
        return self._meter.spent()


KNOWN: pytest.StashKey[Record] = pytest.StashKey()  # from earlier runs
HEARD: pytest.StashKey[Record] = pytest.StashKey()  # from workers of xdist
LOST: pytest.StashKey[str] = pytest.StashKey()  # why what was found out could not be kept
STOPWATCH: pytest.StashKey[Stopwatch] = pytest.StashKey()


def add_options(parser: pytest.Parser) -> None:
    """The option of this module."""
    parser.getgroup("underlay").addoption(
        "--layer-times", metavar="FILE", help=_times.OPTION_HELP + "; by default, pytest's cache"
    )


def configure(config: pytest.Config) -> None:
    """Get to know what earlier runs have taken.

    Shards do not ask the cache: each machine has another one, and they would part the tests by it.

    :raises pytest.UsageError: if that is in a file, and cannot be read.
    """
    file = config.getoption("--layer-times")
    try:
        config.stash[KNOWN] = _times.read(file) if file else _cached(config)
    except TimesUnusable as error:
        raise pytest.UsageError(str(error)) from error


def _cached(config: Any) -> Record:
    if SHARD in config.stash or not hasattr(config, "cache"):
        return NOTHING
    try:
        return _times.parsed(config.cache.get(CACHED, {}))
    except ValueError:
        return NOTHING  # like all of the cache, it may be lost


def measured(config: pytest.Config) -> Record:
    """What this process, and the workers that it has heard, have found out."""
    found = _times.found(config.stash[STACK].times(), config.stash[STOPWATCH].spent())
    return found.joined(config.stash.get(HEARD, NOTHING))


def hear(config: pytest.Config, plain: dict[str, Any]) -> None:
    """Add what a worker of xdist has found out."""
    config.stash[HEARD] = config.stash.get(HEARD, NOTHING).joined(_times.parsed(plain))


def remember(session: pytest.Session) -> None:
    """Keep what was found out, unless this was a shard; if that is not possible, the run fails."""
    config: Any = session.config
    file, new = config.getoption("--layer-times"), measured(config)
    if SHARD in config.stash or not new.tests:
        return
    if not file:
        if hasattr(config, "cache"):
            config.cache.set(CACHED, config.stash[KNOWN].updated(new).plain())
        return
    try:
        _times.update(file, new)
    except TimesUnusable as error:
        config.stash[LOST] = str(error)
        session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED


def report(terminal: Any, config: pytest.Config) -> None:
    """Say in pytest's summary if what was found out could not be kept."""
    if LOST in config.stash:
        terminal.write_line(f"ERROR: {config.stash[LOST]}", red=True)
