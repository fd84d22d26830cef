"""HTTP/2 on a connection, by h2: many requests at once, each on a stream of its own (RFC 9113)."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Coroutine
from typing import Any

import h2.config
import h2.connection
import h2.events
import h2.exceptions
from h2.errors import ErrorCodes

from underlay.http._answering import Answerer
from underlay.http._connection import Connection
from underlay.http._exchange import EVIDENCE, MAX_BODY, SLICE
from underlay.http._failing import OVER
from underlay.http._http2_exchange import HTTP2Exchange
from underlay.http._messages import HeaderPairs, Request, Response, plain
from underlay.http._server import Server
from underlay.http._uploads import Upload

#: The largest window that there is (RFC 9113, 6.9.1).
MAX_WINDOW = 2**31 - 1


class Stream:
    """A request while it comes, and the task that answers it.

    :param headers: of the request, those of HTTP/2 among them.
    :param upload: its body.
    :ivar unread: bytes of the body that have used up the client's window, padding included.
    """

    def __init__(self, headers: HeaderPairs, upload: Upload) -> None:
        self.pseudo = {name: value for name, value in headers if name.startswith(b":")}
        self.headers = [pair for pair in headers if not pair[0].startswith(b":")]
        authority = self.pseudo.get(b":authority")
        if authority is not None and not any(name == b"host" for name, _ in self.headers):
            self.headers.insert(0, (b"host", authority))
        self.upload = upload
        self.unread = 0
        self.gone = asyncio.Event()
        self.task: asyncio.Task[None] | None = None


class States(h2.connection.H2ConnectionStateMachine):
    """Those of a connection whose client may announce its end: what it has asked is answered.

    With GOAWAY it promises to take no more requests, of which we send none (RFC 9113, 6.8); to h2
    nothing can be sent any more.
    """

    def process_input(self, input_: h2.connection.ConnectionInputs) -> list[h2.events.Event]:
        before = self.state
        events = super().process_input(input_)
        if input_ is h2.connection.ConnectionInputs.RECV_GOAWAY:
            self.state = before
        return events


class HTTP2(Connection):
    """A connection that speaks HTTP/2.

    :param server: whose it is.
    :param answerer: who answers the requests, side by side.
    """

    def __init__(self, server: Server, answerer: Answerer) -> None:
        super().__init__(server)
        config = h2.config.H2Configuration(client_side=False, header_encoding=None)
        self.h2 = h2.connection.H2Connection(config)
        self.h2.state_machine = States()
        self._answerer = answerer
        self._streams: dict[int, Stream] = {}
        self._window = asyncio.Event()  # the client takes more
        self._closed = False  # by us; the client may still talk

    @property
    def alive(self) -> bool:
        return super().alive and not self._closed

    @property
    def busy(self) -> bool:
        return bool(self._streams)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.h2.initiate_connection()
        # A stream that is not read must not keep the others from being sent.
        self.h2.increment_flow_control_window(MAX_WINDOW - self.h2.inbound_flow_control_window)
        self.flush()

    def data_received(self, data: bytes) -> None:
        if self._closed:
            return
        try:
            events = self.h2.receive_data(data)
        except h2.exceptions.ProtocolError as error:
            self.flush()  # h2 has put a GOAWAY there
            self._malformed(data, f"not HTTP: {error}")
            return
        for event in events:
            self._take(event)
        self.flush()

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self._window.set()
        for number in tuple(self._streams):
            self._drop(number)

    def close(self) -> None:
        """Send what is left, then FIN."""
        self._closed = True
        self._window.set()
        # Not transport.close(): clients acknowledge frames at any time, and were answered with RST.
        self.close_our_half()

    def go_away(self, code: int) -> None:
        """End the connection and say why."""
        if self.alive:
            self.h2.close_connection(code)
            self.flush()
            self.close()

    def flush(self) -> None:
        """Send what h2 has made ready."""
        if self.alive:
            self.send(self.h2.data_to_send())

    async def send_body(self, number: int, data: bytes) -> None:
        """Send a part of a body, as the client takes it.

        :raises ConnectionAbortedError: when the stream or the connection is gone.
        """
        while data:
            self._check(number)
            room = self.h2.local_flow_control_window(number)
            size = min(len(data), room, self.h2.max_outbound_frame_size, SLICE)
            if size > 0:
                self.h2.send_data(number, data[:size])
                await self.write(self.h2.data_to_send())
                data = data[size:]
            else:
                self._window.clear()
                await self._window.wait()

    def end_stream(self, number: int) -> None:
        """Nothing more comes from us.

        :raises ConnectionAbortedError: when the stream or the connection is gone.
        """
        self._check(number)
        self.h2.end_stream(number)
        self.flush()

    def reset_stream(self, number: int, code: int) -> None:
        """End one stream and say why; the others go on."""
        if self.alive and number in self._streams:
            self.h2.reset_stream(number, code)
            self._forget(number)
            self.flush()

    def has(self, number: int) -> bool:
        """Whether a stream can still be written to."""
        return self.alive and number in self._streams

    def _check(self, number: int) -> None:
        if not self.has(number):
            raise ConnectionAbortedError("The stream is closed.")

    def _take(self, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.RequestReceived):
            self._begin(event.stream_id, list(event.headers))
        elif isinstance(event, h2.events.DataReceived):
            self._add(event.stream_id, event.data, event.flow_controlled_length)
        elif isinstance(event, h2.events.StreamEnded):
            self._end(event.stream_id)
        elif isinstance(event, h2.events.StreamReset):
            self._drop(event.stream_id)
        elif isinstance(event, (h2.events.WindowUpdated, h2.events.RemoteSettingsChanged)):
            self._window.set()
        elif isinstance(event, h2.events.ConnectionTerminated) and not self._streams:
            self.close()

    def _begin(self, number: int, headers: HeaderPairs) -> None:
        upload = Upload(functools.partial(self._ask_for_more, number))
        stream = self._streams[number] = Stream(headers, upload)
        if self._answerer.early:
            self._answer(number, stream, upload)

    def _end(self, number: int) -> None:
        stream = self._streams.get(number)
        if stream is None:
            return
        if stream.task:
            stream.upload.end()
        else:
            self._answer(number, stream)

    def _add(self, number: int, data: bytes, credit: int) -> None:
        stream = self._streams.get(number)
        if stream is None:  # the answer is out already
            self.h2.acknowledge_received_data(credit, number)
            return
        stream.upload.feed(data)
        stream.unread += credit
        if stream.task is None:  # it is collected
            self._acknowledge(number, stream)
        if stream.upload.size > MAX_BODY:
            self._refuse(number, f"too large: the body has more than {MAX_BODY} bytes")

    def _ask_for_more(self, number: int) -> None:
        if self.has(number):
            self._acknowledge(number, self._streams[number])
            self.flush()

    def _acknowledge(self, number: int, stream: Stream) -> None:
        """Let the client send as much as has been read."""
        self.h2.acknowledge_received_data(stream.unread, number)
        stream.unread = 0

    def _forget(self, number: int) -> Stream | None:
        """Take no more interest in a stream."""
        stream = self._streams.pop(number, None)
        if stream:
            stream.upload.break_off("The stream is closed.")
            self._acknowledge(number, stream)
            self._window.set()  # who waits to send more is to see it
        return stream

    def _answer(self, number: int, stream: Stream, upload: Upload | None = None) -> None:
        request = self._request(stream)
        request.upload = upload
        exchange = HTTP2Exchange(self, number, request, stream.gone, self._answerer)
        answer = self._answerer.answer(exchange)
        if isinstance(answer, Response):
            answer = exchange.send(answer)
        elif isinstance(answer, asyncio.Future):
            answer = exchange.conclude(answer)
        stream.task = self.server.task(self._await(number, exchange, answer), str(request))
        stream.task.add_done_callback(lambda _: answer.close())  # it may never have begun

    async def _await(
        self, number: int, exchange: HTTP2Exchange, answer: Coroutine[Any, Any, None]
    ) -> None:
        try:
            await answer
        except ConnectionAbortedError:
            pass  # nobody waits any more
        except BaseException as error:
            if isinstance(error, OVER) and exchange.ended:
                raise
            self._answerer.failed(exchange.request, error)
            self.reset_stream(number, ErrorCodes.INTERNAL_ERROR)
        finally:
            self._forget(number)
            self.flush()

    def _refuse(self, number: int, problem: str) -> None:
        stream = self._streams[number]
        stream.upload.take()
        self._answerer.malformed(self._request(stream, problem))
        refusal = plain(413, f"{problem}\n")
        self.h2.send_headers(number, [(b":status", b"413")])
        self.h2.send_data(number, refusal.body, end_stream=True)
        self.reset_stream(number, ErrorCodes.NO_ERROR)

    def _drop(self, number: int) -> None:
        """Forget a stream that the client has ended."""
        stream = self._forget(number)
        if stream is None:
            return
        stream.gone.set()
        if stream.task:
            stream.task.cancel()
        else:
            self._answerer.broken_off(self._request(stream, "broken off by the client"))

    def _malformed(self, data: bytes, problem: str) -> None:
        request = Request("", "", body=data[:EVIDENCE], problem=problem, client=self.client)
        self._answerer.malformed(request)
        self.close()

    def _request(self, stream: Stream, problem: str = "") -> Request:
        return Request(
            method=stream.pseudo.get(b":method", b"").decode("latin-1"),
            target=stream.pseudo.get(b":path", b"").decode("latin-1"),
            raw_headers=stream.headers,
            body=stream.upload.take(),
            problem=problem,
            version="2",
            client=self.client,
            server=self.address,
            stopping=self.server.stopping,
        )
