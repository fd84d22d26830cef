"""HTTPServer: what it expects, what it answers, what it tells."""

import re
import socket
import threading
import unittest
import urllib.error
import urllib.request
from unittest import mock

from werkzeug import Request, Response
from werkzeug.exceptions import NotFound, abort

from tests.helpers import Golden
from tests.http.support import ask, nothing_left, threads_and_descriptors, wait_for_threads
from tests.httpserver.support import running
from underlay import StillRunning
from underlay.http import TLS
from underlay.httpserver import (
    HTTPServer,
    HTTPServerError,
    NoHandlerError,
    RequestMatcher,
    WaitingSettings,
)
from underlay.httpserver.httpserver import HandlerType


class ServerTest(unittest.TestCase):
    def setUp(self):
        self.server = running(self)

    def ask(self, path, *arguments, **options):
        return ask(self.server.url_for(path), *arguments, **options)


class Expecting(ServerTest):
    def test_as_often_as_it_likes(self):
        self.server.expect_request("/pay", method="GET").respond_with_data("paid")
        self.assertEqual([(200, "paid")] * 3, [self.ask("/pay") for _ in range(3)])
        self.assertEqual(500, self.ask("/pay", b"")[0])

    def test_once(self):
        for word in ("one", "two"):
            self.server.expect_oneshot_request("/pay").respond_with_data(word)
        self.server.expect_request("/pay").respond_with_data("more")
        self.assertEqual(["one", "two", "more", "more"], [self.ask("/pay")[1] for _ in range(4)])
        self.assertEqual([], self.server.oneshot_handlers)

    def test_in_order_before_all_others(self):
        self.server.expect_request("/two").respond_with_data("permanent")
        for word in ("one", "two"):
            self.server.expect_ordered_request(f"/{word}").respond_with_data(word)
        self.assertEqual(
            ["one", "two", "permanent"], [self.ask(path)[1] for path in ("/one", "/two", "/two")]
        )

    def test_what_comes_out_of_order_spoils_all_that_follows(self):
        self.server.expect_ordered_request("/one").respond_with_data("one")
        self.server.expect_request("/two").respond_with_data("two")
        self.assertEqual([500, 500], [self.ask(path)[0] for path in ("/two", "/one")])
        self.assertEqual(
            (1, True), (len(self.server.ordered_handlers), self.server.permanently_failed)
        )
        with self.assertRaisesRegex(AssertionError, "No handler found"):
            self.server.check()
        with self.assertRaisesRegex(AssertionError, "permanently failed"):
            self.server.check()
        self.server.check()

    def test_a_matcher(self):
        class Even(RequestMatcher):
            def match(self, request):
                return super().match(request) and request.json % 2 == 0

        handler = self.server.expect(Even("/pay"), HandlerType.ONESHOT)
        handler.respond_with_data("even")
        kind = {"Content-Type": "application/json"}
        answers = [self.ask("/pay", body, headers=kind)[0] for body in (b"1", b"[]", b"2", b"2")]
        self.assertEqual([500, 500, 200, 500], answers)

    def test_before_it_runs(self):
        server = HTTPServer()
        server.expect_request("/pay").respond_with_data("paid")
        with server:
            self.assertEqual((200, "paid"), ask(server.url_for("pay")))

    def test_the_lists_may_be_changed(self):
        self.server.expect_request("/pay").respond_with_data("paid")
        self.server.handlers.clear()
        self.assertEqual(500, self.ask("/pay")[0])

    def test_what_is_expected_in_words(self):
        self.server.expect_oneshot_request("/pay")
        told = self.server.format_matchers()
        self.assertRegex(told, "Ordered matchers:\n    none\n\nOneshot matchers:\n    <Req.+'/pay'")

    def test_clear_forgets_everything(self):
        self.server.expect_ordered_request("/pay")
        self.server.no_handler_status_code = 404
        self.assertEqual(404, self.ask("/other")[0])
        self.server.clear()
        self.assertEqual(([], []), (self.server.log, self.server.assertions))
        self.server.check()
        self.assertEqual(500, self.ask("/pay")[0])


