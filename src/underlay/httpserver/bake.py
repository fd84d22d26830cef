"""BakedHTTPServer: a server for requests that have something in common."""

from __future__ import annotations

import contextlib
from types import TracebackType
from typing import TYPE_CHECKING, Any

from underlay.httpserver._handlers import RequestHandler
from underlay.httpserver._matchers import URI, RequestMatcherKwargs

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

    from underlay.httpserver.httpserver import HTTPServer


class BakedHTTPServer:
    """Stands for a server, with defaults for what it expects; made by ``HTTPServer.bake``.

    :param server: the server, which has all other attributes.
    :param kwargs: the defaults.
    """

    def __init__(self, server: HTTPServer, **kwargs: Unpack[RequestMatcherKwargs]) -> None:
        self._server = server
        self._defaults = kwargs
        self._entered: list[contextlib.ExitStack] = []

    def bake(self, **kwargs: Unpack[RequestMatcherKwargs]) -> Self:
        """The same with more defaults, or others."""
        return type(self)(self._server, **(self._defaults | kwargs))

    def expect_request(self, uri: URI, **kwargs: Unpack[RequestMatcherKwargs]) -> RequestHandler:
        """See ``HTTPServer.expect_request``."""
        return self._server.expect_request(uri, **(self._defaults | kwargs))

    def expect_oneshot_request(
        self, uri: URI, **kwargs: Unpack[RequestMatcherKwargs]
    ) -> RequestHandler:
        """See ``HTTPServer.expect_oneshot_request``."""
        return self._server.expect_oneshot_request(uri, **(self._defaults | kwargs))

    def expect_ordered_request(
        self, uri: URI, **kwargs: Unpack[RequestMatcherKwargs]
    ) -> RequestHandler:
        """See ``HTTPServer.expect_ordered_request``."""
        return self._server.expect_ordered_request(uri, **(self._defaults | kwargs))

    def __enter__(self) -> Self:
        """Start the server if it does not run; then the end of this block stops it."""
        block = contextlib.ExitStack()
        if not self._server.is_running():
            block.enter_context(self._server)
        self._entered.append(block)
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._entered.pop().close()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._server, name)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} defaults={self._defaults!r} server={self._server!r}>"
