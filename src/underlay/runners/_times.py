"""What runs have taken, so that later ones can be ordered, sharded and spread over workers.

Tests that name the same layers are recorded together, under the names of these layers; all tests
without a layer under the empty name.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from underlay._errors import TimesUnusable
from underlay._stack import Layers, Spent, layer_name, union

SET_UP = 1.0  # seconds, of a layer whose set-up is not known; the order of tests assumes as much
TEST = 0.1  # seconds, of a test if none is known

OPTION_HELP = "read from FILE what layers and tests take, and add to it, unless this is a shard"

Times = Mapping[tuple[str, str], Spent]  # by full name of the layer and name of the hook


class Load(NamedTuple):
    """What it takes to run a group of tests.

    :param seconds: of the tests.
    :param layers: the names of all layers they need.
    """

    seconds: float
    layers: tuple[str, ...]


class Record(NamedTuple):
    """What is known.

    :param set_ups: the time that set-ups of each layer took, by its full name.
    :param tests: the time that tests took, by the names of the layers that they name.
    :param layers: all layers that these tests need, base before derived.
    """

    set_ups: Mapping[str, Spent] = MappingProxyType({})
    tests: Mapping[str, Spent] = MappingProxyType({})
    layers: Mapping[str, tuple[str, ...]] = MappingProxyType({})

    def set_up(self, layer: str) -> float:
        """The seconds that a layer is likely to take."""
        return self.set_ups[layer].mean if layer in self.set_ups else SET_UP

    def load(self, name: str, layers: Iterable[str], number: int) -> Load:
        """What a number of tests is likely to take; of unknown ones, the mean of the others.

        :param name: the names of the layers that they name.
        :param layers: all layers that they need.
        """
        known = self.tests.get(name)
        return Load(number * (known.mean if known else self._mean), tuple(layers))

    @property
    def _mean(self) -> float:
        seconds = math.fsum(spent.seconds for spent in self.tests.values())
        number = sum(spent.calls for spent in self.tests.values())
        return seconds / number if number else TEST

    @property
    def seconds(self) -> dict[str, float]:
        """Those of the set-ups that are known."""
        return {layer: spent.mean for layer, spent in self.set_ups.items()}

    def updated(self, new: Record) -> Record:
        """With what a later run found; what it did not run stays."""
        return Record(
            _replaced(self.set_ups, new.set_ups),
            _replaced(self.tests, new.tests),
            {**self.layers, **new.layers},
        )

    def joined(self, other: Record) -> Record:
        """With what another process of the same run found."""
        return Record(
            _added(self.set_ups, other.set_ups),
            _added(self.tests, other.tests),
            {**self.layers, **other.layers},
        )

    def plain(self) -> dict[str, Any]:
        """In types that JSON and execnet know."""
        return {
            "set-ups": {name: _rounded(spent) for name, spent in self.set_ups.items()},
            "tests": {name: _rounded(spent) for name, spent in self.tests.items()},
            "layers": {name: list(layers) for name, layers in self.layers.items()},
        }


NOTHING = Record()


def parsed(plain: Any) -> Record:
    """The record that became `plain`.

    :raises ValueError: if none did.
    """
    try:
        return Record(
            {str(name): _spent(*pair) for name, pair in plain["set-ups"].items()},
            {str(name): _spent(*pair) for name, pair in plain["tests"].items()},
            {str(name): tuple(map(str, layers)) for name, layers in plain["layers"].items()},
        )
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"{type(error).__name__}: {error}") from error


def found(times: Times, tests: Mapping[Layers, Spent]) -> Record:
    """What a process has found out.

    :param times: what its hooks took.
    :param tests: what its tests took, by the layers that they name.
    """
    needed = {named(layers): tuple(map(layer_name, union(layers))) for layers in tests}
    went_up = {name for layers in needed.values() for name in layers}
    set_ups = {name: spent for (name, hook), spent in times.items() if hook == "setUp"}
    return Record(
        {name: spent for name, spent in set_ups.items() if name in went_up},
        {named(layers): spent for layers, spent in tests.items()},
        needed,
    )


def named(layers: Layers) -> str:
    """What tests that name these layers are called together."""
    return " ".join(map(layer_name, layers))


def read(file: str) -> Record:
    """The record in a file, which need not be there yet.

    :raises TimesUnusable: if there is something else in it, or it could not be written.
    """
    if not Path(file).absolute().parent.is_dir():
        raise TimesUnusable(file, "Its folder does not exist.", "Make the folder first.")
    try:
        return parsed(json.loads(Path(file).read_text("utf-8")))
    except FileNotFoundError:
        return NOTHING
    except OSError as error:
        raise TimesUnusable(file, f"{error.strerror}.", "Give another file.") from error
    except ValueError as error:
        remedy = "If the file is ours, remove it: the next run that is no shard makes it anew."
        raise TimesUnusable(file, f"It holds no times of layers: {error}", remedy) from error


def update(file: str, new: Record) -> None:
    """Add to the record in a file, which is replaced as a whole.

    :raises TimesUnusable: if that is not possible.
    """
    text = json.dumps(read(file).updated(new).plain(), indent=1, sort_keys=True)
    written = Path(f"{file}.{os.getpid()}")
    try:
        written.write_text(text + "\n", "utf-8")
        written.replace(file)
    except OSError as error:
        with contextlib.suppress(OSError):  # there may be none, or no way to remove it
            written.unlink()
        raise TimesUnusable(file, f"{error.strerror}.", "Give another file.") from error


def _replaced(old: Mapping[str, Spent], new: Mapping[str, Spent]) -> dict[str, Spent]:
    """New figures for old ones: each call of a later run counts instead of one before."""
    return {**old, **{name: _kept(old.get(name, Spent()), new[name]) + new[name] for name in new}}


def _kept(old: Spent, new: Spent) -> Spent:
    calls = max(0, old.calls - new.calls)
    return Spent(old.mean * calls, calls)


def _added(one: Mapping[str, Spent], other: Mapping[str, Spent]) -> dict[str, Spent]:
    return {**one, **{name: one.get(name, Spent()) + other[name] for name in other}}


def _rounded(spent: Spent) -> list[float]:
    return [round(spent.seconds, 6), spent.calls]


def _spent(seconds: Any, calls: Any) -> Spent:
    if not (0 <= seconds < math.inf and calls > 0):
        raise ValueError(f"{seconds!r} s in {calls!r} calls")
    return Spent(float(seconds), int(calls))
