"""Handler: a class of `http.server` answers, and what goes wrong in it fails the test."""

import unittest
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler
from wsgiref.validate import validator

from tests.http.support import ask, connected, until, up
from underlay import ApplicationError
from underlay.http import LiveServer
from underlay.wsgi import WSGI, Browser, Handler


class Quiet(BaseHTTPRequestHandler):
    def log_message(self, *arguments):
        pass

    def answer(self, text, *headers):
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text.encode())


class Echo(Quiet):
    """Answers with what it was sent, as far as `http.server` knows it."""

    timeout = 5

    def do_GET(self):
        self.answer(f"{self.path} {self.headers['x-word']}", ("X-A", "1"), ("X-A", "2"))

    do_HEAD = do_GET

    def do_POST(self):
        length = int(self.headers["content-length"])
        self.answer(f"{self.headers['content-type']} {self.rfile.read(length).decode()}")


class Broken(Quiet):
    def do_GET(self):
        raise ZeroDivisionError("oops")

    def do_POST(self):
        pass


class Chunked(Quiet):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self):
        self.answer("3\r\nabc\r\n0\r\n\r\n", ("Transfer-Encoding", "chunked"))


class Answering(unittest.TestCase):
    def setUp(self):
        self.layer = up(self, LiveServer(Handler(Echo)))

    def test_the_handler_sees_path_query_and_headers(self):
        answer = ask(f"{self.layer.url}/a%20b/%C3%BC?x=1&y=%26", headers={"X-Word": "hi"})
        self.assertEqual((200, "/a%20b/%C3%BC?x=1&y=%26 hi"), answer)

    def test_the_handler_reads_the_body(self):
        answer = ask(self.layer.url, "ü".encode(), headers={"Content-Type": "text/plain"})
        self.assertEqual((200, "text/plain ü"), answer)

    def test_a_header_may_come_more_than_once(self):
        with connected(self.layer, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n") as sock:
            head = until(sock, b"\r\n\r\n").lower()
        self.assertIn(b"x-a: 1\r\n", head)
        self.assertIn(b"x-a: 2\r\n", head)

    def test_a_client_may_ask_for_the_head_alone(self):
        self.assertEqual((200, ""), ask(self.layer.url, method="HEAD"))

    def test_a_method_that_it_has_not_is_501(self):
        self.assertEqual(501, ask(self.layer.url, method="PUT")[0])

    def test_a_browser_in_process_needs_no_socket(self):
        browser = up(self, Browser(Handler(Echo))).open("/path")
        self.assertEqual("/path None", browser.contents)

    def test_the_class_is_a_resource(self):
        self.assertIs(Echo, self.layer["request_handler"])

    def test_parts_of_an_answer_are_joined(self):
        """http.server leaves them to the handler, PEP 3333 to the server."""
        live = up(self, LiveServer(Handler(Chunked)))
        self.assertEqual((200, "abc"), ask(live.url))

    def test_a_handler_of_files_works_as_well(self):
        class Files(Quiet, SimpleHTTPRequestHandler):
            def translate_path(self, path):
                return __file__

        live = up(self, LiveServer(Handler(Files)))
        self.assertIn("translate_path", ask(live.url)[1])

    def test_it_keeps_to_pep_3333(self):
        handled = up(self, Handler(Echo)).application
        live = up(self, LiveServer(WSGI(lambda: validator(handled))))
        self.assertEqual((200, "/ None"), ask(f"{live.url}/"))


class Failing(unittest.TestCase):
    def test_what_a_handler_raises_fails_the_test(self):
        for method, told in (("GET", "oops"), ("POST", "Broken has not answered")):
            with self.subTest(method), self.assertRaisesRegex(ApplicationError, told):
                with LiveServer(Handler(Broken)) as live:
                    self.assertEqual(500, ask(live.url, method=method)[0])

    def test_what_is_no_class_of_handlers_is_refused(self):
        for given in (Echo.do_GET, "Echo", unittest.TestCase):
            with (
                self.subTest(given),
                self.assertRaisesRegex(TypeError, "class of request handlers"),
            ):
                Handler(given)
