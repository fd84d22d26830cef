"""pytest plugin: ``layer =`` and ``test_suite()`` just work; `fixture_for` for pytest's style."""

from __future__ import annotations

import inspect
import traceback
import unittest
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from underlay._errors import LayerError, SetUpFailed, needs_extra
from underlay._hooks import AnyLayer
from underlay._naming import resolve
from underlay._stack import Layers, LayerStack, in_order, union
from underlay.runners.unittest import flatten, skip_reason

with needs_extra("underlay.runners.pytest", "pytest"):
    import pytest

STACK = pytest.StashKey[LayerStack]()
LAYERS = pytest.StashKey[Layers]()  # of an item
PROBLEM = pytest.StashKey[str]()  # why the layers of an item are not known
SUITE_LAYERS = pytest.StashKey[dict[str, AnyLayer]]()  # of a module: those of suites, by test id


def fixture_for(layer: AnyLayer) -> Any:
    """Make a pytest fixture of a layer: the tests that take it run on the layer, and get it.

    ``browser = fixture_for(BROWSER)`` in a ``conftest.py`` or a test module is all it needs.

    :raises LayerError: in the fixture, if a test asks for it by ``getfixturevalue()``: which layers
        are needed must be known before.
    """

    def fixture(request: pytest.FixtureRequest) -> AnyLayer:
        found = resolve(layer)
        if found not in layers_of(request.node):
            raise LayerError(f"{request.node.nodeid} has to name the fixture of {found!r}.")
        return found

    fixture.layer = layer  # type: ignore[attr-defined]
    return pytest.fixture(fixture)


# -- which test needs which layers


def layers_of(item: pytest.Item) -> Layers:
    """The layers that a test names; known from the end of the collection on."""
    return item.stash[LAYERS]


def _note_layers(item: pytest.Item) -> None:
    """Find the layers of a test; if one is not to be found, that is the error of this test."""
    try:
        item.stash[LAYERS] = _find_layers(item)
    except LayerError as error:
        item.stash[LAYERS], item.stash[PROBLEM] = (), str(error)


def _find_layers(item: pytest.Item) -> Layers:
    named = [layer for mark in item.iter_markers("layer") for layer in mark.args]
    named += [*_by_fixtures(item), *_by_attribute(item)]
    return tuple(dict.fromkeys(map(resolve, named)))


def _by_attribute(item: pytest.Item) -> list[AnyLayer]:
    """The attribute ``layer`` of suite or class; without one, for functions, that of the module."""
    module = item.getparent(pytest.Module)
    case = getattr(item, "cls", None)
    if isinstance(item, SuiteItem):
        candidates = [item.layer]
    elif case and issubclass(case, unittest.TestCase):
        test = f"{case.__module__}.{case.__qualname__}.{item.name}"
        suites = module.stash.get(SUITE_LAYERS, {}) if module else {}
        candidates = [getattr(case, "layer", None), suites.get(test)]
    else:  # here "layer" may also be the word of somebody who never heard of us
        found = [getattr(holder, "layer", None) for holder in (case, module and module.obj)]
        candidates = [each for each in found if _is_meant_for_us(each)]
    return [each for each in candidates if each is not None][:1]


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


# -- hooks


def pytest_configure(config: pytest.Config) -> None:
    if config.pluginmanager.hasplugin("zopelayer"):
        raise pytest.UsageError(
            "underlay and zope.pytestlayer would both set up the layers: "
            "run pytest with -p no:zopelayer, or with -p no:underlay."
        )
    config.addinivalue_line("markers", "layer(LAYER, ...): run on these layers of underlay.")
    config.stash[STACK] = LayerStack()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    try:
        for item in items:
            _note_layers(item)
            if (reason := skip_reason(*_decorated(item))) is not None:
                item.add_marker(pytest.mark.skip(reason=reason))  # else fixtures are set up for it
        order = in_order(dict.fromkeys(map(layers_of, items)))
    except LayerError as error:
        raise pytest.UsageError(str(error)) from error
    rank = {layers: number for number, layers in enumerate(order)}
    items.sort(key=lambda item: rank[layers_of(item)])


def pytest_runtest_setup(item: pytest.Item) -> None:
    # A plain hook: after the marks that skip, before all fixtures and setUpClass.
    __tracebackhide__ = True
    if problem := item.stash.get(PROBLEM, ""):
        pytest.fail(problem, pytrace=False)
    try:
        item.config.stash[STACK].require(layers_of(item))
    except SetUpFailed as error:
        pytest.fail(str(error), pytrace=False)  # its traceback stood at the first of these tests


def _decorated(item: pytest.Item) -> tuple[object, ...]:
    """What decorators may have skipped: class and method."""
    if isinstance(item, SuiteItem):
        return type(item.case), getattr(item.case, item.case._testMethodName, None)
    return getattr(item, "cls", None), getattr(item, "obj", None)


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    # The innermost wrapper: after all fixtures, also if one of them fails.
    __tracebackhide__ = True
    try:
        return (yield)
    finally:
        item.config.stash[STACK].release(union(layers_of(nextitem)) if nextitem else ())


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> Iterator[None]:
    try:
        return (yield)
    finally:
        session.config.stash[STACK].release()


