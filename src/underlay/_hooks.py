"""The four hooks of a layer: how they are wrapped, and how they are called.

``setUp`` and ``tearDown`` open and close the scope of the layer, ``testSetUp`` and ``testTearDown``
that of a test.  What a scope is, `Scoped` knows.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from underlay import _timeline
from underlay._blame import FAULTS, blame_test
from underlay._errors import LayerError

__unittest = True  # unittest leaves our frames out of tracebacks

AnyLayer = Any  # one of ours, one of plone.testing's, or anything with zope.testrunner's hooks
Hook = Callable[[Any], None]

#: The methods of `Scoped` by the hooks around which they are.
STEPS = {
    "setUp": "_set_up",
    "tearDown": "_tear_down",
    "testSetUp": "_set_up_test",
    "testTearDown": "_tear_down_test",
}


def _guarded(name: str, hook: Hook) -> Hook:
    """Let Layer open or close a scope around what the author of a layer wrote."""
    step = STEPS[name]
    of_test = name.startswith("test")

    @functools.wraps(hook)
    def guarded(self: Any) -> None:
        __tracebackhide__ = True
        if self._phase is not None:  # super().setUp(): the outermost call is in charge
            hook(self)
            return
        try:
            getattr(self, step)(hook)
        except FAULTS as error:
            if not of_test or not blame_test(error):
                raise

    guarded.is_guarded = True  # type: ignore[attr-defined]
    return guarded


def guard_hooks(cls: type[Any]) -> None:
    """Guard the hooks which a class defines, or has from a mixin that is no layer."""
    for name in STEPS:
        hook = inspect.getattr_static(cls, name)
        if not hasattr(hook, "is_guarded"):
            _refuse_what_is_not_called(hook, f"{cls.__name__}.{name}")
            setattr(cls, name, _guarded(name, hook))


def _refuse_what_is_not_called(hook: Hook, where: str) -> None:
    if not callable(hook) or isinstance(hook, staticmethod):
        raise LayerError(
            f"{where} is a {type(hook).__name__}: the hooks of layers are methods.\n"
            "  Make it a plain function that takes self."
        )
    if inspect.iscoroutinefunction(hook) or inspect.isasyncgenfunction(hook):
        raise LayerError(
            f"{where} is async: the hooks of layers are called, not awaited.\n"
            "  Make it a plain function, and run coroutines in it with asyncio.run()."
        )
    if inspect.isgeneratorfunction(hook):
        raise LayerError(
            f"{where} has a yield in it: nothing of it would run.\n"
            "  Make it a plain function, or write the layer as a generator under @as_layer."
        )


def call_hook(layer: AnyLayer, name: str) -> None:
    """Call one of the four hooks, each of which is optional for layers that are not ours.

    :raises LayerError: if the hook calls ``sys.exit()``: that must not end the run, perhaps with 0.
    """
    hook = getattr(layer, name, bool)
    try:
        if hasattr(hook, "is_guarded"):  # it records itself
            hook()
        else:
            with _timeline.hook(layer, name):
                hook()
    except SystemExit as error:
        raise LayerError(f"{layer!r} left {name} by sys.exit({error.code!r}).") from error
