"""BlockingHTTPServer: requests wait until the test has looked at them, and answered them."""

from __future__ import annotations

import queue
import ssl
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from werkzeug import Request, Response

from underlay.http._conditions import Times
from underlay.http._expectation import Expectation
from underlay.http._failing import outer_caller
from underlay.httpserver._base import HTTPServerBase
from underlay.httpserver._handlers import RequestHandlerBase
from underlay.httpserver._matchers import URI, RequestMatcherKwargs
from underlay.httpserver._replies import Reply

if TYPE_CHECKING:
    from typing_extensions import Unpack


class BlockingRequestHandler(RequestHandlerBase):
    """A request that waits for its answer; made by `BlockingHTTPServer`.

    :param request: the request.
    """

    def __init__(self, request: Request) -> None:
        self.request = request
        self.asserted = threading.Event()
        self.over = False
        self._responses = queue.SimpleQueue[Response | None]()

    def respond_with_response(self, response: Response) -> None:
        self._responses.put(response)

    def response(self, timeout: float) -> Response | None:
        """The answer, or None if there is none in so many seconds, or the server stops."""
        try:
            return self._responses.get(timeout=timeout)
        except queue.Empty:
            return None

    def give_up(self) -> None:
        """Wait no longer."""
        self.over = True
        self.asserted.set()
        self._responses.put(None)


class BlockingHTTPServer(HTTPServerBase):
    """A server for tests that look at each request before they answer it.

    :param host: see `HTTPServerBase`.
    :param port: see `HTTPServerBase`.
    :param ssl_context: see `HTTPServerBase`.
    :param timeout: seconds that a request waits for `assert_request`, and then for its answer.
    """

    def __init__(
        self,
        host: str = HTTPServerBase.DEFAULT_LISTEN_HOST,
        port: int = HTTPServerBase.DEFAULT_LISTEN_PORT,
        ssl_context: ssl.SSLContext | None = None,
        timeout: float = 30,
    ) -> None:
        super().__init__(host, port, ssl_context)
        self.timeout = timeout
        self._came = queue.SimpleQueue[BlockingRequestHandler]()
        self._waiting: list[BlockingRequestHandler] = []
        self._stopping = False
        everything = Expectation(
            "any request", [], Times(0), outer_caller(), self.fake_server._playbook
        )
        self._everything = everything.then(Reply(self, self._hold))

    def assert_request(
        self,
        uri: URI,
        *args: Any,
        timeout: float = 30,
        **kwargs: Unpack[RequestMatcherKwargs],
    ) -> BlockingRequestHandler:
        """Wait for a request and check it; then it is to be answered.

        :param uri: see `RequestMatcher`, as are the others.
        :param timeout: seconds to wait for it.
        :return: what answers it.
        :raises AssertionError: if none comes, or another one.
        """
        matcher = self.create_matcher(uri, *args, **kwargs)
        handler = self._next(timeout)
        if handler is None:
            raise AssertionError(f"Waiting for request {matcher} timed out")
        handler.asserted.set()
        if different := matcher.difference(handler.request):
            handler.respond_with_response(self.respond_nohandler(handler.request))
            raise AssertionError(f"Request {matcher} does not match: {different}")
        return handler

    def stop(self) -> None:
        self._stopping = True
        for handler in tuple(self._waiting):
            handler.give_up()
        try:
            super().stop()
        finally:
            self._stopping = False

    def _next(self, timeout: float) -> BlockingRequestHandler | None:
        """The next request that still waits."""
        try:
            while (handler := self._came.get(timeout=timeout)).over:
                pass
        except queue.Empty:
            return None
        return handler

    def _hold(self, request: Request) -> Response:
        handler = BlockingRequestHandler(request)
        self._waiting.append(handler)
        self._came.put(handler)
        if self._stopping:
            handler.give_up()
        try:
            if not handler.asserted.wait(self.timeout):
                return self.respond_nohandler(request)
            response = handler.response(self.timeout)
        finally:
            handler.over = True
            self._waiting.remove(handler)
        if response is None:
            self.add_assertion(f"No response for request: {request}")
        return response or Response(status=500)

    def _expected(self) -> Sequence[Expectation]:
        return (self._everything,)
