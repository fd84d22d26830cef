"""WebSocket (RFC 6455) on an exchange that can be upgraded, by wsproto."""

from __future__ import annotations

import contextlib
from typing import Any

from wsproto.connection import Connection, ConnectionState, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Event, Ping, TextMessage
from wsproto.utilities import LocalProtocolError, generate_accept_token

from underlay.http._answering import Exchange
from underlay.http._messages import HeaderPairs, Request

#: Bytes that are read at once.
READ = 64 * 1024
#: Close codes (RFC 6455, 7.4.1).
NORMAL, NO_CODE, ABNORMAL = 1000, 1005, 1006


class Closed(Exception):
    """The other side has closed, with a code, and maybe a reason.

    :param code: 1005 if the client gave none, 1006 if it said nothing before it went.
    """

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(code, reason)
        self.code, self.reason = code, reason

    def __str__(self) -> str:
        return f"closed by the client with {self.code} {self.reason}".rstrip()


class WebSocket:
    """The server's end of a WebSocket.

    :param exchange: whose request asks for one.
    :param headers: more headers for the answer, such as ``Sec-WebSocket-Protocol``.
    :raises ValueError: if the request does not ask for a WebSocket.
    """

    def __init__(self, exchange: Exchange, headers: HeaderPairs) -> None:
        token = generate_accept_token(_key(exchange.request))
        self._exchange = exchange
        self._wsproto = Connection(ConnectionType.SERVER)
        self._reader = exchange.upgrade(
            [
                (b"Upgrade", b"websocket"),
                (b"Connection", b"Upgrade"),
                (b"Sec-WebSocket-Accept", token),
                *headers,
            ]
        )

    async def receive(self) -> str | bytes:
        """The next whole message.

        :raises Closed: if none comes any more.
        """
        whole: Any = None
        while True:
            event = await self._event()
            if isinstance(event, (TextMessage, BytesMessage)):
                whole = event.data if whole is None else whole + event.data
                if event.message_finished:
                    return bytes(whole) if isinstance(event, BytesMessage) else str(whole)
            elif isinstance(event, Ping):
                await self._send(event.response())
            elif isinstance(event, CloseConnection):
                await self._closed(event)

    async def send(self, message: str | bytes) -> None:
        """Send a message: text or bytes.

        :raises Closed: if the other side has closed.
        """
        if isinstance(message, str):
            await self._send(TextMessage(message))
        else:
            await self._send(BytesMessage(message))

    async def close(self, code: int = NORMAL, reason: str = "") -> None:
        """Say goodbye and wait until the other side has said so, too."""
        if self._wsproto.state is ConnectionState.OPEN:
            await self._send(CloseConnection(code, reason or None))
            with contextlib.suppress(Closed):
                while True:
                    await self.receive()

    async def _send(self, event: Event) -> None:
        try:
            data = self._wsproto.send(event)
        except LocalProtocolError as error:
            raise Closed(ABNORMAL) from error
        await self._exchange.raw(data)

    async def _event(self) -> Event:
        while True:
            for event in self._wsproto.events():
                return event
            over = self._wsproto.state is ConnectionState.CLOSED
            data = b"" if over else await self._reader.read(READ)
            if not data:
                raise Closed(ABNORMAL)
            self._wsproto.receive_data(data)

    async def _closed(self, event: CloseConnection) -> None:
        code = NO_CODE if event.code is None else int(event.code)
        if self._wsproto.state in (ConnectionState.OPEN, ConnectionState.REMOTE_CLOSING):
            with contextlib.suppress(ConnectionAbortedError):
                await self._send(event.response())
        raise Closed(code, event.reason or "")


def is_asked_for(request: Request) -> bool:
    """Whether a request is one for a WebSocket (RFC 6455, 4.2.1)."""
    wanted = request.headers.get("upgrade", "").lower() == "websocket"
    able = request.method == "GET" and request.version == "1.1"
    return wanted and able and "sec-websocket-key" in request.headers


def subprotocols(request: Request) -> list[str]:
    """What the client would like to speak, what it likes best first."""
    offered = ",".join(request.headers.all("sec-websocket-protocol"))
    return [each.strip() for each in offered.split(",") if each.strip()]


def _key(request: Request) -> bytes:
    if not is_asked_for(request):
        raise ValueError(f"{request} does not ask for a WebSocket.")
    return request.headers["sec-websocket-key"].encode("latin-1")
