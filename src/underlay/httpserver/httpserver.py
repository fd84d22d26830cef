"""HTTPServer: the verbs; and what else suites import from pytest-httpserver's module."""

from __future__ import annotations

import contextlib
import dataclasses
import ssl
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from werkzeug import Request, Response

from underlay.http._conditions import Times
from underlay.http._expectation import Expectation
from underlay.httpserver._base import HTTPServerBase
from underlay.httpserver._errors import (
    Error,
    HTTPServerError,
    NoHandlerError,
    NoMethodFoundForMatchingHeaderValueError,
)
from underlay.httpserver._handlers import HandlerType, RequestHandler, RequestHandlerBase
from underlay.httpserver._matchers import (
    METHOD_ALL,
    UNDEFINED,
    URI,
    URI_DEFAULT,
    BooleanQueryMatcher,
    HeaderValueMatcher,
    MappingQueryMatcher,
    QueryMatcher,
    RequestMatcher,
    RequestMatcherKwargs,
    StringQueryMatcher,
    URIPattern,
)
from underlay.httpserver._replies import Reply
from underlay.httpserver._waits import Waiting, WaitingSettings
from underlay.httpserver.bake import BakedHTTPServer

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = [
    "METHOD_ALL",
    "UNDEFINED",
    "URI_DEFAULT",
    "BooleanQueryMatcher",
    "Error",
    "HTTPServer",
    "HTTPServerBase",
    "HTTPServerError",
    "HandlerType",
    "HeaderValueMatcher",
    "MappingQueryMatcher",
    "NoHandlerError",
    "NoMethodFoundForMatchingHeaderValueError",
    "QueryMatcher",
    "RequestHandler",
    "RequestHandlerBase",
    "RequestMatcher",
    "RequestMatcherKwargs",
    "StringQueryMatcher",
    "URIPattern",
    "Waiting",
    "WaitingSettings",
]


#: Where a server keeps its handlers.
LISTS = {
    HandlerType.PERMANENT: "handlers",
    HandlerType.ONESHOT: "oneshot_handlers",
    HandlerType.ORDERED: "ordered_handlers",
}
NOTHING_SIMILAR = "No similar requests found."


