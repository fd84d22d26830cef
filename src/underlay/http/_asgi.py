"""ASGIGateway: calls an ASGI application for each request, in the server's event loop.

An application may go on after its answer is whole, with tasks in the background, and after its
client has gone; both are told from requests that are under way (ASGI 3.0, HTTP and WebSocket 2.4).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, Protocol

from underlay._errors import NotReady
from underlay._waiting import wait_until
from underlay.http._answering import Exchange
from underlay.http._failing import tell
from underlay.http._messages import Request, plain
from underlay.http._stacks import describe
from underlay.http._websocket import Closed, WebSocket, is_asked_for, subprotocols

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
ASGIApplication = Callable[[Message, Receive, Send], Awaitable[None]]
Noting = Callable[[Request, BaseException], None]


class Conversation(Protocol):
    """What an application is given, and what is seen of it."""

    over: asyncio.Event  # nothing more can be said

    def scope(self, scheme: str) -> Message: ...
    async def receive(self) -> Message: ...
    async def send(self, message: Message) -> None: ...
    async def finish(self) -> None: ...


class ASGIGateway:
    """Answers requests with what an ASGI application sends.

    :param application: the application.
    :param raised: takes what the application raises.
    :param misled: takes what is wrong with an answer although nothing was raised.
    :param scheme: of the URLs that clients use.
    """

    early = True

    def __init__(
        self, application: ASGIApplication, raised: Noting, misled: Noting, scheme: str
    ) -> None:
        self.application = application
        self.raised = raised
        self.misled = misled
        self.scheme = scheme
        self._running: dict[asyncio.Task[None], str] = {}
        self._told: set[asyncio.Task[None]] = set()

    async def answer(self, exchange: Exchange) -> None:
        conversation = _conversation(exchange)
        about = str(exchange.request)
        task = exchange.task(self._run(exchange, conversation), about)
        self._running[task] = about
        task.add_done_callback(self._running.pop)
        task.add_done_callback(lambda task: conversation.over.set())
        try:
            await conversation.over.wait()
        finally:
            conversation.over.set()

    def overdue(self, patience: float) -> list[str]:
        """What still runs after so many seconds, a text each; a request is told of only once."""
        awaited = self._running.copy().keys() - self._told
        with contextlib.suppress(NotReady):
            wait_until(lambda: awaited.isdisjoint(self._running.copy()), "", patience)
        late = [task for task in self._running.copy() if task in awaited]
        self._told.update(late)
        return [describe(self._running.get(task, ""), *task.get_stack()[-1:]) for task in late]

    async def cancel(self) -> None:
        """End what still runs, now that its test has ended."""
        for task in tuple(self._running):
            task.cancel()
        self._told.clear()

    def failed(self, request: Request, error: BaseException) -> None:
        self.misled(request, error)

    def malformed(self, request: Request) -> None:
        """The client was told; the application has nothing to do with it."""

    def broken_off(self, request: Request) -> None:
        """Nobody waits for an answer."""

    async def _run(self, exchange: Exchange, conversation: Conversation) -> None:
        try:
            scope = conversation.scope(self.scheme)
            await self.application(scope, conversation.receive, conversation.send)
            if not (conversation.over.is_set() or exchange.gone.is_set()):
                await conversation.finish()
        except asyncio.CancelledError:
            raise
        except BaseException as error:
            cancelled = exchange.stale or exchange.request.stopping.is_set()
            if cancelled or _comes_of(error, Gone):
                return
            note = self.misled if isinstance(error, Unfinished) else self.raised
            note(exchange.request, error)
            if not exchange.ended:
                with contextlib.suppress(ConnectionAbortedError):  # it has just gone
                    await tell(exchange, error)


class Gone(ConnectionAbortedError):
    """The client is not there any more (ASGI, HTTP 2.4: sending raises an OSError then)."""


class Misled(Exception):
    """What the application has sent makes no sense."""


class Unfinished(Misled):
    """The application has stopped in the middle."""


class HTTPConversation:
    """A request and its answer, message by message."""

    def __init__(self, exchange: Exchange) -> None:
        self.over = asyncio.Event()
        self._exchange = exchange
        self._start: Message | None = None
        self._whole = False

    def scope(self, scheme: str) -> Message:
        request = self._exchange.request
        return {**_scope(request), "type": "http", "scheme": scheme, "method": request.method}

    async def receive(self) -> Message:
        upload = self._exchange.request.upload
        if upload and not self.over.is_set():
            with contextlib.suppress(ConnectionAbortedError):
                body = await upload.read()
                if upload.read_up:
                    self._exchange.request.upload = None
                return {"type": "http.request", "body": body, "more_body": not upload.read_up}
        await _either(self._exchange.gone, self.over)
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        if self._whole:
            raise Misled(
                f"The application has sent {message['type']!r} after the end of its answer."
            )
        if self._exchange.ended:
            raise Gone("The client has gone.")
        if message["type"] == "http.response.start":
            self._start = message
        elif message["type"] == "http.response.body":
            await self._send_body(message)
        else:
            raise Misled(f"{message['type']!r} is no part of an answer.")

    async def finish(self) -> None:
        raise Unfinished("The application has returned before its answer was whole.")

    async def _send_body(self, message: Message) -> None:
        if self._start is None:
            raise Misled("The application has sent a body without 'http.response.start' before it.")
        if not self._exchange.started:
            headers = [
                (bytes(name), bytes(value)) for name, value in self._start.get("headers", ())
            ]
            self._exchange.begin(self._start["status"], headers)
        body = bytes(message.get("body", b""))
        with _gone():
            if message.get("more_body"):
                await self._exchange.write(body)
            else:
                await self._exchange.finish(body)
                self._whole = True
                self.over.set()


class WebSocketConversation:
    """A WebSocket, message by message."""

    def __init__(self, exchange: Exchange) -> None:
        self.over = asyncio.Event()
        self._exchange = exchange
        self._asked = False
        self._socket: WebSocket | None = None

    def scope(self, scheme: str) -> Message:
        request = self._exchange.request
        secure = "wss" if scheme == "https" else "ws"
        offered = {"subprotocols": subprotocols(request)}
        return {**_scope(request), **offered, "type": "websocket", "scheme": secure}

    async def receive(self) -> Message:
        if not self._asked:
            self._asked = True
            return {"type": "websocket.connect"}
        if self._socket is None:
            await _either(self._exchange.gone, self.over)
            return {"type": "websocket.disconnect", "code": 1006, "reason": ""}
        try:
            message = await self._socket.receive()
        except Closed as closed:
            self.over.set()
            return {
                "type": "websocket.disconnect",
                "code": closed.code,
                "reason": closed.reason,
            }
        kind = "text" if isinstance(message, str) else "bytes"
        return {"type": "websocket.receive", kind: message}

    async def send(self, message: Message) -> None:
        with _gone():
            await self._send(message)

    async def finish(self) -> None:
        if self._socket is None:
            raise Unfinished("The application has neither accepted nor refused the WebSocket.")
        with _gone():
            await self._socket.close()

    async def _send(self, message: Message) -> None:
        kind = message["type"]
        if kind == "websocket.accept" and self._socket is None:
            headers = [(bytes(name), bytes(value)) for name, value in message.get("headers", ())]
            if subprotocol := message.get("subprotocol"):
                headers.append((b"Sec-WebSocket-Protocol", subprotocol.encode()))
            self._socket = WebSocket(self._exchange, headers)
        elif kind == "websocket.close" and self._socket is None:
            await self._exchange.send(plain(403, "The application has refused the WebSocket.\n"))
            self.over.set()
        elif kind == "websocket.close" and self._socket:
            await self._socket.close(message.get("code", 1000), message.get("reason") or "")
            self.over.set()
        elif kind == "websocket.send" and self._socket:
            text = message.get("text")
            await self._socket.send(message["bytes"] if text is None else text)
        else:
            raise Misled(f"{kind!r} makes no sense here: the WebSocket is not open, or already.")


def _conversation(exchange: Exchange) -> Conversation:
    if is_asked_for(exchange.request):
        return WebSocketConversation(exchange)
    return HTTPConversation(exchange)


def _scope(request: Request) -> Message:
    return {
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": request.version,
        "path": request.path,
        "raw_path": request.raw_path.encode("latin-1"),
        "query_string": request.query_string.encode("latin-1"),
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.raw_headers],
        "client": (request.client, 0),
        "server": request.server,
    }


async def _either(*events: asyncio.Event) -> None:
    """Return when one of them is set."""
    waiting = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in waiting:
            each.cancel()


@contextlib.contextmanager
def _gone() -> Iterator[None]:
    """Tell the application in its own terms that the client is gone."""
    try:
        yield
    except (ConnectionAbortedError, Closed) as error:
        raise Gone(str(error)) from error


def _comes_of(error: BaseException | None, kind: type[BaseException]) -> bool:
    """Whether an error is of a kind, or was raised because of one that is."""
    while error is not None:
        if isinstance(error, kind):
            return True
        error = error.__cause__ or error.__context__
    return False