class Answering(ServerTest):
    def test_json(self):
        self.server.expect_request("/pay").respond_with_json({"id": 7}, status=201)
        self.assertEqual((201, '{\n    "id": 7\n}'), self.ask("/pay"))

    def test_data_and_headers(self):
        headers = {"X-Shop": ["1", "2"]}
        self.server.expect_request("/pay").respond_with_data(b"paid", 202, headers, "text/x-shop")
        self.assertEqual((202, "paid"), self.ask("/pay"))
        _, response = self.server.log[0]
        self.assertEqual(["1", "2"], response.headers.getlist("X-Shop"))
        self.assertEqual("text/x-shop", response.mimetype)

    def test_no_body_where_there_may_be_none(self):
        self.server.expect_request("/pay").respond_with_data("paid")
        self.assertEqual((200, ""), self.ask("/pay", method="HEAD"))
        self.server.expect_request("/gone").respond_with_data("", 204)
        self.assertEqual((204, ""), self.ask("/gone"))

    def test_the_words_of_a_status(self):
        self.server.expect_request("/pay").respond_with_response(Response(status="402 Pay me"))
        with self.assertRaisesRegex(urllib.error.HTTPError, "Error 402: Pay me") as caught:
            urllib.request.urlopen(self.server.url_for("/pay"))
        caught.exception.close()

    def test_a_response(self):
        parts = (part for part in ("pa", "id"))
        self.server.expect_request("/pay").respond_with_response(Response(parts))
        self.assertEqual((200, "paid"), self.ask("/pay"))

    def test_a_function_of_the_request(self):
        def pay(request):
            return Response(f"{request.form['amount']} from {request.args['who']}", 201)

        self.server.expect_request("/pay").respond_with_handler(pay)
        self.assertEqual((201, "10 from me"), self.ask("/pay?who=me", b"amount=10"))

    def test_a_function_that_returns_text_or_nothing(self):
        for answer in ("paid", None):
            self.server.expect_oneshot_request("").respond_with_handler(lambda _, it=answer: it)
        self.assertEqual([(200, "paid"), (200, "")], [self.ask("/"), self.ask("/")])

    def test_a_function_that_returns_another_application(self):
        self.server.expect_request("/pay").respond_with_handler(lambda request: NotFound())
        self.assertEqual(404, self.ask("/pay")[0])

    def test_a_function_that_returns_what_is_no_answer(self):
        self.server.expect_request("/pay").respond_with_handler(lambda request: {"paid": 10})
        self.assertEqual(500, self.ask("/pay")[0])
        with self.assertRaisesRegex(TypeError, "returned {'paid': 10}: return a Response, or text"):
            self.server.check()

    def test_the_last_answer_that_was_given_counts(self):
        handler = self.server.expect_request("/pay")
        for word in ("one", "two"):
            handler.respond_with_data(word)
            self.assertEqual((200, word), self.ask("/pay"))

    def test_abort_is_an_answer(self):
        self.server.expect_request("/pay").respond_with_handler(lambda request: abort(403))
        self.assertEqual(403, self.ask("/pay")[0])
        with self.assertRaisesRegex(Exception, "403"):
            self.server.check_handler_errors()


class Told(ServerTest):
    def test_assertions_of_handlers(self):
        self.server.expect_request("/pay").respond_with_handler(lambda _: self.fail("provoked"))
        self.assertEqual(500, self.ask("/pay")[0])
        self.server.check_handler_errors()
        with self.assertRaisesRegex(AssertionError, "provoked"):
            self.server.check_assertions()
        self.server.check()

    def test_other_errors_of_handlers_one_after_the_other(self):
        for error in (KeyError("a"), OSError("b")):
            handler = self.server.expect_oneshot_request("/pay")
            handler.respond_with_handler(mock.Mock(side_effect=error))
            self.ask("/pay")
        self.server.check_assertions()
        for kind in (KeyError, OSError):
            with self.assertRaises(kind):
                self.server.check()
        self.server.check()

    def test_an_answer_that_nobody_gave(self):
        self.server.expect_request("/pay")
        self.assertEqual(500, self.ask("/pay")[0])
        with self.assertRaisesRegex(NoHandlerError, "no answer"):
            self.server.check()

    def test_what_is_no_http(self):
        with socket.create_connection((self.server.host, self.server.port)) as sock:
            sock.sendall(b"garbage\r\n\r\n")
            sock.recv(100)
        with self.assertRaisesRegex(AssertionError, "garbage"):
            self.server.check()

    def test_assertions_of_their_own(self):
        for assertion in ("text", AssertionError("text")):
            self.server.add_assertion(assertion)
            with self.assertRaisesRegex(AssertionError, "text"):
                self.server.check_assertions()


