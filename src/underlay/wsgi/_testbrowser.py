"""zope.testbrowser's browser, for an application of this process.

This module imports zope.testbrowser, which is an extra: only `Browser.setUp` imports this module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urljoin

import zope.testbrowser.browser

from underlay.wsgi._exchange import ENVIRON_KEY

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

HOME = "http://localhost/"
#: What stays as it is in a URL: the reserved characters and escapes (RFC 3986, 2.1 to 2.3).
SAFE = ":/?#[]@!$&'()*+,;=%~"


class InProcessBrowser(zope.testbrowser.browser.Browser):  # type: ignore[misc]
    """Raises what the application raised, and has text for contents whatever the headers say."""

    def __init__(self, application: WSGIApplication) -> None:
        super().__init__(wsgi_app=application)

    @property
    def contents(self) -> str | Any:
        """The page as text, taken for UTF-8 without a charset; None before the first page."""
        contents = super().contents
        return contents.decode("utf-8", "replace") if isinstance(contents, bytes) else contents

    @property
    def body(self) -> bytes | Any:
        """The page in bytes, for what is no text; None before the first page."""
        return self._response and self._response.body

    def _absoluteUrl(self, url: str) -> str:
        url = urljoin(HOME, url) if self._response is None else super()._absoluteUrl(url)
        return quote(url, safe=SAFE)

    def _checkStatus(self) -> None:
        exchange = self._response.request.environ.get(ENVIRON_KEY)
        if exchange is not None:
            exchange.delivered = True
            if self.raiseHttpErrors and exchange.error is not None:
                raise exchange.error
        super()._checkStatus()
