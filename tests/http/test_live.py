"""LiveServer: an application on a socket, and how a test learns of what it raised."""

import threading
from wsgiref.validate import validator

from tests.http.support import (
    GET,
    Golden,
    ask,
    connected,
    everything,
    nothing_left,
    threads_and_descriptors,
    until,
    up,
    wait_for_threads,
)
from underlay import Layer, NotReady, ResourceMissing, StillRunning, as_layer
from underlay._errors import AnswerFailed
from underlay._waiting import wait_until
from underlay.http import FakeServer, LiveServer


class App(Layer):
    """A layer whose application is a function."""

    def __init__(self, application, bases=()):
        super().__init__(bases)
        self.application = application


class VerifyingApp(App):
    """A layer which tells itself what its application raises."""

    verified = False

    def verify(self):
        self.verified = True


def hello(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"Hello ", b"world"]


class Up(Golden):
    def serve(self, application, **options):
        return up(self, LiveServer(App(application), name="LIVE", **options))

    def problem(self, server, kind=AnswerFailed):
        with self.assertRaises(kind) as raised:
            server.verify()
        server.verify()  # nothing is told twice
        return raised.exception


class Serving(Up):
    def test_it_serves_what_its_base_has(self):
        self.assertEqual((200, "Hello world"), ask(self.serve(hello).url))

    def test_it_has_the_resources_of_gocept_httpserverlayer(self):
        server = self.serve(hello)
        self.assertEqual(f"{server['http_host']}:{server['http_port']}", server["http_address"])
        self.assertEqual(f"http://{server.http_address}", server.url)

    def test_an_application_that_is_no_layer_is_refused(self):
        for wrong in (hello, App):
            with self.subTest(wrong), self.assertRaisesRegex(TypeError, r"LiveServer\(WSGI\("):
                LiveServer(wrong)

    def test_a_layer_without_application_fails_in_set_up(self):
        before = threads_and_descriptors()
        with self.assertRaises(ResourceMissing) as raised:
            LiveServer(Layer(name="SHOP")).__enter__()
        nothing_left(self, before)
        self.assertGolden("no-application", raised.exception)

    def test_the_application_may_be_a_resource(self):
        @as_layer
        def APP():
            yield {"application": hello}

        server = up(self, LiveServer(APP))
        self.assertEqual((200, "Hello world"), ask(server.url))

    def test_the_application_may_be_a_method(self):
        class Shop(Layer):
            def application(self, environ, start_response):
                return hello(environ, start_response)

        self.assertEqual((200, "Hello world"), ask(up(self, LiveServer(Shop())).url))

    def test_an_application_may_wrap_a_resource_of_a_base(self):
        @as_layer
        def APP():
            yield {"application": lambda environ, start_response: [b"bare"]}

        self.assertEqual("Hello world", ask(up(self, LiveServer(App(hello, [APP]))).url)[1])

    def test_a_fake_server_below_keeps_its_own_url(self):
        fake = FakeServer()
        live = up(self, LiveServer(App(hello, [fake])))
        self.assertNotEqual(fake.url, live.url)
        self.assertNotEqual(fake["port"], live["port"])

    def test_an_idle_connection_does_not_keep_others_waiting(self):
        server = self.serve(hello)
        with connected(server), connected(server, b"GET / HTT"):
            self.assertEqual((200, "Hello world"), ask(server.url))

    def test_requests_run_side_by_side(self):
        both = threading.Barrier(2, timeout=5)

        def application(environ, start_response):
            both.wait()
            return hello(environ, start_response)

        server = self.serve(application)
        with connected(server, GET) as one, connected(server, GET) as other:
            until(one, b"0\r\n\r\n"), until(other, b"0\r\n\r\n")


