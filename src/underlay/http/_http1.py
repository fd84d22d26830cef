"""HTTP/1.0 and 1.1 on a connection, by h11: keep-alive, pipelining, chunks, 100-continue, 400."""

from __future__ import annotations

import http
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any, TypeVar

import h11

from underlay.http._connection import Connection
from underlay.http._failing import OVER
from underlay.http._messages import (
    Answerer,
    HeaderPairs,
    Request,
    Response,
    allows_body,
    plain,
)
from underlay.http._server import Server

T = TypeVar("T")

#: Bytes per write: dropping a buffer of 50 MB would cost `Server.stop` milliseconds.
SLICE = 64 * 1024
#: Bytes of what was no HTTP that are kept for the journal.
EVIDENCE = 1024
#: What the standard calls the statuses.
PHRASES = {status.value: status.phrase.encode() for status in http.HTTPStatus}


class HTTP1(Connection):
    """A connection that speaks HTTP/1.

    :param server: whose it is.
    :param answerer: who answers the requests, one at a time.
    """

    def __init__(self, server: Server, answerer: Answerer) -> None:
        super().__init__(server)
        self.h11 = h11.Connection(h11.SERVER)
        self._answerer = answerer
        self._head: h11.Request | None = None
        self._body: list[bytes] = []
        self._answering = False
        self._refused = False

    @property
    def busy(self) -> bool:
        return self._answering or self._head is not None

    def data_received(self, data: bytes) -> None:
        if self._refused:
            return
        try:
            self.h11.receive_data(data)
            self._read()
        except h11.RemoteProtocolError as error:
            self._refuse(data, error)

    def eof_received(self) -> bool:
        """Whether to keep our half open: a client may close its own half and still listen."""
        if self._refused:
            return False
        self.h11.receive_data(b"")
        if not self._answering:
            self._broken_off()
        return self._answering

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._broken_off()
        if self._answering:
            self._task.cancel()

    def _read(self) -> None:
        while self.alive and not self._answering:
            event = self.h11.next_event()
            if isinstance(event, h11.Request):
                self._head, self._body = event, []
                self._continue()
            elif isinstance(event, h11.Data):
                self._body.append(bytes(event.data))
            elif isinstance(event, h11.EndOfMessage):
                self._answer(self._request())
            else:
                if isinstance(event, h11.ConnectionClosed):
                    self.close()
                return

    def _continue(self) -> None:
        if self.h11.they_are_waiting_for_100_continue and self.transport:
            go_on = h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue")
            self.transport.write(self.h11.send(go_on))

    def _answer(self, request: Request) -> None:
        self._head, self._body = None, []
        exchange = HTTP1Exchange(self, request)
        answer = self._answerer.answer(exchange)
        if isinstance(answer, Response):
            if len(answer.body) <= SLICE and self.writable:
                self._answer_at_once(exchange, answer)
                return
            answer = exchange.send(answer)
        self._answering = True
        self._task = self.server.task(self._await(exchange, answer))

    def _answer_at_once(self, exchange: HTTP1Exchange, answer: Response) -> None:
        # A task would cost a fifth of the time of such a request.
        assert self.transport
        try:
            self.transport.write(exchange.wire(answer))
        except h11.LocalProtocolError as error:
            self._answerer.failed(exchange.request, error)
            self.reset()
        self._end_cycle()

    async def _await(self, exchange: HTTP1Exchange, answer: Coroutine[Any, Any, None]) -> None:
        try:
            await answer
        except ConnectionAbortedError:
            pass  # the client is gone, connection_lost() has done the rest
        except BaseException as error:
            if isinstance(error, OVER) and not self.alive:
                raise
            self._answerer.failed(exchange.request, error)
            self.reset()
        self._answering = False
        self._end_cycle()
        try:
            self._read()  # what a pipelining client has sent already
        except h11.RemoteProtocolError as error:
            self._refuse(self.h11.trailing_data[0], error)

    def _end_cycle(self) -> None:
        """Make ready for the next request, or close if there can be none."""
        if self.h11.our_state is h11.DONE and self.h11.their_state is h11.DONE:
            self.h11.start_next_cycle()
        else:
            self.close()

    def _request(self, problem: str = "", body: bytes = b"") -> Request:
        head = self._head
        return Request(
            method=head.method.decode("ascii") if head else "",
            target=head.target.decode("latin-1") if head else "",
            raw_headers=head.headers.raw_items() if head else [],
            body=b"".join(self._body) + body,
            problem=problem,
            version=head.http_version.decode("ascii") if head else "",
            client=self.client,
            server=self.address,
            stopping=self.server.stopping,
        )

    def _broken_off(self) -> None:
        if self._head is not None:
            self._answerer.broken_off(self._request("broken off by the client"))
            self._head = None

    def _refuse(self, data: bytes, error: h11.RemoteProtocolError) -> None:
        self._answerer.malformed(self._request(f"not HTTP: {error}", data[:EVIDENCE]))
        self._head = None
        if self.transport and self.h11.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            refusal = plain(error.error_status_hint, f"{error}\n")
            headers = [*refusal.raw_headers, (b"Connection", b"close")]
            reason = PHRASES.get(refusal.status, b"")
            head = h11.Response(status_code=refusal.status, headers=headers, reason=reason)
            self.transport.write(self.h11.send(head) + refusal.body)
            # Not close(): with input unread that sends RST, and the client never sees the refusal
            # (RFC 9112, 9.6).
            self.transport.write_eof()
            self._refused = True
        else:
            self.close()


