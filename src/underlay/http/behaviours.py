"""What a fake server answers: a small class each, with one method.

``expectation.then(delay(0.2), json={...})`` plays them in order.  A behaviour of your own needs a
method ``async def play(self, exchange)``; what `exchange` can do is told by `Exchange`.  It may
return another exchange, on which those after it are played (see `underlay.http.faults`).
"""

from __future__ import annotations

import dataclasses
import inspect
import json as json_
import zlib
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from underlay.http._answering import Exchange
from underlay.http._arguments import NOT_GIVEN, header_pairs
from underlay.http._messages import Answer, HeaderPairs, Request, Response
from underlay.http._through import Through
from underlay.http._wsgi import Gateway

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

__all__ = ["Behaviour", "call", "gzipped", "redirect", "respond", "wsgi"]

Headers = Mapping[str, str | list[str]] | Iterable[tuple[str, str]]


@runtime_checkable
class Behaviour(Protocol):
    """Something that a server does with a request.

    One after which nothing is left to play may say so with a class attribute ``final = True``.
    """

    async def play(self, exchange: Exchange) -> Exchange | None:
        """Do it; it must not block.

        Return the exchange on which those after it are to be played, if that is another one.
        """
        ...


async def perform(behaviours: Iterable[Behaviour], exchange: Exchange) -> Exchange:
    """Play behaviours in order until nothing more can be sent; return the last exchange."""
    for behaviour in behaviours:
        exchange = await behaviour.play(exchange) or exchange
        if exchange.ended:
            break
    return exchange


def respond(
    status: int = 200,
    *,
    data: bytes | None = None,
    text: str | None = None,
    json: Any = NOT_GIVEN,
    headers: Headers | None = None,
) -> Response:
    """An answer with at most one kind of body; ``.then(json=...)`` is short for it.

    :param status: the status code.
    :param data: the body as bytes.
    :param text: the body as text, sent as UTF-8.
    :param json: the body as what ``json.dumps`` takes; ``None`` is sent as ``null``.
    :param headers: more headers, or others than those that come with `text` and `json`: a mapping,
        with a list where a name comes more than once, or pairs.
    :raises TypeError: for more than one body, or one of another type.
    :raises ValueError: for a status or header that is none.
    """
    body, kind = _encoded(data, text, json)
    return Response(status, with_content_type(headers, kind), body)


def redirect(location: str, status: int = 302) -> Response:
    """An answer that sends the client elsewhere.

    :param location: a URL; a path is one of this server.
    :param status: 301, 302, 303, 307 or 308.
    """
    if status not in (301, 302, 303, 307, 308):
        raise ValueError(f"{status!r} is not the status of a redirect.")
    return respond(status, headers={"Location": location})


@dataclasses.dataclass(frozen=True)
class call(Answer):
    """Let a function answer; ``.then(function)`` is short for it.

    :param function: gets the `Request`; returns a behaviour, a WSGI application such as a response
        of WebOb or Werkzeug, bytes, text, or a dict or list that is sent as JSON.  It runs in a
        thread of its own, an ``async def`` in the server's event loop, where it must not block.
        What it raises fails the test.
    """

    function: Callable[[Request], Any]

    async def play(self, exchange: Exchange) -> Exchange | None:
        if inspect.iscoroutinefunction(self.function):
            answer = await self.function(exchange.request)
        else:
            about = f"{exchange.request} in {self._name}()"
            answer = await exchange.run(about, self.function, exchange.request)
        return await self._behaviour(answer).play(exchange)

    @property
    def _name(self) -> str:
        return getattr(self.function, "__qualname__", repr(self.function))

    def _behaviour(self, answer: Any) -> Behaviour:
        if isinstance(answer, Behaviour):
            return answer
        if isinstance(answer, bytes):
            return respond(data=answer)
        if isinstance(answer, str):
            return respond(text=answer)
        if isinstance(answer, (dict, list)):
            return respond(json=answer)
        if takes(answer, 2):
            return wsgi(answer)
        raise TypeError(
            f"{self._name}() returned {answer!r}, which is no answer.\n"
            "  Return a behaviour such as respond(201), or bytes, text, a dict or a list."
        )


