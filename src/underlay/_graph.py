"""The two orders in which the bases of a layer are walked, in time linear in their number."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

Bases = Callable[[Any], Iterable[Any]]


def setup_order(layer: Any) -> list[Any]:
    """The layer and all its bases, base before derived, each once."""
    return _postorder(layer, lambda each: each.__bases__)


def resolution_order(layer: Any) -> list[Any]:
    """The layer and all its bases, derived before base, each once."""
    return _postorder(layer, lambda each: reversed(each.__bases__))[::-1]


def _postorder(layer: Any, bases: Bases) -> list[Any]:
    order: dict[Any, None] = {}
    _visit(layer, bases, order)
    return list(order)


def _visit(layer: Any, bases: Bases, order: dict[Any, None]) -> None:
    # No closure: one that calls itself is a circle, which keeps the layers alive for a while.
    if layer in order or layer is object:  # a layer that is a class has object among its bases
        return
    for base in bases(layer):
        _visit(base, bases, order)
    order[layer] = None
