"""LiveServer: an application on a socket; what it raises, the test raises."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from underlay._errors import ResourceMissing
from underlay._layer import Layer
from underlay.http._failing import answer_failed
from underlay.http._messages import Answerer, Request
from underlay.http._serving import Options, Serving
from underlay.http._wsgi import Gateway

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication
    from typing_extensions import Unpack

__all__ = ["LiveServer"]


class LiveServer(Serving):
    """Serves the application of another layer over HTTP.

    Each request has a thread of its own.  What the application raises is answered with status 500
    and the traceback, and fails the test: by the application's layer if that has a ``verify`` of
    its own, as `underlay.wsgi.WSGI` has, else by this one.

    :param base: a layer with a WSGI application, as its attribute ``application`` or as a resource
        of that name.
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

    def _make_answerer(self) -> Answerer:
        told_by_base = getattr(type(self._base), "verify", Layer.verify) is not Layer.verify
        raised = _leave_to_base if told_by_base else self._misled
        return Gateway(self._application(), raised, self._misled, self._scheme)

    def _application(self) -> WSGIApplication:
        # The attribute first: the layer's own application may wrap the resource of a base.
        found = getattr(self._base, "application", None)
        if found is None:
            found = self.get("application")
        if found is None:
            bases = tuple(map(repr, self._base.__bases__))
            raise ResourceMissing(repr(self._base), "application", "set up", bases, self._names())
        return found  # type: ignore[no-any-return]

    def _misled(self, request: Request, error: BaseException) -> None:
        self._note(answer_failed(self, request, error))


def _leave_to_base(request: Request, error: BaseException) -> None:
    """The application's own layer keeps what it raises, and knows what was expected."""
