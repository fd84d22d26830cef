"""Browser: a layer that gives each test a browser of zope.testbrowser's, without any socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from underlay._errors import ResourceMissing, needs_extra
from underlay._hooks import AnyLayer
from underlay._layer import Layer
from underlay._resources import Resource

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

    from underlay.wsgi._testbrowser import InProcessBrowser


class Browser(Layer):
    """zope.testbrowser on an application, new for each test: no cookies or pages from others.

    What the application raises, the browser's own call raises, also where a framework would turn
    it into a page for status 500.  A test that wants to see that page says
    ``self.layer.browser.raiseHttpErrors = False``.

    :param app: a layer with a WSGI application, as its attribute ``application`` or as a resource
        of that name, such as `WSGI`.
    :param name: of the layer; by default that of the module variable which holds it.
    :raises TypeError: if `app` is no layer.
    :raises ExtraMissing: in ``setUp``, without zope.testbrowser.
    """

    browser = Resource["InProcessBrowser"]("The browser of this test")

    def __init__(self, app: AnyLayer, *, name: str | None = None) -> None:
        if not hasattr(app, "__bases__") or isinstance(app, type):
            raise TypeError(
                f"Browser needs a layer with an application, not {app!r}.\n"
                "  Make it one: Browser(WSGI(application))."
            )
        super().__init__((app,), name)
        self._app = app

    def _begin_layer(self) -> None:
        with needs_extra("Browser", "testbrowser"):
            from underlay.wsgi._testbrowser import InProcessBrowser
        self._new = InProcessBrowser

    def _begin_test(self) -> None:
        self.browser = self._new(self._application())

    def _application(self) -> WSGIApplication:
        # The attribute first: the layer's own application may wrap the resource of a base.
        found = getattr(self._app, "application", None)
        if found is None:
            found = self.get("application")
        if found is None:
            bases = tuple(map(repr, self._app.__bases__))
            raise ResourceMissing(repr(self._app), "application", "set up", bases, self._names())
        return found  # type: ignore[no-any-return]

    def open(self, url: str) -> InProcessBrowser:
        """Open `url`, which may be relative to the current page; return the browser.

        The first page of a test is relative to ``http://localhost/``.
        """
        self.browser.open(url)
        return self.browser
