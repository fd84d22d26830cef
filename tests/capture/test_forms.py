"""The forms of capture() beside the block: a call, a method, records of logging."""

import logging
import sys
import unittest

from tests.runners.project import ProjectTest
from underlay.assertions import Ellipsis
from underlay.capture import Capture, capture


def greet(name):
    print(f"Hello, {name}!")
    print("polite", file=sys.stderr)
    return 7


class OfACall(unittest.TestCase):
    def test_the_call_is_captured_and_the_block_is_not(self):
        with capture() as around:
            with capture(greet, "Bob") as out:
                print("block")
        self.assertEqual(("Hello, Bob!\n", "polite\n", 7), (out.stdout, out.stderr, out.result))
        self.assertEqual("block\n", around.stdout)

    def test_what_it_raises_is_raised(self):
        with self.assertRaises(SystemExit), capture(sys.exit, 2):
            self.fail("the block does not run")

    def test_with_the_options_of_a_block(self):
        with capture(greet, "Bob", merge=True) as out:
            pass
        self.assertEqual("Hello, Bob!\npolite\n", out.stdout)


class Method(Capture, Ellipsis, unittest.TestCase):
    def test_it_captures_until_the_test_ends(self):
        out = self.capture()
        greet("Bob")
        self.assertEllipsis("Hello, ...{name}...!", out)

    def test_what_follows_the_test_is_not_captured(self):
        class Case(Capture):
            def runTest(self):
                out.append(self.capture())
                print("test")

        out = []
        with capture() as around:
            Case().run(unittest.TestResult())
            print("after")
        self.assertEqual(("test\n", "after\n"), (out[0].stdout, around.stdout))

    def test_in_a_with_statement_it_captures_the_block(self):
        around = self.capture()
        with self.capture() as out:
            print("block")
        print("after")
        self.assertEqual(("block\n", "after\n"), (out.stdout, around.stdout))

    def test_of_a_call(self):
        around = self.capture()
        out = self.capture(greet, "Bob")
        print("after")
        self.assertEqual(("Hello, Bob!\n", 7, "after\n"), (out.stdout, out.result, around.stdout))


class Failing(ProjectTest):
    text = """
        import unittest
        from underlay.capture import Capture
        class It(Capture, unittest.TestCase):
            def test_it(self):
                self.capture()
                print("so far")
                self.fail("boom")
    """

    def test_every_runner_tells_of_a_failure_while_output_is_captured(self):
        runs = self.run_everywhere(test_it=self.text)
        for run in runs:
            self.assertIn("AssertionError: boom", run.output)
        self.assertRuns(runs, guilty={"test_it"}, ran=1)

    def test_also_if_the_runner_buffers_output_itself(self):
        folder = self.project(test_it=self.text)
        for runner in ("zope.testrunner", "unittest"):
            run = self.run_project(runner, folder, "--buffer")
            self.assertIn("AssertionError: boom", run.output)
            self.assertRuns([run], guilty={"test_it"}, ran=1)


class Logs(unittest.TestCase):
    def setUp(self):
        self.logger = logging.getLogger("underlay.tests.shop")
        self.addCleanup(self.logger.setLevel, self.logger.level)

    def test_records_of_a_logger_and_of_those_below_it(self):
        with capture(logs=self.logger.name) as out:
            self.logger.getChild("cart").info("%d items", 7)
            self.logger.debug("details")
        self.logger.info("after the block")
        self.assertEqual("INFO:underlay.tests.shop.cart:7 items\n", out.log)
        self.assertEqual([(7,)], [record.args for record in out.records])

    def test_they_can_be_read_inside_the_block(self):
        with capture(logs="") as out:
            self.logger.warning("careful")
            self.assertIn("WARNING:underlay.tests.shop:careful\n", out.log)

    def test_the_level_is_given_and_put_back(self):
        self.logger.setLevel(logging.ERROR)
        with capture(logs=self.logger.name, level="DEBUG") as out:
            self.logger.debug("details")
        self.logger.warning("nobody hears that")
        self.assertEqual("DEBUG:underlay.tests.shop:details\n", out.log)
        self.assertEqual(logging.ERROR, self.logger.level)

    def test_other_handlers_go_on(self):
        kept = []
        handler = logging.Handler()
        handler.emit = kept.append
        self.logger.addHandler(handler)
        self.addCleanup(self.logger.removeHandler, handler)
        with capture(logs=self.logger.name) as out:
            self.logger.error("oh")
        self.assertEqual(kept, out.records)

    def test_an_error_has_its_traceback(self):
        with capture(logs=self.logger.name) as out:
            try:
                raise ValueError("no price")
            except ValueError:
                self.logger.exception("failed")
        self.assertIn("ValueError: no price", out.log)

    def test_without_a_logger_there_are_none(self):
        with capture() as out:
            pass
        with self.assertRaisesRegex(ValueError, "logs='shop'"):
            _ = out.log

    def test_a_level_that_is_none_changes_nothing(self):
        with self.assertRaises(ValueError), capture(logs="", level="LOUD"):
            self.fail("the block does not run")
