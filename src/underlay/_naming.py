"""How layers get their names.

Runners tell layers apart by ``__module__ + "." + __name__`` alone: zope.testrunner merges two
layers of one name, and the second is never set up.  So the name is that of the module variable
which holds the layer, and a name that is taken is refused.  The table of names below is the one
piece of state that belongs to the process, because to the runners names do.
"""

from __future__ import annotations

import os
import sys
import weakref
from types import FrameType
from typing import Any, NamedTuple

from underlay._errors import NameTaken

_taken: weakref.WeakValueDictionary[str, Any] = weakref.WeakValueDictionary()


class Place(NamedTuple):
    """Where a layer was made."""

    module: str
    file: str
    line: int

    def __str__(self) -> str:
        return f"{os.path.relpath(self.file)}:{self.line}"


def maker(layer: object) -> Place:
    """The first caller outside of the layer's own (and its subclasses') methods."""
    frame: FrameType = sys._getframe(1)
    while frame.f_back and frame.f_locals.get("self") is layer:
        frame = frame.f_back
    return Place(frame.f_globals.get("__name__", "__main__"), frame.f_code.co_filename, frame.f_lineno)


def variable(module: str, value: object) -> str | None:
    """The name of the variable of `module` that holds `value`."""
    variables = vars(sys.modules[module]) if module in sys.modules else {}
    return next((name for name, held in variables.items() if held is value), None)


def claim(layer: Any, name: str, made: Place) -> None:
    """Note that the full `name` belongs to `layer`, which was made at a place.

    :raises NameTaken: if it belongs to another one.  Unless that was made at the same place: then
       the module was loaded again, and the new one takes over.
    """
    owner = _taken.get(name, layer)
    if owner is not layer and owner._made[1:] != made[1:]:
        raise NameTaken(name, str(owner._made), str(made))
    _taken[name] = layer
