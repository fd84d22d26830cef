"""FakeServer: what it is asked and answers, and how a test learns that it was asked wrongly."""

import asyncio
import sys
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor
from unittest import mock

from tests.http.support import (
    GET,
    Golden,
    ask,
    connected,
    everything,
    nothing_left,
    threads_and_descriptors,
    up,
    wait_for_threads,
)
from underlay._errors import (
    AnswerFailed,
    ExtraMissing,
    LayerError,
    NotReady,
    ResourceMissing,
    SeveralProblems,
    StillRunning,
    UnexpectedRequest,
    UnmetExpectation,
)
from underlay.http import Expectation, FakeServer, hang, reset_connection, respond


class Up(Golden):
    def setUp(self):
        wait_for_threads(self)
        self.server = up(self, FakeServer(name="PAYMENTS"))

    def ask(self, path="/", body=None, **options):
        return ask(self.server.url + path, body, **options)

    def problem(self, kind=LayerError):
        with self.assertRaises(kind) as raised:
            self.server.verify()
        return raised.exception


class Resources(unittest.TestCase):
    def test_it_has_no_url_before_and_after(self):
        server = FakeServer()
        self.assertRaises(ResourceMissing, lambda: server.url)
        with server:
            self.assertEqual(f"http://127.0.0.1:{server.port}", server.url)
        self.assertRaises(ResourceMissing, lambda: server.url)

    def test_without_h11_the_extra_is_named(self):
        server = FakeServer()
        with mock.patch.dict(sys.modules, {"h11": None}):
            for module in ("_http1", "_negotiating"):
                sys.modules.pop(f"underlay.http.{module}", None)
            with self.assertRaisesRegex(ExtraMissing, r"FakeServer needs h11: .*underlay\[http\]"):
                server.setUp()

    def test_it_has_the_resources_of_gocept_httpserverlayer(self):
        with FakeServer() as server:
            self.assertEqual(("127.0.0.1", server.port), (server["http_host"], server["http_port"]))
            self.assertEqual(f"127.0.0.1:{server.port}", server["http_address"])

    def test_it_can_be_set_up_again(self):
        server = FakeServer()
        for _each in range(2):
            with server:
                server.expect("GET", "/").then(text="Hello")
                self.assertEqual((200, "Hello"), ask(server.url))

    def test_other_addresses_than_loopback_are_refused_at_once(self):
        with self.assertRaisesRegex(ValueError, "127.0.0.1, ::1 or localhost"):
            FakeServer(host="0.0.0.0")

    def test_two_at_once_know_nothing_of_each_other(self):
        with FakeServer() as one, FakeServer() as other:
            one.expect("GET", "/").then(text="one")
            other.expect("GET", "/").then(text="other")
            self.assertEqual("one", ask(one.url)[1])
            self.assertEqual("other", ask(other.url)[1])
            self.assertEqual([1, 1], [len(one.requests), len(other.requests)])

    def test_nothing_is_left_of_it(self):
        before = threads_and_descriptors()
        for _cycle in range(20):
            with FakeServer() as server, connected(server):
                server.expect("GET", "/").then(lambda request: "Hello")
                ask(server.url)
        nothing_left(self, before)

    def test_a_port_is_given_by_name(self):
        for wrong in (8080, "localhost"):
            with self.subTest(wrong), self.assertRaisesRegex(TypeError, r"FakeServer\(port=8080\)"):
                FakeServer(wrong)

    def test_numbers_that_are_none_are_refused_at_once(self):
        for kind, wrong in (
            (TypeError, {"port": "8080"}),
            (ValueError, {"port": 65536}),
            (TypeError, {"patience": "a"}),
            (ValueError, {"patience": -1}),
            (ValueError, {"patience": float("nan")}),
        ):
            with self.subTest(wrong), self.assertRaisesRegex(kind, *wrong):
                FakeServer(**wrong)

    def test_an_expectation_needs_a_server_that_is_up(self):
        with self.assertRaisesRegex(LayerError, "is not set up"):
            FakeServer().expect("GET", "/")