class Wsgi(Up):
    """PEP 3333."""

    def test_both_sides_keep_to_the_standard(self):
        seen = {}

        def application(environ, start_response):
            seen.update(environ, body=environ["wsgi.input"].read(3))
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [b"Hello"]

        server = self.serve(validator(application))
        headers = {"Content-Type": "text/x", "X-Key": "1"}
        answer = ask(server.url + "/%C3%BC/x?a=%20b", b"abc", headers=headers)
        self.assertEqual((200, "Hello"), answer)
        expected = {
            "REQUEST_METHOD": "POST",
            "SCRIPT_NAME": "",
            "PATH_INFO": "/ü/x".encode().decode("latin-1"),
            "QUERY_STRING": "a=%20b",
            "CONTENT_TYPE": "text/x",
            "CONTENT_LENGTH": "3",
            "HTTP_X_KEY": "1",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": str(server.port),
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "wsgi.url_scheme": "http",
            "wsgi.multithread": True,
            "body": b"abc",
        }
        self.assertEqual(expected, {name: seen[name] for name in expected})

    def test_head_has_no_body(self):
        server = self.serve(validator(hello))
        with connected(server, GET.replace(b"GET", b"HEAD"), GET) as sock:
            answers = until(sock, b"0\r\n\r\n")
        self.assertEqual(1, answers.count(b"Hello"))

    def test_no_body_has_no_length_or_is_none(self):
        for status, length in (("200 OK", True), ("204 No Content", False), ("304 Not", False)):
            with self.subTest(status):

                def application(environ, start_response, status=status):
                    start_response(status, [])
                    return []

                with connected(self.serve(application), GET) as sock:
                    head = until(sock, b"\r\n\r\n")
                self.assertIn(status.encode(), head)
                self.assertEqual(length, b"Content-Length: 0" in head)

    def test_write_sends_before_the_body(self):
        def application(environ, start_response):
            write = start_response("200 OK", [])
            write(b"one ")
            write(b"two ")
            return [b"three"]

        self.assertEqual((200, "one two three"), ask(self.serve(application).url))

    def test_the_reason_phrase_is_the_application_s(self):
        def application(environ, start_response):
            start_response("200 Fine, thanks", [])
            return [b"Hello"]

        with connected(self.serve(application), GET) as sock:
            self.assertTrue(until(sock, b"Hello").startswith(b"HTTP/1.1 200 Fine, thanks\r\n"))

    def test_exc_info_replaces_headers_that_were_not_sent(self):
        def application(environ, start_response):
            start_response("200 OK", [])
            try:
                raise ValueError("oops")
            except ValueError as error:
                start_response("500 Oops", [], (ValueError, error, error.__traceback__))
            return [b"replaced"]

        self.assertEqual((500, "replaced"), ask(self.serve(application).url))

    def test_exc_info_is_raised_once_headers_were_sent(self):
        def application(environ, start_response):
            start_response("200 OK", [])(b"begun")
            try:
                raise ValueError("oops")
            except ValueError as error:
                start_response("500 Oops", [], (ValueError, error, error.__traceback__))

        server = self.serve(application)
        with connected(server, GET) as sock, self.assertRaises(ConnectionResetError):
            everything(sock)
        self.assertIsInstance(self.problem(server).__cause__, ValueError)

    def test_start_response_is_called_once(self):
        def application(environ, start_response):
            start_response("200 OK", [])
            return hello(environ, start_response)

        server = self.serve(application)
        self.assertEqual(500, ask(server.url)[0])
        self.assertIn("once more without exc_info", str(self.problem(server)))

    def test_an_answer_is_whole_when_its_length_has_come(self):
        heard = threading.Event()

        def application(environ, start_response):
            start_response("200 OK", [("Content-Length", "5")])
            yield b"He"
            yield b"llo"
            heard.wait(10)

        server = self.serve(application)
        self.assertEqual((200, "Hello"), ask(server.url))
        heard.set()

    def test_a_slow_stream_notices_that_the_client_has_gone(self):
        gone, closed = threading.Event(), threading.Event()

        def ticking(environ, start_response):
            start_response("200 OK", [])
            try:
                yield b"tick"
                gone.wait(10)
                while True:
                    yield b"tick"
            finally:
                closed.set()

        server = self.serve(ticking)
        with connected(server, GET) as sock:
            until(sock, b"tick")
        server._server.settle()
        gone.set()
        self.assertTrue(closed.wait(5))
        server.verify()

    def test_the_body_is_closed_even_if_the_client_has_gone(self):
        closed = threading.Event()

        def endless(environ, start_response):
            start_response("200 OK", [])
            try:
                while True:
                    yield b"x" * 10000
            finally:
                closed.set()

        server = self.serve(endless)
        with connected(server, GET) as sock:
            until(sock, b"xxx")
        self.assertTrue(closed.wait(5))
        server.verify()


