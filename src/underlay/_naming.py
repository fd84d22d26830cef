"""How layers get their names.

Runners tell layers apart by ``__module__ + "." + __name__`` alone: zope.testrunner merges two
layers of one name, and the second is never set up.  So the name is that of the module variable
which holds the layer, or else tells where it was made; a name that is taken is refused.  The table
of names below is the one piece of state that belongs to the process, because to the runners names
do.
"""

from __future__ import annotations

import gc
import importlib
import inspect
import os
import sys
import weakref
from types import CodeType, FrameType
from typing import Any, NamedTuple

from underlay._errors import LayerError, NameTaken

_taken: weakref.WeakValueDictionary[str, Any] = weakref.WeakValueDictionary()


class Place(NamedTuple):
    """Where a layer was made."""

    module: str
    file: str
    line: int
    code: CodeType

    def is_again(self, other: Place) -> bool:
        """Whether this is the other place after its module was loaded again."""
        same_line = (self.file, self.line) == (other.file, other.line)
        return same_line and self.code is not other.code

    def __str__(self) -> str:
        return f"{os.path.relpath(self.file)}:{self.line}"


def maker(layer: object) -> Place:
    """The first caller outside of the layer's own (and its subclasses') methods."""
    frame: FrameType = sys._getframe(1)
    while frame.f_back and frame.f_locals.get("self") is layer:
        frame = frame.f_back
    module = frame.f_globals.get("__name__", "__main__")
    return Place(module, frame.f_code.co_filename, frame.f_lineno, frame.f_code)


def variable(module: str, value: object) -> str | None:
    """The name of the variable of `module` that holds `value`."""
    # A copy: servers name their layers in threads of their own, while the module may still grow.
    variables = vars(sys.modules[module]).copy() if module in sys.modules else {}
    return next((name for name, held in variables.items() if held is value), None)


def claim(layer: Any, name: str, made: Place) -> None:
    """Note that the full `name` belongs to `layer`, which was made at a place.

    :raises NameTaken: if another one still has it.  Unless its module was loaded again: then the
       new one takes over.
    """
    if _owner(layer, name, made) is not None:
        gc.collect()  # a layer that is out of use may only wait for this
    if (owner := _owner(layer, name, made)) is not None:
        raise NameTaken(name, str(owner._made), str(made))
    _taken[name] = layer


def _owner(layer: Any, name: str, made: Place) -> Any:
    """The other layer which has the `name`, if any."""
    owner = _taken.get(name, layer)
    rightful = owner is not layer and owner._full_name() == name
    return owner if rightful and not made.is_again(owner._made) else None


def resolve(layer: Any) -> Any:
    """The layer itself, also where only its name is given, as in ``layer = "app.testing.LIVE"``.

    :raises LayerError: if the name leads nowhere, or what is given is no layer.
    """
    found = _find(layer) if isinstance(layer, str) else layer
    if not hasattr(found, "__bases__"):
        raise LayerError(
            f"This is no layer: {layer!r}\n"
            "  Runners take the attribute 'layer' of a test for one; give another name to yours."
        )
    if isinstance(found, type) and inspect.isfunction(getattr(found, "setUp", None)):
        raise LayerError(
            f"This is no layer, but a class of layers: {found.__module__}.{found.__qualname__}\n"
            f"  Make one in a module, such as LIVE = {found.__name__}(), and name that."
        )
    return found


def _find(full_name: str) -> Any:
    module, _, name = full_name.rpartition(".")
    try:
        return getattr(importlib.import_module(module), name)
    except Exception as error:  # the module may fail in any way
        raise LayerError(f"There is no layer {full_name!r}: {error}") from error