class Answers(Up):
    def test_the_code_under_test_may_retry_after_a_reset(self):
        api = self.server.expect("POST", "/charge")
        api.then(reset_connection()).then(json={"id": 7})
        with self.assertRaises(ConnectionResetError):
            self.ask("/charge", b"")
        self.assertEqual((200, '{"id": 7}'), self.ask("/charge", b""))
        self.assertEqual(2, api.calls)

    def test_every_kind_of_body_has_its_content_type(self):
        for answer, kind, body in (
            ({"json": {"id": 7}}, "application/json", b'{"id": 7}'),
            ({"text": "ü"}, "text/plain; charset=utf-8", "ü".encode()),
            ({"data": b"\xff"}, None, b"\xff"),
            ({"text": "<p>", "headers": {"content-type": "text/html"}}, "text/html", b"<p>"),
        ):
            with self.subTest(answer):
                response = respond(**answer)
                headers = {name.lower(): value for name, value in response.headers}
                self.assertEqual((kind, body), (headers.get("content-type"), response.body))

    def test_without_an_answer_it_is_200_and_empty(self):
        self.server.expect("GET", "/")
        self.assertEqual((200, ""), self.ask())

    def test_the_last_answer_repeats(self):
        self.server.expect("GET", "/").then(status=503).then(text="at last")
        answers = [self.ask() for _each in range(3)]
        self.assertEqual([(503, ""), (200, "at last"), (200, "at last")], answers)

    def test_a_function_of_the_request_may_answer(self):
        self.server.expect("POST").then(lambda request: {"twice": request.json() * 2})
        self.assertEqual((200, '{"twice": 42}'), self.ask("/x", b"21"))

    def test_two_bodies_are_refused(self):
        with self.assertRaisesRegex(TypeError, "one body"):
            self.server.expect(optional=True).then(text="a", json="a")

    def test_nothing_can_follow_the_end(self):
        with self.assertRaisesRegex(TypeError, "Nothing can come after reset_connection"):
            self.server.expect(optional=True).then(reset_connection(), json=1)

    def test_more_answers_than_times_are_refused(self):
        with self.assertRaisesRegex(ValueError, "more answers than requests to come"):
            self.server.expect(times=1, optional=True).then(text="a").then(text="b")

    def test_a_status_that_is_none_is_refused(self):
        with self.assertRaisesRegex(ValueError, "0 is not the status"):
            self.server.expect(optional=True).then(status=0)

    def test_null_can_be_expected_and_sent(self):
        api = self.server.expect("POST", json=None).then(json=None)
        self.assertEqual((200, "null"), self.ask("/", b"null"))
        self.assertEqual(1, api.calls)

    def test_what_is_no_behaviour_is_refused(self):
        for wrong in (42, hang):
            with self.subTest(wrong), self.assertRaisesRegex(TypeError, "neither a behaviour nor"):
                self.server.expect(optional=True).then(wrong)


