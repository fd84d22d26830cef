"""LayerStack: which layers go up and down between two tests; no I/O, no runner."""

from __future__ import annotations

import contextlib
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Generic, NamedTuple, TypeVar

from underlay._errors import NameTaken
from underlay._graph import setup_order
from underlay._hooks import AnyLayer, call_hook
from underlay._order import arrange
from underlay._scopes import set_up_failed
from underlay._undo import Undo

__unittest = True  # unittest leaves our frames out of tracebacks

K = TypeVar("K")

Layers = tuple[AnyLayer, ...]


def layer_name(layer: AnyLayer) -> str:
    """The full name by which runners know a layer.

    :raises NameTaken: if another layer has it.
    """
    return f"{layer.__module__}.{layer.__name__}"


def refuse_namesakes(layers: Iterable[AnyLayer]) -> None:
    """Let no two layers have one name, whoever made them.

    :raises NameTaken: if two have.
    """
    known: dict[str, AnyLayer] = {}
    for layer in layers:
        name = layer_name(layer)
        if known.setdefault(name, layer) is not layer:
            raise NameTaken(name, repr(known[name]), repr(layer))


def union(layers: Iterable[AnyLayer]) -> list[AnyLayer]:
    """The layers and all their bases, base before derived, each once."""
    return list(dict.fromkeys(each for layer in layers for each in setup_order(layer)))


def in_order(
    groups: Iterable[Layers], seconds: Mapping[str, float] = MappingProxyType({})
) -> list[Layers]:
    """The layers of groups of tests, in the order in which little is set up; see `arrange`.

    :param seconds: how long set-ups took in the past, by the full names of layers.
    :raises NameTaken: if two layers have one name.
    """
    needed = {layers: union(layers) for layers in groups}
    refuse_namesakes(layer for layers in needed.values() for layer in layers)
    return arrange({layers: [*map(layer_name, needed[layers])] for layers in needed}, seconds)


class Spent(NamedTuple):
    """Time that went into calls of a hook."""

    seconds: float = 0.0
    calls: int = 0

    def __add__(self, other: Spent) -> Spent:  # type: ignore[override]
        return Spent(self.seconds + other.seconds, self.calls + other.calls)

    @property
    def mean(self) -> float:
        """Seconds of a call."""
        return self.seconds / self.calls if self.calls else 0.0


class Meter(Generic[K]):
    """Adds up how long things take, and how often they happen.

    :param now: tells seconds.
    """

    def __init__(self, now: Callable[[], float] = time.perf_counter) -> None:
        self.now = now
        self._sums: defaultdict[K, list[Any]] = defaultdict(lambda: [0.0, 0])

    def add(self, key: K, start: float) -> None:
        """What began at `start` is over."""
        sums = self._sums[key]
        sums[0] += self.now() - start
        sums[1] += 1

    def spent(self) -> dict[K, Spent]:
        """The sums."""
        return {key: Spent(*sums) for key, sums in self._sums.items()}


class LayerStack:
    """The layers that are up, those that would not come up, and the test that is going on.

    :param clock: tells seconds.
    :param times_tests: whether it measures the per-test hooks as well, which costs each test about
        a microsecond a layer.
    """

    def __init__(
        self, clock: Callable[[], float] = time.perf_counter, *, times_tests: bool = False
    ) -> None:
        self._meter: Meter[tuple[AnyLayer, str]] = Meter(clock)
        self._call_in_test = self._call if times_tests else call_hook
        self._needed: dict[Layers, list[AnyLayer]] = {}  # as union() has it, for it takes its time
        self._up: list[AnyLayer] = []
        self._failed: dict[AnyLayer, BaseException] = {}
        self._test = Undo()

    def needed(self, layers: Iterable[AnyLayer]) -> list[AnyLayer]:
        """The `union` of layers, found out only once."""
        layers = tuple(layers)
        needed = self._needed.get(layers)
        if needed is None:
            needed = self._needed[layers] = union(layers)
        return needed

    def require(self, layers: Iterable[AnyLayer]) -> None:
        """Have exactly these layers and their bases up.

        :raises BaseException: what a ``setUp`` raised, to the first test that needs it;
            `SetUpFailed` to the others, for a set-up that failed is not tried again.
        """
        __tracebackhide__ = True
        wanted = self.needed(layers)
        if wanted == self._up and self._test.is_empty:
            return
        self.release(keep=wanted)
        for layer in wanted:
            if layer not in self._up:
                self._set_up(layer)

    def _call(self, layer: AnyLayer, hook: str) -> None:
        __tracebackhide__ = True
        start = self._meter.now()
        try:
            call_hook(layer, hook)
        finally:
            self._meter.add((layer, hook), start)

    def times(self) -> dict[tuple[str, str], Spent]:
        """What went into the measured hooks so far, by full name of layer and name of hook."""
        return {
            (layer_name(layer), hook): spent for (layer, hook), spent in self._meter.spent().items()
        }

    def _set_up(self, layer: AnyLayer) -> None:
        __tracebackhide__ = True
        if layer in self._failed:
            raise self._failed[layer]
        try:
            self._call(layer, "setUp")
        except BaseException as error:
            self._failed[layer] = set_up_failed(layer, error)
            raise
        self._up.append(layer)

    def surplus(self, keep: Iterable[AnyLayer] = ()) -> list[AnyLayer]:
        """What is up and not to be kept, newest first."""
        if keep == self._up:  # as mostly from one test to the next
            return []
        kept = set(keep)
        return [layer for layer in reversed(self._up) if layer not in kept]

    def take_down(self, layer: AnyLayer) -> None:
        """Take down one of the `surplus`, beginning with the newest."""
        __tracebackhide__ = True
        self._up.remove(layer)
        self._call(layer, "tearDown")

    def release(self, keep: Iterable[AnyLayer] = ()) -> None:
        """Take down what is up and not to be kept.

        One that raises does not keep the others up; see `Undo.close`.
        """
        __tracebackhide__ = True
        undo = Undo()
        for layer in reversed(self.surplus(keep)):
            undo.add(self.take_down, layer)
        undo.add(self.end_test)  # if it was interrupted, nobody else does
        undo.close()

    def begin_test(self, layers: Iterable[AnyLayer]) -> None:
        """Call ``testSetUp`` of the layers, bases first."""
        __tracebackhide__ = True
        try:
            for layer in self.needed(layers):
                self._call_in_test(layer, "testSetUp")
                self._test.add(self._call_in_test, layer, "testTearDown")
        except BaseException as error:
            self.end_test(error)
            raise

    def end_test(self, error: BaseException | None = None) -> None:
        """Call ``testTearDown`` in reverse, of those layers whose ``testSetUp`` went well."""
        __tracebackhide__ = True
        self._test.close(error)

    @contextlib.contextmanager
    def around_test(self, layers: Iterable[AnyLayer]) -> Iterator[None]:
        """`begin_test` and `end_test` around a block."""
        __tracebackhide__ = True
        self.begin_test(layers)
        try:
            yield
        except BaseException as error:
            self.end_test(error)
            raise
        self.end_test()
