"""LiveServer: an application on a socket; what it raises, the test raises."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from underlay._errors import ResourceMissing
from underlay._layer import Layer
from underlay.http._failing import answer_failed
from underlay.http._messages import Answerer, Request
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
    :param options: those of `Serving`, such as ``url="http://shop.test"``.
    :raises TypeError: if `base` is no layer.
    """

    def __init__(self, base: Any, **options: Unpack[Options]) -> None:
        if not hasattr(base, "__bases__") or isinstance(base, type):
            raise TypeError(
                f"LiveServer needs a layer with an application, not {base!r}.\n"
                "  Make it one: LiveServer(WSGI(application))."
            )
        super().__init__([base], **options)
        self._base = base
        self._asgi: ASGIGateway | None = None

    def _begin_test(self) -> None:
        super()._begin_test()
        if self._asgi and self._server:
            self.addCleanup(self._server.call, self._asgi.cancel)

    def _make_answerer(self) -> Answerer:
        told_by_base = getattr(type(self._base), "verify", Layer.verify) is not Layer.verify
        raised = _leave_to_base if told_by_base else self._misled
        application = self._find("asgi_application")
        if application is None:
            application = self._find("application")
        if application is None:
            bases = tuple(map(repr, self._base.__bases__))
            raise ResourceMissing(repr(self._base), "application", "set up", bases, self._names())
        if not _is_asgi(application):
            return Gateway(application, raised, self._misled, self._scheme)
        from underlay.http._asgi import ASGIGateway

        self._asgi = ASGIGateway(application, raised, self._misled, self._scheme)
        return self._asgi

    def _find(self, name: str) -> Any:
        # The attribute first: the layer's own application may wrap the resource of a base.
        found = getattr(self._base, name, None)
        return self.get(name) if found is None else found

    def _overdue(self, server: Server) -> list[str]:
        late = super()._overdue(server)
        return [*late, *self._asgi.overdue(self._patience)] if self._asgi else late

    def _misled(self, request: Request, error: BaseException) -> None:
        self._note(answer_failed(self, request, error))


def _leave_to_base(request: Request, error: BaseException) -> None:
    """The application's own layer keeps what it raises, and knows what was expected."""


def _is_asgi(application: Any) -> bool:
    """Whether an application is a coroutine function, or an object that is called like one."""
    called = application if inspect.isroutine(application) else type(application).__call__
    return inspect.iscoroutinefunction(called)
