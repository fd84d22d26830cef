import contextlib
import io
import logging
import pickle
import threading
import traceback
import unittest
import unittest.mock

from tests.helpers import Golden
from tests.wsgi.test_recorder import ask, hello
from underlay import Layer
from underlay._errors import ApplicationError, LayerError, NoApplicationError
from underlay.wsgi import WSGI


def make_greeter(greeting="hello", suffix="!"):
    """A factory, all of whose parameters are optional: it looks like an application."""

    def greeter(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [f"{greeting}{suffix}".encode()]

    return greeter


def broken(environ, start_response):
    raise ZeroDivisionError(f"at {environ['PATH_INFO']}")


def logs_and_answers_500(environ, start_response):
    try:
        raise ZeroDivisionError
    except ZeroDivisionError:
        logging.getLogger("app").exception("Oops")
    start_response("500 Internal Server Error", [])
    return []


def over_a_socket(application, path="/"):
    """Ask an application the way a server does: from a thread that keeps errors to itself."""

    def serve():
        with contextlib.suppress(ZeroDivisionError):
            ask(application, path)

    thread = threading.Thread(target=serve)
    thread.start()
    thread.join()


class AppOrFactory(Golden):
    def answer(self, *args, **kwargs):
        with WSGI(*args, **kwargs) as layer:
            return ask(layer.application)

    def test_an_application_is_served_as_it_is(self):
        self.assertEqual(b"hello", self.answer(hello))

    def test_a_class_of_applications_is_an_application(self):
        class Application:
            def __init__(self, environ, start_response):
                self.body = hello(environ, start_response)

            def __iter__(self):
                return iter(self.body)

        self.assertEqual(b"hello", self.answer(Application))

    def test_a_callable_without_a_signature_is_an_application(self):
        """Some that are written in C have none; they are not called to find out."""
        with WSGI(dict) as layer:
            self.assertIs(dict, layer.application.application)

    def test_a_callable_that_needs_no_arguments_is_a_factory(self):
        self.assertEqual(b"hello!", self.answer(make_greeter))

    def test_a_callable_that_is_given_arguments_is_a_factory(self):
        self.assertEqual(b"moin?", self.answer(make_greeter, "moin", suffix="?"))

    def test_a_dotted_name_is_resolved_when_the_layer_is_set_up(self):
        self.assertEqual(b"hello", self.answer("tests.wsgi.test_recorder:hello"))
        with self.assertRaises(ModuleNotFoundError):
            self.answer("tests.wsgi.nowhere:hello")

    def test_a_factory_can_use_what_bases_offer(self):
        class Payments(Layer):
            def setUp(self):
                self["url"] = "http://pay.test"

        payments = Payments()
        answer = self.answer(lambda: make_greeter(payments["url"]), bases=[payments])
        self.assertEqual(b"http://pay.test!", answer)

    def test_a_factory_that_raises_fails_the_set_up(self):
        with self.assertRaises(ZeroDivisionError):
            self.answer(lambda: 1 / 0)

    def test_a_factory_that_forgets_to_return_is_named(self):
        with self.assertRaises(TypeError) as caught:
            self.answer(lambda: None, name="APP")
        self.assertEqual(
            "<WSGI tests.wsgi.test_application.APP> needs a WSGI application, but it got None.",
            str(caught.exception),
        )

    def test_an_application_that_is_taken_for_a_factory_is_told(self):
        class Middleware:
            def __call__(self, *args):
                environ, start_response = args
                return hello(environ, start_response)

            def __repr__(self):
                return "<Middleware>"

        with self.assertRaises(TypeError) as caught:
            self.answer(Middleware(), name="APP")
        self.assertGolden("wsgi-taken-for-factory", caught.exception)
        self.assertIsInstance(caught.exception.__cause__, ValueError)
        self.assertEqual(b"hello", self.answer(lambda: Middleware()))

    def test_what_a_factory_raises_that_can_be_nothing_else_is_left_alone(self):
        with self.assertRaisesRegex(ValueError, "^invalid literal"):
            self.answer(lambda: int("a"))


class TwoApplications(unittest.TestCase):
    def test_live_at_the_same_time(self):
        with WSGI(make_greeter, "one") as one, WSGI(make_greeter, "two") as two:
            self.assertEqual(b"one!", ask(one.application))
            self.assertEqual(b"two!", ask(two.application))
            self.assertEqual(1, len(one.exchanges))

    def test_nothing_stays_behind(self):
        before = logging.getLogRecordFactory()
        with WSGI(hello) as layer:
            self.assertIsNot(before, logging.getLogRecordFactory())
        self.assertIs(before, logging.getLogRecordFactory())
        self.assertNotIn("application", layer)

    def test_nothing_stays_behind_in_whatever_order_they_go(self):
        before = logging.getLogRecordFactory()
        layers = [WSGI(hello) for _each in range(3)]
        for layer in layers:
            layer.setUp()
        for layer in layers:
            layer.tearDown()
        self.assertIs(before, logging.getLogRecordFactory())


class Logging(unittest.TestCase):
    """While the layer is up, the application's logging works as without it."""

    def setUp(self):
        handlers = unittest.mock.patch.object(logging.getLogger(), "handlers", [])
        handlers.start()  # runners have some
        self.addCleanup(handlers.stop)

    def test_warnings_are_printed_where_nobody_handles_them(self):
        with WSGI(hello), contextlib.redirect_stderr(io.StringIO()) as printed:
            logging.getLogger("shop").warning("Almost sold out")
        self.assertEqual("Almost sold out\n", printed.getvalue())

    def test_errors_are_noted_whatever_happens_to_the_handlers(self):
        with WSGI(logs_and_answers_500) as layer:
            logging.basicConfig(handlers=[logging.NullHandler()], force=True)
            over_a_socket(layer.application)
            self.assertRaises(ApplicationError, layer.verify)


class SettingUp(Golden):
    def test_nothing_was_asked_before(self):
        layer = WSGI(hello, name="APP")
        with self.assertRaises(LayerError) as caught:
            layer.exchanges  # noqa: B018
        self.assertGolden("wsgi-not-set-up", caught.exception)
        with self.assertRaisesRegex(LayerError, "is not set up"):
            layer.expect_errors().__enter__()

    def test_a_set_up_of_your_own_must_call_super(self):
        class Shop(WSGI):
            def setUp(self):
                pass

        with self.assertRaisesRegex(LayerError, r"calls super\(\).setUp\(\)"):
            Shop(hello).__enter__()

    def test_a_test_set_up_of_your_own_need_not(self):
        class Shop(WSGI):
            def testSetUp(self):
                self.begun = len(self.exchanges)

        layer = Shop(hello)
        layer.setUp()
        self.addCleanup(layer.tearDown)
        for _test in range(2):
            layer.testSetUp()
            ask(layer.application)
            self.assertEqual((0, 1), (layer.begun, len(layer.exchanges)))
            layer.testTearDown()


class Errors(Golden):
    def test_an_error_that_nobody_delivered_is_raised_by_verify(self):
        with self.assertRaises(ApplicationError) as caught:
            with WSGI(broken, name="APP") as layer:
                over_a_socket(layer.application, "/pay")
        self.assertGolden("wsgi-application-error", caught.exception)
        self.assertIsInstance(caught.exception.__context__, ZeroDivisionError)

    def test_its_traceback_leads_to_the_line_of_the_application(self):
        """zope.testrunner shows no causes, so the error itself must have that traceback."""
        with WSGI(broken) as layer:
            over_a_socket(layer.application)
            try:
                layer.verify()
            except ApplicationError as error:
                text = "".join(traceback.format_exception(error))
        self.assertEqual(1, text.count("in broken"))
        self.assertNotIn("During handling", text)

    def test_several_errors_are_told_together_and_once(self):
        with WSGI(broken, name="APP") as layer:
            for path in ("/pay", "/cart", "/help"):
                over_a_socket(layer.application, path)
            with self.assertRaises(ApplicationError) as caught:
                layer.verify()
            layer.verify()
        self.assertGolden("wsgi-application-errors", caught.exception)

    def test_an_error_that_the_framework_logged_counts_in_any_thread(self):
        with WSGI(logs_and_answers_500) as layer:
            ask(layer.application)
            with self.assertRaises(ApplicationError):
                layer.verify()
            over_a_socket(layer.application)
            with self.assertRaises(ApplicationError):
                layer.verify()

    def test_what_reached_the_call_of_the_test_is_not_raised_again(self):
        with WSGI(broken) as layer:
            with self.assertRaises(ZeroDivisionError):
                ask(layer.application)

    def test_a_test_is_not_blamed_for_the_one_before(self):
        with WSGI(broken) as layer:
            over_a_socket(layer.application)
            self.assertEqual(1, len(layer.exchanges))
            with self.assertRaises(ApplicationError):
                layer.testTearDown()
            over_a_socket(layer.application)  # between two tests, as from a page that polls
            layer.testSetUp()
            self.assertEqual((), layer.exchanges)

    def test_the_errors_survive_pickling(self):
        for error in (
            ApplicationError("<WSGI APP>", "GET /", "E: e", (("GET /a", "F"),)),
            NoApplicationError("<WSGI APP>", ("GET /: 200 OK",)),
        ):
            copy = pickle.loads(pickle.dumps(error))
            self.assertEqual((str(error), repr(error)), (str(copy), repr(copy)))


class ExpectErrors(Golden):
    def test_wanted_errors_are_listed_and_not_raised(self):
        with WSGI(broken) as layer:
            with layer.expect_errors() as errors:
                over_a_socket(layer.application, "/a")
                over_a_socket(layer.application, "/b")
            self.assertEqual(["at /a", "at /b"], [str(error) for error in errors])

    def test_errors_outside_of_it_are_still_unwanted(self):
        with WSGI(broken) as layer:
            over_a_socket(layer.application, "/a")
            with layer.expect_errors():
                over_a_socket(layer.application, "/b")
            with self.assertRaisesRegex(ApplicationError, "GET /a: "):
                layer.verify()

    def test_an_application_that_does_not_fail_fails_the_test(self):
        with WSGI(hello, name="APP") as layer:
            with self.assertRaises(NoApplicationError) as caught:
                with layer.expect_errors():
                    ask(layer.application, "/pay")
        self.assertGolden("wsgi-no-application-error", caught.exception)

    def test_an_application_that_is_not_asked_at_all_fails_the_test(self):
        with WSGI(hello, name="APP") as layer:
            with self.assertRaisesRegex(NoApplicationError, "It was asked nothing"):
                with layer.expect_errors():
                    pass

    def test_what_the_test_itself_raises_comes_through(self):
        with WSGI(hello) as layer:
            with self.assertRaises(KeyError):
                with layer.expect_errors():
                    raise KeyError


class ErrorsAfterTheAnswer(Golden):
    """A client over a socket has its answer before the application is done."""

    def setUp(self):
        self.answered, self.release = threading.Event(), threading.Event()

    def application(self, environ, start_response):
        start_response("200 OK", [])
        return self

    def __iter__(self):
        return iter([b"hello"])

    def close(self):
        self.answered.set()
        self.release.wait(5)
        raise ZeroDivisionError("too late for the client")

    def ask(self, layer):
        thread = threading.Thread(target=over_a_socket, args=(layer.application, "/late"))
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.release.set)
        self.answered.wait(5)

    def test_are_waited_for(self):
        with WSGI(self.application) as layer:
            with layer.expect_errors() as errors:
                self.ask(layer)
                threading.Timer(0.02, self.release.set).start()
            self.assertEqual(["too late for the client"], list(map(str, errors)))

    def test_are_not_waited_for_forever(self):
        with WSGI(self.application, name="APP") as layer:
            with self.assertRaises(NoApplicationError) as caught:
                with layer.expect_errors(patience=0.01):
                    self.ask(layer)
            self.assertGolden("wsgi-still-going-on", caught.exception)