class HTTPServer(HTTPServerBase):
    """A server that expects requests, and answers them.

    :param host: see `HTTPServerBase`.
    :param port: see `HTTPServerBase`.
    :param ssl_context: see `HTTPServerBase`.
    :param default_waiting_settings: of `wait`.
    :param threaded: see `HTTPServerBase`.
    :param startup_timeout: has no effect: the server is ready when `start` returns.
    :ivar ordered_handlers: the requests that are still to come in this order, before all others.
    :ivar oneshot_handlers: those that are still to come once.
    :ivar handlers: those that may come as often as they like.
    :ivar permanently_failed: whether another request came than the next one in the order; then
        nothing is expected any more.
    """

    def __init__(
        self,
        host: str = HTTPServerBase.DEFAULT_LISTEN_HOST,
        port: int = HTTPServerBase.DEFAULT_LISTEN_PORT,
        ssl_context: ssl.SSLContext | None = None,
        default_waiting_settings: WaitingSettings | None = None,
        *,
        threaded: bool = False,
        startup_timeout: float | None = None,
    ) -> None:
        super().__init__(host, port, ssl_context, threaded=threaded)
        self.default_waiting_settings = default_waiting_settings or WaitingSettings()
        self.startup_timeout = startup_timeout
        self.permanently_failed = False
        self._waiting = Waiting(self.default_waiting_settings)
        self.clear_all_handlers()

    def start(self) -> None:
        super().start()
        try:
            self.wait_for_server_ready()
        except BaseException:
            self.stop()
            raise

    def wait_for_server_ready(self) -> None:
        """Called by `start`, for subclasses; the server itself is ready."""

    def clear(self) -> None:
        self.clear_all_handlers()
        self.permanently_failed = False
        super().clear()

    def clear_all_handlers(self) -> None:
        """Expect nothing any more."""
        self.ordered_handlers: list[RequestHandler] = []
        self.oneshot_handlers: list[RequestHandler] = []
        self.handlers: list[RequestHandler] = []
        self._used: list[RequestHandler] = []

    # -- what is to come

    def expect(
        self, matcher: RequestMatcher, handler_type: HandlerType = HandlerType.PERMANENT
    ) -> RequestHandler:
        """Expect a request that a matcher finds good.

        :param handler_type: how often it may come, and when.
        """
        permanent = handler_type is HandlerType.PERMANENT
        handler = RequestHandler(matcher, self, Times(0, None if permanent else 1))
        handlers: list[RequestHandler] = getattr(self, LISTS[handler_type])
        handlers.append(handler)
        return handler

    def expect_request(
        self,
        uri: URI,
        *args: Any,
        handler_type: HandlerType = HandlerType.PERMANENT,
        **kwargs: Unpack[RequestMatcherKwargs],
    ) -> RequestHandler:
        """Expect a request, by default as often as it likes to come.

        :param uri: see `RequestMatcher`, as are the others.
        :param handler_type: how often it may come, and when.
        """
        return self.expect(self.create_matcher(uri, *args, **kwargs), handler_type)

    def expect_oneshot_request(
        self, uri: URI, *args: Any, **kwargs: Unpack[RequestMatcherKwargs]
    ) -> RequestHandler:
        """Expect a request once."""
        return self.expect(self.create_matcher(uri, *args, **kwargs), HandlerType.ONESHOT)

    def expect_ordered_request(
        self, uri: URI, *args: Any, **kwargs: Unpack[RequestMatcherKwargs]
    ) -> RequestHandler:
        """Expect a request once, after those that were expected in this way before."""
        return self.expect(self.create_matcher(uri, *args, **kwargs), HandlerType.ORDERED)

    def bake(self, **kwargs: Unpack[RequestMatcherKwargs]) -> BakedHTTPServer:
        """This server with defaults for what it expects."""
        return BakedHTTPServer(self, **kwargs)

    def format_matchers(self) -> str:
        """What is expected, in words."""
        kinds = (
            ("Ordered", self.ordered_handlers),
            ("Oneshot", self.oneshot_handlers),
            ("Persistent", self.handlers),
        )
        return "\n\n".join(_listed(f"{kind} matchers:", handlers) for kind, handlers in kinds)

    # -- what came

    @contextlib.contextmanager
    def wait(
        self,
        raise_assertions: bool | None = None,
        stop_on_nohandler: bool | None = None,
        timeout: float | None = None,
    ) -> Iterator[Waiting]:
        """At the end of the block, wait until all came that is expected once or in order.

        What is left out is as in `default_waiting_settings`.

        :param raise_assertions: whether to raise what went wrong.
        :param stop_on_nohandler: whether a request that is not expected is the end.
        :param timeout: seconds to wait at most.
        """
        named = {
            "raise_assertions": raise_assertions,
            "stop_on_nohandler": stop_on_nohandler,
            "timeout": timeout,
        }
        given: dict[str, Any] = {name: value for name, value in named.items() if value is not None}
        settings = dataclasses.replace(self.default_waiting_settings, **given)
        waiting = self._waiting = Waiting(settings)
        yield waiting
        in_time = waiting.wait()
        if not in_time and settings.raise_assertions:
            raise AssertionError(
                f"Wait timeout occurred, but some handlers left:\n{self.format_matchers()}"
            )
        if not waiting.result and settings.raise_assertions:
            self.check_assertions()

    def iter_matching_requests(self, matcher: RequestMatcher) -> Iterable[tuple[Request, Response]]:
        """The requests in the log that a matcher finds good, with their answers."""
        return (entry for entry in self.log if matcher.match(entry[0]))

    def get_matching_requests_count(self, matcher: RequestMatcher) -> int:
        """How many requests in the log a matcher finds good."""
        return len(list(self.iter_matching_requests(matcher)))

    def assert_request_made(self, matcher: RequestMatcher, *, count: int = 1) -> None:
        """Check how often a request came.

        :raises AssertionError: if it was not as often; it tells of requests with the same path.
        """
        found = self.get_matching_requests_count(matcher)
        if found != count:
            similar = [request for request, _ in self.log if request.path == matcher.uri]
            told = [
                f"Matching request found {found} times but expected {count} times.",
                f"Expected request: {matcher}",
                f"Found {len(similar)} similar request(s):" if similar else NOTHING_SIMILAR,
                *map(_described, similar),
            ]
            raise AssertionError("\n".join(told) + "\n")

    # -- what fails

    def respond_permanent_failure(self) -> Response:
        """Note that nothing is expected any more, and answer."""
        self.add_assertion("All requests will be permanently failed due failed ordered handler")
        return Response("No handler found for this request", 500)

    # -- for the fake server

    def _expected(self) -> Sequence[Expectation]:
        if self.permanently_failed:
            return ()
        if self.ordered_handlers:
            return (self.ordered_handlers[0], *self._used)
        return (*self.oneshot_handlers, *self.handlers, *self._used)

    def _taken(self, handler: RequestHandler) -> None:
        """Take note that a request has come."""
        for handlers in (self.ordered_handlers, self.oneshot_handlers):
            if handler in handlers:
                handlers.remove(handler)
                self._used.append(handler)
                if not (self.ordered_handlers or self.oneshot_handlers):
                    self._waiting.complete(True)

    def _refusal(self, report: tuple[str, ...]) -> Reply:
        if self._waiting.settings.stop_on_nohandler:
            self._waiting.complete(False)
        if self.permanently_failed:
            return Reply(self, lambda request: self.respond_permanent_failure())
        self.permanently_failed = bool(self.ordered_handlers)
        return super()._refusal(report)


def _listed(head: str, handlers: list[RequestHandler]) -> str:
    told = [repr(handler.matcher) for handler in handlers] or ["none"]
    return "\n    ".join([head, *told])


def _described(request: Request) -> str:
    return "\n".join(
        [
            "--- Similar Request Start",
            f"Path: {request.path}",
            f"Method: {request.method}",
            f"Body: {request.get_data()!r}",
            f"Headers: {request.headers}",
            f"Query String: {request.query_string.decode()!r}",
            "--- Similar Request End",
        ]
    )
