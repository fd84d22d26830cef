"""HTTP/1 on a socket: what the server answers byte by byte, and what it makes of bad input."""

import unittest

from tests.http.support import GET, connected, everything, until, up
from underlay import UnexpectedRequest
from underlay.http import FakeServer, delay, respond


class Conversation(unittest.TestCase):
    def setUp(self):
        self.server = up(self, FakeServer())

    def answering(self, method="GET", **answer):
        self.server.expect(method, "/").then(**{"text": "Hello", **answer})

    def test_a_connection_is_kept_alive(self):
        self.answering()
        with connected(self.server) as sock:
            for _request in range(3):
                sock.sendall(GET)
                self.assertIn(b"HTTP/1.1 200", until(sock, b"Hello"))

    def test_pipelined_requests_are_answered_in_order(self):
        """Far more of them than Python's stack is deep."""
        self.server.expect("GET", "/").then(lambda request: "first").then(text="next")
        with connected(
            self.server, GET * 1500, GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        ) as sock:
            answers = everything(sock)
        self.assertEqual(1501, answers.count(b"HTTP/1.1 200"))
        self.assertLess(answers.index(b"first"), answers.index(b"next"))

    def test_http_1_0_is_answered_and_closed(self):
        self.answering()
        with connected(self.server, b"GET / HTTP/1.0\r\n\r\n") as sock:
            self.assertTrue(everything(sock).endswith(b"\r\n\r\nHello"))

    def test_head_has_the_headers_only(self):
        self.answering("HEAD")
        with connected(
            self.server, b"HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        ) as sock:
            answer = everything(sock)
        self.assertIn(b"Content-Length: 5", answer)
        self.assertTrue(answer.endswith(b"\r\n\r\n"))

    def test_204_and_304_have_neither_body_nor_length(self):
        for status in (204, 304):
            with self.subTest(status):
                self.server.expect("GET", "/", times=1).then(status=status)
                with connected(self.server, GET) as sock:
                    self.assertNotIn(b"Content-Length", until(sock, b"\r\n\r\n"))

    def test_a_status_has_the_reason_phrase_of_the_standard(self):
        for status, line in (
            (200, b"HTTP/1.1 200 OK\r\n"),
            (503, b"HTTP/1.1 503 Service Unavailable\r\n"),
            (799, b"HTTP/1.1 799 \r\n"),
        ):
            with self.subTest(status):
                self.server.expect("GET", "/", times=1).then(status=status)
                with connected(self.server, GET) as sock:
                    self.assertTrue(until(sock, b"\r\n\r\n").startswith(line))

    def test_an_upload_may_ask_for_permission(self):
        self.server.expect("POST", "/", body="data").then(text="Hello")
        head = b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"
        with connected(self.server, head) as sock:
            self.assertIn(b"100 Continue", until(sock, b"\r\n\r\n"))
            sock.sendall(b"data")
            until(sock, b"Hello")

    def test_an_upload_may_come_in_chunks(self):
        self.server.expect("POST", "/", body="spam and eggs").then(text="Hello")
        head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        with connected(self.server, head, b"4\r\nspam\r\n", b"9\r\n and eggs\r\n0\r\n\r\n") as sock:
            until(sock, b"Hello")

    def test_a_client_may_close_its_half_and_listen(self):
        self.server.expect("GET", "/").then(delay(0.01), text="Hello")
        with connected(self.server, GET) as sock:
            sock.shutdown(1)
            self.assertIn(b"Hello", everything(sock))

    def test_a_large_body_arrives_whole(self):
        body = bytes(range(256)) * 4096
        self.answering(text=None, data=body)
        with connected(self.server, b"GET / HTTP/1.0\r\n\r\n") as sock:
            self.assertTrue(everything(sock).endswith(b"\r\n\r\n" + body))

    def test_the_request_is_told_as_it_came(self):
        self.server.expect().then(text="Hello")
        line = b"PUT /a%20b?x=1&x=2&y=%C3%BC HTTP/1.1\r\n"
        headers = b"Host: x\r\nX-A: 1\r\nx-a: 2\r\nContent-Length: 2\r\n\r\n"
        with connected(self.server, line, headers, b"{}") as sock:
            until(sock, b"Hello")
        (seen,) = self.server.requests
        self.assertEqual(
            ("PUT", "/a b", "/a%20b?x=1&x=2&y=%C3%BC"), (seen.method, seen.path, seen.target)
        )
        self.assertEqual((["1", "2"], "ü"), (seen.query.all("x"), seen.query["y"]))
        self.assertEqual(("1", ["1", "2"]), (seen.headers["X-a"], seen.headers.all("X-A")))
        self.assertEqual((b"{}", "{}", {}), (seen.body, seen.text, seen.json()))
        self.assertEqual(["x", "y"], list(seen.query))

        self.assertEqual(
            (2, "Fields([('x', '1'), ('x', '2'), ('y', 'ü')])"), (len(seen.query), repr(seen.query))
        )
        self.assertRaises(KeyError, seen.headers.__getitem__, "X-B")

    def test_a_target_in_absolute_form_has_a_path_too(self):
        self.server.expect("GET", "/pay", query={"a": "1"}).then(text="Hello")
        with connected(self.server, GET.replace(b"/ ", b"http://x/pay?a=1 ", 1)) as sock:
            until(sock, b"Hello")


class BadInput(unittest.TestCase):
    def refused(self, *sent, status=b"400"):
        """The journal after a conversation which the server must end with an error."""
        with self.assertRaises(UnexpectedRequest) as raised, FakeServer() as server:
            with connected(server, *sent) as sock:
                answer = everything(sock)
            journal = server.requests
            server.verify()
        self.assertRegex(answer, rb"^HTTP/1.1 " + status + rb" \w+")
        self.assertIn("not HTTP: ", str(raised.exception))
        return journal

    def test_garbage_is_answered_with_400_journalled_and_told(self):
        (request,) = self.refused(b"\x16\x03\x01\x02\x00\x01\r\n\r\n")
        self.assertEqual(b"\x16\x03\x01\x02\x00\x01\r\n\r\n", request.body)
        self.assertTrue(request.problem.startswith("not HTTP: "))

    def test_a_bad_chunk_is_refused(self):
        head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
        with FakeServer() as server:
            with connected(server, head, b"ZZ\r\n") as sock:
                self.assertIn(b"HTTP/1.1 400", everything(sock))
            (request,) = server.requests
            self.assertEqual("POST", request.method)
            self.assertRaises(UnexpectedRequest, server.verify)

    def test_nonsense_after_a_request_is_refused_after_its_answer(self):
        with FakeServer() as server:
            server.expect("GET", "/").then(delay(0.01), text="Hello")
            with connected(server, GET + b"nonsense\r\n\r\n") as sock:
                answers = everything(sock)
            self.assertLess(answers.index(b"Hello"), answers.index(b"HTTP/1.1 400"))
            self.assertRaises(UnexpectedRequest, server.verify)

    def test_two_lengths_are_refused(self):
        self.refused(
            b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"
        )

    def test_a_request_without_host_is_refused(self):
        self.refused(b"GET / HTTP/1.1\r\n\r\n")

    def test_endless_headers_are_refused(self):
        self.refused(b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 100_000, status=b"431")

    def test_an_upload_that_breaks_off_is_journalled(self):
        with FakeServer() as server:
            with connected(
                server, b"POST /up HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n123"
            ):
                pass
            server.verify()
            (request,) = server.requests
        self.assertEqual("broken off by the client", request.problem)
        self.assertEqual(("POST", b"123"), (request.method, request.body))

    def test_a_header_that_is_none_cannot_be_sent(self):
        for headers in ({"X": "a\r\nb"}, {"X y": "a"}, {"X": "\N{SNOWMAN}"}):
            with self.subTest(headers), self.assertRaises(ValueError):
                respond(headers=headers)
