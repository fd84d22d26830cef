"""Which test needs which layers, as pytest has it."""

from __future__ import annotations

import itertools
import operator
import unittest
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import pytest

from underlay._errors import LayerError
from underlay._hooks import AnyLayer
from underlay._naming import resolve
from underlay._stack import Layers, LayerStack

SuiteLayers = dict[type[unittest.TestCase], dict[str, AnyLayer]]  # by class and method

STACK: pytest.StashKey[LayerStack] = pytest.StashKey()
LAYERS: pytest.StashKey[Layers] = pytest.StashKey()  # of an item
PROBLEM: pytest.StashKey[str] = pytest.StashKey()  # why the layers of an item are not known
SUITE_LAYER: pytest.StashKey[AnyLayer] = pytest.StashKey()  # of an item that stands for a case
#: Of a module: the layers on which its suites put tests.
SUITE_LAYERS: pytest.StashKey[SuiteLayers] = pytest.StashKey()


def layers_of(item: pytest.Item) -> Layers:
    """The layers that a test names; known from the end of the collection on."""
    return item.stash[LAYERS]


def note_layers(items: Iterable[pytest.Item]) -> None:
    """Find the layers of tests; if one is not to be found, that is the error of its test."""
    known: dict[Layers, Layers] = {}  # tests of the same layers share one tuple
    for parent, neighbours in itertools.groupby(items, operator.attrgetter("parent")):
        told = _told_by(parent)
        for item in neighbours:
            try:
                layers = _find_layers(item, told)
                item.stash[LAYERS] = known.setdefault(layers, layers)
            except LayerError as error:
                item.stash[LAYERS], item.stash[PROBLEM] = (), str(error)


class Told(NamedTuple):
    """What the collector of a test tells of layers, which is its class or its module."""

    marked: Sequence[AnyLayer] = ()
    attribute: AnyLayer = None
    suites: Mapping[str, AnyLayer] = MappingProxyType({})  # for lack of an attribute, by test


def _told_by(collector: pytest.Collector) -> Told:
    marked = [layer for mark in collector.iter_markers("layer") for layer in mark.args]
    module = collector.getparent(pytest.Module)
    if isinstance(collector, pytest.Class) and issubclass(collector.obj, unittest.TestCase):
        suites = module.stash.get(SUITE_LAYERS, {}) if module else {}
        layer = getattr(collector.obj, "layer", None)
        return Told(marked, layer, suites.get(collector.obj, {}))
    # Here "layer" may also be the word of somebody who never heard of us.
    holders = (collector.getparent(pytest.Class), module)
    found = (getattr(holder.obj, "layer", None) for holder in holders if holder)
    return Told(marked, next(filter(_is_meant_for_us, found), None))


def _find_layers(item: pytest.Item, told: Told) -> Layers:
    named = [layer for mark in item.own_markers if mark.name == "layer" for layer in mark.args]
    named += [*told.marked, *_by_fixtures(item), _by_attribute(item, told)]
    return tuple(dict.fromkeys([resolve(each) for each in named if each is not None]))


def _by_attribute(item: pytest.Item, told: Told) -> AnyLayer:
    """The attribute ``layer`` of suite or class; without one, for functions, that of the module."""
    if SUITE_LAYER in item.stash:
        return item.stash[SUITE_LAYER]
    return told.suites.get(item.name) if told.attribute is None else told.attribute


def _is_meant_for_us(found: object) -> bool:
    """Whether it is a layer, or its full name, which has a dot in it."""
    return "." in found if isinstance(found, str) else hasattr(found, "__bases__")


def _by_fixtures(item: pytest.Item) -> Iterator[AnyLayer]:
    """Layers of the fixtures that `fixture_for` made; pytest has no public way to look at these."""
    info = getattr(item, "_fixtureinfo", None)
    for name, definitions in info.name2fixturedefs.items() if info else ():
        for definition in reversed(definitions):
            if hasattr(definition.func, "layer"):
                yield definition.func.layer
            if name not in definition.argnames:  # it does not build on the one that it overrides
                break
