"""Upload: the body of a request while it comes, to be taken whole or read part by part."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Upload:
    """The body of a request, from its head to its end.

    Its connection lets the client send no faster than it is read.

    :param more: called when all that has come is read, so that the client may send more.
    :ivar size: bytes that are not read yet.
    """

    def __init__(self, more: Callable[[], object]) -> None:
        self.size = 0
        self._more = more
        self._parts: list[bytes] = []
        self._ended = False
        self._broken = ""
        self._news = asyncio.Event()

    def feed(self, data: bytes) -> None:
        """Take what has come."""
        if data:  # HTTP/2 may end with nothing
            self._parts.append(data)
            self.size += len(data)
            self._news.set()

    def end(self) -> None:
        """That was all."""
        self._ended = True
        self._news.set()

    def break_off(self, reason: str) -> None:
        """No more comes, or it is of no interest."""
        self._broken = reason
        self._news.set()

    def take(self) -> bytes:
        """What has come and is not read yet."""
        parts, self._parts, self.size = self._parts, [], 0
        return b"".join(parts)

    @property
    def read_up(self) -> bool:
        """Whether there is nothing more to be read."""
        return self._ended and not self._parts

    async def read(self) -> bytes:
        """The next part; empty if there is none.

        :raises ConnectionAbortedError: when no more comes although that was not all.
        """
        while not (self._parts or self._ended or self._broken):
            self._news.clear()
            self._more()
            await self._news.wait()
        if self._broken:
            raise ConnectionAbortedError(self._broken)
        return self.take()