class Errors(Up):
    def boom(self, environ, start_response):
        raise ValueError("boom")

    def test_what_the_application_raises_fails_the_test(self):
        server = self.serve(self.boom)
        status, told = ask(server.url + "/pay")
        self.assertEqual(500, status)
        self.assertIn("ValueError: boom", told)
        self.assertIn("in boom", told)
        problem = self.problem(server)
        self.assertIsInstance(problem.__cause__, ValueError)
        self.assertGolden("live", problem)

    def test_an_error_without_a_text_does_so_as_well(self):
        class Mute(Exception):
            def __str__(self):
                raise RuntimeError("no text")

        def application(environ, start_response):
            raise Mute

        server = self.serve(application)
        self.assertEqual(500, ask(server.url)[0])
        self.assertIn("Mute, whose text raises RuntimeError", str(self.problem(server)))

    def test_what_a_test_has_left_running_does_not_fail_the_next_one(self):
        go_on = threading.Event()
        self.addCleanup(go_on.set)

        def application(environ, start_response):
            go_on.wait(10)
            raise KeyError("id")

        server = self.serve(application, patience=0.01)
        with connected(server, GET):
            self.problem(server, NotReady)
            server.testTearDown()
        server.testSetUp()
        go_on.set()
        wait_until(lambda: not server._server.workers._jobs, "the handler to end", 10)
        server.verify()

    def test_a_base_that_verifies_tells_it_itself(self):
        app = VerifyingApp(self.boom)
        with LiveServer(app) as server:
            self.assertEqual(500, ask(server.url)[0])
            server.verify()
        self.assertTrue(app.verified)

    def test_an_error_in_the_middle_of_a_body_breaks_it_off(self):
        def application(environ, start_response):
            start_response("200 OK", [("Content-Length", "100")])
            yield b"begun"
            raise ValueError("oops")

        server = self.serve(application)
        with connected(server, GET) as sock, self.assertRaises(ConnectionResetError):
            everything(sock)
        self.problem(server)

    def test_an_error_after_the_answer_is_seen(self):
        class Body(list):
            def close(self):
                raise ValueError("too late for the client")

        def application(environ, start_response):
            start_response("200 OK", [("Content-Length", "2")])
            return Body([b"ok"])

        server = self.serve(application)
        self.assertEqual((200, "ok"), ask(server.url))
        self.assertIn("too late for the client", str(self.problem(server)))

    def test_a_bad_answer_is_told_even_if_the_base_verifies(self):
        def mute(environ, start_response):
            return []

        def text(environ, start_response):
            start_response("200 OK", [])
            return ["text"]

        for application, message in ((mute, "has not called start_response"), (text, "is made of")):
            with self.subTest(message), LiveServer(VerifyingApp(application)) as server:
                self.assertEqual(500, ask(server.url)[0])
                self.assertIn(message, str(self.problem(server)))

    def test_a_wrong_length_is_told(self):
        for length in ("1", "100"):
            with self.subTest(length):

                def application(environ, start_response, length=length):
                    start_response("200 OK", [("Content-Length", length)])
                    return [b"Hello"]

                server = self.serve(application)
                with connected(server, GET) as sock, self.assertRaises(ConnectionResetError):
                    everything(sock)
                self.assertGolden(f"live-length-{length}", self.problem(server))

    def test_more_than_was_promised_is_told_in_a_stream_as_well(self):
        def application(environ, start_response):
            start_response("200 OK", [("Content-Length", "5")])
            yield b"Hello"
            yield b" world"

        server = self.serve(application)
        self.assertEqual((200, "Hello"), ask(server.url))
        self.assertIn("more than its Content-Length", str(self.problem(server)))

    def test_an_exit_is_an_error_like_others(self):
        def application(environ, start_response):
            raise SystemExit("bye")

        server = self.serve(application)
        self.assertEqual(500, ask(server.url)[0])
        self.assertIn("SystemExit: bye", str(self.problem(server)))

    def test_malformed_requests_do_not_reach_the_application(self):
        server = self.serve(self.boom)
        with connected(server, b"nonsense\r\n\r\n") as sock:
            self.assertIn(b"HTTP/1.1 400", everything(sock))
        server.verify()


class Ending(Up):
    def setUp(self):
        wait_for_threads(self)
        self.release = threading.Event()
        self.addCleanup(self.release.set)

    def slow(self, environ, start_response):
        self.release.wait(5)
        return hello(environ, start_response)

    def test_a_request_that_goes_on_after_the_test_is_named(self):
        server = self.serve(self.slow, patience=0.01)
        with connected(server, GET):
            problem = str(self.problem(server, NotReady))
            self.release.set()
        self.assertRegex(problem, r"Waited 0.01 s for <LiveServer .*LIVE> to answer\.\n  GET /\n")
        self.assertRegex(problem, r"test_live.py:\d+ in slow: self.release.wait\(5\)")

    def test_a_test_waits_for_what_its_requests_still_do(self):
        server = self.serve(self.slow)
        with connected(server, GET):
            threading.Timer(0.02, self.release.set).start()
            server.verify()

    def test_what_cannot_be_ended_is_named_when_the_server_goes(self):
        server = LiveServer(App(self.slow), patience=0)
        server.setUp()
        with connected(server, GET):
            server._server.settle()
            with self.assertRaisesRegex(StillRunning, r"GET /\n.*in slow: self.release.wait"):
                server.tearDown()

    def test_a_server_that_went_while_it_streamed_leaves_nothing(self):
        def endless(environ, start_response):
            start_response("200 OK", [])
            while True:
                yield b"x" * 10000

        before = threads_and_descriptors()
        for _cycle in range(10):
            server = LiveServer(App(endless))
            server.setUp()
            with connected(server, GET) as sock:
                until(sock, b"xxx")
                server.tearDown()
        nothing_left(self, before)

    def test_a_server_that_goes_right_after_its_answer_leaves_nothing(self):
        before = threads_and_descriptors()
        for _cycle in range(50):
            server = LiveServer(App(hello))
            server.setUp()
            with connected(server, GET) as sock:
                until(sock, b"world")
                server.tearDown()
        nothing_left(self, before)
