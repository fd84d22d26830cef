import traceback
import unittest
import warnings

from underlay.assertions import Ellipsis, Exceptions, assertEllipsis, assertNotEllipsis


class Functions(unittest.TestCase):
    def test_what_is_found_is_returned(self):
        self.assertEqual("Bob", assertEllipsis("Hi ...{who}...!", "Hi Bob!")["who"])

    def test_a_failure_says_how_the_texts_differ(self):
        message = r"^Differences \(ndiff with -expected \+actual\):\n- foo\n\+ bar\n$"
        with self.assertRaisesRegex(AssertionError, message):
            assertEllipsis("foo", "bar")

    def test_a_message_is_added(self):
        with self.assertRaisesRegex(AssertionError, r"\+ bar\n : in the title"):
            assertEllipsis("foo", "bar", "in the title")

    def test_the_negation_says_what_matches(self):
        message = r"^Value unexpectedly matches expression '\.\.\.bar\.\.\.'\. : why$"
        with self.assertRaisesRegex(AssertionError, message):
            assertNotEllipsis("...bar...", "foo bar baz", "why")

    def test_another_marker(self):
        assertEllipsis("Loading...[*]", "Loading... 7 %", hole="[*]")
        assertNotEllipsis("Loading...[*]", "Loading", hole="[*]")


class Warned(unittest.TestCase, Ellipsis):
    """An assertNotEllipsis without a hole warns, because it nearly always passes."""

    def check(self, assertion):
        with self.assertWarnsRegex(UserWarning, r"'\.\.\.Error\.\.\.' looks for it") as caught:
            assertion("Error", "An Error occurred")
        self.assertEqual(__file__, caught.filename)

    def test_function(self):
        self.check(assertNotEllipsis)

    def test_method(self):
        self.check(self.assertNotEllipsis)

    def test_with_a_hole_there_is_no_warning(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            self.assertNotEllipsis("...Error...", "All is well")


class Methods(unittest.TestCase, Ellipsis):
    def test_what_is_found_is_returned(self):
        self.assertEqual("Bob", self.assertEllipsis("Hi ...{who}...!", "Hi Bob!")["who"])

    def test_a_message_is_added(self):
        with self.assertRaisesRegex(AssertionError, r"\+ bar\n : in the title"):
            self.assertEllipsis("foo", "bar", "in the title")

    def test_a_message_replaces_ours_if_the_test_case_wants_that(self):
        self.longMessage = False
        with self.assertRaisesRegex(AssertionError, r"^in the title$"):
            self.assertEllipsis("foo", "bar", "in the title")
        with self.assertRaisesRegex(AssertionError, r"^in the title$"):
            self.assertNotEllipsis("foo...", "foo", "in the title")

    def test_the_failure_is_the_one_of_the_test_case(self):
        class Failure(Exception):
            pass

        self.failureException = Failure
        with self.assertRaises(Failure):
            self.assertEllipsis("foo", "bar")

    def test_unittest_hides_our_frames(self):
        class Case(unittest.TestCase, Ellipsis):
            def runTest(self):
                self.assertEllipsis("foo", "bar")

        result = unittest.TestResult()
        Case().run(result)
        [(_, report)] = result.failures
        self.assertNotIn("in assertEllipsis", report)


class NothingRaised(unittest.TestCase, Ellipsis, Exceptions):
    def provoke(self, *args, **kw):
        raise RuntimeError("provoked", *args, *kw.values())

    def test_a_call_without_an_error_passes(self):
        calls = []
        self.assertNothingRaised(calls.append, 7)
        self.assertEqual([7], calls)

    def test_a_block_without_an_error_passes(self):
        with self.assertNothingRaised():
            pass

    def test_an_error_is_a_failure_that_shows_where_it_comes_from(self):
        with self.assertRaises(AssertionError) as caught:
            self.assertNothingRaised(self.provoke, 1, key=2)
        self.assertEllipsis(
            "Unexpectedly raised RuntimeError, original traceback follows:"
            " ...in provoke..."
            " Unexpected RuntimeError: ('provoked', 1, 2)",
            str(caught.exception),
        )

    def test_an_error_in_a_block_is_shown_once(self):
        with self.assertRaises(AssertionError) as caught, self.assertNothingRaised():
            self.provoke()
        shown = "".join(traceback.format_exception(caught.exception))
        self.assertEqual(1, shown.count("in provoke"))

    def test_leaving_the_program_is_a_failure(self):
        with self.assertRaises(AssertionError), self.assertNothingRaised():
            raise SystemExit(1)

    def test_a_ctrl_c_passes_through(self):
        with self.assertRaises(KeyboardInterrupt), self.assertNothingRaised():
            raise KeyboardInterrupt
