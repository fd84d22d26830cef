"""LiveServer: an application on a socket; what it raises, the test raises."""

from __future__ import annotations

import contextlib
import inspect
from typing import TYPE_CHECKING, Any

from underlay._errors import NotReady, ResourceMissing, StillRunning
from underlay._layer import Layer
from underlay._waiting import wait_until
from underlay.http._answering import Answerer
from underlay.http._engines import Engine, check_engine, start_engine
from underlay.http._failing import answer_failed
from underlay.http._listeners import Listener, listen
from underlay.http._messages import Request
from underlay.http._server import Server
from underlay.http._serving import Options, Serving
from underlay.http._wsgi import Gateway

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from underlay.http._asgi import ASGIGateway

__all__ = ["LiveServer"]


class LiveServer(Serving):
    """Serves the application of another layer over HTTP.

    Each request to a WSGI application has a thread of its own; an ASGI application is called in the
    server's event loop, unless its layer has one, as `underlay.wsgi.ASGI` does.

    What the application raises is answered with status 500 and the traceback, and fails the test:
    by the application's layer if that has a ``verify`` of its own, as `underlay.wsgi.WSGI` has,
    else by this one.

    :param base: a layer with an ASGI application, as its attribute ``asgi_application`` or as a
        resource of that name, or with a WSGI or ASGI one called ``application``.
    :param engine: ``"waitress"``, ``"cheroot"`` or ``"uvicorn"`` for an application that relies on
        one; otherwise our own server, which stops faster, and whatever its clients do.
    :param options: those of `Serving`, such as ``url="http://shop.test"``.
    :raises TypeError: if `base` is no layer.
    :raises ValueError: for an engine that is none, or cannot do what the options say.
    """

    def __init__(self, base: Any, *, engine: str | None = None, **options: Unpack[Options]) -> None:
        if not hasattr(base, "__bases__") or isinstance(base, type):
            raise TypeError(
                f"LiveServer needs a layer with an application, not {base!r}.\n"
                "  Make it one: LiveServer(WSGI(application))."
            )
        super().__init__([base], **options)
        if engine is not None:
            check_engine(engine)
            if options.get("tls") or options.get("unix"):
                raise ValueError(f"tls= and unix= are for our own server, not for {engine}.")
        self._base = base
        self._engine = engine
        self._asgi: ASGIGateway | None = None

    def _begin_test(self) -> None:
        super()._begin_test()
        if self._asgi and self._server:
            self.addCleanup(self._server.call, self._asgi.cancel, patience=self._server.patience)

    def _serve(self, listener: Listener) -> None:
        if self._engine is None:
            super()._serve(listener)
            return
        if not self._told_by_base:
            raise TypeError(
                f"engine={self._engine!r} needs a layer that notes what the application raises,\n"
                f"  not {self._base!r}.  Make it one: LiveServer(WSGI(application), ...)."
            )
        application = self._application()
        sock = listen(listener)
        self.addCleanup(sock.close)
        engine = start_engine(self._engine, sock, application, _is_asgi(application))
        self.addCleanup(self._stop_engine, engine)

    def _make_answerer(self) -> Answerer:
        raised = _leave_to_base if self._told_by_base else self._misled
        application = self._application()
        if not _is_asgi(application):
            return Gateway(application, raised, self._misled, self._scheme)
        from underlay.http._asgi import ASGIGateway

        self._asgi = ASGIGateway(application, raised, self._misled, self._scheme)
        return self._asgi

    @property
    def _told_by_base(self) -> bool:
        return getattr(type(self._base), "verify", Layer.verify) is not Layer.verify

    def _application(self) -> Any:
        for name in ("asgi_application", "application"):
            if (found := self._find(name)) is not None:
                return found
        bases = tuple(map(repr, self._base.__bases__))
        raise ResourceMissing(repr(self._base), "application", "set up", bases, self._names())

    def _find(self, name: str) -> Any:
        # The attribute first: the layer's own application may wrap the resource of a base.
        found = getattr(self._base, name, None)
        return self.get(name) if found is None else found

    def _overdue(self, server: Server) -> list[str]:
        late = super()._overdue(server)
        return [*late, *self._asgi.overdue(self._patience)] if self._asgi else late

    def verify(self) -> None:
        """Wait for the requests that are under way, then raise what went wrong.

        :raises NotReady: if one takes too long.
        :raises SeveralProblems: if more than one thing did go wrong.
        """
        if self._engine is None:
            super().verify()
        elif pending := self._pending():
            raise NotReady(f"{self!r} to answer", self._patience, "\n  ".join(pending))

    def _pending(self) -> list[str]:
        """The requests that take too long, as the application's layer sees them."""
        awaited = [each for each in self._base.exchanges if each.pending]
        with contextlib.suppress(NotReady):
            wait_until(lambda: not any(each.pending for each in awaited), "", self._patience)
        return [each.request for each in awaited if each.pending]

    def _stop_engine(self, engine: Engine) -> None:
        if left := engine.stop(self._patience):
            raise StillRunning(repr(self), tuple(left))

    def _misled(self, request: Request, error: BaseException) -> None:
        self._note(answer_failed(self, request, error))


def _leave_to_base(request: Request, error: BaseException) -> None:
    """The application's own layer keeps what it raises, and knows what was expected."""


def _is_asgi(application: Any) -> bool:
    """Whether an application is a coroutine function, or an object that is called like one."""
    called = application if inspect.isroutine(application) else type(application).__call__
    return inspect.iscoroutinefunction(called)
