"""HTTP/1.0 and 1.1 on a connection, by h11: keep-alive, pipelining, chunks, 100-continue, 400."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Coroutine
from typing import Any, cast

import h11

from underlay.http._answering import Answerer
from underlay.http._connection import Connection
from underlay.http._exchange import EVIDENCE, MAX_BODY, MAX_HEAD, SLICE
from underlay.http._failing import OVER
from underlay.http._http1_exchange import HTTP1Exchange
from underlay.http._http1_refusing import in_words, refusal, refuse_two_lengths
from underlay.http._messages import HeaderPairs, Request, Response
from underlay.http._server import Server
from underlay.http._uploads import Upload


class HTTP1(Connection):
    """A connection that speaks HTTP/1.

    :param server: whose it is.
    :param answerer: who answers the requests, one at a time.
    """

    def __init__(self, server: Server, answerer: Answerer) -> None:
        super().__init__(server)
        self.h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD)
        self._answerer = answerer
        self._head: h11.Request | None = None  # of a request that is not answered yet
        self._upload: Upload | None = None  # its body, or that of the one that is answered
        self._answering = False
        self._deaf = False  # whatever comes is of no interest
        self.gone = asyncio.Event()  # set once the client sends nothing any more
        self._awaited: asyncio.Future[Any]  # what the answer waits for
        self._switched: asyncio.StreamReader | None = None  # what comes is no HTTP any more

    @property
    def busy(self) -> bool:
        return self._answering or self._head is not None

    def data_received(self, data: bytes) -> None:
        if self._switched:
            self._switched.feed_data(data)
        elif not self._deaf:
            self.h11.receive_data(data)
            self._read(data)

    def eof_received(self) -> bool:
        """Whether to keep our half open: a client may close its own half and still listen."""
        self.gone.set()
        if self._deaf:
            return False
        if self._switched:
            self._switched.feed_eof()
        else:
            self.h11.receive_data(b"")
        if not self._answering:
            self._broken_off()
        # TLS has no halves to close.
        return self._answering and not self._upload and not self.server.tls

    def connection_lost(self, error: Exception | None) -> None:
        super().connection_lost(error)
        self.gone.set()
        self._broken_off()
        if self._upload:
            self._upload.break_off("The connection is closed.")
        if self._switched:
            self._switched.feed_eof()
        if self._answering:
            self._awaited.cancel()

    def switch(self, headers: HeaderPairs) -> asyncio.StreamReader:
        """Go over to another protocol; what comes from now on can be read from the result."""
        agreed = h11.InformationalResponse(
            status_code=101, headers=headers, reason=b"Switching Protocols"
        )
        self.send(self.h11.send(agreed) or b"")
        self.resume_reading()  # now that is up to the reader
        self._switched = asyncio.StreamReader(limit=SLICE, loop=self.server.loop)
        self._switched.set_transport(cast(asyncio.Transport, self))  # all it does is to pause it
        self._switched.feed_data(self.h11.trailing_data[0])
        if self.gone.is_set():
            self._switched.feed_eof()
        return self._switched

    def _read(self, data: bytes) -> None:
        """Take from h11 what is there.

        :param data: what has come last, as evidence.
        """
        try:
            while self.alive and not self._deaf and (self._upload or not self._answering):
                if not self._take(self.h11.next_event()):
                    break
        except h11.RemoteProtocolError as error:
            self._refuse(data, error.error_status_hint, f"not HTTP: {in_words(error)}")
        self._pace()

    def _pace(self) -> None:
        """Let the client send no faster than its requests are read and answered."""
        if self._answering and self._waiting > SLICE:
            self.pause_reading()
        else:
            self.resume_reading()

    @property
    def _waiting(self) -> int:
        """Bytes that wait for a reader, or for an answer before theirs."""
        return self._upload.size if self._upload else len(self.h11.trailing_data[0])

    def _take(self, event: Any) -> bool:
        """Whether there may be more."""
        kind = type(event)  # not isinstance(), which goes the long way for h11's abstract classes
        if kind is h11.Request:
            self._head, self._upload = event, Upload(self._ask_for_more)
            refuse_two_lengths(event)
            if self._answerer.early:
                request = self._request()
                request.upload = self._upload
                self._answer(request)
            else:
                self._continue()
        elif kind is h11.Data:
            self._add(bytes(event.data))
        elif kind is h11.EndOfMessage:
            self._end()
        else:
            if kind is h11.ConnectionClosed:
                self.close()
            return False
        return True

    def _add(self, data: bytes) -> None:
        if self._upload is None:  # the answer is out already
            return
        self._upload.feed(data)
        if self._upload.size > MAX_BODY:
            self._upload.take()
            self._refuse(b"", 413, f"too large: the body has more than {MAX_BODY} bytes")

    def _end(self) -> None:
        if self._upload is None:  # the answer is out already
            self.h11.start_next_cycle()
        elif self._answering:
            self._upload.end()
            self._upload = None
        else:
            request = self._request()
            self._upload = None
            self._answer(request)

    def _ask_for_more(self) -> None:
        self._continue()
        self._pace()

    def _continue(self) -> None:
        if self.h11.they_are_waiting_for_100_continue and self.transport:
            go_on = h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue")
            self.transport.write(self.h11.send(go_on))

    def _answer(self, request: Request) -> None:
        self._head = None
        exchange = HTTP1Exchange(self, request, self._answerer)
        answer = self._answerer.answer(exchange)
        self._answering = True
        if isinstance(answer, Response):
            self._send_at_once(exchange, answer)
        elif isinstance(answer, asyncio.Future):
            self._awaited = answer
            answer.add_done_callback(functools.partial(self._finish_later, exchange))
        else:
            self._work(exchange, answer)

    def _send_at_once(self, exchange: HTTP1Exchange, answer: Response) -> None:
        try:
            exchange.begin(answer.status, answer.raw_headers)
        except h11.LocalProtocolError as error:
            self._fail(exchange, error)
            self._end_cycle()
        else:
            self._finish(exchange, answer.body)

    def _finish(self, exchange: HTTP1Exchange, data: bytes) -> None:
        """Send the last part of an answer."""
        if len(data) > SLICE or not self.writable:
            self._work(exchange, exchange.finish(data))
            return
        try:  # a task would cost a fifth of the time of such a request
            self.send(exchange.last(data))
        except Exception as error:
            self._fail(exchange, error)
        self._end_cycle()

    def _finish_later(self, exchange: HTTP1Exchange, last: asyncio.Future[bytes]) -> None:
        if last.cancelled():  # in connection_lost()
            return
        if error := last.exception():
            self._fail(exchange, error)
            self._end_cycle()
        else:
            self._finish(exchange, last.result())
        self._read_on()

    def _work(self, exchange: HTTP1Exchange, answer: Coroutine[Any, Any, None]) -> None:
        """Let an answer take its time."""
        task = self.server.task(self._await(exchange, answer), str(exchange.request))
        task.add_done_callback(lambda _: answer.close())  # it may never have begun
        self._awaited = task

    async def _await(self, exchange: HTTP1Exchange, answer: Coroutine[Any, Any, None]) -> None:
        try:
            await answer
        except BaseException as error:
            if isinstance(error, OVER) and not self.alive:
                raise
            self._fail(exchange, error)
        self._end_cycle()
        self._read_on()

    def _read_on(self) -> None:
        """Take what a pipelining client has sent already."""
        data, ended = self.h11.trailing_data
        if data or ended:
            self._read(data)
        else:
            self._pace()

    def _fail(self, exchange: HTTP1Exchange, error: BaseException) -> None:
        if isinstance(error, ConnectionAbortedError):
            return  # the client is gone, connection_lost() does the rest
        self._answerer.failed(exchange.request, error)
        self.reset()

    def _end_cycle(self) -> None:
        """Make ready for the next request, or close if there can be none."""
        self._answering = False
        if self.h11.our_state is h11.DONE and self.h11.their_state is h11.DONE:
            self.h11.start_next_cycle()
        elif self._upload and self.alive:
            self._drop_upload()
        else:
            self.close()

    def _drop_upload(self) -> None:
        """Let the rest of a body come that nobody reads any more."""
        # Not _hang_up() at once: the next request of a client would fail by chance then,
        # depending on whether the body came with its head (RFC 9112, 9.3).
        assert self._upload
        self._upload.break_off("The answer was whole before.")
        self._upload = None
        if self.h11.our_state is not h11.DONE:
            self._hang_up()

    def _request(self, problem: str = "", evidence: bytes = b"") -> Request:
        """What has come so far."""
        head = self._head
        body = self._upload.take() if self._upload else b""
        return Request(
            method=head.method.decode("ascii") if head else "",
            target=head.target.decode("latin-1") if head else "",
            raw_headers=head.headers.raw_items() if head else [],
            body=body + evidence,
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

    def _refuse(self, data: bytes, status: int, problem: str) -> None:
        self._answerer.malformed(self._request(problem, data[:EVIDENCE]))
        self._head = None
        if self._answering:
            self.reset()
        elif self.transport and self.h11.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self.transport.write(refusal(status, problem))
            self._hang_up()
        else:
            self.close()

    def _hang_up(self) -> None:
        """Close our half, and leave it to the client to close the other one."""
        # Not close(): with input unread that sends RST, and the client never sees the answer
        # (RFC 9112, 9.6).
        self._deaf = True
        self.close_our_half()
