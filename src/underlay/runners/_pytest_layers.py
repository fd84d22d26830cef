"""Which test needs which layers, as pytest has it."""

from __future__ import annotations

import unittest
from collections.abc import Iterator

from underlay._errors import LayerError, needs_extra
from underlay._hooks import AnyLayer
from underlay._naming import resolve
from underlay._stack import Layers, LayerStack

with needs_extra("underlay.runners.pytest", "pytest"):
    import pytest

STACK = pytest.StashKey[LayerStack]()
LAYERS = pytest.StashKey[Layers]()  # of an item
PROBLEM = pytest.StashKey[str]()  # why the layers of an item are not known
SUITE_LAYER = pytest.StashKey[AnyLayer]()  # of an item that stands for a case of a suite
SUITE_LAYERS = pytest.StashKey[dict[str, AnyLayer]]()  # of a module: those of suites, by test id


def layers_of(item: pytest.Item) -> Layers:
    """The layers that a test names; known from the end of the collection on."""
    return item.stash[LAYERS]


def note_layers(item: pytest.Item) -> None:
    """Find the layers of a test; if one is not to be found, that is the error of this test."""
    try:
        item.stash[LAYERS] = _find_layers(item)
    except LayerError as error:
        item.stash[LAYERS], item.stash[PROBLEM] = (), str(error)


def _find_layers(item: pytest.Item) -> Layers:
    named = [layer for mark in item.iter_markers("layer") for layer in mark.args]
    named += [*_by_fixtures(item), _by_attribute(item)]
    return tuple(dict.fromkeys(resolve(each) for each in named if each is not None))


def _by_attribute(item: pytest.Item) -> AnyLayer:
    """The attribute ``layer`` of suite or class; without one, for functions, that of the module."""
    if SUITE_LAYER in item.stash:
        return item.stash[SUITE_LAYER]
    case = getattr(item, "cls", None)
    if case and issubclass(case, unittest.TestCase):
        named = getattr(case, "layer", None)
        return _by_suite(item, case) if named is None else named
    # Here "layer" may also be the word of somebody who never heard of us.
    module = item.getparent(pytest.Module)
    found = (getattr(holder, "layer", None) for holder in (case, module and module.obj))
    return next(filter(_is_meant_for_us, found), None)


def _by_suite(item: pytest.Item, case: type[unittest.TestCase]) -> AnyLayer:
    """The layer on which a suite of its module puts the test, of a class that names none."""
    module = item.getparent(pytest.Module)
    suites = module.stash.get(SUITE_LAYERS, {}) if module else {}
    return suites.get(f"{case.__module__}.{case.__qualname__}.{item.name}")


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


class AroundTest:
    """Puts the per-test hooks of layers around a test, inside the fixtures of its class.

    An autouse fixture would cost each test more than three layers do, also a test without any.
    """

    def __init__(self, stack: LayerStack) -> None:
        self.stack = stack
        self.item: pytest.Item | None = None  # the one that has begun

    @pytest.hookimpl(tryfirst=True)
    def pytest_fixture_setup(
        self, fixturedef: pytest.FixtureDef[object], request: pytest.FixtureRequest
    ) -> None:
        __tracebackhide__ = True
        if fixturedef.scope == "function":
            self.begin(request.node)

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        __tracebackhide__ = True
        self.begin(item)

    def begin(self, item: pytest.Item) -> None:
        """Begin the test, unless a fixture has made that necessary already."""
        __tracebackhide__ = True
        if item is not self.item and (layers := layers_of(item)):
            self.item = item
            item.addfinalizer(self.end)
            self.stack.begin_test(layers)

    def end(self) -> None:
        """End the test, after its fixtures."""
        __tracebackhide__ = True
        self.item = None
        self.stack.end_test()
