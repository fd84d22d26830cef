"""Behaviours, each as the client sees it on the wire."""

import http.client
import socket
import time
import unittest

from tests.http.support import GET, ask, connected, everything, until, up
from underlay.http import (
    Behaviour,
    FakeServer,
    Response,
    call,
    close_connection,
    delay,
    hang,
    reset_connection,
    respond,
)


class Behaviours(unittest.TestCase):
    def setUp(self):
        self.server = up(self, FakeServer())

    def then(self, *behaviours, **answer):
        return self.server.expect("GET", "/").then(*behaviours, **answer)

    def test_respond_answers(self):
        self.then(respond(201, json=[1], headers={"X-A": "b"}))
        connection = http.client.HTTPConnection(self.server.host, self.server.port)
        self.addCleanup(connection.close)
        connection.request("GET", "/")
        answer = connection.getresponse()
        self.assertEqual((201, "b", b"[1]"), (answer.status, answer.headers["X-A"], answer.read()))

    def test_reset_connection_sends_a_reset(self):
        self.then(reset_connection())
        with connected(self.server, GET) as sock, self.assertRaises(ConnectionResetError):
            sock.recv(100)

    def test_close_connection_is_an_empty_reply(self):
        self.then(close_connection())
        with connected(self.server, GET) as sock:
            self.assertEqual(b"", everything(sock))

    def test_http_client_calls_it_a_disconnect(self):
        self.then(close_connection())
        with self.assertRaises(http.client.RemoteDisconnected):
            ask(self.server.url)

    def test_hang_never_answers(self):
        self.then(hang())
        with connected(self.server, GET) as sock:
            sock.settimeout(0.05)
            self.assertRaises(socket.timeout, sock.recv, 100)

    def test_delay_waits_before_the_answer(self):
        self.then(delay(0.05), text="Hello")
        began = time.perf_counter()
        with connected(self.server, GET) as sock:
            until(sock, b"Hello")
        self.assertGreaterEqual(time.perf_counter() - began, 0.05)

    def test_a_delayed_answer_does_not_delay_the_others(self):
        self.server.expect("GET", "/slow").then(hang())
        self.then(text="Hello")
        with connected(self.server, GET.replace(b"/ ", b"/slow ")):
            self.assertEqual((200, "Hello"), ask(self.server.url))

    def test_a_client_that_gives_up_is_no_problem(self):
        self.then(delay(0.01), text="Hello")
        with connected(self.server, GET):
            pass
        self.server.verify()

    def test_one_of_your_own_is_a_class_with_one_method(self):
        class teapot:
            async def play(self, exchange):
                await exchange.send(Response(418))

        self.then(teapot())
        self.assertEqual((418, ""), ask(self.server.url))

    def test_a_function_may_return_a_behaviour(self):
        self.then(lambda request: respond(404)).then(lambda request: b"data")
        self.assertEqual([(404, ""), (200, "data")], [ask(self.server.url) for _each in range(2)])

    def test_all_of_them_are_behaviours(self):
        for each in (
            respond(),
            call(str),
            delay(1),
            hang(),
            close_connection(),
            reset_connection(),
        ):
            with self.subTest(each):
                self.assertIsInstance(each, Behaviour)

    def test_they_tell_what_they_do(self):
        self.assertEqual("respond(200, b'Hello')", repr(respond(text="Hello")))
        self.assertEqual("delay(seconds=0.5)", repr(delay(0.5)))

    def test_a_status_that_is_none_is_refused(self):
        for status in (0, 99, 101, 1000, "200"):
            with self.subTest(status), self.assertRaisesRegex(ValueError, "not the status"):
                respond(status)

    def test_a_body_of_another_type_is_refused_at_once(self):
        for wrong, message in (
            ({"data": "x"}, "data is bytes, not 'x'; pass text as text="),
            ({"text": b"x"}, "text is text, not b'x'; pass bytes as data="),
            ({"json": object()}, "not JSON serializable"),
            ({"headers": {"X": 1}}, "name and value are text"),
        ):
            with self.subTest(wrong), self.assertRaisesRegex(TypeError, message):
                respond(**wrong)
        with self.assertRaisesRegex(TypeError, "is bytes, not 'x'"):
            Response(body="x")

    def test_a_delay_is_a_number_of_seconds(self):
        self.assertRaisesRegex(TypeError, "a number of seconds, not 'a'", delay, "a")
        self.assertRaisesRegex(ValueError, "0 seconds or more, not -1", delay, -1)
