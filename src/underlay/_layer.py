"""Layer: four hooks, clean-ups bound to the phase that added them, resources, bases.

Two pieces of magic keep layers simple to write and honest:

* ``Layer.__init_subclass__`` wraps the four hooks, so that half a set-up is undone and nothing is
  taken down that never came up (`guard_hooks`, `Layer._open`, `Layer._close`).
* ``Layer.__set_name__``, which Python calls for ``layer = LIVE`` in the body of a TestCase, lets a
  layer check things while the test can still fail (`verify_in`).
"""

from __future__ import annotations

import atexit
import os
import unittest
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from underlay import _naming, _timeline
from underlay._blame import FAULTS, zope_testrunners_output
from underlay._errors import LayerError, ResourceMissing, SetUpFailed
from underlay._following import follow_zope_testrunner
from underlay._graph import setup_order
from underlay._hooks import LAYER, SCOPES, TEST, AnyLayer, Hook, call_hook, guard_hooks
from underlay._resources import Resources
from underlay._undo import Undo, reraise
from underlay._verifying import verify_in

T = TypeVar("T")
L = TypeVar("L", bound="Layer")

__unittest = True  # unittest leaves our frames out of tracebacks


class Layer(Resources):
    """Something expensive that many tests share: set up once, found clean by each test, taken down.

    Subclass it, override any of the four hooks (none needs to call ``super()``), undo things where
    you do them with `addCleanup` and `enterContext`, and offer what the tests need as resources.
    The protocol is zope.testrunner's, the names are plone.testing's and unittest's.

    :param bases: layers that must be up before this one, and go down after it; by default those of
        the class attribute `defaultBases`.
    :param name: by default the name of the module variable that holds the layer.
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
        self._scopes: dict[str, Undo] = {}  # the open ones
        self._phase: str | None = None  # the scope whose hook is running
        self._set_up_error: BaseException | None = None  # what the tests will be told
        self._entered: list[Undo] = []  # a `with` each

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        guard_hooks(cls)

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
            for set_up, tear_down in (("setUp", "tearDown"), ("testSetUp", "testTearDown")):
                for layer in self._not_in(SCOPES[set_up]):
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

    # -- for kinds of layers whose subclasses need not call super()

    def _begin_layer(self) -> None:
        """Do what has to be done before ``setUp``, which is left to subclasses."""

    def _begin_test(self) -> None:
        """Do what has to be done before ``testSetUp``, which is left to subclasses."""

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
            or str(type(self).__name__)
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._full_name()}>"

    def __set_name__(self, owner: type, name: str) -> None:
        if name == "layer" and issubclass(owner, unittest.TestCase):
            self._holder = self._holder or f"{owner.__qualname__}.layer"
            verify_in(owner)

    # -- the scopes

    def _not_in(self, scope: str) -> list[AnyLayer]:
        """Those of this layer and its bases that have still to be set up, base before derived.

        Layers that are not ours do not tell; they are up if a layer derived from them is.
        """
        order = setup_order(self)
        up = [layer for layer in order if scope in getattr(layer, "_scopes", ())]
        known = {each for layer in up for each in setup_order(layer)}
        return [layer for layer in order if layer not in known]

    @property
    def _in_test(self) -> bool:
        """Whether a test is going on, its ``testSetUp`` included."""
        return TEST in self._scopes

    @property
    def _has_something_to_verify(self) -> bool:
        """Whether anybody has written a verify(): a clean-up that does nothing costs each test."""
        return getattr(self.verify, "__func__", None) is not Layer.verify

    def _running(self) -> Undo:
        scope = self._phase or (TEST if self._in_test else LAYER)
        if scope not in self._scopes:
            raise LayerError(
                f"{self!r} is not set up, so that nothing would ever be undone.\n"
                "  Add clean-ups and set resources in setUp() or testSetUp(), or inside the test."
            )
        return self._scopes[scope]

    def _open(self, name: str, hook: Hook) -> None:
        __tracebackhide__ = True
        scope = SCOPES[name]
        if scope in self._scopes:
            raise LayerError(f"{self!r} is already set up; it was to be set up once more.")
        if scope == TEST:
            _timeline.test_on(self)  # also if it does not come so far as to be set up
        if scope == TEST and self._set_up_error is not None:
            raise self._tell_set_up_error()
        if scope == LAYER and (error := self._error_of_bases()):
            self._set_up_error = error
            return
        if scope == TEST and LAYER not in self._scopes:
            raise LayerError(f"{self!r} is not set up, but a test was to begin on it.")
        if scope == TEST and self._base_failed_in_test_set_up():
            return
        if scope == LAYER:
            follow_zope_testrunner()
        try:
            with _timeline.hook(self, name):
                self._set_up(scope, hook)
        except BaseException as error:
            if scope == TEST or not self._told_to_tests(error):
                raise
            self._set_up_error = error
        else:
            if scope == LAYER:
                atexit.register(self._take_down_at_exit, os.getpid())

    def _set_up(self, scope: str, hook: Hook) -> None:
        """Call a set-up hook; if it fails, undo what it did."""
        __tracebackhide__ = True
        undo = self._scopes[scope] = Undo()
        self._phase = scope
        failure = None
        try:
            (self._begin_layer if scope == LAYER else self._begin_test)()
            hook(self)
        except BaseException as error:
            failure = undo.give_up(error)
            del self._scopes[scope]
        finally:
            self._phase = None
        if failure is not None:
            reraise(failure)

    def _close(self, name: str, hook: Hook) -> None:
        __tracebackhide__ = True
        scope = SCOPES[name]
        if scope == LAYER:
            self._set_up_error = None
            atexit.unregister(self._take_down_at_exit)
        if scope not in self._scopes:  # it never came up: nothing of the author's has run
            return
        undo = self._scopes[scope]
        if scope == TEST:
            undo.add(self.verify)  # for tests whose class was not there to be asked
        undo.add(hook, self)  # the author's part first, then the clean-ups
        self._phase = scope
        try:
            with _timeline.hook(self, name):
                undo.close()
        finally:
            self._phase = None
            del self._scopes[scope]

    def _take_down_at_exit(self, process: int) -> None:
        """The safety net: zope.testrunner leaves layers up when it is interrupted.

        The newest layer comes first, for ``atexit`` calls in reverse.  A forked child inherits the
        layer, but not the duty.
        """
        if os.getpid() == process:
            try:
                self.testTearDown()
            finally:
                self.tearDown()

    def _told_to_tests(self, error: BaseException) -> bool:
        """Whether an error of setUp is kept for the tests: zope.testrunner would drop them."""
        output = zope_testrunners_output()
        if output is not None and isinstance(error, unittest.SkipTest):
            # With -j nobody else says so: its processes report failures and errors only.
            output.info(f"{self!r} skips its tests: {error}")
        return output is not None and isinstance(error, FAULTS)

    def _tell_set_up_error(self) -> BaseException:
        """The error itself for the first test, a short one for the others."""
        error = self._set_up_error
        assert error is not None
        self._set_up_error = set_up_failed(self, error)
        return error

    def _error_of_bases(self) -> BaseException | None:
        for base in setup_order(self)[:-1]:
            if error := getattr(base, "_set_up_error", None):
                return set_up_failed(base, error)
        return None

    def _base_failed_in_test_set_up(self) -> bool:
        """zope.testrunner goes on with derived layers; the error is charged to the test already."""
        scopes = (getattr(base, "_scopes", {}) for base in self._order_of_bases)
        return any(LAYER in opened and TEST not in opened for opened in scopes)

    @property
    def _was_never_set_up(self) -> bool:
        return LAYER not in self._scopes and self._set_up_error is None

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
            state if LAYER in self._scopes else "not set up",
            tuple(map(repr, self.__bases__)),
            self._names(),
        )


guard_hooks(Layer)


def set_up_failed(layer: AnyLayer, error: BaseException) -> BaseException:
    """What further tests are told of an error in setUp: a skip stays one, else one line."""
    if isinstance(error, (unittest.SkipTest, SetUpFailed)) or not isinstance(error, Exception):
        return error
    return SetUpFailed(repr(layer), f"{type(error).__name__}: {error}")
