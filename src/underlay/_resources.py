"""What layers offer to tests: a stack of values per name, in plone.testing's format.

``_resources`` maps a name to ``[[value, owner], ...]``, newest last.  A layer which sets a name
that a base has pushes its value on the base's stack, so that the base sees it, too, for as long as
it lasts.  Because the format is plone.testing's, either kind of layer can be the base of the other
(https://github.com/plone/plone.testing, ``layer.py``).

A name that a layer declares as a `Resource` is its own: the ``url`` of a server does not replace
that of another server which happens to be among its bases.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

from underlay._graph import resolution_order

T = TypeVar("T")

Entry = list[Any]  # [value, owner]
Store = dict[str, list[Entry]]


class Resources:
    """The store, as a base class of layers.  When a value goes again is the layer's to say."""

    __iter__ = None  # not by way of __getitem__: `bases=LAYER` is a mistake to be told

    def __init__(self) -> None:
        self._resources: Store = {}
        _, *self._order_of_bases = resolution_order(self)
        known = [base for base in self._order_of_bases if hasattr(base, "_resources")]
        self._stores: list[Store] = [each._resources for each in (self, *known)]

    @property
    def baseResolutionOrder(self) -> tuple[Any, ...]:
        """The layer and all its bases, derived before base."""
        return (self, *self._order_of_bases)  # not stored: layers out of use free their names

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a resource, or `default` where there is none."""
        entry = self._entry(name)
        return default if entry is None else entry[0]

    def __contains__(self, name: str) -> bool:
        return self._entry(name) is not None

    def _entry(self, name: str) -> Entry | None:
        for store in self._stores:
            if name in store:
                return store[name][-1]
        return None

    def _names(self) -> tuple[str, ...]:
        return tuple(sorted({name for store in self._stores for name in store}))

    def _push(self, name: str, value: Any) -> Callable[[], None]:
        """Put `value` on top, here or on each base that has the name; return how to undo that."""
        entry: Entry = [value, self]
        stores = [store for store in self._stores if name in store]
        if not stores or isinstance(getattr(type(self), name, None), Resource):
            stores = [self._resources]
        for store in stores:
            store.setdefault(name, []).append(entry)

        def pop() -> None:
            for store in stores:
                _remove(store, name, entry)

        return pop

    def _pull(self, name: str) -> bool:
        """Take away the newest value of a name that this layer has set; whether there was one."""
        found = False
        for store in self._stores:
            if own := [entry for entry in store.get(name, ()) if entry[1] is self]:
                _remove(store, name, own[-1])
                found = True
        return found


def _remove(store: Store, name: str, entry: Entry) -> None:
    """Take `entry` itself away, not one that equals it: values may have any idea of equality."""
    store[name] = [each for each in store.get(name, ()) if each is not entry]
    if not store[name]:
        del store[name]


class Resource(Generic[T]):
    """A declared resource: a typed and documented attribute over the layer's store.

    ``url = Resource[str]("Where it answers")`` in a layer class makes ``layer.url`` the same value
    as ``layer["url"]``, known to type checkers as ``str``.

    :param doc: what it is, a phrase.
    """

    def __init__(self, doc: str) -> None:
        self.__doc__ = doc
        self.name = "?"

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    # typing would keep the overloads, and the class, to the end of the process, and by way of the
    # loader of their module, which is pytest's, all of its items; 20 us a test to let go of.
    if TYPE_CHECKING:

        @overload
        def __get__(self, layer: None, owner: type) -> Resource[T]: ...
        @overload
        def __get__(self, layer: Any, owner: type) -> T: ...
    else:
        __class_getitem__ = classmethod(types.GenericAlias)

    def __get__(self, layer: Any, owner: type) -> Any:
        return self if layer is None else layer[self.name]

    def __set__(self, layer: Any, value: T) -> None:
        layer[self.name] = value

    def __delete__(self, layer: Any) -> None:
        del layer[self.name]

    def __repr__(self) -> str:
        return f"<Resource {self.name}: {self.__doc__}>"
