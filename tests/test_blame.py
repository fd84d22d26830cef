"""blame_test: an error in a layer's hook becomes the error of the guilty test."""

import sys
import unittest

from tests.test_layer import fail
from underlay import Layer
from underlay._blame import zope_testrunners_output


class Result(unittest.TestResult):
    """Calls the hooks of a layer unguarded, as zope.testrunner's does."""

    def __init__(self, layer):
        super().__init__()
        self.layer = layer
        layer.setUp()

    def testSetUp(self):
        self.layer.testSetUp()

    def startTest(self, test):
        self.testSetUp()
        super().startTest(test)

    def stopTest(self, test):
        self.layer.testTearDown()
        super().stopTest(test)


class Faulty(Layer):
    def __init__(self, **hooks):
        super().__init__()
        self.hooks = hooks

    def testSetUp(self):
        self.hooks.get("testSetUp", bool)()

    def testTearDown(self):
        self.hooks.get("testTearDown", bool)()


class BlameTest(unittest.TestCase):
    def run_on(self, layer):
        """Run two tests on a layer; return the result and which of them ran."""
        ran, result = [], Result(layer)
        for name in ("first", "second"):
            unittest.FunctionTestCase(lambda name=name: ran.append(name)).run(result)
        return result, ran

    def test_an_error_in_testSetUp_is_the_error_of_the_test_which_does_not_run(self):
        for error in (ValueError("boom"), SystemExit(0)):
            errors = [error]
            layer = Faulty(testSetUp=lambda errors=errors: errors and fail(errors.pop()))
            result, ran = self.run_on(layer)
            self.assertIn(f"{type(error).__name__}: {error}", result.errors[0][1])
            self.assertEqual((1, ["second"]), (len(result.errors), ran))

    def test_a_skip_in_testSetUp_skips_the_test(self):
        layer = Faulty(testSetUp=lambda: fail(unittest.SkipTest("why")))
        result, ran = self.run_on(layer)
        self.assertEqual(["why", "why"], [reason for _, reason in result.skipped])
        self.assertEqual(([], []), (result.errors, ran))

    def test_an_error_in_testTearDown_is_the_error_of_the_test(self):
        layer = Faulty(testTearDown=lambda: fail(ValueError("boom")))
        result, ran = self.run_on(layer)
        self.assertEqual((2, ["first", "second"]), (len(result.errors), ran))

    def test_the_first_of_several_errors_counts(self):
        first = Faulty(testSetUp=lambda: fail(ValueError("first")))
        second = Faulty(testSetUp=lambda: fail(ValueError("second")))
        second.setUp()
        result = Result(first)
        result.testSetUp = lambda: None

        class Test(unittest.TestCase):
            def test(self):
                pass

        def startTest(self, test):
            first.testSetUp()
            second.testSetUp()

        result.startTest = startTest.__get__(result)
        Test("test").run(result)
        self.assertIn("ValueError: first", result.errors[0][1])

    def test_an_interrupt_is_nobodys_error(self):
        with self.assertRaises(KeyboardInterrupt):
            self.run_on(Faulty(testSetUp=lambda: fail(KeyboardInterrupt())))

    def test_without_zope_testrunner_errors_are_raised(self):
        layer = Faulty(testSetUp=lambda: fail(ValueError("boom")))
        layer.setUp()

        def startTest(self, test):
            """Some other result's."""
            layer.testSetUp()

        with self.assertRaisesRegex(ValueError, "boom"):
            startTest(unittest.TestResult(), self)
        self.assertIsNone(zope_testrunners_output())

    def test_no_other_frame_is_asked_for_its_variables(self):
        """A frame that is asked keeps them alive until it ends, up to Python 3.12."""

        class Watched:
            pass

        def run(watched):
            known = sys.getrefcount(watched)
            self.run_on(layer)
            return sys.getrefcount(watched) - known

        layer = Faulty(testSetUp=lambda: fail(ValueError("boom")))
        self.assertEqual(0, run(Watched()))
