"""Connection: what the server must know of a connection, whatever is said on it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from underlay.http._server import Server


#: Seconds between two looks at what is on its way.
LOOK = 0.001


class Connection(asyncio.Protocol):
    """A connection as the server sees it.

    :param server: whose it is.
    """

    def __init__(self, server: Server) -> None:
        self.server = server
        self.transport: asyncio.Transport | None = None
        self.client = ""  # the peer's address
        self.address = ("", 0)  # ours
        self._writable = asyncio.Event()
        self._writable.set()

    @property
    def busy(self) -> bool:
        """Whether a request is under way, so that closing politely would tell a lie."""
        raise NotImplementedError

    @property
    def alive(self) -> bool:
        return self.transport is not None and not self.transport.is_closing()

    @property
    def writable(self) -> bool:
        """Whether the peer reads as fast as we write."""
        return self._writable.is_set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.client = transport.get_extra_info("peername")[0]
        self.address = transport.get_extra_info("sockname")[:2]

    def connection_lost(self, error: Exception | None) -> None:
        self.server.connections.pop(self, None)
        self._writable.set()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    async def write(self, data: bytes) -> None:
        """Send `data` and return when the peer has read enough for more.

        :raises ConnectionAbortedError: when the connection is gone.
        """
        if self.transport is None or self.transport.is_closing():
            raise ConnectionAbortedError("The connection is closed.")
        self.transport.write(data)
        await self._writable.wait()

    async def drain(self) -> None:
        """Return when the peer's kernel has all that was written; a reset would drop the rest."""
        if self.transport is not None:
            self.transport.set_write_buffer_limits(0)
            await self._writable.wait()
            self.transport.set_write_buffer_limits()
            while self.alive and _on_its_way(self.transport.get_extra_info("socket")):
                await asyncio.sleep(LOOK)

    def close(self) -> None:
        """Send what is left, then FIN."""
        if self.transport is not None:
            self.transport.close()

    def reset(self) -> None:
        """Send RST: to the peer it is a connection reset, not an end."""
        if self.transport is None:
            return
        # Closing alone would send FIN.
        linger = struct.pack("ii", 1, 0)
        with contextlib.suppress(OSError):
            sock = self.transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.transport.abort()

    def cut(self) -> None:
        """End the connection now: politely if it is idle."""
        if self.busy or (self.transport and self.transport.get_write_buffer_size()):
            self.reset()
        else:
            self.close()


def _on_its_way(sock: socket.socket) -> bool:
    """Whether the kernel has bytes that the peer's has not acknowledged (tcp(7), SIOCOUTQ)."""
    try:
        import fcntl
        import termios

        queued = fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, bytes(4))
    except (ImportError, OSError):  # on other systems than Linux
        return False
    return any(queued)