class Nearest(ServerTest, Golden):
    def nearest(self, path, *arguments, **options):
        self.ask(path, *arguments, **options)
        told = str(self.server.assertions.pop())
        told = re.sub(r"[^(\s]+test_httpserver.py:\d+", "test_shop.py:7", told)
        return told.replace(self.server.url_for("/"), "http://localhost:4711/")

    def test_it_tells_what_was_expected_instead(self):
        self.server.expect_request("/refund", method="POST").respond_with_data("")
        pay = self.server.expect_request("/pay", "POST", json={"amount": 10}, headers={"A": "1"})
        pay.respond_with_data("")
        self.assertGolden("httpserver-nearest", self.nearest("/pay", b'{"amount": 12}'))

    def test_of_several_it_tells_the_most_alike(self):
        for path in ("/refund", "/pay", "/ship"):
            self.server.expect_request(path)
        self.assertIn("closest: any method /pay", self.nearest("/play"))

    def test_it_tells_of_what_came_already(self):
        self.server.expect_oneshot_request("/pay").respond_with_data("")
        self.server.expect_request("/").respond_with_data("")
        self.ask("/pay")
        self.assertIn("times: wanted at most 1, this is one more", self.nearest("/pay"))

    def test_it_tells_which_is_the_next_in_order(self):
        self.server.expect_ordered_request("/one")
        self.server.expect_ordered_request("/two")
        self.assertRegex(self.nearest("/two"), "closest: any method /one .+\n.+wanted '/one'")

    def test_there_may_be_none(self):
        self.assertRegex(self.nearest("/pay"), "^No handler found for .+ with data b''.$")

    def test_it_tells_of_a_matcher_that_fails(self):
        self.server.expect_request("", headers={"A": "1"}, header_value_matcher=lambda *_: 1 / 0)
        self.assertIn("ZeroDivisionError: division by zero", self.nearest("/pay"))

    def test_it_tells_of_a_matcher_that_says_only_no(self):
        class Nothing(RequestMatcher):
            def match(self, request):
                return False

        self.server.expect(Nothing(""))
        self.assertIn("Nothing.match() finds it different", self.nearest("/pay"))


class Log(ServerTest):
    def test_it_has_each_request_with_its_answer(self):
        self.server.expect_request("/pay").respond_with_data("paid")
        self.ask("/pay")
        self.ask("/other")
        (request, response), (_, refused) = self.server.log
        self.assertEqual(self.server.url_for("/pay"), request.url)
        self.assertEqual((b"paid", 500), (response.data, refused.status_code))

    def test_it_can_be_asked(self):
        self.ask("/pay", b"ten")
        matcher = RequestMatcher("/pay", data="ten")
        self.assertEqual(1, self.server.get_matching_requests_count(matcher))
        [(request, _)] = self.server.iter_matching_requests(matcher)
        self.assertIsInstance(request, Request)
        self.server.assert_request_made(matcher)
        self.server.assert_request_made(RequestMatcher("/other"), count=0)

    def test_it_tells_what_came_instead(self):
        self.ask("/pay")
        with self.assertRaisesRegex(AssertionError, r"(?s)Found 1 similar.+Method: GET"):
            self.server.assert_request_made(RequestMatcher("/pay", "POST"))
        with self.assertRaisesRegex(AssertionError, "No similar"):
            self.server.assert_request_made(RequestMatcher("/other"))


