"""Reply: the behaviour by which these verbs answer."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from werkzeug import Request, Response
from werkzeug.exceptions import HTTPException

from underlay.http._answering import Exchange
from underlay.http._messages import Answer, encoded
from underlay.http.behaviours import wsgi

if TYPE_CHECKING:
    from underlay.httpserver._base import HTTPServerBase

#: What answers a request: a response, text, or nothing for an empty answer.
Responder = Callable[[Request], "Response | str | None"]


@dataclasses.dataclass(frozen=True)
class Constantly:
    """Answers every request with the same."""

    response: Response | str

    def __call__(self, request: Request) -> Response | str:
        return self.response


@dataclasses.dataclass(frozen=True)
class Reply(Answer):
    """Answers with what a function of the request returns, and logs it.

    :param server: which the request comes to.
    :param respond: the function.
    :param blocks: whether it may block, so that it needs a thread.
    """

    server: HTTPServerBase
    respond: Responder
    blocks: bool = True

    async def play(self, exchange: Exchange) -> None:
        request = self.server._seen(exchange.request)
        if self.blocks:
            response = await exchange.run(str(exchange.request), self._response, request)
        else:
            response = self._response(request)
        self.server.log.append((request, response))
        if response.is_sequence:
            await send(exchange, response, request)
        else:
            await wsgi(response).play(exchange)

    def _response(self, request: Request) -> Response:
        try:
            return as_response(self.respond(request), request)
        except HTTPException as error:  # werkzeug.exceptions.abort(404) is an answer as well
            self.server._raised(error)
            return Response.force_type(error.get_response(), request.environ)


def as_response(answer: Any, request: Request) -> Response:
    """What a function of the user's returned, as a response."""
    if answer is None or isinstance(answer, (str, bytes)):
        return Response(answer or "")
    if isinstance(answer, Response):
        return answer
    if callable(answer):  # another WSGI application, such as werkzeug.exceptions.NotFound()
        return Response.force_type(answer, request.environ)
    raise TypeError(f"A handler has returned {answer!r}: return a Response, or text.")


async def send(exchange: Exchange, response: Response, request: Request) -> None:
    """Send a response that is all there."""
    body, status, headers = response.get_wsgi_response(request.environ)
    code, _, reason = status.partition(" ")
    exchange.begin(int(code), encoded(headers), reason.encode("latin-1"))
    await exchange.finish(b"".join(body))
