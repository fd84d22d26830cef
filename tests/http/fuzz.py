"""A fuzzer for what servers read: nothing a client says may hang or end a server.

    python -m tests.http.fuzz [seconds]

changes valid and malformed requests of HTTP/1 and HTTP/2 by chance, for ten minutes by default, and
prints the first bytes after which the server does not answer, or has failed.
"""

import random
import socket
import sys
import time

import h2.connection
from hypothesis import strategies as st

from underlay import LayerError
from underlay.http import FakeServer

GOOD = b"GET /alive HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"

#: What requests are made of.
WORDS = (
    *(b"GET ", b"POST ", b"PUT ", b"HEAD ", b"OPTIONS * ", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    *(b"/ ", b"/a?b=c ", b"http://x/ ", b"* ", b"HTTP/1.1\r\n", b"HTTP/1.0\r\n", b"HTTP/9.9\r\n"),
    *(b"Host: x\r\n", b"Content-Length: 5\r\n", b"Content-Length: 0\r\n", b"Expect: 100-continue"),
    *(b"Transfer-Encoding: chunked\r\n", b"Connection: close\r\n", b"Connection: Upgrade\r\n"),
    *(b"Upgrade: websocket\r\n", b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"),
    *(b"\r\n", b"\n", b"\r", b"\0", b" ", b"\t", b":", b";", b"\xff", b"\xc3\xbc", b"%00", b"%zz"),
    *(
        b"5\r\nhello\r\n",
        b"0\r\n\r\n",
        b"FFFFFFFFFFFFFFFF\r\n",
        b"-1\r\n",
        b"\x81\x85",
        b"\x88\x80",
    ),
)


def valid():
    """Some requests that are whole."""
    client = h2.connection.H2Connection()
    client.initiate_connection()
    pseudo = {":method": "POST", ":path": "/", ":authority": "x", ":scheme": "http"}
    client.send_headers(1, list(pseudo.items()))
    client.send_data(1, b"hello", end_stream=True)
    return (
        GOOD,
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello" + GOOD,
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        client.data_to_send(),
    )


def requests():
    """For Hypothesis: requests, whole, torn and made up."""
    made_up = st.lists(st.one_of(st.sampled_from(WORDS), st.binary(max_size=8)), max_size=20)
    return st.one_of(
        st.builds(b"".join, made_up),
        st.builds(changed, st.sampled_from(valid()), st.randoms(use_true_random=False)),
    )


def changed(said, chance):
    """A request with some of its bytes cut, doubled, replaced or followed by others."""
    for _each in range(chance.randint(1, 4)):
        start = chance.randint(0, len(said))
        end = min(len(said), start + chance.randint(0, 8))
        piece = chance.choice(
            (b"", said[start:end] * 2, chance.choice(WORDS), bytes([chance.randrange(256)]))
        )
        said = said[:start] + piece + said[end:]
    return said


class Target(FakeServer):
    """A server that answers everything, and takes malformed requests for granted."""

    def setUp(self):
        self.expect().then(text="Hello")

    def verify(self):
        """What clients say wrong is no news here."""

    def try_with(self, *parts):
        """Say something, then see whether the server is still well.

        :raises AssertionError: if it is not.
        """
        said = b"".join(parts)
        with socket.create_connection((self.host, self.port), timeout=10) as sock:
            try:
                for part in parts:
                    sock.sendall(part)
                sock.shutdown(socket.SHUT_WR)
                while sock.recv(65536):
                    pass
            except TimeoutError as error:
                raise AssertionError(f"It neither answers nor closes after {said!r}.") from error
            except OSError:  # it may well reset the connection
                pass
        with socket.create_connection((self.host, self.port), timeout=10) as sock:
            sock.sendall(GOOD)
            assert b"200" in sock.recv(65536), f"It does not answer any more after {said!r}."
        for problem in self._take_problems():
            assert type(problem) is not LayerError, f"{problem} after {said!r}"


def main(seconds):
    chance, tried, end = random.Random(), 0, time.monotonic() + seconds
    seeds = valid()
    with Target() as target:
        while time.monotonic() < end:
            if chance.random() < 0.5:
                said = changed(chance.choice(seeds), chance)
            else:
                said = b"".join(chance.choices(WORDS, k=chance.randint(1, 20)))
            target.try_with(said)
            target._playbook.restart()
            tried += 1
    print(f"{tried} requests, and the server is well.")


if __name__ == "__main__":
    main(float(sys.argv[1]) if sys.argv[1:] else 600)