class Wait(ServerTest):
    def test_until_all_has_come(self):
        self.server.expect_oneshot_request("/pay").respond_with_data("")
        with self.server.wait() as waiting:
            with self.assertRaisesRegex(TypeError, "goes on"):
                str(waiting.elapsed_time)
            self.ask("/pay")
        self.assertTrue(waiting.result)
        self.assertLess(waiting.elapsed_time, 5)

    def test_until_something_else_comes(self):
        self.server.expect_oneshot_request("/pay").respond_with_data("")
        with self.assertRaisesRegex(AssertionError, "No handler found"):
            with self.server.wait() as waiting:
                self.ask("/other")
        self.assertFalse(waiting.result)

    def test_something_else_may_be_no_matter(self):
        self.server.expect_oneshot_request("/pay").respond_with_data("")
        with self.server.wait(stop_on_nohandler=False) as waiting:
            self.ask("/other")
            self.ask("/pay")
        self.assertTrue(waiting.result)

    def test_until_the_time_is_up(self):
        self.server.expect_oneshot_request("/pay")
        with self.assertRaisesRegex(AssertionError, "timeout.+\n.+\n.+\n\nOneshot.+\n.+'/pay'"):
            with self.server.wait(timeout=0.01):
                pass

    def test_silently(self):
        settings = WaitingSettings(raise_assertions=False, timeout=0.01)
        server = running(self, HTTPServer(default_waiting_settings=settings))
        with server.wait() as waiting:
            pass
        self.assertFalse(waiting.result)


class Life(unittest.TestCase):
    def test_it_starts_and_stops_at_the_same_port(self):
        server = running(self)
        port = server.port
        server.stop()
        with server:
            self.assertEqual((port, True), (server.port, server.is_running()))
        self.assertFalse(server.is_running())

    def test_it_leaves_nothing(self):
        before = threads_and_descriptors()
        with HTTPServer() as server:
            server.expect_request("/").respond_with_data("")
            ask(server.url_for("/"))
        nothing_left(self, before)

    def test_it_is_in_one_state_at_a_time(self):
        server = running(self)
        with self.assertRaisesRegex(HTTPServerError, "already running"):
            server.start()
        server.stop()
        with self.assertRaisesRegex(HTTPServerError, "not running"):
            server.stop()

    def test_a_readiness_check_that_fails_stops_it(self):
        server = HTTPServer(startup_timeout=5)
        with mock.patch.object(server, "wait_for_server_ready", side_effect=HTTPServerError("no")):
            with self.assertRaisesRegex(HTTPServerError, "no"):
                server.start()
        self.assertFalse(server.is_running())

    def test_it_is_for_this_machine_only(self):
        with self.assertRaisesRegex(ValueError, "loopback"):
            HTTPServer("0.0.0.0").start()

    def test_ipv6(self):
        server = running(self, HTTPServer("::1"))
        self.assertEqual(f"http://[::1]:{server.port}/pay", server.url_for("pay"))
        self.assertEqual(500, ask(server.url_for("pay"))[0])

    def test_tls(self):
        tls = TLS()
        server = running(self, HTTPServer(ssl_context=tls.server_context()))
        server.expect_request("/pay").respond_with_handler(lambda request: request.scheme)
        url = server.url_for("/pay")
        with urllib.request.urlopen(url, context=tls.client_context()) as answer:
            self.assertEqual(b"https", answer.read())

    def test_two_at_once(self):
        one, two = running(self), running(self)
        one.expect_request("/").respond_with_data("")
        self.assertEqual([200, 500], [ask(each.url_for("/"))[0] for each in (one, two)])

    def test_a_handler_that_does_not_return(self):
        """It is cut and named, where pytest-httpserver waits for it."""
        begun, end = threading.Event(), threading.Event()
        wait_for_threads(self)
        self.addCleanup(end.set)
        server = running(self)
        server.expect_request("/").respond_with_handler(lambda _: begun.set() or end.wait())
        with socket.create_connection((server.host, server.port)) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertTrue(begun.wait(10))
            with self.assertRaisesRegex(StillRunning, "GET /"):
                server.stop()
        self.assertFalse(server.is_running())
