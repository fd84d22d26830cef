"""``--layer-durations``: where the time of layers went, as pytest's ``--durations`` tells it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from underlay._errors import needs_extra
from underlay._stack import Spent
from underlay.runners._pytest_layers import STACK

with needs_extra("underlay.runners.pytest", "pytest"):
    import pytest

HIDDEN = 0.005  # seconds; pytest's own measure

Times = dict[tuple[str, str], Spent]  # by full name of the layer and name of the hook

CACHED = "underlay/set-up-seconds"  # in pytest's cache, by full name of the layer

HEARD = pytest.StashKey[Times]()  # from workers of xdist


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
    return config.stash[STACK].times() | config.stash.setdefault(HEARD, {})


def remember(config: Any) -> None:
    """Keep how long set-ups took, for the order of the next run."""
    cache = _cache(config)
    times = _all(config).items()
    new = {layer: spent.seconds / spent.calls for (layer, hook), spent in times if hook == "setUp"}
    if cache and new:
        cache.set(CACHED, {**cache.get(CACHED, {}), **new})


def remembered(config: Any) -> dict[str, float]:
    """How long set-ups took, by full name of the layer, as far as it is known."""
    cache = _cache(config)
    return cache.get(CACHED, {}) if cache else {}


def _cache(config: Any) -> Any:
    # Not in workers: xdist wants all to collect in one order, and they may be on several machines.
    return None if hasattr(config, "workerinput") else getattr(config, "cache", None)


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
