"""Endings: what comes instead of an answer, or in its middle; re-exported by ``faults``."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import ClassVar

from underlay.http._answering import Exchange
from underlay.http._arguments import check_bytes
from underlay.http._through import Through, refuse

#: Reasons of HTTP/2 (RFC 9113, 7).
NO_ERROR, INTERNAL_ERROR = 0, 2


class Ending:
    """An end that comes instead of the answer, or after so many bytes of its body.

    :param after: bytes of the answer's body that the client gets before it, 0 for the head alone;
        None for nothing of an answer at all.
    :raises ValueError: if that is less than 0; in `play`, if the body is too short.
    """

    #: Where it cannot be, and what there is instead.
    nearest: ClassVar[Mapping[str, str]] = {}

    def __init__(self, after: int | None = None) -> None:
        if after is not None:
            check_bytes("after", after, 0)
        self.after = after
        self.final = after is None

    async def play(self, exchange: Exchange) -> Exchange | None:
        refuse(self, exchange, self.nearest)
        if self.after is not None:
            return _Cut(exchange, self.after, self)
        await self.end(exchange)
        return None

    async def end(self, exchange: Exchange) -> None:
        raise NotImplementedError

    def __repr__(self) -> str:
        given = {name: value for name, value in vars(self).items() if name != "final"}
        told = (f"{name}={value}" for name, value in given.items() if value is not None)
        return f"{type(self).__name__}({', '.join(told)})"


class hang(Ending):
    """Never answer; the connection stays open until the client gives up or the test ends.

    :param after: bytes of the answer's body that are sent before, 0 for the head alone.
    """

    async def end(self, exchange: Exchange) -> None:
        await asyncio.get_running_loop().create_future()


class close_connection(Ending):
    """Close the connection (FIN) without an answer: an empty reply.

    With HTTP/2 that is the end of other requests as well.

    :param after: bytes of the answer's body that are sent before, 0 for the head alone: a truncated
        answer.
    """

    async def end(self, exchange: Exchange) -> None:
        exchange.close()


class reset_connection(Ending):
    """Reset the connection (RST) without an answer: "connection reset by peer".

    With HTTP/2 that is the end of other requests as well.  A unix socket knows no reset.

    :param after: bytes of the answer's body that are sent before, 0 for the head alone.
    """

    nearest: ClassVar = {"a unix socket": "close_connection()"}

    async def end(self, exchange: Exchange) -> None:
        exchange.reset()


class reset_stream(Ending):
    """End the stream of this request alone (RST_STREAM, HTTP/2 only); other requests go on.

    :param code: why; 2 is an internal error, 7 a refused stream, which may be tried again.
    :param after: bytes of the answer's body that are sent before, 0 for the head alone.
    """

    nearest: ClassVar = dict.fromkeys(("HTTP/1.0", "HTTP/1.1"), "reset_connection()")

    def __init__(self, code: int = INTERNAL_ERROR, *, after: int | None = None) -> None:
        self.code = code
        super().__init__(after)

    async def end(self, exchange: Exchange) -> None:
        exchange.reset_stream(self.code)


class go_away(Ending):
    """End the connection with its reason (GOAWAY, HTTP/2 only); requests under way get no answer.

    :param code: why; 0 is none, as at a restart, 11 is "enhance your calm".
    :param after: bytes of the answer's body that are sent before, 0 for the head alone.
    """

    nearest: ClassVar = dict.fromkeys(("HTTP/1.0", "HTTP/1.1"), "close_connection()")

    def __init__(self, code: int = NO_ERROR, *, after: int | None = None) -> None:
        self.code = code
        super().__init__(after)

    async def end(self, exchange: Exchange) -> None:
        exchange.go_away(self.code)


class _Cut(Through):
    """Lets so many bytes of the body pass, then comes the end."""

    def __init__(self, exchange: Exchange, after: int, ending: Ending) -> None:
        super().__init__(exchange)
        self._left = after
        self._ending = ending

    async def write(self, data: bytes) -> None:
        part = data[: self._left]
        self._left -= len(part)
        await self.exchange.write(part)
        if not self._left:
            await self.exchange.flush()
            await self._ending.end(self.exchange)

    async def finish(self, data: bytes = b"") -> None:
        await self.write(data)
        if self._left:
            raise ValueError(f"{self._ending!r}: the answer's body ends {self._left} bytes before.")
