"""websocket(): what a fake server says and hears on a WebSocket, step by step."""

from __future__ import annotations

import dataclasses
import json as json_
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from underlay._errors import needs_extra
from underlay.http._answering import Exchange
from underlay.http._arguments import NOT_GIVEN

if TYPE_CHECKING:
    from underlay.http._websocket import WebSocket

Message = str | bytes


@dataclasses.dataclass(frozen=True)
class websocket:
    """Agree to a WebSocket and play a script; each method returns a longer one.

    ``websocket().send("hello").receive("ping").send("pong").close()``

    At the end of the script it listens until the client closes, unless the script itself does.
    Messages that come and go stand in the request's ``messages``.

    :param subprotocol: which of those to choose that the client offers.
    :raises TypeError: when it is played for a client that does not ask for a WebSocket.
    """

    final: ClassVar = True

    subprotocol: str | None = None
    steps: tuple[Step, ...] = ()

    def receive(self, message: Message | Callable[[Any], object] = NOT_GIVEN) -> websocket:
        """Wait for a message.

        :param message: what it must be, else the test fails: text, bytes, or a function that says
            whether it will do; left out, any message does.
        """
        return self._and(_Receive(message))

    def send(self, message: Message | None = None, *, json: Any = NOT_GIVEN) -> websocket:
        """Send a message.

        :param message: text or bytes.
        :param json: or what ``json.dumps`` takes.
        :raises TypeError: for anything else, or both.
        """
        if (message is None) == (json is NOT_GIVEN):
            raise TypeError("A message is either text or bytes, or json=.")
        if json is not NOT_GIVEN:
            message = json_.dumps(json)
        if not isinstance(message, (str, bytes)):
            raise TypeError(f"A message is text or bytes, not {message!r}; json= takes the rest.")
        return self._and(_Send(message))

    def echo(self) -> websocket:
        """Send back what comes, until the client closes."""
        return self._and(_Echo())

    def close(self, code: int = 1000, reason: str = "") -> websocket:
        """Say goodbye.

        :param code: of RFC 6455, 7.4.
        """
        return self._and(_Close(code, reason))

    def reset(self) -> websocket:
        """Reset the connection (RST), without a goodbye."""
        return self._and(_Reset())

    async def play(self, exchange: Exchange) -> None:
        """Play the script."""
        with needs_extra("websocket()", "http"):
            from underlay.http._websocket import Closed, WebSocket, is_asked_for
        if not is_asked_for(exchange.request):
            raise TypeError(f"{exchange.request} does not ask for a WebSocket.")
        talk = _Talk(exchange, WebSocket(exchange, self._headers()))
        for step in self.steps:
            await step.play(talk)
        try:
            while True:
                await talk.receive()
        except Closed:
            exchange.close()

    def _and(self, step: Step) -> websocket:
        return dataclasses.replace(self, steps=(*self.steps, step))

    def _headers(self) -> list[tuple[bytes, bytes]]:
        if self.subprotocol is None:
            return []
        return [(b"Sec-WebSocket-Protocol", self.subprotocol.encode())]


class _Talk:
    """A WebSocket, and the journal of it."""

    def __init__(self, exchange: Exchange, socket: WebSocket) -> None:
        self.exchange = exchange
        self.socket = socket

    async def receive(self) -> Message:
        message = await self.socket.receive()
        self.exchange.request.messages.append(("received", message))
        return message

    async def send(self, message: Message) -> None:
        self.exchange.request.messages.append(("sent", message))
        await self.socket.send(message)


class Step:
    """Something that happens on a WebSocket."""

    async def play(self, talk: _Talk) -> None:
        raise NotImplementedError


@dataclasses.dataclass(frozen=True)
class _Receive(Step):
    wanted: Any

    async def play(self, talk: _Talk) -> None:
        message = await talk.receive()
        if callable(self.wanted):
            good = self.wanted(message)
        else:
            good = self.wanted is NOT_GIVEN or self.wanted == message
        if not good:
            raise AssertionError(f"the message should have been {self.wanted!r}, not {message!r}")


@dataclasses.dataclass(frozen=True)
class _Send(Step):
    message: Message

    async def play(self, talk: _Talk) -> None:
        await talk.send(self.message)


@dataclasses.dataclass(frozen=True)
class _Echo(Step):
    async def play(self, talk: _Talk) -> None:
        from underlay.http._websocket import Closed

        try:
            while True:
                await talk.send(await talk.receive())
        except Closed:
            return


@dataclasses.dataclass(frozen=True)
class _Close(Step):
    code: int
    reason: str

    async def play(self, talk: _Talk) -> None:
        await talk.socket.close(self.code, self.reason)


@dataclasses.dataclass(frozen=True)
class _Reset(Step):
    async def play(self, talk: _Talk) -> None:
        talk.exchange.reset()
