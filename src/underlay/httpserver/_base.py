"""HTTPServerBase: a server that is started and stopped by hand, and tells what went wrong."""

from __future__ import annotations

import abc
import ipaddress
import ssl
import weakref
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

from werkzeug import Request, Response

from underlay.http._expectation import Expectation
from underlay.http._messages import Request as NativeRequest
from underlay.http._wsgi import environment
from underlay.httpserver._errors import HTTPServerError
from underlay.httpserver._fake import BackingServer
from underlay.httpserver._matchers import RequestMatcher
from underlay.httpserver._replies import Reply

if TYPE_CHECKING:
    from typing_extensions import Self

#: In a WSGI environ, the event that is set when the server stops.
STOPPING = "underlay.stopping"


class HTTPServerBase(abc.ABC):
    """A server with a log of requests and answers.

    :param host: a loopback address.
    :param port: 0 for any free one; after `start` it is the one that it became.
    :param ssl_context: to speak HTTPS.
    :param threaded: has no effect: every request has a thread of its own.
    :ivar log: what came and what was answered, as Werkzeug's requests and responses.
    :ivar assertions: for `check_assertions`.
    :ivar handler_errors: for `check_handler_errors`.
    :ivar no_handler_status_code: of the answer to a request that was not expected.
    :ivar fake_server: the `underlay.http.FakeServer` that does the work, with all of its methods.
    """

    DEFAULT_LISTEN_HOST = "localhost"
    DEFAULT_LISTEN_PORT = 0

    def __init__(
        self,
        host: str = DEFAULT_LISTEN_HOST,
        port: int = DEFAULT_LISTEN_PORT,
        ssl_context: ssl.SSLContext | None = None,
        *,
        threaded: bool = False,
    ) -> None:
        self.host = host
        self.port = port
        self.ssl_context = ssl_context
        self.threaded = threaded
        self.assertions: list[str | AssertionError] = []
        self.handler_errors: list[Exception] = []
        self.log: list[tuple[Request, Response]] = []
        self.no_handler_status_code = 500
        self.fake_server = BackingServer(self)
        self._requests = weakref.WeakKeyDictionary[NativeRequest, Request]()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} host={self.host} port={self.port}>"

    # -- its life

    def start(self) -> None:
        """Listen; requests that come from now on are answered.

        :raises HTTPServerError: if it is running already.
        :raises OSError: if the port is taken.
        :raises ValueError: if the host is not a loopback address.
        """
        if self.is_running():
            raise HTTPServerError("Server is already running")
        self.fake_server.setUp()
        self.port = self.fake_server.port
        self.fake_server.testSetUp()

    def stop(self) -> None:
        """Stop at once, whatever clients and handlers are doing.

        :raises HTTPServerError: if it is not running.
        :raises StillRunning: if a handler does not return.
        """
        if not self.is_running():
            raise HTTPServerError("Server is not running")
        try:
            self.fake_server.testTearDown()
        finally:
            self.fake_server.tearDown()

    def is_running(self) -> bool:
        """Whether it listens."""
        return self.fake_server._is_up

    def __enter__(self) -> Self:
        if not self.is_running():
            self.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self.is_running():
            self.stop()

    def clear(self) -> None:
        """Forget everything, as between two tests; requests under way are cut."""
        self.clear_assertions()
        self.clear_handler_errors()
        self.clear_log()
        self.no_handler_status_code = 500
        if self.is_running():
            try:
                self.fake_server.testTearDown()
            finally:
                self.fake_server.testSetUp()

    def clear_assertions(self) -> None:
        self.assertions = []

    def clear_handler_errors(self) -> None:
        self.handler_errors = []

    def clear_log(self) -> None:
        self.log = []

    # -- where it is

    def url_for(self, suffix: str) -> str:
        """The URL of a path, with or without a slash at its beginning."""
        scheme = "http" if self.ssl_context is None else "https"
        return f"{scheme}://{self.format_host(self.host)}:{self.port}/{suffix.removeprefix('/')}"

    @staticmethod
    def format_host(host: str) -> str:
        """A host as URLs have it: IPv6 addresses in brackets."""
        try:
            ipaddress.IPv6Address(host)
        except ValueError:
            return host
        return f"[{host}]"

    # -- what went wrong

    def check(self) -> None:
        """Raise the first thing that went wrong, and forget it.

        :raises AssertionError: see `check_assertions`.
        :raises LayerError: for what was expected by the verbs of `fake_server`.
        """
        self.check_assertions()
        self.check_handler_errors()
        self.fake_server.check()

    def check_assertions(self) -> None:
        """Raise the first assertion, and forget it.

        :raises AssertionError: for a request that was not expected, for one that failed in a
            handler, and for those of `add_assertion`.
        """
        if self.assertions:
            assertion = self.assertions.pop(0)
            raise assertion if isinstance(assertion, AssertionError) else AssertionError(assertion)

    def check_handler_errors(self) -> None:
        """Raise the first error of a handler that was no AssertionError, and forget it."""
        if self.handler_errors:
            raise self.handler_errors.pop(0)

    def add_assertion(self, obj: str | AssertionError) -> None:
        """Note an error, or the text of one, for `check_assertions`."""
        self.assertions.append(obj)

    def create_matcher(self, *args: Any, **kwargs: Any) -> RequestMatcher:
        """Make a matcher; may be overridden to make others."""
        return RequestMatcher(*args, **kwargs)

    def respond_nohandler(self, request: Request, extra_message: str = "") -> Response:
        """Note that a request was not expected, and answer it.

        :param extra_message: what else is to be told.
        """
        text = f"No handler found for request {request!r} with data {request.data!r}."
        self.add_assertion(text + extra_message)
        return Response(text + extra_message, self.no_handler_status_code)

    # -- for the fake server

    @abc.abstractmethod
    def _expected(self) -> Sequence[Expectation]:
        """The requests that are expected now; the first one that matches counts."""

    def _refusal(self, report: tuple[str, ...]) -> Reply:
        """How to answer a request that is not expected.

        :param report: the nearest expectation and how it differs, a line each.
        """
        told = "".join(f"\n  {line}" for line in report)
        return Reply(self, lambda request: self.respond_nohandler(request, told))

    def _raised(self, error: Exception) -> None:
        """Take note of what a handler raised."""
        if isinstance(error, AssertionError):
            self.add_assertion(error)
        else:
            self.handler_errors.append(error)

    def _seen(self, native: NativeRequest) -> Request:
        """A request as Werkzeug shows it; always the same object."""
        request = self._requests.get(native)
        if request is None:
            environ = environment(native, self.fake_server._scheme)
            request = self._requests[native] = Request({**environ, STOPPING: native.stopping})
            request.get_data()  # kept, so that nobody empties the stream for others
        return request