@dataclasses.dataclass(frozen=True)
class wsgi(Answer):
    """Let a WSGI application answer; ``.then(application)`` is short for it.

    :param application: such as a response of WebOb or Werkzeug.  What it raises fails the test.
    """

    application: WSGIApplication

    async def play(self, exchange: Exchange) -> None:
        def note(request: Request, error: BaseException) -> None:
            exchange.failed(error)  # it may have sent its answer already, or be half way

        await exchange.finish(await Gateway(self.application, note, note).answer(exchange))


@dataclasses.dataclass(frozen=True)
class gzipped:
    """Compress the answer, if the client accepts that.

    :param force: whether to do so also if it does not.
    """

    force: bool = False

    async def play(self, exchange: Exchange) -> Exchange | None:
        accepted = ",".join(exchange.request.headers.all("accept-encoding"))
        return _Gzip(exchange) if self.force or accepts_gzip(accepted) else None


class _Gzip(Through):
    def __init__(self, exchange: Exchange) -> None:
        super().__init__(exchange)
        self._compressor = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)

    def begin(self, status: int, headers: HeaderPairs, reason: bytes | None = None) -> None:
        kept = [pair for pair in headers if pair[0].lower() != b"content-length"]
        added = [(b"Content-Encoding", b"gzip"), (b"Vary", b"Accept-Encoding")]
        self.exchange.begin(status, [*kept, *added], reason)

    async def write(self, data: bytes) -> None:
        # Flushed, for the client may wait for this part before it asks for more.
        packed = self._compressor.compress(data) + self._compressor.flush(zlib.Z_SYNC_FLUSH)
        await self.exchange.write(packed)

    async def finish(self, data: bytes = b"") -> None:
        await self.exchange.finish(self._compressor.compress(data) + self._compressor.flush())


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether a client that sends this header understands gzip (RFC 9110, 12.5.3)."""
    weights = {}
    for each in accept_encoding.lower().split(","):
        coding, _, weight = each.partition(";")
        weights[coding.strip()] = weight.replace(" ", "") or "q=1"
    wanted = weights.get("gzip", weights.get("*", "q=0"))
    return wanted.removeprefix("q=").strip("0.") != ""


def as_behaviour(given: Behaviour | Callable[..., Any]) -> Behaviour:
    """What a user gives to be played: a behaviour, a function of the request, or an application.

    :raises TypeError: if it is none.
    """
    if not isinstance(given, type):  # hang instead of hang()
        if isinstance(given, Behaviour):
            return given
        if callable(given):
            return wsgi(given) if takes(given, 2) and not takes(given, 1) else call(given)
    raise TypeError(f"{given!r} is neither a behaviour nor a function of the request.")


def takes(function: Any, number: int) -> bool:
    """Whether something can be called with so many arguments."""
    try:
        inspect.signature(function).bind(*range(number))
    except (TypeError, ValueError):  # no function; a builtin that does not tell
        return False
    return True


def with_content_type(headers: Headers | None, kind: str) -> tuple[tuple[str, str], ...]:
    """Headers as pairs; `kind` is what they say of the content unless they say it themselves."""
    pairs = header_pairs(headers)
    if kind and not any(str(name).lower() == "content-type" for name, _ in pairs):
        pairs.append(("Content-Type", kind))
    return tuple(pairs)


def _encoded(data: bytes | None, text: str | None, json: Any) -> tuple[bytes, str]:
    """The one body that is given, and its content type."""
    bodies: list[tuple[bytes, str]] = []
    if data is not None:
        if not isinstance(data, bytes):
            raise TypeError(f"data is bytes, not {data!r}; pass text as text=.")
        bodies.append((data, ""))
    if text is not None:
        if not isinstance(text, str):
            raise TypeError(f"text is text, not {text!r}; pass bytes as data=.")
        bodies.append((text.encode(), "text/plain; charset=utf-8"))
    if json is not NOT_GIVEN:
        bodies.append((json_.dumps(json).encode(), "application/json"))
    if len(bodies) > 1:
        raise TypeError("An answer has one body: pass one of data, text and json.")
    return bodies[0] if bodies else (b"", "")
