"""Behaviours, each as the client sees it on the wire."""

import asyncio
import functools
import gzip
import threading

import webob

from tests.http.support import Answering, ask
from underlay._errors import AnswerFailed
from underlay.http import (
    Behaviour,
    Response,
    call,
    delay,
    event_stream,
    gzipped,
    redirect,
    reset_connection,
    respond,
    send_file,
    stream,
    wsgi,
)
from underlay.http.behaviours import accepts_gzip


class Behaviours(Answering):
    def test_respond_answers(self):
        self.then(respond(201, json=[1], headers={"X-A": "b"}))
        answer = self.answer()
        self.assertEqual((201, "b", b"[1]"), (answer.status, answer.headers["X-A"], answer.body))

    def test_a_header_may_come_more_than_once(self):
        pairs = [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")]
        for headers in ({"Set-Cookie": ["a=1", "b=2"]}, pairs, iter(pairs)):
            with self.subTest(headers):
                self.server.expect("GET", "/", times=1).then(text="Hello", headers=headers)
                self.assertEqual(["a=1", "b=2"], self.answer().headers.get_all("Set-Cookie"))

    def test_a_redirect_leads_to_another_path_of_the_server(self):
        self.then(redirect("/new"))
        self.server.expect("GET", "/new").then(text="here")
        self.assertEqual((200, "here"), ask(self.server.url))
        self.assertEqual(308, redirect("/new", 308).status)
        self.assertRaisesRegex(
            ValueError, "200 is not the status of a redirect", redirect, "/", 200
        )

    def test_one_of_your_own_is_a_class_with_one_method(self):
        class teapot:
            async def play(self, exchange):
                await exchange.send(Response(418))

        self.then(teapot())
        self.assertEqual((418, ""), ask(self.server.url))

    def test_a_function_may_return_a_behaviour(self):
        self.then(lambda request: respond(404)).then(lambda request: b"data")
        self.assertEqual([(404, ""), (200, "data")], [ask(self.server.url) for _each in range(2)])

    def test_a_coroutine_function_answers_in_the_event_loop(self):
        async def slow(request):
            await asyncio.sleep(0)
            return {"path": request.path}

        self.then(slow)
        self.assertEqual((200, '{"path": "/"}'), ask(self.server.url))

    def test_what_it_raises_fails_the_test(self):
        async def broken(request):
            raise KeyError("id")

        self.then(broken)
        self.assertEqual(500, ask(self.server.url)[0])
        with self.assertRaisesRegex(AnswerFailed, "KeyError: 'id'\n.* in broken"):
            self.server.check()

    def test_all_of_them_are_behaviours(self):
        for each in (respond(), redirect("/"), call(str), wsgi(str), gzipped(), stream([])):
            with self.subTest(each):
                self.assertIsInstance(each, Behaviour)

    def test_nothing_can_follow_an_answer(self):
        answers = respond(), call(str), wsgi(str), stream([]), event_stream([]), send_file(__file__)
        for each in answers:
            with self.subTest(each), self.assertRaisesRegex(TypeError, "Nothing can come after"):
                self.server.expect(optional=True).then(each, delay(1))

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


class WSGI(Answering):
    """Applications as answers, such as the responses of WebOb and Werkzeug."""

    def test_a_response_of_webob_is_an_answer(self):
        response = webob.Response("Hello", status=201)
        response.headers.add("X-A", "b")
        response.headers.add("X-A", "c")
        self.then(response)
        answer = self.answer()
        self.assertEqual((201, b"Hello"), (answer.status, answer.body))
        self.assertEqual(["b", "c"], answer.headers.get_all("X-A"))

    def test_a_handler_may_return_one(self):
        self.then(lambda request: webob.Response(f"You asked for {request.path}"))
        self.assertEqual((200, "You asked for /"), ask(self.server.url))

    def test_an_application_is_told_from_a_function_of_the_request(self):
        def application(environ, start_response):
            start_response("202 Accepted", [("Content-Length", "2")])
            return [environ["REQUEST_METHOD"][:2].encode()]

        def handler(request, status=203):
            return respond(status)

        self.then(application).then(handler).then(functools.partial(handler, status=204))
        statuses = [ask(self.server.url)[0] for _each in range(3)]
        self.assertEqual([202, 203, 204], statuses)

    def test_what_it_raises_fails_the_test(self):
        def application(environ, start_response):
            raise KeyError("id")

        self.then(application)
        self.assertEqual(500, ask(self.server.url)[0])
        with self.assertRaisesRegex(AnswerFailed, "KeyError: 'id'\n.* in application"):
            self.server.check()

    def test_what_it_raises_in_the_middle_of_its_body_does_so_as_well(self):
        def application(environ, start_response):
            start_response("200 OK", [])
            yield b"begun"
            raise KeyError("id")

        self.then(application)
        with self.assertRaises(ConnectionResetError):
            self.answer()
        with self.assertRaisesRegex(AnswerFailed, "KeyError: 'id'\n.* in application"):
            self.server.check()

    def test_what_closing_its_body_raises_does_so_as_well(self):
        class Body(list):
            def close(self):
                answered.wait(10)
                raise KeyError("id")

        def application(environ, start_response):
            start_response("200 OK", [("Content-Length", "5")])
            return Body([b"Hello"])

        answered = threading.Event()
        self.then(application)
        self.assertEqual(b"Hello", self.answer().body)
        answered.set()
        with self.assertRaisesRegex(AnswerFailed, "KeyError: 'id'\n.* in close"):
            self.server.check()

    def test_faults_can_come_before_it(self):
        self.then(reset_connection(after=2), webob.Response("Hello"))
        with self.assertRaises(ConnectionResetError):
            self.answer()


class Gzip(Answering):
    def test_the_answer_is_compressed_for_a_client_that_accepts_it(self):
        self.then(gzipped(), text="Hello" * 100)
        answer = self.answer(**{"Accept-Encoding": "deflate, gzip;q=0.5"})
        self.assertEqual("gzip", answer.headers["Content-Encoding"])
        self.assertEqual("Accept-Encoding", answer.headers["Vary"])
        self.assertEqual(b"Hello" * 100, gzip.decompress(answer.body))

    def test_and_as_it_is_for_one_that_does_not(self):
        self.then(gzipped(), text="Hello")
        answer = self.answer(**{"Accept-Encoding": "identity"})
        self.assertEqual((None, b"Hello"), (answer.headers["Content-Encoding"], answer.body))

    def test_it_can_be_forced(self):
        self.then(gzipped(force=True), text="Hello")
        answer = self.answer(**{"Accept-Encoding": "identity"})
        self.assertEqual(b"Hello", gzip.decompress(answer.body))

    def test_a_stream_is_compressed_part_by_part(self):
        self.then(gzipped(force=True), stream(["Hel", "lo"]))
        self.assertEqual(b"Hello", gzip.decompress(self.answer().body))

    def test_what_a_client_accepts_is_in_its_header(self):
        for header, accepted in (
            ("gzip", True),
            ("GZIP ; q=0.1", True),
            ("br, *", True),
            ("*;q=0", False),
            ("gzip;q=0.0, *", False),
            ("br", False),
            ("", False),
        ):
            with self.subTest(header):
                self.assertEqual(accepted, accepts_gzip(header))
