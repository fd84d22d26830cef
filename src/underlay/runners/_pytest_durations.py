"""``--layer-durations``: where the time of layers went, as pytest's ``--durations`` tells it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from underlay._stack import Spent
from underlay.runners._pytest_layers import STACK
from underlay.runners._times import Times

HIDDEN = 0.005  # seconds; pytest's own measure

HEARD: pytest.StashKey[dict[tuple[str, str], Spent]] = pytest.StashKey()  # from workers of xdist


def add_options(parser: pytest.Parser) -> None:
    """The option of this module."""
    parser.getgroup("underlay").addoption(
        "--layer-durations",
        type=int,
        metavar="N",
        help="show N slowest hooks of layers, all calls together (N=0 for all)",
    )


def told(config: pytest.Config) -> list[tuple[str, str, float, int]]:
    """What a worker of xdist tells, in types that execnet sends."""
    return [(*key, *spent) for key, spent in config.stash[STACK].times().items()]


def hear(config: pytest.Config, told: Iterable[tuple[str, str, float, int]]) -> None:
    """Add what a worker of xdist has `told`."""
    heard = config.stash.setdefault(HEARD, {})
    for layer, hook, seconds, calls in told:
        heard[layer, hook] = heard.get((layer, hook), Spent()) + Spent(seconds, calls)


def _all(config: pytest.Config) -> Times:
    """What this process, or the workers, have spent."""
    return config.stash[STACK].times() | config.stash.get(HEARD, {})


def report(terminal: Any, config: pytest.Config) -> None:
    """Write the slowest hooks to pytest's summary, if they are asked for."""
    number = config.getoption("--layer-durations")
    times = _all(config)
    if number is None or not times:
        return
    slowest = sorted(times.items(), key=lambda item: (-item[1].seconds, item[0]))
    shortest = HIDDEN if config.get_verbosity() < 2 else 0.0
    terminal.write_sep("=", f"slowest {number} layer durations" if number else "layer durations")
    for (layer, hook), spent in slowest[: number or None]:
        if spent.seconds >= shortest:
            calls = f" ({spent.calls} times)" if spent.calls > 1 else ""
            terminal.write_line(f"{spent.seconds:.2f}s {hook:<12} {layer}{calls}")
    hidden = sum(spent.seconds < shortest for _, spent in slowest[: number or None])
    if hidden:
        terminal.write_line("")
        terminal.write_line(f"({hidden} durations < {HIDDEN}s hidden.  Use -vv to show them.)")
