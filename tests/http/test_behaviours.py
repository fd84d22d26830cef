"""Behaviours, each as the client sees it on the wire."""

import http.client
import unittest

from tests.http.support import ask, up
from underlay.http import (
    FakeServer,
    Response,
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

    def test_one_of_your_own_is_a_class_with_one_method(self):
        class teapot:
            async def play(self, exchange):
                await exchange.send(Response(418))

        self.then(teapot())
        self.assertEqual((418, ""), ask(self.server.url))

    def test_a_function_may_return_a_behaviour(self):
        self.then(lambda request: respond(404)).then(lambda request: b"data")
        self.assertEqual([(404, ""), (200, "data")], [ask(self.server.url) for _each in range(2)])

    def test_they_tell_what_they_do(self):
        self.assertEqual("respond(200, b'Hello')", repr(respond(text="Hello")))

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
