"""Answers that come in parts, or from a file: `stream`, `event_stream`, `send_file`."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import mimetypes
import os
import re
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Callable,
    Iterable,
    Iterator,
)
from pathlib import Path
from typing import Any, ClassVar

from underlay.http._answering import Exchange
from underlay.http._messages import Answer, Request, Response, encoded
from underlay.http.behaviours import Headers, with_content_type

__all__ = ["Event", "event_stream", "send_file", "stream"]

#: One range of bytes; several in one request are answered with the whole, as the standard allows.
RANGE = re.compile(r"bytes=([0-9]*)-([0-9]*)")


#: What a thread returns when there are no more parts.
END = object()


class stream(Answer):
    """Answer part by part; without a ``Content-Length`` the parts are the answer's chunks.

    :param parts: a list of bytes or text, or a function of the request that returns or yields
        them, also with ``async def``.  What it does runs in threads, an ``async`` one in the
        server's event loop.  What it raises breaks the answer off, and fails the test.
    :param status: the status code.
    :param headers: the answer's headers.
    :raises TypeError: for an iterator, which could be sent only once.
    """

    final: ClassVar = True
    content_type: ClassVar[str] = ""

    def __init__(
        self,
        parts: Iterable[Any] | Callable[[Request], Iterable[Any] | AsyncIterable[Any]],
        status: int = 200,
        headers: Headers | None = None,
    ) -> None:
        if isinstance(parts, (str, bytes)) or not (callable(parts) or isinstance(parts, Iterable)):
            raise TypeError(f"The parts of an answer are a list or a function, not {parts!r}.")
        if isinstance(parts, Iterator):
            raise TypeError(f"{parts!r} can be sent only once: pass the function that makes it.")
        self._parts = parts
        self._head = Response(status, with_content_type(headers, self.content_type))

    async def play(self, exchange: Exchange) -> None:
        exchange.begin(self._head.status, encoded(self._head.headers))
        await exchange.write(b"")
        async with contextlib.aclosing(self._each(exchange)) as parts:
            async for part in parts:
                await exchange.write(self.encode(part))
        await exchange.finish()

    def encode(self, part: Any) -> bytes:
        """What is sent for a part."""
        if isinstance(part, str):
            return part.encode()
        if isinstance(part, bytes):
            return part
        raise TypeError(f"A part of an answer is bytes or text, not {part!r}.")

    async def _each(self, exchange: Exchange) -> AsyncGenerator[Any, None]:
        about = f"{exchange.request}, streamed by {self!r}"
        parts: Any = self._parts
        if callable(parts):
            parts = await exchange.run(about, parts, exchange.request)
        if isinstance(parts, AsyncIterable):
            async with _aclosing(parts):
                async for part in parts:
                    yield part
        elif isinstance(parts, Iterator):
            with _closing(parts):
                while (part := await exchange.run(about, next, parts, END)) is not END:
                    yield part
        else:
            for part in parts:
                yield part

    def __repr__(self) -> str:
        parts = getattr(self._parts, "__qualname__", repr(self._parts))
        return f"{type(self).__name__}({parts})"


@contextlib.asynccontextmanager
async def _aclosing(parts: AsyncIterable[Any]) -> AsyncIterator[None]:
    try:
        yield
    finally:
        if isinstance(parts, AsyncGenerator):
            await parts.aclose()


@contextlib.contextmanager
def _closing(parts: Iterator[Any]) -> Iterator[None]:
    try:
        yield
    finally:
        with contextlib.suppress(ValueError):  # it is running still, in its thread
            getattr(parts, "close", bool)()


@dataclasses.dataclass(frozen=True)
class Event:
    """A server-sent event.

    :param data: text, or what is sent as JSON.
    :param event: its type, ``"message"`` to the client if it is left out.
    :param id: with which the client asks for the rest when the connection is lost.
    :param retry: milliseconds after which it then does so.
    """

    data: Any = ""
    event: str | None = None
    id: str | None = None
    retry: int | None = None

    def __bytes__(self) -> bytes:
        data = self.data if isinstance(self.data, str) else json.dumps(self.data)
        fields = [("event", self.event), ("id", self.id), ("retry", self.retry)]
        lines = [f"{name}: {value}" for name, value in fields if value is not None]
        lines += [f"data: {line}" for line in data.split("\n")]
        return "\n".join([*lines, "", ""]).encode()


class event_stream(stream):
    """Answer with server-sent events, which `EventSource` of a browser reads.

    :param parts: like those of `stream`; each is an `Event` or the data of one.
    """

    content_type = "text/event-stream; charset=utf-8"

    def encode(self, part: Any) -> bytes:
        return bytes(part if isinstance(part, Event) else Event(part))


class send_file(Answer):
    """Answer with a file as it is when it is asked for, or with the part that the client wants.

    :param path: where the file is.
    :param headers: more headers; the content type is guessed from the file's name.
    :raises FileNotFoundError: if there is none.
    """

    def __init__(self, path: str | os.PathLike[str], headers: Headers | None = None) -> None:
        self._path = Path(path)
        if not self._path.is_file():
            raise FileNotFoundError(f"{self._path} is no file that can be sent.")
        kind = mimetypes.guess_type(self._path.name)[0] or "application/octet-stream"
        self._headers = (*with_content_type(headers, kind), ("Accept-Ranges", "bytes"))

    async def play(self, exchange: Exchange) -> None:
        about = f"{exchange.request}, reading {self._path}"
        data = await exchange.run(about, self._path.read_bytes)
        await exchange.send(self._answer(data, exchange.request.headers.get("range", "")))

    def _answer(self, data: bytes, wanted: str) -> Response:
        found = RANGE.fullmatch(wanted)
        if found is None or found.groups() == ("", ""):
            return Response(200, self._headers, data)
        size = len(data)
        first, last = found.groups()
        if not first:  # the last so many bytes
            start, end = max(0, size - int(last)), size
        else:
            start, end = int(first), min(size, int(last or size) + 1)
        if start >= end:
            return Response(416, (("Content-Range", f"bytes */{size}"),))
        place = ("Content-Range", f"bytes {start}-{end - 1}/{size}")
        return Response(206, (*self._headers, place), data[start:end])

    def __repr__(self) -> str:
        return f"send_file({str(self._path)!r})"
