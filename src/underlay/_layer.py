"""Layer: four hooks, clean-ups bound to the phase that added them, resources, bases.

Two pieces of magic keep layers simple to write and honest:

* ``Layer.__init_subclass__`` wraps the four hooks, so that half a set-up is undone and nothing is
  taken down that never came up (`guard_hooks`, `Scoped`).
* ``Layer.__set_name__``, which Python calls for ``layer = LIVE`` in the body of a TestCase, lets a
  layer check things while the test can still fail (`verify_in`).
"""

from __future__ import annotations

import os
import unittest
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from underlay import _naming, _timeline
from underlay._errors import LayerError, ResourceMissing
from underlay._graph import setup_order
from underlay._hooks import AnyLayer, call_hook, guard_hooks
from underlay._scopes import Scoped
from underlay._undo import Undo
from underlay._verifying import verify_in

T = TypeVar("T")
L = TypeVar("L", bound="Layer")

__unittest = True  # unittest leaves our frames out of tracebacks

#: What ``with`` brings about: the attribute which tells that it is so, what does it and undoes it.
STATES = (("_is_up", "setUp", "tearDown"), ("_in_test", "testSetUp", "testTearDown"))


class Layer(Scoped):
    """Something expensive that many tests share: set up once, found clean by each test, taken down.

    Subclass it, override any of the four hooks (none needs to call ``super()``), undo things where
    you do them with `addCleanup` and `enterContext`, and offer what the tests need as resources.
    The protocol is zope.testrunner's, the names are plone.testing's and unittest's.

    :param bases: layers that must be up before this one, and go down after it; by default those of
        the class attribute `defaultBases`.
    :param name: by default the name of the module variable that holds the layer, or else its class
        and the line where it was made.
    :param module: by default the module that makes the layer.
    """

    defaultBases: tuple[AnyLayer, ...] = ()

    __bases__: tuple[AnyLayer, ...]

    def __init__(
        self,
        bases: Iterable[AnyLayer] | None = None,
        name: str | None = None,
        module: str | None = None,
    ) -> None:
        self.__bases__ = self._checked(self.defaultBases if bases is None else bases)
        if type(self).__eq__ is not object.__eq__:  # such as a dataclass without eq=False
            raise TypeError(f"{type(self).__name__} defines ==, but layers differ by identity.")
        super().__init__()
        self._made = _naming.maker(self)
        self.__module__ = module or self._made.module
        self._name = name
        self._holder: str | None = None  # "Checkout.layer", where only a class holds it
        self._entered: list[Undo] = []  # a `with` each

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        guard_hooks(cls)
        cls._verifies = cls.verify is not Layer.verify

    def _checked(self, bases: object) -> tuple[AnyLayer, ...]:
        name = type(self).__name__
        if not isinstance(bases, Iterable) or isinstance(bases, (str, Layer)):
            raise TypeError(f"The bases of {name} are a list of layers, not {bases!r}.")
        checked = tuple(bases)
        for base in checked:
            is_class_of_layers = isinstance(base, type) and issubclass(base, Layer)
            if not hasattr(base, "__bases__") or is_class_of_layers:
                raise TypeError(f"A base of {name} is no layer: {base!r}")
        return checked

    # -- for authors of layers

    def setUp(self) -> None:
        """Start what is expensive, once for all tests."""

    def tearDown(self) -> None:
        """Take down what no clean-up takes down."""

    def testSetUp(self) -> None:
        """Prepare a test, before its own ``setUp``."""

    def testTearDown(self) -> None:
        """Clean up after a test, after its own ``tearDown`` and clean-ups."""

    def verify(self) -> None:
        """Raise what went wrong behind the test's back; called inside each test of this layer.

        It runs after the test's own clean-ups, derived layers before their bases; what it raises is
        the test's failure.  It may be called again, so it must not raise the same thing twice.
        """

    def addCleanup(self, function: Callable[..., object], /, *args: Any, **kwargs: Any) -> None:
        """Call `function` when the running phase ends: the test, else the layer.

        Clean-ups run in reverse order, also if the rest of the set-up fails.
        """
        self._running().add(function, *args, **kwargs)

    def enterContext(self, cm: AbstractContextManager[T]) -> T:
        """Enter `cm` now, leave it when the running phase ends; return what entering it gave."""
        return self._running().enter(cm)

    def addNote(self, text: str, path: str | os.PathLike[str] | None = None) -> None:
        """Tell the timeline what the layer has started, or has kept of the running test.

        In ``setUp`` it is told of the layer, such as ``"http://127.0.0.1:4711"``; in a test, of
        that test, such as ``"screenshot"``.  Without a timeline nothing happens.

        :param text: a phrase.
        :param path: a file that tells more; the page has a link to it.
        """
        _timeline.note(self, text, path, of_test=self._in_test)

    def __setitem__(self, name: str, value: Any) -> None:
        self._running().add(self._push(name, value))

    def __delitem__(self, name: str) -> None:
        """Take the newest value away that this layer itself has set; an older one shows again."""
        if not self._pull(name):
            raise self._missing(name)

    # -- for tests

    def __getitem__(self, name: str) -> Any:
        entry = self._entry(name)
        if entry is None:
            raise self._missing(name)
        return entry[0]

    def __enter__(self: L) -> L:
        """Set up what is not up yet, bases first, and begin a test; without any runner."""
        undo = Undo()
        try:
            for state, set_up, tear_down in STATES:
                for layer in self._not_yet(state):
                    call_hook(layer, set_up)
                    undo.add(call_hook, layer, tear_down)
        except BaseException as error:
            undo.close(error)
            raise
        self._entered.append(undo)
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        """End the test, which includes `verify`, and take down what ``with`` has set up."""
        self._entered.pop().close(error)

    # -- identity

    @property
    def __name__(self) -> str:
        _naming.claim(self, self._full_name(), self._made)
        return self._known_name()

    def _full_name(self) -> str:
        return f"{self.__module__}.{self._known_name()}"

    def _known_name(self) -> str:
        return (
            self._name
            or _naming.variable(self.__module__, self)
            or self._holder
            or f"{type(self).__name__}:{self._made.line}"
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._full_name()}>"

    def __set_name__(self, owner: type, name: str) -> None:
        if name == "layer" and issubclass(owner, unittest.TestCase):
            self._holder = self._holder or f"{owner.__qualname__}.layer"
            verify_in(owner)

    def _not_yet(self, state: str) -> list[AnyLayer]:
        """Those of this layer and its bases that have still to be set up, base before derived.

        Layers that are not ours do not tell; they are up if a layer derived from them is.
        """
        order = setup_order(self)
        up = [layer for layer in order if getattr(layer, state, False)]
        known = {each for layer in up for each in setup_order(layer)}
        return [layer for layer in order if layer not in known]

    def _refuse(self) -> None:
        __tracebackhide__ = True
        raise LayerError(
            f"{self!r} was never set up: this runner does not know layers.\n"
            "  Run with zope.testrunner, with pytest, or with python -m underlay unittest; or\n"
            "  add to the module: from underlay.runners.unittest import load_tests"
        )

    def _missing(self, name: str) -> ResourceMissing:
        state = "set up, in a test" if self._in_test else "set up"
        return ResourceMissing(
            repr(self),
            name,
            state if self._is_up else "not set up",
            tuple(map(repr, self.__bases__)),
            self._names(),
        )


guard_hooks(Layer)