class Matching(Up):
    def matches(self, target="/", sent=None, sent_headers=(), **wanted):
        api = self.server.expect(times=1, optional=True, **wanted)
        self.ask(target, sent, headers=sent_headers)
        if not api.calls:
            self.problem(UnexpectedRequest)
        return bool(api.calls)

    def test_the_path_is_compared_decoded(self):
        self.assertTrue(self.matches("/a%20b", path="/a b"))
        self.assertFalse(self.matches("/a", path="/ab"))

    def test_the_whole_query_is_compared(self):
        self.assertTrue(self.matches("/?a=1&b=2", query={"b": 2, "a": "1"}))
        self.assertTrue(self.matches("/?a=1&a=2", query={"a": [1, 2]}))
        self.assertFalse(self.matches("/?a=1&c=2", query={"a": "1"}))

    def test_named_headers_are_compared(self):
        self.assertTrue(self.matches(sent_headers={"X-Key": "1"}, headers={"x-key": 1}))
        self.assertFalse(self.matches(sent_headers={"X-Key": "1"}, headers={"x-key": 2}))

    def test_json_is_compared_by_value_and_type(self):
        self.assertTrue(
            self.matches(sent=b'{"b": [1, 2.0], "a": null}', json={"a": None, "b": (1, 2)})
        )
        self.assertFalse(self.matches(sent=b"1", json=True))
        self.assertFalse(self.matches(sent=b"nothing", json=[]))

    def test_a_body_is_compared_as_bytes_or_text(self):
        self.assertTrue(self.matches(sent="ü".encode(), body="ü"))
        self.assertFalse(self.matches(sent=b"a", body=b"b"))

    def test_null_is_not_any_body(self):
        self.assertFalse(self.matches(sent=b"{}", json=None))

    def test_arguments_of_another_type_are_refused_at_once(self):
        for wrong, message in (
            ({"method": 3}, "method is text"),
            ({"path": 3}, "path is text"),
            ({"query": "a=1"}, "query is a mapping"),
            ({"query": {"a": None}}, r"query\['a'\] is text, .*, not None"),
            ({"query": {"a": [True]}}, r"query\['a'\] is text, .*, not True"),
            ({"headers": {"X-Key": b"1"}}, r"headers\['X-Key'\] is text, .*, not b'1'"),
            ({"json": object()}, "not JSON serializable"),
            ({"body": 3}, "body is bytes or text, not 3"),
            ({"times": "2"}, "times is a number of requests, not '2'"),
        ):
            with self.subTest(wrong), self.assertRaisesRegex(TypeError, message):
                self.server.expect(**wrong)

    def test_a_forgotten_method_is_told(self):
        with self.assertRaisesRegex(ValueError, r"the method comes first: expect\('GET', '/pay'\)"):
            self.server.expect("/pay")

    def test_what_is_no_method_is_refused(self):
        for method in ("", "GET /"):
            with self.subTest(method), self.assertRaisesRegex(ValueError, "is not a method"):
                self.server.expect(method)

    def test_no_request_cannot_be_expected(self):
        for times in (0, -1):
            with self.subTest(times), self.assertRaisesRegex(ValueError, "needs no expectation"):
                self.server.expect(times=times)

    def test_a_query_in_the_path_is_refused(self):
        for path in ("/pay?now=1", "pay"):
            with self.subTest(path), self.assertRaisesRegex(ValueError, "is not a path"):
                self.server.expect("GET", path)

    def test_the_first_that_matches_answers_until_it_is_used_up(self):
        self.server.expect("GET", times=1).then(text="first")
        self.server.expect("GET").then(text="second")
        self.assertEqual(["first", "second"], [self.ask()[1] for _each in range(2)])

    def test_many_clients_are_counted_exactly(self):
        api = self.server.expect("GET").then(lambda request: request.target)
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda each: self.ask(f"/{each}")[1], range(80)))
        self.assertEqual([f"/{each}" for each in range(80)], answers)
        self.assertEqual((80, 80), (api.calls, len(self.server.requests)))
        self.assertEqual(80, len(api.requests))


