"""Outages: a server that refuses connections, or does not look at them, and comes back.

Coroutine functions, for the server's event loop.
"""

from __future__ import annotations

import contextlib
import socket

from underlay.http._listeners import BACKLOG
from underlay.http._server import Server


async def refuse(server: Server) -> None:
    """Do not listen any more, but keep the place; cut what is open.

    :raises OSError: if somebody took it at that moment.
    """
    server.loop.remove_reader(server.listening)
    server.listening.close()
    for connection, sock in tuple(server.connections.items()):
        connection.cut()
        if connection.transport is None:  # nobody has met it yet, as in a TLS handshake
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
    server.listening = server.listener.reserve()
    server.listening.setblocking(False)


async def listen_again(server: Server) -> None:
    """The end of `refuse`."""
    server.listening.listen(BACKLOG)
    server.loop.add_reader(server.listening, server.accept)


async def stall(server: Server) -> None:
    """Leave new connections in the kernel's queue, and read from none."""
    server.loop.remove_reader(server.listening)
    for connection in tuple(server.connections):
        if connection.transport is not None:
            connection.transport.pause_reading()


async def go_on(server: Server) -> None:
    """The end of `stall`; who has come meanwhile is sent away, for most have given up."""
    await refuse(server)
    await listen_again(server)
