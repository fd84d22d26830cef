"""WSGI: an application that belongs to a layer, and whose errors reach the test."""

from __future__ import annotations

import contextlib
import inspect
import logging
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from underlay._errors import ApplicationError, NoApplicationError
from underlay._hooks import AnyLayer
from underlay._layer import Layer
from underlay._resources import Resource
from underlay.wsgi._exchange import Exchange, LoggedErrors
from underlay.wsgi._recorder import Recorder

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class WSGI(Layer):
    """A WSGI application, made when the layer is set up.

    ``WSGI(app)`` takes an application, ``WSGI(make_app, "test.ini")`` a factory and what it is
    called with.  The rule: a callable is a factory if arguments for it are given, or if it can be
    called without any; otherwise it is the application itself.  What is known only when other
    layers are up goes into a lambda::

        APP = WSGI(lambda: make_app(payment_url=PAYMENTS.url), bases=[PAYMENTS])

    What the application raises fails the test that made it do so: in-process it arrives in the
    client's own call, over a socket `verify` raises it.

    :param app_or_factory: a callable, or where to find it, as ``"package.module:name"``.
    :param args: for the factory.
    :param bases: layers that must be up before the application is made.
    :param name: of the layer; by default that of the module variable which holds it.
    :param kwargs: for the factory.
    """

    application = Resource["WSGIApplication"]("The application, which records what it is asked")

    def __init__(
        self,
        app_or_factory: Callable[..., Any] | str,
        /,
        *args: Any,
        bases: Iterable[AnyLayer] | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(bases, name)
        self._app_or_factory = app_or_factory
        self._args = args
        self._kwargs = kwargs

    def setUp(self) -> None:
        self._recorder = Recorder(self._make())
        self.application = self._recorder
        # Only now: a factory that configures logging may replace all handlers.
        handler = LoggedErrors()
        logging.getLogger().addHandler(handler)
        self.addCleanup(logging.getLogger().removeHandler, handler)

    def testSetUp(self) -> None:
        self._recorder.restart()

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """The requests of this test so far, and how they were answered."""
        return tuple(self._recorder.exchanges)

    @contextlib.contextmanager
    def expect_errors(self) -> Iterator[list[BaseException]]:
        """The application is meant to fail while this context lasts.

        Yields a list, which holds the errors once the context has been left.

        :raises NoApplicationError: if there was none.
        """
        errors: list[BaseException] = []
        begun = len(self.exchanges)
        try:
            yield errors
        finally:
            for exchange in self.exchanges[begun:]:
                exchange.delivered = True
                if exchange.error is not None:
                    errors.append(exchange.error)
        if not errors:
            answers = [f"{each.request}: {each.status}" for each in self.exchanges[begun:]]
            raise NoApplicationError(repr(self), tuple(answers))

    def verify(self) -> None:
        """Raise the first error of the application that the test does not know of.

        :raises ApplicationError: with the traceback of that error; it tells of further ones.
        """
        failed = []
        for exchange in self.exchanges:
            if exchange.error is not None and not exchange.delivered:
                exchange.delivered = True
                failed.append((exchange.request, exchange.error))
        if failed:
            raise _application_error(repr(self), failed) from None

    def _make(self) -> WSGIApplication:
        made: Any = self._app_or_factory
        if isinstance(made, str):
            made = pkgutil.resolve_name(made)
        if self._args or self._kwargs or _callable_without_arguments(made):
            made = made(*self._args, **self._kwargs)
        if not callable(made):
            raise TypeError(f"{self!r} needs a WSGI application, but it got {made!r}.")
        return made  # type: ignore[no-any-return]


def _callable_without_arguments(function: Callable[..., Any]) -> bool:
    try:
        inspect.signature(function).bind()
    except (TypeError, ValueError):  # ValueError: it has no signature, as some written in C
        return False
    return True


def _application_error(layer: str, failed: list[tuple[str, BaseException]]) -> ApplicationError:
    """The error that tells of requests and of what they came to.

    It takes over the traceback of the first, instead of merely following from it: zope.testrunner
    shows no causes (its ``tb_format.py``), other runners would show the traceback twice.
    """
    _, first = failed[0]
    told = [(request, _in_short(error)) for request, error in failed]
    failure = ApplicationError(layer, *told[0], tuple(told[1:]))
    failure.__context__ = first
    return failure.with_traceback(first.__traceback__)


def _in_short(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
