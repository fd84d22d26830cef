"""What is no HTTP, or might be two requests to two parties, is refused and journalled."""

import socket
import unittest
from unittest import mock

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.http.fuzz import Target, requests
from tests.http.support import connected, everything, up
from underlay import UnexpectedRequest
from underlay.http import FakeServer

HEAD = b"POST / HTTP/1.1\r\nHost: x\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"

#: Requests that two parties may take for different ones (RFC 9112, 11.2).
SMUGGLING = {
    "both lengths": HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "both lengths, the other way": HEAD
    + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "two lengths": HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "two lengths in one": HEAD + b"Content-Length: 1, 2\r\n\r\nab",
    "a length with a sign": HEAD + b"Content-Length: +1\r\n\r\na",
    "a negative length": HEAD + b"Content-Length: -1\r\n\r\n",
    "a hexadecimal length": HEAD + b"Content-Length: 0x1\r\n\r\na",
    "a length with a blank in it": HEAD + b"Content-Length: 1 1\r\n\r\n" + b"a" * 11,
    "an empty length": HEAD + b"Content-Length:\r\n\r\n",
    "a length of many digits": HEAD + b"Content-Length: " + b"9" * 30 + b"\r\n\r\n",
    "a coding that is none": HEAD + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "chunked twice": HEAD + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "chunked and more": HEAD + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "two codings": HEAD + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n",
    "a blank before the colon": HEAD + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "chunks in HTTP/1.0": b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a chunk size that is none": CHUNKED + b"ZZ\r\n",
    "a negative chunk size": CHUNKED + b"-1\r\na\r\n0\r\n\r\n",
    "a chunk size with a prefix": CHUNKED + b"0x1\r\na\r\n0\r\n\r\n",
    "an empty chunk size": CHUNKED + b"\r\na\r\n0\r\n\r\n",
    "a chunk size of many digits": CHUNKED + b"F" * 30 + b"\r\n",
    "a chunk that is too long": CHUNKED + b"1\r\nab\r\n0\r\n\r\n",
    "a chunk without its end": CHUNKED + b"1\r\na0\r\n\r\n\r\n",
    "a bare LF after a chunk size": CHUNKED + b"1\na\r\n0\r\n\r\n",
    "a bare LF in a chunk extension": CHUNKED + b"1;a\n2\r\na\r\n0\r\n\r\n",
}

#: What is no request at all.
MALFORMED = {
    "no version": b"GET /\r\n\r\n",
    "no target": b"GET HTTP/1.1\r\nHost: x\r\n\r\n",
    "a version that is none": b"GET / HTTP/x\r\nHost: x\r\n\r\n",
    "two blanks": b"GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
    "a blank in the target": b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n",
    "something after the version": b"GET / HTTP/1.1 x\r\nHost: x\r\n\r\n",
    "a method that is none": b"G(T / HTTP/1.1\r\nHost: x\r\n\r\n",
    "a control character in the target": b"GET /\x01 HTTP/1.1\r\nHost: x\r\n\r\n",
    "a header without colon": b"GET / HTTP/1.1\r\nHost: x\r\nnonsense\r\n\r\n",
    "a header without name": b"GET / HTTP/1.1\r\nHost: x\r\n: a\r\n\r\n",
    "a blank in a name": b"GET / HTTP/1.1\r\nHost: x\r\nX Y: a\r\n\r\n",
    "a blank before the first name": b"GET / HTTP/1.1\r\n Host: x\r\n\r\n",
    "a NUL in a value": b"GET / HTTP/1.1\r\nHost: x\r\nX: a\0b\r\n\r\n",
    "a CR in a value": b"GET / HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
    "a TLS handshake": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "another protocol": b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n\r\n",
    "nothing but zeros": bytes(1000) + b"\r\n\r\n",
}


class Refused(unittest.TestCase):
    def check(self, said):
        with FakeServer() as server:
            server.expect(optional=True)
            with connected(server, said) as sock:
                sock.shutdown(socket.SHUT_WR)
                answer = everything(sock)
            (request,) = server.requests
            with self.assertRaisesRegex(UnexpectedRequest, "not HTTP: "):
                server.verify()
        self.assertRegex(answer, rb"^HTTP/1.1 (400|431|501) ")
        self.assertEqual(1, answer.count(b"Content-Length: "), "There was more than one answer.")
        self.assertEqual(said[:1024], request.body[-len(said) :][:1024])
        return request

    def test_what_may_be_smuggled(self):
        for name, said in SMUGGLING.items():
            with self.subTest(name):
                self.check(said)

    def test_what_is_no_request(self):
        for name, said in MALFORMED.items():
            with self.subTest(name):
                self.check(said)


class Limits(unittest.TestCase):
    def refused(self, *sent):
        with self.assertRaises(UnexpectedRequest) as raised, FakeServer() as server:
            with connected(server, *sent) as sock:
                answer = everything(sock)
            server.verify()
        return answer, str(raised.exception)

    def test_a_head_has_an_end(self):
        answer, told = self.refused(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 100_000)
        self.assertTrue(answer.startswith(b"HTTP/1.1 431 Request Header Fields Too Large\r\n"))
        self.assertIn("the head of the request has more than 65536 bytes", told)

    def test_a_body_has_an_end(self):
        with mock.patch("underlay.http._http1.MAX_BODY", 1000):
            answer, told = self.refused(HEAD + b"Content-Length: 2000\r\n\r\n" + b"x" * 1001)
        self.assertRegex(answer, rb"^HTTP/1.1 413 ")
        self.assertIn("too large: the body has more than 1000 bytes", told)

    def test_so_has_one_in_chunks(self):
        with mock.patch("underlay.http._http1.MAX_BODY", 1000):
            answer, _ = self.refused(CHUNKED + b"400\r\n" + b"x" * 1024 + b"\r\n")
        self.assertRegex(answer, rb"^HTTP/1.1 413 ")


class Fuzzed(unittest.TestCase):
    """A longer run: python -m tests.http.fuzz [seconds]."""

    def setUp(self):
        self.target = up(self, Target())

    @settings(
        max_examples=100,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(requests())
    @example(b"")
    @example(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes(9))
    def test_nothing_stops_the_server(self, said):
        self.target.try_with(said)

    @settings(max_examples=50, deadline=None, database=None)
    @given(st.lists(st.binary(min_size=1, max_size=40), min_size=2, max_size=4))
    def test_it_does_not_matter_how_the_bytes_come(self, parts):
        self.target.try_with(*parts)