class Problems(Up):
    def test_an_unmatched_request_gets_500_and_the_report(self):
        self.server.expect("POST", "/refund", optional=True)
        status, told = self.ask("/refund")
        problem = self.problem(UnexpectedRequest)
        self.assertEqual((500, f"{problem}\n"), (status, told))
        self.assertGolden("method", problem)

    def test_the_nearest_expectation_is_told_field_by_field(self):
        self.server.expect("GET", "/", optional=True)
        self.server.expect("POST", "/payment", json={"amount": 10}, optional=True)
        self.server.expect(
            "POST",
            "/pay",
            query={"now": 1},
            headers={"X-Key": "secret"},
            json={"amount": 10, "to": {"iban": "x"}, "tags": ["a", "b"]},
            optional=True,
        )
        self.ask("/pay?later=1", b'{"amount": 12, "to": {}, "tags": ["a"], "more": 1}')
        self.assertGolden("near-miss", self.problem())

    def test_of_two_equally_near_the_likelier_path_is_told(self):
        self.server.expect("GET", "/users", optional=True)
        self.server.expect("GET", "/orders", optional=True)
        self.ask("/order")
        self.assertGolden("path", self.problem())

    def test_one_request_too_many_is_told(self):
        self.server.expect("GET", "/once", times=1)
        for _each in range(2):
            self.ask("/once")
        self.assertGolden("times", self.problem(UnexpectedRequest))

    def test_without_expectations_it_says_how_to_make_one(self):
        self.ask("/refund")
        self.assertGolden("no-expectations", self.problem(UnexpectedRequest))

    def test_a_body_that_is_no_json_is_told(self):
        self.server.expect("POST", "/", json={}, optional=True)
        self.ask("/", b"amount=12")
        self.assertGolden("no-json", self.problem(UnexpectedRequest))

    def test_what_is_no_http_is_told(self):
        with connected(self.server, b"\x16\x03\x01\r\n\r\n") as sock:
            sock.recv(1000)
        self.assertGolden("no-http", self.problem(UnexpectedRequest))

    def test_a_promised_request_that_does_not_come_fails_the_test(self):
        self.server.expect("GET", "/other", optional=True)
        self.server.expect("POST", "/pay")
        self.ask("/other")
        self.assertGolden("unmet", self.problem(UnmetExpectation))

    def test_every_answer_is_promised_to_be_asked_for(self):
        self.server.expect("GET", "/").then(status=503).then(text="Hello")
        self.ask()
        self.assertGolden("unmet-answers", self.problem(UnmetExpectation))

    def test_what_may_be_anything_is_called_so(self):
        for wanted in ((), ("GET",), (None, "/pay")):
            self.server.expect(*wanted)
        self.assertGolden("unmet-any", self.problem(SeveralProblems))

    def test_exactly_as_many_as_told_must_come(self):
        self.server.expect("GET", "/", times=2)
        self.ask()
        problem = self.problem(UnmetExpectation)
        self.assertEqual(("2", 1), (problem.wanted, problem.got))

    def test_what_a_handler_raises_fails_the_test(self):
        def handler(request):
            raise KeyError("id")

        self.server.expect("GET", "/").then(handler)
        status, told = self.ask()
        self.assertEqual(500, status)
        self.assertIn("in handler", told)
        problem = self.problem(AnswerFailed)
        self.assertIsInstance(problem.__cause__, KeyError)
        self.assertGolden("handler", problem)

    def test_a_handler_must_return_an_answer(self):
        self.server.expect("GET", "/").then(lambda request: None)
        self.assertEqual(500, self.ask()[0])
        self.assertGolden("no-answer", self.problem(AnswerFailed))

    def test_any_kind_of_exception_in_a_behaviour_fails_the_test(self):
        """pytest.fail() and sys.exit() raise what is no Exception."""

        class failing:
            def __init__(self, error):
                self.error = error

            async def play(self, exchange):
                raise self.error

        for error in (SystemExit("bye"), KeyboardInterrupt(), asyncio.CancelledError()):
            with self.subTest(error):
                self.server.expect("GET", "/", times=1).then(failing(error))
                self.assertEqual(500, self.ask()[0])
                problem = self.problem(AnswerFailed)
                self.assertIs(error, problem.__cause__)
                if isinstance(error, SystemExit):
                    self.assertGolden("exit", problem)

    def test_an_assertion_in_a_handler_names_its_line(self):
        def handler(request):
            self.assertEqual("me", request.json()["from"])

        self.server.expect("POST", "/").then(handler)
        self.assertEqual(500, self.ask("/", b'{"from": "you"}')[0])
        self.assertRegex(str(self.problem(AnswerFailed)), r"test_fake.py:\d+ in handler$")

    def test_an_exit_in_a_handler_names_its_line(self):
        def handler(request):
            sys.exit("bye")

        self.server.expect("GET", "/").then(handler)
        self.assertEqual(500, self.ask()[0])
        self.assertRegex(str(self.problem(AnswerFailed)), r"SystemExit: bye\n.* in handler$")

    def test_an_answer_that_cannot_be_sent_fails_the_test(self):
        self.server.expect("GET", "/").then(text="Hello", headers={"Content-Length": "3"})
        with connected(self.server, GET) as sock, self.assertRaises(ConnectionResetError):
            sock.recv(100)
        self.assertGolden("wrong-length", self.problem(AnswerFailed))

    def test_an_answer_whose_head_cannot_be_sent_fails_the_test(self):
        headers = {"Content-Length": "three"}
        self.server.expect("GET", "/").then(text="Hello", headers=headers)
        with connected(self.server, GET) as sock, self.assertRaises(ConnectionResetError):
            sock.recv(100)
        self.assertIn("bad Content-Length", str(self.problem(AnswerFailed)))

    def test_a_large_answer_that_cannot_be_sent_fails_the_test(self):
        headers = {"Content-Length": "3"}
        self.server.expect("GET", "/").then(data=bytes(100_000), headers=headers)
        with connected(self.server, GET) as sock, self.assertRaises(ConnectionResetError):
            sock.recv(100)
        self.assertIn("declared Content-Length", str(self.problem(AnswerFailed)))

    def test_an_error_in_the_middle_of_an_answer_breaks_it_off(self):
        class broken:
            async def play(self, exchange):
                exchange.begin(200, [(b"Content-Length", b"100")])
                await exchange.write(b"begun")
                raise ValueError("oops")

        self.server.expect("GET", "/").then(broken())
        with connected(self.server, GET) as sock, self.assertRaises(ConnectionResetError):
            everything(sock)
        self.assertIsInstance(self.problem(AnswerFailed).__cause__, ValueError)

    def test_an_error_of_the_server_itself_fails_the_test(self):
        self.server._server.loop.call_soon_threadsafe(lambda: 1 / 0)
        self.assertIn("failed: ZeroDivisionError", str(self.problem()))

    def test_a_body_that_differs_everywhere_is_told_in_short(self):
        self.server.expect("POST", "/", json=list(range(100)), optional=True)
        self.ask("/", b"[]")
        self.assertGolden("all-different", self.problem(UnexpectedRequest))

    def test_several_problems_are_told_in_one_error(self):
        self.server.expect("POST", "/pay").then(json={"id": 7})
        self.server.expect("GET", "/broken").then(lambda request: 1 / 0)
        for path in ("/refund", "/broken"):
            self.ask(path)
        problem = self.problem(SeveralProblems)
        self.assertIsInstance(problem.__cause__, UnexpectedRequest)
        self.assertGolden("several", problem)

    def test_a_problem_is_told_once(self):
        self.server.expect("POST", "/pay")
        self.ask("/refund")
        self.problem(SeveralProblems)
        self.server.verify()

    def test_a_request_nobody_waited_for_is_seen(self):
        with connected(self.server, b"GET /refund HTTP/1.1\r\nHost: x\r\n\r\n"):
            self.problem(UnexpectedRequest)

    def test_a_handler_that_does_not_return_is_named(self):
        release = threading.Event()

        def handler(request):
            release.wait(5)
            return ""

        server = up(self, FakeServer(patience=0.01))
        self.addCleanup(release.set)
        server.expect("GET", "/").then(handler)
        with connected(server, GET), self.assertRaises(NotReady) as raised:
            server.verify()
        problem = raised.exception
        self.assertIn("handler()", str(problem))
        self.assertRegex(str(problem), r"test_fake.py:\d+ in handler: release.wait")