@pytest.fixture(autouse=True)
def _around_test_on_layers(request: pytest.FixtureRequest) -> Iterator[None]:
    with request.config.stash[STACK].around_test(layers_of(request.node)):
        yield


@pytest.fixture
def layer(request: pytest.FixtureRequest) -> AnyLayer:
    """The layer which the test names."""
    layers = layers_of(request.node)
    if len(layers) != 1:
        raise LayerError(f"The fixture 'layer' is for tests of one layer, not of {len(layers)}.")
    return layers[0]


# -- test_suite() and load_tests()


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


class SuiteCollector(pytest.Collector):
    """The cases of a suite that a function of a module makes, as items of their own.

    Cases whose class stands in that module are left to pytest, which has them already; it is only
    noted which layer their suite puts them on.
    """

    parent: pytest.Module

    def __init__(self, make: Callable[[], object], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.make = make
        self.items: list[SuiteItem] = []

    def collect(self) -> Iterable[pytest.Item]:
        suite = self.make()
        if not isinstance(suite, (unittest.TestSuite, unittest.TestCase)):
            raise self.CollectError(
                f"{self.name}() returned {type(suite).__name__}, not a unittest.TestSuite. "
                "If it is a test and makes no suite, give it another name."
            )
        layers = self.parent.stash.setdefault(SUITE_LAYERS, {})
        for layer, case in flatten(suite):
            if self._is_left_to_pytest(case) and case.id() not in layers:
                layers[case.id()] = layer
            else:
                item = SuiteItem.from_parent(self, name=case.id(), case=case, layer=layer)
                self.items.append(item)
        return self.items

    def _is_left_to_pytest(self, case: unittest.TestCase) -> bool:
        """Whether pytest makes this very case itself, of a class that stands in the module."""
        kind = type(case)
        names = unittest.defaultTestLoader.getTestCaseNames(kind) or ["runTest"]
        return (
            getattr(self.parent.obj, kind.__name__, None) is kind
            and getattr(kind, "__test__", True)
            and case._testMethodName in names
            and not _takes_arguments(kind)
        )


def _takes_arguments(kind: Any) -> bool:
    """Whether the cases of a class are made from more than the name of a method."""
    own = kind.__init__.__module__ not in ("unittest.case", "unittest.async_case")
    return own or issubclass(kind, unittest.FunctionTestCase)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Drop the cases that were not selected: a suite that runs a tool runs it for the others."""
    selected = {item for item in session.items if isinstance(item, SuiteItem)}
    for collector in {item.parent for item in selected}:
        for item in collector.items:
            if item not in selected:
                item.case = None


class SuiteItem(pytest.Item):
    """A case of a suite."""

    parent: SuiteCollector
    case: Any

    def __init__(self, case: unittest.TestCase, layer: AnyLayer, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.case = case
        self.layer = layer

    def runtest(self) -> None:
        with self.config.stash[STACK].around_test(layers_of(self)):
            outcome = Outcome()
            self.case.run(outcome)
            outcome.tell(self)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show the frames of the case alone: neither pytest's nor unittest's."""
        frames = list(excinfo.traceback)
        ours = [number for number, frame in enumerate(frames) if str(frame.path) == __file__]
        excinfo.traceback = type(excinfo.traceback)(
            frame
            for frame in frames[ours[-1] + 1 if ours else 0 :]
            if "__unittest" not in frame.frame.f_globals
        )
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Any, int | None, str]:
        return self.path, 0, self.name  # skips need a line; which one it is, a case does not tell


class Outcome(unittest.TestResult):
    """Hears how a case went, and tells it to pytest."""

    def __init__(self) -> None:
        super().__init__()
        self.raised: list[BaseException] = []

    def addError(self, test: object, err: Any) -> None:
        self.raised.append(err[1])

    addFailure = addError

    def addSubTest(self, test: object, subtest: object, err: Any) -> None:
        if err:
            self.addError(test, err)

    def addSkip(self, test: object, reason: str) -> None:
        self.raised.append(pytest.skip.Exception(reason, _use_item_location=True))

    def addExpectedFailure(self, test: object, err: Any) -> None:
        self.raised.append(pytest.xfail.Exception(f"expected failure: {err[1]}"))

    def addUnexpectedSuccess(self, test: object) -> None:
        self.raised.append(pytest.fail.Exception("Unexpected success", pytrace=False))

    def tell(self, item: pytest.Item) -> None:
        """Raise what the case did not pass with.

        :raises BaseException: the first error, else a skip; further errors go to the report.
        """
        errors = [each for each in self.raised if not isinstance(each, pytest.skip.Exception)]
        for further in errors[1:]:
            text = "".join(traceback.format_exception(further))
            item.add_report_section("call", "further error", text)
        if self.raised:
            raise (errors or self.raised)[0]