class HTTP1Exchange:
    """A request on an HTTP/1 connection and the ways to answer it (see `Exchange`)."""

    def __init__(self, connection: HTTP1, request: Request) -> None:
        self.request = request
        self._connection = connection
        self._wire: list[bytes] = []  # made ready, not sent yet
        self._onward = connection.write
        self._bodiless = request.method == "HEAD"
        self.started = False

    @property
    def ended(self) -> bool:
        finished = self._connection.h11.our_state not in (h11.SEND_RESPONSE, h11.SEND_BODY)
        return finished or not self._connection.alive

    def begin(self, status: int, headers: HeaderPairs, reason: bytes | None = None) -> None:
        if reason is None:
            reason = PHRASES.get(status, b"")
        self._send(h11.Response(status_code=status, headers=headers, reason=reason))
        self.started = True
        self._bodiless = self._bodiless or not allows_body(status)

    async def write(self, data: bytes) -> None:
        for start in range(0, len(data) or 1, SLICE):
            self._add(data[start : start + SLICE])
            await self._flush()

    async def finish(self, data: bytes = b"") -> None:
        if len(data) > SLICE:
            await self.write(data)
        else:
            self._add(data)
        self._send(h11.EndOfMessage())
        await self._flush()

    def wire(self, response: Response) -> bytes:
        """A whole answer as bytes that are to be sent."""
        self.begin(response.status, response.raw_headers)
        self._add(response.body)
        self._send(h11.EndOfMessage())
        return self._take()

    async def send(self, response: Response) -> None:
        self.begin(response.status, response.raw_headers)
        await self.finish(response.body)

    async def flush(self) -> None:
        await self._flush()
        await self._connection.drain()

    async def raw(self, data: bytes) -> None:
        await self._onward(self._take() + data)

    def pipe(self, through: Callable[[bytes], AsyncIterator[bytes]]) -> None:
        onward = self._onward

        async def piped(data: bytes) -> None:
            async for piece in through(data):
                await onward(piece)

        self._onward = piped

    def close(self) -> None:
        self._connection.close()

    def reset(self) -> None:
        self._connection.reset()

    def run(self, about: str, function: Callable[..., T], *args: object) -> Awaitable[T]:
        return self._connection.server.run(about, function, *args)

    def call(self, function: Callable[..., Coroutine[Any, Any, T]], *args: object) -> T:
        return self._connection.server.call(function, *args)

    def _add(self, data: bytes) -> None:
        if data and not self._bodiless:
            self._send(h11.Data(data=data))

    def _send(self, event: h11.Event) -> None:
        self._wire.append(self._connection.h11.send(event) or b"")

    def _take(self) -> bytes:
        wire, self._wire = b"".join(self._wire), []
        return wire

    async def _flush(self) -> None:
        await self._onward(self._take())
