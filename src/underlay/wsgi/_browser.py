"""Browser: a layer that gives each test a browser of zope.testbrowser's, without any socket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from underlay._errors import needs_extra
from underlay._hooks import AnyLayer
from underlay._layer import Layer
from underlay._resources import Resource

if TYPE_CHECKING:
    from underlay.wsgi._testbrowser import InProcessBrowser


class Browser(Layer):
    """zope.testbrowser on an application, new for each test: no cookies or pages from others.

    What the application raises, the browser's own call raises, also where a framework would turn
    it into a page for status 500.  A test that wants to see that page says
    ``self.layer.browser.raiseHttpErrors = False``.

    :param app: a layer with a resource `application`, such as `WSGI`.
    :param name: of the layer; by default that of the module variable which holds it.
    :raises ExtraMissing: in ``setUp``, without zope.testbrowser.
    """

    browser = Resource["InProcessBrowser"]("The browser of this test")

    def __init__(self, app: AnyLayer, *, name: str | None = None) -> None:
        super().__init__((app,), name)

    def setUp(self) -> None:
        with needs_extra("Browser", "testbrowser"):
            from underlay.wsgi._testbrowser import InProcessBrowser
        self._new = InProcessBrowser

    def testSetUp(self) -> None:
        self.browser = self._new(self["application"])

    def open(self, url: str) -> InProcessBrowser:
        """Open `url`, which may be relative to the current page; return the browser.

        The first page of a test is relative to ``http://localhost/``.
        """
        self.browser.open(url)
        return self.browser
