import contextlib
import io
import logging
import sys
import unittest
import wsgiref.util
import wsgiref.validate

from underlay.wsgi._exchange import LoggedErrors
from underlay.wsgi._recorder import Recorder

logging.getLogger("app").addHandler(logging.NullHandler())  # what is logged on purpose is no news


def hello(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]


def ask(application, path="/", **environ):
    """Call an application as a server does, and return the body."""
    environ = {"SCRIPT_NAME": "", "PATH_INFO": path, "QUERY_STRING": "", **environ}
    wsgiref.util.setup_testing_defaults(environ)
    body = application(environ, lambda status, headers, exc_info=None: io.BytesIO().write)
    try:
        return b"".join(body)
    finally:
        getattr(body, "close", bool)()


class AnExchange(unittest.TestCase):
    def setUp(self):
        errors = LoggedErrors()
        errors.install()
        self.addCleanup(errors.remove)

    def record(self, application, path="/", **environ):
        recorder = Recorder(application)
        with contextlib.suppress(ZeroDivisionError):
            ask(recorder, path, **environ)
        (exchange,) = recorder.exchanges
        return exchange

    def test_holds_what_was_asked_and_answered(self):
        exchange = self.record(hello, "/a b", QUERY_STRING="c=d")
        self.assertEqual("GET /a%20b?c=d", exchange.request)
        self.assertEqual("200 OK", exchange.status)
        self.assertEqual([("Content-Type", "text/plain")], exchange.headers)
        self.assertIsNone(exchange.error)
        self.assertEqual("<Exchange GET /a%20b?c=d -> 200 OK>", repr(exchange))

    def test_names_the_path_in_utf_8_as_it_was_sent(self):
        exchange = self.record(hello, "/ü".encode().decode("latin-1"), SCRIPT_NAME="/shop")
        self.assertEqual("GET /shop/%C3%BC", exchange.request)

    def test_keeps_the_environ_as_it_came(self):
        """Applications and their middleware change the environ, the journal tells what was sent."""

        def shifting(environ, start_response):
            wsgiref.util.shift_path_info(environ)
            return hello(environ, start_response)

        self.assertEqual("/a/b", self.record(shifting, "/a/b").environ["PATH_INFO"])

    def test_holds_what_the_application_raises(self):
        def broken(environ, start_response):
            raise ZeroDivisionError

        exchange = self.record(broken)
        self.assertIsInstance(exchange.error, ZeroDivisionError)
        self.assertEqual("<Exchange GET / -> no answer>", repr(exchange))

    def test_holds_what_is_raised_in_the_middle_of_the_body(self):
        def broken(environ, start_response):
            start_response("200 OK", [])
            yield b"half a page"
            raise ZeroDivisionError

        self.assertIsInstance(self.record(broken).error, ZeroDivisionError)

    def test_holds_what_is_raised_when_the_body_is_closed(self):
        class Body(list):
            def close(self):
                raise ZeroDivisionError

        def broken(environ, start_response):
            start_response("200 OK", [])
            return Body()

        self.assertIsInstance(self.record(broken).error, ZeroDivisionError)

    def ask_a_client_that_is_gone(self, application):
        def write(data):
            raise ConnectionAbortedError

        environ = {}
        wsgiref.util.setup_testing_defaults(environ)
        recorder = Recorder(application)
        try:
            recorder(environ, lambda *head: write)
        finally:
            (self.exchange,) = recorder.exchanges

    def test_a_client_that_is_gone_is_not_the_application_s_fault(self):
        def application(environ, start_response):
            start_response("200 OK", [])(b"half a page")

        with self.assertRaises(ConnectionAbortedError):
            self.ask_a_client_that_is_gone(application)
        self.assertIsNone(self.exchange.error)

    def test_a_client_that_is_gone_may_be_logged(self):
        def application(environ, start_response):
            write = start_response("200 OK", [])
            try:
                write(b"half a page")
            except ConnectionAbortedError:
                logging.getLogger("app").exception("Oops")
                start_response("500 Internal Server Error", [], sys.exc_info())

        self.ask_a_client_that_is_gone(application)
        self.assertIsNone(self.exchange.error)

    def test_holds_what_is_handed_to_start_response(self):
        def careful(environ, start_response):
            try:
                raise ZeroDivisionError
            except ZeroDivisionError:
                start_response("500 Internal Server Error", [], sys.exc_info())
            return []

        self.assertIsInstance(self.record(careful).error, ZeroDivisionError)

    def logging_application(self, status):
        def application(environ, start_response):
            try:
                raise ZeroDivisionError
            except ZeroDivisionError:
                logging.getLogger("app").exception("Oops")
            start_response(status, [])
            return []

        return application

    def test_holds_what_is_logged_and_answered_with_500(self):
        exchange = self.record(self.logging_application("500 Internal Server Error"))
        self.assertIsInstance(exchange.error, ZeroDivisionError)

    def test_an_error_that_is_logged_and_overcome_is_no_failure(self):
        exchange = self.record(self.logging_application("200 OK"))
        self.assertIsInstance(exchange.reported[0], ZeroDivisionError)
        self.assertIsNone(exchange.error)

    def test_what_is_logged_without_an_exception_is_no_failure(self):
        def application(environ, start_response):
            logging.getLogger("app").error("Oops")
            start_response("500 Internal Server Error", [])
            return []

        self.assertIsNone(self.record(application).error)

    def test_an_unavailable_service_is_an_answer_that_the_application_chose(self):
        self.assertIsNone(self.record(self.logging_application("503 Service Unavailable")).error)

    def test_errors_logged_by_two_applications_do_not_mix(self):
        """An application which asks another one inside the process is not blamed for it."""
        inner = Recorder(self.logging_application("500 Internal Server Error"))

        def outer(environ, start_response):
            ask(inner)
            start_response("500 Internal Server Error", [])
            return []

        self.assertIsNone(self.record(outer).error)
        self.assertIsInstance(inner.exchanges[0].error, ZeroDivisionError)


class TheRecorder(unittest.TestCase):
    def test_is_a_valid_application_and_a_valid_server(self):
        validator = wsgiref.validate.validator
        application = validator(Recorder(validator(hello)))
        self.assertEqual(b"hello", ask(application))

    def test_passes_the_write_callable_on(self):
        def application(environ, start_response):
            start_response("200 OK", [("Content-Type", "text/plain")])(b"hello")
            return []

        written, environ = [], {}
        wsgiref.util.setup_testing_defaults(environ)
        Recorder(application)(environ, lambda status, headers: written.append)
        self.assertEqual([b"hello"], written)

    def test_gives_the_server_no_third_argument_without_need(self):
        environ = {}
        wsgiref.util.setup_testing_defaults(environ)
        body = Recorder(hello)(environ, lambda status, headers: None)
        self.assertEqual([b"hello"], list(body))

    def test_tells_in_process_clients_the_exchange(self):
        recorder = Recorder(hello)
        environ = {}
        wsgiref.util.setup_testing_defaults(environ)
        recorder(environ, lambda status, headers: None)
        self.assertIs(recorder.exchanges[0], environ["underlay.exchange"])
