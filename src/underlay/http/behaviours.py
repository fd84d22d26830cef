"""What a fake server does when it is asked: a small class each, with one method.

``expectation.then(delay(0.2), json={...})`` plays them in order.  A behaviour of your own needs a
method ``async def play(self, exchange)``; what `exchange` can do is told by `Exchange`.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json as json_
from collections.abc import Callable, Mapping
from typing import Any, Protocol, runtime_checkable

from underlay.http._arguments import NOT_GIVEN, check_seconds
from underlay.http._messages import Exchange, Request, Response

__all__ = [
    "Behaviour",
    "call",
    "close_connection",
    "delay",
    "hang",
    "reset_connection",
    "respond",
]


@runtime_checkable
class Behaviour(Protocol):
    """Something that a server does with a request."""

    async def play(self, exchange: Exchange) -> None:
        """Do it; it must not block."""
        ...


@dataclasses.dataclass(frozen=True, init=False, repr=False)
class respond:
    """Answer, with at most one kind of body; ``.then(json=...)`` is short for it.

    :param status: the status code.
    :param data: the body as bytes.
    :param text: the body as text, sent as UTF-8.
    :param json: the body as what ``json.dumps`` takes; ``None`` is sent as ``null``.
    :param headers: more headers, or others than those that come with `text` and `json`.
    :raises TypeError: for more than one body, or one of another type.
    :raises ValueError: for a status or header that is none.
    """

    response: Response

    def __init__(
        self,
        status: int = 200,
        *,
        data: bytes | None = None,
        text: str | None = None,
        json: Any = NOT_GIVEN,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        body, kind = _encoded(data, text, json)
        pairs = dict(headers or {})
        if kind and "content-type" not in map(str.lower, pairs):
            pairs["Content-Type"] = kind
        object.__setattr__(self, "response", Response(status, tuple(pairs.items()), body))

    async def play(self, exchange: Exchange) -> None:
        await exchange.send(self.response)

    def __repr__(self) -> str:
        return f"respond({self.response.status}, {self.response.body[:40]!r})"


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


@dataclasses.dataclass(frozen=True)
class call:
    """Let a function answer, in a thread of its own; ``.then(function)`` is short for it.

    :param function: gets the `Request`; returns a behaviour, bytes, text, or a dict or list that
        is sent as JSON.  What it raises fails the test.
    """

    function: Callable[[Request], Any]

    async def play(self, exchange: Exchange) -> None:
        about = f"{exchange.request} in {self._name}()"
        answer = await exchange.run(about, self.function, exchange.request)
        await self._behaviour(answer).play(exchange)

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
        raise TypeError(
            f"{self._name}() returned {answer!r}, which is no answer.\n"
            "  Return a behaviour such as respond(201), or bytes, text, a dict or a list."
        )


@dataclasses.dataclass(frozen=True)
class delay:
    """Wait before what comes next.

    :param seconds: how long.
    :raises TypeError: if that is no number.
    :raises ValueError: if it is less than 0.
    """

    seconds: float

    def __post_init__(self) -> None:
        check_seconds("delay", self.seconds)

    async def play(self, exchange: Exchange) -> None:
        await asyncio.sleep(self.seconds)


@dataclasses.dataclass(frozen=True)
class hang:
    """Never answer; the connection stays open until the client gives up or the test ends."""

    async def play(self, exchange: Exchange) -> None:
        await asyncio.get_running_loop().create_future()


@dataclasses.dataclass(frozen=True)
class close_connection:
    """Close the connection (FIN) without an answer: an empty reply."""

    async def play(self, exchange: Exchange) -> None:
        exchange.close()


@dataclasses.dataclass(frozen=True)
class reset_connection:
    """Reset the connection (RST) without an answer: "connection reset by peer"."""

    async def play(self, exchange: Exchange) -> None:
        exchange.reset()


#: After one of these there is nothing left to play.
FINAL = (respond, call, hang, close_connection, reset_connection)
