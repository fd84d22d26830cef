"""Clients: some bring a server into a state in which it is to stop, others load it."""

from __future__ import annotations

import selectors
import socket
import ssl
import time
from collections.abc import Callable

from benchmarks.http.contestants import HELLO

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
GET_AND_CLOSE = GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
UPLOAD = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10000000\r\n\r\n" + bytes(1000)
UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
PATIENCE = 5  # seconds that a client gives a server to answer

Connect = Callable[[], socket.socket]


def over_tcp(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), PATIENCE)


def over_tls(port: int) -> socket.socket:
    context = ssl._create_unverified_context()
    return context.wrap_socket(over_tcp(port), server_hostname="127.0.0.1")


def exchanged(connect: Connect, data: bytes, awaited: bytes) -> socket.socket:
    """A connection on which was said and heard something."""
    sock, received = connect(), b""
    sock.sendall(data)
    while awaited not in received:
        more = sock.recv(1000)
        assert more, received
        received += more
    return sock


def keep_alive(connect: Connect) -> list[socket.socket]:
    return [exchanged(connect, GET, HELLO) for _each in range(50)]


def preconnects(connect: Connect) -> list[socket.socket]:
    return [connect() for _each in range(50)]


def handler_hangs(connect: Connect) -> list[socket.socket]:
    return [exchanged(connect, GET.replace(b"/", b"/hang", 1), b"")]


def mid_upload(connect: Connect) -> list[socket.socket]:
    return [exchanged(connect, UPLOAD, b"")]


def slow_reader(connect: Connect) -> list[socket.socket]:
    return [exchanged(connect, GET.replace(b"/", b"/big", 1), b"HTTP")]


def handshakes(connect: Connect) -> list[socket.socket]:
    return [exchanged(connect, b"\x16\x03\x01", b"") for _each in range(50)]


def websocket(connect: Connect) -> list[socket.socket]:
    return [exchanged(connect, UPGRADE, b" 101 ")]


def event_stream(connect: Connect) -> list[socket.socket]:
    return [exchanged(connect, GET.replace(b"/", b"/events", 1), b"tick")]


STATES: dict[str, Callable[[Connect], list[socket.socket]]] = {
    "idle": lambda connect: [],
    "50 keep-alive": keep_alive,
    "50 preconnects": preconnects,
    "hung handler": handler_hangs,
    "mid-upload": mid_upload,
    "slow reader": slow_reader,
    "50 TLS handshakes": handshakes,
    "WebSocket": websocket,
    "event stream": event_stream,
}


class Load:
    """Clients that ask a server as fast as it answers, each on a connection of its own.

    :param port: of the server.
    :param request: what they say.
    """

    def __init__(self, port: int, request: bytes) -> None:
        self.answers = 0
        self._port = port
        self._request = request
        self._selector = selectors.DefaultSelector()
        self._received: dict[socket.socket, bytes] = {}

    def run(self, seconds: float, clients: int = 16) -> None:
        """Ask for so long; those who wait in vain, as for a place in a queue, give up then."""
        end = time.perf_counter() + seconds
        for _each in range(clients):
            self._connect()
        while (left := end - time.perf_counter()) > 0:
            for key, _events in self._selector.select(left):
                key.data(key.fileobj)
        for sock in tuple(self._received):
            self._end(sock)

    def _connect(self) -> None:
        sock = socket.socket()
        sock.setblocking(False)
        sock.connect_ex(("127.0.0.1", self._port))
        self._received[sock] = b""
        self._selector.register(sock, selectors.EVENT_WRITE, self._connected)

    def _connected(self, sock: socket.socket) -> None:
        self._selector.modify(sock, selectors.EVENT_READ, self._read)
        self._ask(sock)

    def _ask(self, sock: socket.socket) -> None:
        self._received[sock] = b""
        sock.sendall(self._request)

    def _read(self, sock: socket.socket) -> None:
        data = sock.recv(4096)
        received = self._received[sock] = self._received[sock] + data
        if not received.endswith(HELLO):
            assert data, received
            return
        self.answers += 1
        if self._request is GET_AND_CLOSE or _closes(received):
            self._end(sock)
            self._connect()
        else:
            self._ask(sock)

    def _end(self, sock: socket.socket) -> None:
        del self._received[sock]
        self._selector.unregister(sock)
        sock.close()


def _closes(answer: bytes) -> bool:
    """Whether the server says that it ends the connection with this answer."""
    return answer.startswith(b"HTTP/1.0") or b"connection: close" in answer.lower()
