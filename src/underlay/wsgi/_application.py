"""WSGI: an application that belongs to a layer, and whose errors reach the test."""

from __future__ import annotations

import contextlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from underlay._errors import ApplicationError, LayerError, NoApplicationError
from underlay._hooks import AnyLayer
from underlay._layer import Layer
from underlay._resources import Resource
from underlay.wsgi._exchange import Exchange, LoggedErrors
from underlay.wsgi._recorder import Recorder, Recording

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

#: What an application raises that is called without arguments, because it takes any.
MISUNDERSTOOD = (TypeError, ValueError, IndexError)


class InProcess(Layer):
    """A layer with an application, made when the layer is set up, and a record of its exchanges.

    The rule: a callable is a factory if arguments for it are given, or if it can be called without
    any; otherwise it is the application itself.

    :param app_or_factory: a callable, or where to find it, as ``"package.module:name"``.
    :param args: for the factory.
    :param bases: layers that must be up before the application is made.
    :param name: of the layer; by default that of the module variable which holds it.
    :param kwargs: for the factory.
    """

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
        self._recorder: Recording | None = None

    def _watch(self, recorder: Recording) -> None:
        """Record exchanges until the layer is taken down."""
        self._recorder = recorder
        errors = LoggedErrors()
        errors.install()
        self.addCleanup(errors.remove)

    def _begin_test(self) -> None:
        self._recording.restart()

    @property
    def _recording(self) -> Recording:
        if self._recorder is None:
            raise LayerError(
                f"{self!r} has no application, for it is not set up.\n"
                "  Ask inside a test of this layer; a setUp() of your own calls super().setUp()."
            )
        return self._recorder

    @property
    def exchanges(self) -> tuple[Exchange, ...]:
        """The requests of this test so far, and how they were answered.

        :raises LayerError: if the layer is not set up.
        """
        return tuple(self._recording.exchanges)

    @contextlib.contextmanager
    def expect_errors(self, patience: float = 1.0) -> Iterator[list[BaseException]]:
        """The application is meant to fail while this context lasts.

        Yields a list, which holds the errors once the context has been left.

        :param patience: seconds to wait, at the end, for requests that a server's threads are still
            at work on: much may happen after the client has got its answer.
        :raises NoApplicationError: if there was none.
        :raises LayerError: if the layer is not set up.
        """
        errors: list[BaseException] = []
        begun = len(self.exchanges)
        try:
            yield errors
        finally:
            self._recording.settle(self.exchanges[begun:], patience)
            for exchange in self.exchanges[begun:]:
                exchange.delivered = True
                if exchange.error is not None:
                    errors.append(exchange.error)
        if not errors:
            raise NoApplicationError(repr(self), tuple(map(_answer, self.exchanges[begun:])))

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

    def _make(self) -> Any:
        given: Any = self._app_or_factory
        if isinstance(given, str):
            given = pkgutil.resolve_name(given)
        if self._args or self._kwargs:
            made = given(*self._args, **self._kwargs)
        elif _takes(given):
            made = self._made_by(given)
        else:
            made = given
        if not callable(made):
            kind = type(self).__name__
            raise TypeError(f"{self!r} needs a {kind} application, but it got {made!r}.")
        return made

    def _made_by(self, factory: Callable[[], Any]) -> Any:
        """What a factory makes; it might also be an application that takes any arguments."""
        try:
            return factory()
        except MISUNDERSTOOD as error:
            if not _takes(factory, {}, _in_short):
                raise
            kind = type(self).__name__
            raise TypeError(
                f"{self!r} took {factory!r} for a factory, for it can be called without arguments, "
                f"and got {_in_short(error)}\n"
                f"  If it is the application itself, say so: {kind}(lambda: application)."
            ) from error


class WSGI(InProcess):
    """A WSGI application, made when the layer is set up.

    ``WSGI(app)`` takes an application, ``WSGI(make_app, "test.ini")`` a factory and what it is
    called with.  The rule: a callable is a factory if arguments for it are given, or if it can be
    called without any; otherwise it is the application itself.  What is known only when other
    layers are up goes into a lambda::

        APP = WSGI(lambda: make_app(payment_url=PAYMENTS.url), bases=[PAYMENTS])

    What the application raises fails the test that made it do so: in-process it arrives in the
    client's own call, over a socket `verify` raises it.  The parameters are those of `InProcess`.
    """

    application: Resource[WSGIApplication] = Resource(
        "The application, which records what it is asked"
    )

    def setUp(self) -> None:
        made = self._make()
        if inspect.iscoroutinefunction(made) or inspect.iscoroutinefunction(type(made).__call__):
            raise TypeError(f"{self!r} got an ASGI application, {made!r}: use ASGI instead.")
        recorder = Recorder(made)
        self._watch(recorder)
        self.application = recorder


def _takes(function: Callable[..., Any], *args: object) -> bool:
    """Whether a function can be called with these arguments."""
    try:
        inspect.signature(function).bind(*args)
    except (TypeError, ValueError):  # ValueError: it has no signature, as some written in C
        return False
    return True


def _answer(exchange: Exchange) -> str:
    going_on = " (still going on)" if exchange.pending else ""
    return f"{exchange.request}: {exchange.status}{going_on}"


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
