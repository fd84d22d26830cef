"""as_layer: a generator function becomes a layer, for the small ones."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, overload

from underlay._hooks import AnyLayer
from underlay._layer import Layer
from underlay._naming import Place

Function = Callable[..., Iterator[Mapping[str, Any] | None]]


class GeneratorLayer(Layer):
    """A layer that is set up by what stands before a ``yield``, and taken down by what follows."""

    def __init__(self, function: Function, bases: Iterable[AnyLayer]) -> None:
        if not inspect.isgeneratorfunction(function):
            raise TypeError(
                f"@as_layer needs a plain function with a yield in it, not {function!r}."
            )
        super().__init__(bases, function.__name__, function.__module__)
        code = function.__code__
        self._made = Place(function.__module__, code.co_filename, code.co_firstlineno, code)
        self.__doc__ = function.__doc__
        self._function = function

    def setUp(self) -> None:
        context = contextlib.contextmanager(self._function)
        wants_layer = inspect.signature(self._function).parameters
        resources = self.enterContext(context(self) if wants_layer else context())
        for name, value in (resources or {}).items():
            self[name] = value


if TYPE_CHECKING:  # see `Resource`

    @overload
    def as_layer(function: Function) -> Layer: ...
    @overload
    def as_layer(*, bases: Iterable[AnyLayer] = ()) -> Callable[[Function], Layer]: ...


def as_layer(function: Function | None = None, *, bases: Iterable[AnyLayer] = ()) -> Any:
    """Make a layer of a generator function that yields once: a mapping of resources, or nothing.

    The function may take one parameter, the layer itself, to reach the resources of its bases::

        @as_layer(bases=[DATABASE])
        def CUSTOMERS(layer):
            with connect(layer["dsn"]) as connection:
                yield {"connection": connection}

    The layer is named after the function.  In typed code it returns ``Iterator[dict[str, Any]]``.

    :param bases: layers that must be up before this one.
    :raises TypeError: if there is no ``yield`` in the function.
    """
    if function is None:
        return lambda function: GeneratorLayer(function, bases)
    return GeneratorLayer(function, bases)
