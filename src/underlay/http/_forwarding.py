"""forward: let the real server answer."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import http.client
import socket
import ssl
import time
import urllib.parse
import zlib
from collections.abc import Callable, Iterable

from underlay._errors import LayerError
from underlay.http._answering import Exchange
from underlay.http._arguments import check_origin, check_seconds
from underlay.http._forms import Pairs
from underlay.http._har import Recording, first
from underlay.http._messages import Answer, Request
from underlay.http._replaying import OF_THE_CONNECTION, answer

#: Headers that we send ourselves, or that are between the client and us.
OURS = {*OF_THE_CONNECTION, "host", "content-length", "expect", "accept-encoding"}


def _ignore(recording: Recording) -> None:
    """Nobody wants to hear of it."""


@dataclasses.dataclass(frozen=True)
class forward(Answer):
    """Ask another server the same, and answer as it does.

    The answer is sent when it has come whole, without compression; a redirect to a page of that
    server becomes one to ours.  If it cannot be had, the test fails.

    :param upstream: the other server, such as ``"https://api.example.com"``.
    :param timeout: seconds for it to say something.
    :param context: how to speak TLS; by default as Python does, with the authorities of the system.
    :param heard: called with each request and its answer, in the server's event loop.
    :raises ValueError: if `upstream` is not the URL of a whole server.
    """

    upstream: str
    timeout: float = 30.0
    context: ssl.SSLContext | None = None
    heard: Callable[[Recording], object] = dataclasses.field(default=_ignore, repr=False)

    def __post_init__(self) -> None:
        check_origin("upstream", self.upstream)
        check_seconds("timeout", self.timeout)

    async def play(self, exchange: Exchange) -> None:
        call = _Call(self)
        about = f"{exchange.request}, forwarded to {self.upstream}"
        try:
            recording = await exchange.run(about, call.ask, exchange.request)
        except asyncio.CancelledError:
            call.hang_up()
            raise
        assert recording is not None  # that is for those who have hung up
        self.heard(recording)
        await exchange.send(answer(recording))


class _Call:
    """One request to the other server, in a thread of its own."""

    def __init__(self, forward: forward) -> None:
        parts = urllib.parse.urlsplit(forward.upstream)
        host, port, timeout = parts.hostname or "", parts.port, forward.timeout
        self._client = (
            http.client.HTTPSConnection(host, port, timeout=timeout, context=forward.context)
            if parts.scheme == "https"
            else http.client.HTTPConnection(host, port, timeout=timeout)
        )
        self._host = parts.netloc
        self._upstream = forward.upstream
        self._hung_up = False

    def ask(self, request: Request) -> Recording | None:
        """The answer; None if nobody waits for it any more.

        :raises LayerError: if it cannot be had.
        """
        try:
            with contextlib.closing(self._client):
                return self._recording(request)
        except (OSError, http.client.HTTPException, zlib.error, UnicodeError) as error:
            if self._hung_up:
                return None
            told = f"{type(error).__name__}: {error}"
            raise LayerError(f"{self._upstream} gave no answer to {request}: {told}") from error

    def hang_up(self) -> None:
        """Let `ask` return soon."""
        self._hung_up = True
        if sock := self._client.sock:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _recording(self, request: Request) -> Recording:
        began, start = time.time(), time.monotonic()
        target = request.target if request.target.startswith("/") else request.raw_path or "/"
        headers = list(self._headers(request))
        self._client.putrequest(request.method, target, skip_host=True, skip_accept_encoding=True)
        for name, value in headers:
            self._client.putheader(name, value)
        self._client.endheaders(request.body)
        response = self._client.getresponse()
        answered = response.getheaders()
        content = decoded(response.read(), first(answered, "content-encoding"))
        return Recording(
            *(request.method, self._upstream + target, headers, request.body),
            *(response.status, response.reason, answered, content),
            *(began, time.monotonic() - start),
        )

    def _headers(self, request: Request) -> Iterable[tuple[str, str]]:
        theirs: Pairs = [*request.headers.pairs]
        yield "Host", self._host
        yield from ((name, value) for name, value in theirs if name.lower() not in OURS)
        yield "Accept-Encoding", "identity"
        if request.body or request.method in ("POST", "PUT", "PATCH"):
            yield "Content-Length", str(len(request.body))


def decoded(content: bytes, encoding: str) -> bytes:
    """A body as it was before it was compressed, which some do unasked.

    :raises OSError: for a compression that the standard library does not know.
    """
    for coding in reversed([each.strip().lower() for each in encoding.split(",")]):
        if not content or coding in ("", "identity"):
            continue
        if coding not in ("gzip", "x-gzip", "deflate"):
            raise OSError(f"the answer is compressed with {coding}, though it was asked not to be")
        content = zlib.decompress(content, zlib.MAX_WBITS | 32)  # with either header
    return content
