"""What the tests of this room share: clients that say what they saw, and golden messages."""

import contextlib
import http.client
import os
import re
import shutil
import socket
import struct
import threading
import unittest
import urllib.error
import urllib.request

import h2.config
import h2.connection

from tests import helpers
from underlay.http import FakeServer

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


def up(case, layer):
    """The layer, up for the running test, verified and down again afterwards."""
    layer.__enter__()
    case.addCleanup(layer.__exit__, None, None, None)
    return layer


class Answering(unittest.TestCase):
    """Base: a fake server, and what a client gets from it."""

    def setUp(self):
        self.server = up(self, FakeServer())

    def then(self, *behaviours, **answer):
        return self.server.expect("GET", "/").then(*behaviours, **answer)

    def answer(self, method="GET", **headers):
        """The answer as http.client has it, its body read."""
        connection = http.client.HTTPConnection(self.server.host, self.server.port, timeout=10)
        self.addCleanup(connection.close)
        connection.request(method, "/", headers=headers)
        answer = connection.getresponse()
        answer.body = answer.read()
        return answer


def ask(url, body=None, method=None, headers=()):
    """Status and text of the answer."""
    request = urllib.request.Request(url, body, dict(headers), method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


@contextlib.contextmanager
def connected(layer, *sent):
    """A socket that has sent these bytes."""
    with socket.create_connection((layer.host, layer.port), timeout=10) as sock:
        for data in sent:
            sock.sendall(data)
        yield sock


def reset(sock):
    """Close with RST instead of FIN."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


class HTTP2Client:
    """HTTP/2 with prior knowledge, event by event."""

    def __init__(self, server):
        self.sock = socket.create_connection((server.host, server.port), timeout=10)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self.h2.initiate_connection()
        self.flush()

    def flush(self):
        self.sock.sendall(self.h2.data_to_send())

    def ask(self, path="/"):
        """Send a request without a body; the number of its stream."""
        return self._begin("GET", path, end_stream=True)

    def begin(self, path="/"):
        """Send the head of an upload; the number of its stream."""
        return self._begin("PUT", path)

    def _begin(self, method, path, **options):
        number = self.h2.get_next_available_stream_id()
        pseudo = {":method": method, ":path": path, ":authority": "x", ":scheme": "http"}
        self.h2.send_headers(number, list(pseudo.items()), **options)
        self.flush()
        return number

    def fill(self, number):
        """Send as much of a body as the server takes now; how many bytes that are."""
        sent = 0
        while room := self.h2.local_flow_control_window(number):
            data = bytes(min(room, self.h2.max_outbound_frame_size))
            self.h2.send_data(number, data)
            self.flush()
            sent += len(data)
        return sent

    def until(self, *kinds):
        """The events up to one of these kinds."""
        seen = []
        while not any(isinstance(event, kinds) for event in seen):
            data = self.sock.recv(65536)
            if not data:
                return seen
            seen.extend(self.h2.receive_data(data))
            with contextlib.suppress(ConnectionError):  # the server may have gone
                self.flush()
        return seen

    def close(self):
        self.sock.close()


def everything(sock):
    """All that comes until the server closes."""
    return b"".join(iter(lambda: sock.recv(65536), b""))


def until(sock, end):
    """What comes up to and with these bytes."""
    received = b""
    while end not in received:
        more = sock.recv(65536)
        assert more, f"The connection ended after {received!r}."
        received += more
    return received


def threads_and_descriptors():
    return threading.active_count(), len(os.listdir("/dev/fd"))


def wait_for_threads(case):
    """Let the threads that the test releases in its clean-ups end with the test."""
    before = set(threading.enumerate())

    def join():
        for thread in set(threading.enumerate()) - before:
            thread.join(5)

    case.addCleanup(join)


def nothing_left(case, before):
    """No more threads and descriptors than before; of other tests some may just have ended."""
    for left, there_was in zip(threads_and_descriptors(), before, strict=True):
        case.assertLessEqual(left, there_was)


class Golden(helpers.Golden):
    """For messages of this room: in their files lines have no numbers, layers live in an app."""

    def assertGolden(self, name, text):
        text = re.sub(r"[^\s(]*(test_\w+\.py):\d+", r"\1:N", str(text))
        text = re.sub(r"<(\w+) [\w.]+\.(\w+)>", r"<\1 app.testing.\2>", text)
        super().assertGolden(f"http-{name}", text)


def program(name):
    """The path of a program that no package index carries."""
    path = shutil.which(name)
    assert path, f"These tests need {name}: apt-get install --no-install-recommends {name}"
    return path
