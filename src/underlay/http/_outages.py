"""Outages: a server that refuses connections, or does not look at them, and comes back.

Coroutine functions, for the server's event loop.
"""

from __future__ import annotations

import socket

from underlay.http._server import BACKLOG, Server


async def refuse(server: Server) -> None:
    """Do not listen any more, but keep the port; cut what is open.

    :raises OSError: if somebody took the port at that moment.
    """
    listening = server._listener
    server.loop.remove_reader(listening)
    family, address = listening.family, listening.getsockname()
    listening.close()
    for connection in tuple(server.connections):
        connection.cut()
    server._listener = _bound(family, address)


async def listen_again(server: Server) -> None:
    """The end of `refuse`."""
    server._listener.listen(BACKLOG)
    server.loop.add_reader(server._listener, server._accept)


async def pause(server: Server) -> None:
    """Leave new connections in the kernel's queue, and read from none."""
    server.loop.remove_reader(server._listener)
    for connection in tuple(server.connections):
        if connection.transport is not None:
            connection.transport.pause_reading()


async def resume(server: Server) -> None:
    """The end of `pause`; who has come meanwhile is sent away, for most have given up."""
    await refuse(server)
    await listen_again(server)


def _bound(family: int, address: tuple[object, ...]) -> socket.socket:
    """Like ``socket.create_server``, which would listen as well."""
    sock = socket.socket(family)
    try:
        sock.setblocking(False)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind(address)
    except BaseException:
        sock.close()
        raise
    return sock
