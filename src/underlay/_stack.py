"""LayerStack: which layers go up and down between two tests; pure, no I/O, no runner."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence

from underlay._errors import NameTaken
from underlay._graph import setup_order
from underlay._hooks import AnyLayer, call_hook
from underlay._layer import set_up_failed
from underlay._undo import Undo

__unittest = True  # unittest leaves our frames out of tracebacks


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


def sort_key(layers: Sequence[AnyLayer]) -> tuple[str, ...]:
    """Sorted by this, tests on the same layers and on shared bases stand together."""
    return tuple(map(layer_name, union(layers)))


class LayerStack:
    """The layers that are up, and those that would not come up."""

    def __init__(self) -> None:
        self._up: list[AnyLayer] = []
        self._failed: dict[AnyLayer, BaseException] = {}

    def require(self, layers: Iterable[AnyLayer]) -> None:
        """Have exactly these layers and their bases up.

        :raises BaseException: what a ``setUp`` raised, to the first test that needs it;
            `SetUpFailed` to the others, for a set-up that failed is not tried again.
        """
        __tracebackhide__ = True
        wanted = union(layers)
        self.release(keep=wanted)
        for layer in wanted:
            if layer not in self._up:
                self._set_up(layer)

    def _set_up(self, layer: AnyLayer) -> None:
        __tracebackhide__ = True
        if layer in self._failed:
            raise self._failed[layer]
        try:
            call_hook(layer, "setUp")
        except BaseException as error:
            self._failed[layer] = set_up_failed(layer, error)
            raise
        self._up.append(layer)

    def release(self, keep: Iterable[AnyLayer] = ()) -> None:
        """Take down what is up and not to be kept, newest first.

        One that raises does not keep the others up; see `Undo.close`.
        """
        __tracebackhide__ = True
        kept = set(keep)
        undo = Undo()
        for layer in self._up:
            if layer not in kept:
                undo.add(call_hook, layer, "tearDown")
        self._up = [layer for layer in self._up if layer in kept]
        undo.close()

    @contextlib.contextmanager
    def around_test(self, layers: Iterable[AnyLayer]) -> Iterator[None]:
        """Call ``testSetUp`` of the layers, bases first, and ``testTearDown`` in reverse."""
        __tracebackhide__ = True
        undo = Undo()
        try:
            for layer in union(layers):
                call_hook(layer, "testSetUp")
                undo.add(call_hook, layer, "testTearDown")
            yield
        except BaseException as error:
            undo.close(error)
            raise
        undo.close()
