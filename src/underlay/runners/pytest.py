"""pytest plugin: ``layer =`` and ``test_suite()`` just work; `fixture_for` for pytest's style."""

from __future__ import annotations

import inspect
import itertools
import unittest
from collections.abc import Iterator
from typing import Any

from underlay._errors import LayerError, needs_extra
from underlay._hooks import AnyLayer
from underlay._naming import resolve
from underlay._stack import LayerStack

with needs_extra("underlay.runners.pytest", "pytest"):
    import pytest

    from underlay.runners import (
        _pytest_durations,
        _pytest_selection,
        _pytest_teardown,
        _pytest_terminating,
        _pytest_timeline,
        _pytest_times,
        _xdist,
    )
    from underlay.runners._cases import skip_reason
    from underlay.runners._pytest_layers import STACK, layers_of, note_layers
    from underlay.runners._pytest_running import RUNNING, Running
    from underlay.runners._pytest_suites import (
        SuiteCollector,
        SuiteItem,
        stands_for_others,
        suite_items,
    )
    from underlay.runners._pytest_times import KNOWN, STOPWATCH, Stopwatch


def fixture_for(layer: AnyLayer) -> Any:
    """Make a pytest fixture of a layer: the tests that take it run on the layer, and get it.

    ``browser = fixture_for(BROWSER)`` in a ``conftest.py`` or a test module is all it needs.

    :raises LayerError: in the fixture, if a test asks for it by ``getfixturevalue()``: which layers
        are needed must be known before.
    """

    def fixture(request: pytest.FixtureRequest) -> AnyLayer:
        found = resolve(layer)
        if found not in layers_of(request.node):
            raise LayerError(
                f"{request.node.nodeid} has to name the fixture of {found!r}.\n"
                "  Which layers a test needs must be known before: let it take the fixture as an\n"
                "  argument, or mark it or its module with pytest.mark.layer."
            )
        return found

    fixture.layer = layer  # type: ignore[attr-defined]
    return pytest.fixture(fixture)


def pytest_addoption(parser: pytest.Parser) -> None:
    _pytest_selection.add_options(parser)
    _pytest_durations.add_options(parser)
    _pytest_times.add_options(parser)
    _pytest_timeline.add_options(parser)


def pytest_configure(config: pytest.Config) -> None:
    if config.pluginmanager.hasplugin("zopelayer"):
        raise pytest.UsageError(
            "underlay and zope.pytestlayer would both set up the layers: "
            "run pytest with -p no:zopelayer, or with -p no:underlay."
        )
    config.addinivalue_line("markers", "layer(LAYER, ...): run on these layers of underlay.")
    durations = config.getoption("--layer-durations") is not None
    config.stash[STACK], config.stash[STOPWATCH] = LayerStack(times_tests=durations), Stopwatch()
    recording = _pytest_timeline.configure(config)
    plan = config.getoption("setupplan", False)
    config.stash[RUNNING] = Running(config.stash[STACK], config.stash[STOPWATCH], recording, plan)
    config.pluginmanager.register(config.stash[RUNNING], "underlay-running")
    _pytest_terminating.configure(config)
    if _xdist.is_worker(config):
        _xdist.configure_worker(config)
    else:
        _pytest_selection.configure(config)
        _pytest_times.configure(config)
        _xdist.configure_controller(config)
        config.pluginmanager.register(_pytest_teardown.Teller(config), "underlay-teller")


def pytest_report_header(config: pytest.Config) -> str | None:
    shard = config.stash.get(_pytest_selection.SHARD, None)
    return f"shard: {shard}" if shard else None


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(
    config: pytest.Config, items: list[pytest.Item]
) -> Iterator[None]:
    # A wrapper: layers are known before other plugins choose and sort, and the order is ours.
    note_layers(items)
    for item in filter(layers_of, items):
        if (reason := skip_reason(*_decorated(item))) is not None:
            item.add_marker(pytest.mark.skip(reason=reason))  # else its layers are set up for it
    never_deselected = list(filter(stands_for_others, suite_items(items)))
    if never_deselected:
        items[:] = itertools.filterfalse(set(never_deselected).__contains__, items)
    stepwise = config.getoption("stepwise", False)
    try:
        if stepwise:  # it leaves out what came before a test, so the order must always be the same
            _pytest_selection.put_in_order(items, {})
        yield
        items[:0] = never_deselected
        _pytest_selection.select(config, items, config.stash[KNOWN])
        if not stepwise:
            _pytest_selection.put_in_order(items, config.stash[KNOWN].seconds)
    except LayerError as error:
        raise pytest.UsageError(str(error)) from error


def pytest_runtest_setup(item: pytest.Item) -> None:
    # A plain hook, and here: after marks and conftest.py skip, before fixtures and setUpClass.
    __tracebackhide__ = True
    item.config.stash[RUNNING].set_up(item)


def _decorated(item: pytest.Item) -> tuple[object, ...]:
    """What decorators may have skipped: class and method."""
    if isinstance(item, SuiteItem):
        return type(item.case), getattr(item.case, item.case._testMethodName, None)
    return getattr(item.parent, "obj", None), getattr(item, "obj", None)


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    _pytest_selection.forgive_empty_shard(session)
    try:
        return (yield)
    finally:
        try:
            session.config.stash[STACK].release()
        finally:
            if _xdist.is_worker(session.config):
                _xdist.tell_controller(session.config)
            else:
                _pytest_times.remember(session)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    _pytest_durations.report(terminalreporter, config)
    _pytest_times.report(terminalreporter, config)


@pytest.fixture
def layer(request: pytest.FixtureRequest) -> AnyLayer:
    """The layer which the test names."""
    layers = layers_of(request.node)
    if len(layers) != 1:
        raise LayerError(f"The fixture 'layer' is for tests of one layer, not of {len(layers)}.")
    return layers[0]


@pytest.hookimpl(tryfirst=True)
def pytest_pycollect_makeitem(
    collector: pytest.Collector, name: str, obj: object
) -> pytest.Collector | None:
    if not isinstance(collector, pytest.Module) or not callable(obj):
        return None
    if name == "test_suite" and not inspect.signature(obj).parameters:
        return SuiteCollector.from_parent(collector, name=name, make=obj)
    if name == "load_tests" and not hasattr(collector.obj, "test_suite"):
        loader = unittest.TestLoader()
        make = lambda: obj(loader, unittest.TestSuite(), None)  # noqa: E731
        return SuiteCollector.from_parent(collector, name=name, make=make)
    return None


def pytest_collection_finish(session: pytest.Session) -> None:
    """Drop the cases that were not selected: a suite that runs a tool runs it for the others."""
    selected = set(suite_items(session.items))
    for collector in {item.parent for item in selected}:
        for item in collector.items:
            if item not in selected:
                item.case = None
