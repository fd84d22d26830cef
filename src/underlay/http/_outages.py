"""Outages: a server that refuses connections, or does not look at them, and comes back.

What begins and ends them are coroutine functions, for the server's event loop.
"""

from __future__ import annotations

import contextlib
import dataclasses
import socket
from collections.abc import Callable, Coroutine
from typing import Any

from underlay.http._listeners import BACKLOG
from underlay.http._server import Server


async def refuse(server: Server) -> None:
    """Do not listen any more, but keep the place; cut what is open.

    :raises OSError: if somebody took it at that moment.
    """
    server.close_listening()
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
    server.open()


async def stall(server: Server) -> None:
    """Leave new connections in the kernel's queue, and read from none."""
    server.shut()
    for connection in tuple(server.connections):
        connection.pause_reading()


async def go_on(server: Server) -> None:
    """The end of `stall`; who has come meanwhile is sent away, for most have given up."""
    await refuse(server)
    await listen_again(server)


Change = Callable[[Server], Coroutine[Any, Any, None]]


@dataclasses.dataclass(frozen=True, eq=False)
class Outage:
    """What begins an outage, and what ends it."""

    begin: Change
    end: Change


class Outages:
    """The outages that go on, of which the latest counts."""

    def __init__(self) -> None:
        self._going_on: list[Outage] = []

    def begin(self, server: Server, outage: Outage) -> None:
        self._set(server, [*self._going_on, outage])

    def end(self, server: Server, outage: Outage) -> None:
        self._set(server, [each for each in self._going_on if each is not outage])

    def _set(self, server: Server, going_on: list[Outage]) -> None:
        server.call(self._change, server, going_on, patience=server.patience)

    async def _change(self, server: Server, going_on: list[Outage]) -> None:
        before, now = self._going_on[-1:], going_on[-1:]
        if [each.begin for each in before] != [each.begin for each in now]:
            for each in before:
                await each.end(server)
            for each in now:
                await each.begin(server)
        self._going_on = going_on