class Tests(unittest.TestCase):
    """What a test leaves behind: nothing."""

    def test_the_next_test_finds_it_clean(self):
        server = FakeServer()
        server.setUp()
        self.addCleanup(server.tearDown)
        server.testSetUp()
        server.expect("GET", "/").then(text="first")
        ask(server.url)
        server.testTearDown()
        server.testSetUp()
        self.assertEqual([], server.requests)
        self.assertEqual(500, ask(server.url)[0])
        self.assertRaises(UnexpectedRequest, server.testTearDown)

    def test_what_was_set_up_stands_and_is_no_promise(self):
        class Payments(FakeServer):
            def setUp(self):
                super().setUp()
                self.health = self.expect("GET", "/health").then(text="well")

        server = Payments()
        server.setUp()
        self.addCleanup(server.tearDown)
        for _test in range(2):
            server.testSetUp()
            self.assertEqual("well", ask(server.url + "/health")[1])
            self.assertEqual(1, server.health.calls)
            server.testTearDown()

    def test_a_subclass_need_not_call_super(self):
        class Payments(FakeServer):
            def setUp(self):
                self.expect("GET", "/health").then(text=f"well at {self.url}")

            def testSetUp(self):
                self.greeting = self.expect("GET", "/").then(text="Hello")

        server = Payments()
        server.setUp()
        self.addCleanup(server.tearDown)
        for _test in range(2):
            server.testSetUp()
            self.assertEqual(f"well at {server.url}", ask(server.url + "/health")[1])
            self.assertEqual("Hello", ask(server.url)[1])
            self.assertEqual((2, 1), (len(server.requests), server.greeting.calls))
            server.testTearDown()

    def test_half_a_set_up_leaves_nothing(self):
        class Broken(FakeServer):
            def setUp(self):
                raise ZeroDivisionError

        before = threads_and_descriptors()
        with self.assertRaises(ZeroDivisionError):
            Broken().setUp()
        nothing_left(self, before)

    def test_a_test_comes_before_what_was_set_up(self):
        server = FakeServer()
        server.setUp()
        self.addCleanup(server.tearDown)
        server.expect("GET", "/").then(text="standing")
        server.testSetUp()
        server.expect("GET", "/", times=1).then(text="test")
        self.assertEqual(["test", "standing"], [ask(server.url)[1] for _each in range(2)])
        server.testTearDown()

    def test_what_hangs_at_the_end_of_a_test_is_cut(self):
        server = FakeServer()
        server.setUp()
        self.addCleanup(server.tearDown)
        server.testSetUp()
        server.expect("GET", "/").then(hang())
        with connected(server, GET) as sock:
            server.testTearDown()
            with self.assertRaises(ConnectionResetError):
                sock.recv(100)

    def test_a_handler_may_sleep_until_the_server_stops(self):
        server = FakeServer()
        server.setUp()
        server.expect("GET", "/").then(lambda request: request.sleep(60) or "")
        with connected(server, GET):
            server._server.settle()
            server.tearDown()

    def test_a_handler_that_cannot_be_ended_is_named(self):
        release = threading.Event()
        self.addCleanup(release.set)
        server = FakeServer()
        server.setUp()
        server.expect("GET", "/").then(lambda request: release.wait(5))
        with connected(server, GET):
            server._server.settle()
            with self.assertRaisesRegex(StillRunning, r"GET / in .*<lambda>\(\)\n.*test_fake"):
                server.tearDown()


class PublicNames(unittest.TestCase):
    def test_an_expectation_shows_what_users_call(self):
        shown = {name for name in vars(Expectation) if not name.startswith("_")}
        do = {"then", "when", "becomes"}
        ask = {"requests", "calls", "assert_called", "assert_not_called", "wait_for"}
        self.assertEqual(do | ask, shown)
