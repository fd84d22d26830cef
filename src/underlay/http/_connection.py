"""Connection: what the server must know of a connection, whatever is said on it."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from typing import TYPE_CHECKING, Any

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
        return False

    @property
    def alive(self) -> bool:
        if self.transport is None or self.transport.is_closing():
            return False
        return _socket_of(self.transport) is not None

    @property
    def writable(self) -> bool:
        """Whether the peer reads as fast as we write."""
        return self._writable.is_set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        peer, own = map(transport.get_extra_info, ("peername", "sockname"))
        if isinstance(peer, tuple):  # sockets in the file system have no addresses
            self.client, self.address = peer[0], own[:2]
        if not self.server.is_open:
            self.pause_reading()

    def connection_lost(self, error: Exception | None) -> None:
        self.server.connections.pop(self, None)
        self._writable.set()
        self._close()  # Python 3.10 warns of TLS that was closed by the client alone

    def pause_reading(self) -> None:
        """Leave what the peer sends to the kernel."""
        if self.transport is not None and self.alive:
            self.transport.pause_reading()

    def resume_reading(self) -> None:
        """Take what the peer sends, unless nothing is taken from anybody."""
        if self.transport is not None and self.alive and self.server.is_open:
            self.transport.resume_reading()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def hand_over(self, successor: Connection, data: bytes) -> None:
        """Let another protocol go on.

        :param data: what has been received and is for the successor.
        """
        assert self.transport is not None
        self.server.connections[successor] = self.server.connections.pop(self)
        self.transport.set_protocol(successor)
        successor.connection_made(self.transport)
        if data:
            successor.data_received(data)

    async def write(self, data: bytes) -> None:
        """Send `data` and return when the peer has read enough for more.

        :raises ConnectionAbortedError: when the connection is gone.
        """
        self.send(data)
        if self.writable:
            await asyncio.sleep(0)  # who writes without end must not keep others from their turn
        else:
            await self._writable.wait()

    def send(self, data: bytes) -> None:
        """Send `data`, the last for now.

        :raises ConnectionAbortedError: when the connection is gone.
        """
        if self.transport is None or self.transport.is_closing():
            raise ConnectionAbortedError("The connection is closed.")
        self.transport.write(data)

    @property
    def knows_reset(self) -> bool:
        """Whether there is an RST: a unix socket has none, its peer would see FIN."""
        return bool(self.client)

    async def drain(self) -> None:
        """Return when the peer's kernel has all that was written; a reset would drop the rest."""
        # Not set_write_buffer_limits(0), after which asyncio's TLS never says that it has written.
        while self.transport is not None and self.alive:
            if not (_unsent(self.transport) or _on_its_way(self.transport)):
                break
            await asyncio.sleep(LOOK)

    def close(self) -> None:
        """Send what is left, then FIN."""
        self._close()

    def close_our_half(self) -> None:
        """Send what is left, then FIN, and leave it to the peer to close the other half."""
        if self.transport is None or not self.transport.can_write_eof():  # TLS has no halves
            self._close()
            return
        with contextlib.suppress(OSError):  # the peer has reset the connection, we hear of it soon
            self.transport.write_eof()

    def _close(self) -> None:
        # Once: with the second time asyncio's TLS lets go of the connection, and it stays open.
        if self.transport is not None and not self.transport.is_closing():
            self.transport.close()

    def reset(self) -> None:
        """Send RST: to the peer it is a connection reset, not an end."""
        if self.transport is None:
            return
        # Closing alone would send FIN.
        linger = struct.pack("ii", 1, 0)
        if (sock := _socket_of(self.transport)) is not None:
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.transport.abort()

    def cut(self) -> None:
        """End the connection now: politely if it is idle."""
        if self.transport is None:
            return
        if self.busy or _unsent(self.transport):
            self.reset()
        else:
            # Not close(): TLS has said farewell then, and waits for the client to say it, too.
            self.transport.abort()


def _socket_of(transport: asyncio.Transport) -> Any:
    """None if it is lost, which Python 3.10 tells a protocol over TLS only one turn later.

    Until then most methods of such a transport fail.
    """
    return transport.get_extra_info("socket")


def _unsent(transport: asyncio.Transport) -> int:
    return 0 if _socket_of(transport) is None else transport.get_write_buffer_size()


def _on_its_way(transport: asyncio.Transport) -> bool:
    """Whether the kernel has bytes that the peer's has not acknowledged (tcp(7), SIOCOUTQ)."""
    try:
        import fcntl
        import termios

        queued = fcntl.ioctl(_socket_of(transport).fileno(), termios.TIOCOUTQ, bytes(4))
    except (ImportError, OSError):  # on other systems than Linux
        return False
    return any(queued)
