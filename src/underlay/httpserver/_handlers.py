"""RequestHandler: an expectation of a fake server that speaks pytest-httpserver's verbs."""

from __future__ import annotations

import abc
import enum
import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from werkzeug import Request, Response

from underlay.http._conditions import Times
from underlay.http._criteria import Path
from underlay.http._expectation import Expectation, title
from underlay.http._failing import outer_caller
from underlay.http._matching import Comparison, similarity
from underlay.http._messages import Request as NativeRequest
from underlay.http._values import line, short
from underlay.http.behaviours import Behaviour
from underlay.httpserver._errors import NoHandlerError
from underlay.httpserver._matchers import METHOD_ALL, RequestMatcher
from underlay.httpserver._replies import Constantly, Reply, Responder, as_response

if TYPE_CHECKING:
    from underlay.httpserver.httpserver import HTTPServer

Headers = Mapping[str, str | Iterable[str]] | Iterable[tuple[str, str]]
Hook = Callable[[Request, Response], Response]

#: How much it tells that a part of a request differs; the other parts count 1.
WEIGHTS = {"uri": 4, "method": 2}


class HandlerType(enum.Enum):
    """How often a request may come, and when."""

    PERMANENT = "permanent"
    ONESHOT = "oneshot"
    ORDERED = "ordered"


class RequestHandlerBase(abc.ABC):
    """Something that can be told how to answer."""

    def respond_with_json(
        self,
        response_json: Any,
        status: int = 200,
        headers: Mapping[str, str] | None = None,
        content_type: str = "application/json",
    ) -> None:
        """Answer with JSON.

        :param response_json: what ``json.dumps`` takes.
        """
        text = json.dumps(response_json, indent=4)
        self.respond_with_data(text, status, headers, content_type=content_type)

    def respond_with_data(
        self,
        response_data: str | bytes = "",
        status: int = 200,
        headers: Headers | None = None,
        mimetype: str | None = None,
        content_type: str | None = None,
    ) -> None:
        """Answer with a body; the parameters are those of Werkzeug's ``Response``."""
        self.respond_with_response(Response(response_data, status, headers, mimetype, content_type))

    @abc.abstractmethod
    def respond_with_response(self, response: Response) -> None:
        """Answer with a response of Werkzeug."""


class RequestHandler(RequestHandlerBase, Expectation):
    """A request that is expected, and its answer; made by ``expect_request`` and its kind.

    It is an `underlay.http.Expectation` as well: ``calls``, ``requests``, ``wait_for`` and the like
    tell of it, and `then` may be used instead of ``respond_with_...``.

    :param matcher: what the request must be like.
    :param server: which the request comes to.
    :param times: how often it may come.
    """

    def __init__(self, matcher: RequestMatcher, server: HTTPServer, times: Times) -> None:
        method = None if matcher.method == METHOD_ALL else matcher.method
        uri = matcher.uri if isinstance(matcher.uri, (str, re.Pattern)) else repr(matcher.uri)
        playbook = server.fake_server._playbook
        Expectation.__init__(self, title(method, uri), [], times, outer_caller(), playbook)
        self.matcher = matcher
        self.request_handler: Responder | None = None
        self._server = server
        self._hooks: list[Hook] = []

    def respond_with_handler(self, func: Responder) -> None:
        """Answer with what a function of the request returns."""
        self.request_handler = func

    def respond_with_response(self, response: Response | str) -> None:
        self.request_handler = Constantly(response)

    def with_post_hook(self, hook: Hook) -> RequestHandler:
        """Let a function of request and response change each answer, after those added before."""
        self._hooks.append(hook)
        return self

    def respond(self, request: Request) -> Response:
        """The answer to a request.

        :raises NoHandlerError: if there is none.
        """
        if self.request_handler is None:
            raise NoHandlerError(
                f"{request.method} {request.path} was expected, but no answer to it.\n"
                "  Say it: expect_request(...).respond_with_data(...)"
            )
        response = as_response(self.request_handler(request), request)
        for hook in self._hooks:
            response = hook(request, response)
        return response

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.matcher.told}>"

    # -- for the playbook

    def _matches(self, request: NativeRequest) -> bool:
        if not super()._matches(request):
            return False
        try:
            return self.matcher.match(self._server._seen(request))
        except Exception:  # told by the report, as an error in a function of where= is
            return False

    def _compare(self, request: NativeRequest) -> Comparison:
        natively = super()._compare(request)
        try:
            different = self.matcher.difference(self._server._seen(request))
            missed = sum(WEIGHTS.get(part, 1) for part, _, _ in different)
            lines = [line(part, repr(wanted), short(got)) for part, got, wanted in different]
        except Exception as error:
            missed, lines = 1, [f"{type(error).__name__}: {error}"]
        if not lines and not natively.lines:
            missed, lines = 1, [f"{type(self.matcher).__name__}.match() finds it different"]
        return Comparison(natively.missed + missed, (*lines, *natively.lines))

    def _similarity(self, request: NativeRequest) -> float:
        return similarity([Path(str(self.matcher.uri))], request)

    def _take(self, request: NativeRequest) -> tuple[Behaviour, ...]:
        steps = super()._take(request)
        self._server._taken(self)
        if self._answers:
            return steps
        blocks = bool(self._hooks) or not isinstance(self.request_handler, Constantly)
        return (Reply(self._server, self.respond, blocks),)
