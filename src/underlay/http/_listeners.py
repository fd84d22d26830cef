"""Listeners: the sockets on which a server waits for clients, on this machine only."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import socket
import stat
import urllib.parse
from collections.abc import Iterator
from typing import Protocol

from underlay._forking import keep_from_children, no_fork

#: Connections that the kernel keeps for us.  With socketserver's 5 it is the client that blocks.
BACKLOG = 512
#: Bytes of a unix socket's path, the closing zero included: 108 in Linux, 104 in macOS (unix(7)).
PATH_BYTES = 104


class Listener(Protocol):
    """A place to listen at.

    :ivar address: where that is, as in a URL; known for certain after `reserve`.
    """

    @property
    def address(self) -> str: ...

    def reserve(self) -> socket.socket:
        """Take the place; until the socket listens, clients are refused.

        :raises OSError: if it is taken.
        """
        ...

    def released(self) -> None:
        """Leave nothing behind; the socket has been closed."""
        ...


class TCPListener:
    """A port of a loopback address.

    :param host: ``127.0.0.1``, ``::1``, ``localhost`` or another loopback address.
    :param port: 0 for any free one; the one it became after `reserve`.
    :raises ValueError: if the address is not a loopback one.
    """

    def __init__(self, host: str, port: int) -> None:
        refuse_all_but_loopback(host)
        self.host, self.port = host, port

    @property
    def address(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    def reserve(self) -> socket.socket:
        """Like ``socket.create_server``, which would listen as well."""
        sock = _socket(socket.AF_INET6 if ":" in self.host else socket.AF_INET)
        with _closed_on_error(sock, self.address):
            # Accepted sockets inherit it.  asyncio would not set it: it looks for a `proto` that
            # they do not have, and Nagle's algorithm then costs 40 ms per request.
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind((self.host, self.port))
        self.port = sock.getsockname()[1]
        return sock

    def released(self) -> None:
        """A port leaves nothing behind."""


class UnixListener:
    """A socket in the file system.

    :param path: where; what a dead server has left there is removed.
    :raises ValueError: if the path is too long for a socket.
    """

    def __init__(self, path: str) -> None:
        if len(os.fsencode(path)) >= PATH_BYTES:
            raise ValueError(
                f"{path!r} is too long for a unix socket: it has {PATH_BYTES} bytes or more."
            )
        self.path = path

    @property
    def address(self) -> str:
        return urllib.parse.quote(self.path, safe="")

    def reserve(self) -> socket.socket:
        self._remove_stale()
        sock = _socket(socket.AF_UNIX)
        with _closed_on_error(sock, self.path):
            sock.bind(self.path)
        return sock

    def released(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self.path)

    def _remove_stale(self) -> None:
        with contextlib.suppress(FileNotFoundError):
            if stat.S_ISSOCK(os.stat(self.path).st_mode) and self._nobody_listens():
                os.unlink(self.path)

    def _nobody_listens(self) -> bool:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
            try:
                client.connect(self.path)
            except ConnectionRefusedError:
                return True
            return False


def listen(listener: Listener) -> socket.socket:
    """Take a place and let clients come.

    :raises OSError: if it is taken.
    """
    sock = listener.reserve()
    with _closed_on_error(sock, listener.address):
        sock.listen(BACKLOG)
    return sock


def _socket(family: socket.AddressFamily) -> socket.socket:
    with no_fork:
        sock = socket.socket(family)
        keep_from_children(sock)
        return sock


@contextlib.contextmanager
def _closed_on_error(sock: socket.socket, place: str) -> Iterator[None]:
    try:
        yield
    except BaseException as error:
        sock.close()
        if isinstance(error, OSError):
            error.filename = place  # sockets do not tell
        raise


def refuse_all_but_loopback(host: str) -> None:
    """A test's server is not for the network that the machine happens to be in.

    :raises ValueError: if `host` is anything else than an address of this machine alone.
    """
    with contextlib.suppress(ValueError):
        if host == "localhost" or ipaddress.ip_address(host).is_loopback:
            return
    raise ValueError(
        f"{host!r} is not a loopback address: servers of tests listen on this machine only.\n"
        "  Use 127.0.0.1, ::1 or localhost."
    )
