"""Tools that report by JUnit XML, TAP, --list and --run, or an exit status: all must agree."""

import os
import sys
import textwrap
import unittest
from unittest import mock

from tests.external.runners import Verdicts
from tests.helpers import temporary_folder
from underlay import Layer
from underlay.external import TAP, Command, JUnit, makeSuite
from underlay.runners.unittest import LayeredSuite

LAST = "zz runner finished"
UNLISTED = "specs are listed"

REPORT = """\
<testsuites><testsuite name="all" tests="4">
  <testcase classname="Cart" name="adds items"/>
  <testcase classname="Cart" name="fails">
    <failure message="1 is not 2">at cart:3</failure>
  </testcase>
  <testcase classname="Cart" name="breaks">
    <error message="boom"/><system-out>hello</system-out>
  </testcase>
  <testcase classname="Cart" name="waits"><skipped message="later"/></testcase>
</testsuite></testsuites>
"""

#: As node's own runner writes it.
TAP_14 = """\
TAP version 14
# Subtest: Cart
    # Subtest: adds items
    ok 1 - adds items
      ---
      duration_ms: 1
      ...
    # Subtest: fails
    not ok 2 - fails
      ---
      error: '1 is not 2'
      ...
    ok 3 - waits # SKIP later
    not ok 4 - is to come # TODO
    1..4
not ok 1 - Cart
  ---
  failureType: 'subtestsFailed'
  ...
ok 2 - alone \\# not a comment
1..2
"""

TAP_13 = """\
1..3
ok
not ok 2 two
ok 3 - three
"""


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = temporary_folder(self)

    def script(self, text, name="tool"):
        path = self.folder / name
        path.write_text(f"#!{sys.executable}\n" + textwrap.dedent(text))
        path.chmod(0o700)
        return f"./{name}"

    def printing(self, text, status=0):
        return [self.script(f"import sys\nprint({text!r}, end='')\nsys.exit({status})")]

    def run_suite(self, *arguments, **options):
        verdicts = Verdicts()
        makeSuite(*arguments, cwd=self.folder, **options).run(verdicts)
        return verdicts


class Reports(Case):
    """JUnit(command, report)"""

    def writing(self, report, status=1):
        text = f"import sys\nopen('report.xml', 'wb').write({report!r})\nsys.exit({status})"
        return JUnit([self.script(text)], "report.xml")

    def test_each_case_has_its_verdict_and_what_was_told(self):
        came = self.run_suite(self.writing(REPORT.encode()))
        self.assertEqual(
            {
                "Cart adds items": "passed",
                "Cart fails": "failed",
                "Cart breaks": "error",
                "Cart waits": "skipped",
                LAST: "passed",
            },
            came.of,
        )
        self.assertRegex(came.messages["Cart fails"], "1 is not 2\nat cart:3")
        self.assertIn("hello", came.messages["Cart breaks"])

    def test_status_counts_and_cases_must_agree(self):
        for report, status, told in (
            (REPORT, 0, "exited with status 0, but its report has 2 failed test"),
            (REPORT.replace('tests="4"', 'tests="5"'), 1, r"counts 5 test\(s\), but has 4"),
            ('<testsuite><testcase name="a"/></testsuite>', 3, "but its report has no failed test"),
        ):
            with self.subTest(told):
                came = self.run_suite(self.writing(report.encode(), status))
                self.assertEqual("error", came.of[LAST])
                self.assertRegex(came.messages[LAST], told)

    def test_counts_are_those_of_other_tools(self):
        nested = '<testsuite tests="2"><testcase/>{}</testsuite>'.format(
            '<testsuite tests="2"><testcase/><testcase/></testsuite>'
        )
        pytests = '<testsuites name="pytest tests"><testsuite tests="9"><testcase/>{}'.format(
            "</testsuite></testsuites>"
        )
        hook = '<testsuite tests="1"><testcase/><testcase/></testsuite>'
        for report in (nested, pytests, hook):
            with self.subTest(report):
                came = self.run_suite(self.writing(report.encode(), 0))
                self.assertEqual({"passed"}, set(came.of.values()), came.messages)

    def test_what_did_not_run_or_passed_only_at_last_is_not_green(self):
        report = """<testsuite tests="2">
            <testcase name="off" status="notrun" result="suppressed"/>
            <testcase name="flaky"><flakyFailure message="no network"/></testcase>
        </testsuite>"""
        came = self.run_suite(self.writing(report.encode(), 0))
        self.assertEqual({"off": "skipped", "flaky": "passed", LAST: "error"}, came.of)
        self.assertIn("only when tried again: no network", came.messages[LAST])
        self.assertIn("beside the specs of flaky", came.messages[LAST])

    def test_a_report_that_cannot_be_read_or_trusted_is_one_case_that_errs(self):
        bomb = '<!DOCTYPE a [<!ENTITY b "c">]><testsuite><testcase name="&b;"/></testsuite>'
        for report, told in (
            (b"<testsuite><testcase", "no XML"),
            (bomb.encode(), "document type"),
            (bomb.encode("utf-16"), "document type"),
            (b"<testsuite/>", "without telling of any spec"),
        ):
            with self.subTest(report):
                came = self.run_suite(self.writing(report))
                self.assertEqual({UNLISTED: "error"}, came.of)
                self.assertIn(told, came.messages[UNLISTED])

    def test_the_report_of_an_earlier_run_proves_nothing(self):
        (self.folder / "report.xml").write_text(REPORT)
        came = self.run_suite(JUnit(self.printing("no time to report"), "report.xml"))
        self.assertEqual({UNLISTED: "error"}, came.of)
        self.assertIn("wrote no", came.messages[UNLISTED])
        self.assertIn("no time to report", came.messages[UNLISTED])

    def test_on_a_layer_it_is_refused_as_it_would_run_too_early(self):
        with self.assertRaisesRegex(ValueError, "before a layer is set up; on a layer use Command"):
            makeSuite(self.writing(REPORT.encode()), cwd=self.folder, layer=Layer())

    def test_tests_that_a_command_on_a_layer_runs_may_have_one(self):
        report = self.writing(REPORT.encode())
        with mock.patch.dict(os.environ, UNDERLAY_STEPWISE="1"):  # as the command inherits it
            self.assertEqual(5, makeSuite(report, cwd=self.folder).countTestCases())


class Lines(Case):
    """TAP(command)"""

    def test_subtests_are_specs_of_their_own(self):
        came = self.run_suite(TAP(self.printing(TAP_14, 1)))
        self.assertEqual(
            {
                "Cart adds items": "passed",
                "Cart fails": "failed",
                "Cart waits": "skipped",
                "Cart is to come": "skipped",
                "alone not a comment": "passed",
                LAST: "passed",
            },
            came.of,
        )
        self.assertIn("error: '1 is not 2'", came.messages["Cart fails"])

    def test_tests_need_no_numbers_and_no_titles(self):
        came = self.run_suite(TAP(self.printing(TAP_13, 1)))
        self.assertEqual(
            {"1": "passed", "two": "failed", "three": "passed", LAST: "passed"}, came.of
        )

    def test_a_failure_is_explained_by_comments_or_by_what_was_printed(self):
        tool = self.script("""
            import sys
            print("1..3\\nnot ok 1 - a\\n# of a", flush=True)
            print("not ok 2 - b", flush=True)
            print("#   more # of b", file=sys.stderr, flush=True)
            print("ok 3 - c", flush=True)
            sys.exit(2)
        """)
        came = self.run_suite(TAP([tool]))
        self.assertIn("not ok\nof a\n", came.messages["a"])
        self.assertNotIn("It printed", came.messages["a"])
        self.assertRegex(came.messages["b"], r"(?s)It printed:\n.*#   more # of b")
        self.assertEqual("passed", came.of[LAST])

    def test_all_may_be_skipped(self):
        came = self.run_suite(TAP(self.printing("1..0 # SKIP no database\n")))
        self.assertEqual({"all tests": "skipped", LAST: "passed"}, came.of)
        self.assertEqual("no database", came.messages["all tests"])

    def test_status_plan_and_results_must_agree(self):
        for text, status, told in (
            (TAP_13, 0, "exited with status 0, but its report has 1 failed"),
            ("1..3\nok\n", 0, "The TAP plan was 1..3, but 1 came"),
            ("ok\n", 0, "There is no plan"),
            ("1..1\nok\nBail out! no disk\n", 1, "Bail out! no disk"),
        ):
            with self.subTest(told):
                came = self.run_suite(TAP(self.printing(text, status)))
                self.assertEqual("error", came.of[LAST])
                self.assertIn(told, came.messages[LAST])

    def test_what_it_printed_explains_a_bad_status(self):
        came = self.run_suite(TAP([self.script("print('1..1\\nok', flush=True)\n1 / 0")]))
        self.assertIn("exited with status 1, but its report has no failed", came.messages[LAST])
        self.assertIn("ZeroDivisionError", came.messages[LAST])

    def test_none_at_all_are_an_error(self):
        came = self.run_suite(TAP(self.printing("hello\n")))
        self.assertEqual({UNLISTED: "error"}, came.of)
        self.assertIn("hello", came.messages[UNLISTED])


#: Waits after its first result for whoever writes to it, if `go` is a named pipe.
WAITING = """
import os, pathlib, signal
pathlib.Path("starts").open("a").write("1")
print("1..3\\nok 1 - first", flush=True)
if pathlib.Path("go").read_text() == "kill":
    os.kill(os.getppid(), signal.SIGKILL)
    signal.pause()
print("not ok 2 - second\\n  ---\\n  wanted: 1\\n  ...", flush=True)
print(pathlib.Path("third.t").read_text(), flush=True)
raise SystemExit(1)
"""


class Kept(Case):
    """TAP(command, files=[...])"""

    def setUp(self):
        super().setUp()
        patch = mock.patch.dict(os.environ, UNDERLAY_PLANS=str(self.folder / "plans"))
        patch.start()
        self.addCleanup(patch.stop)
        self.third("ok 3 - third")
        (self.folder / "go").touch()
        self.tool = self.script(WAITING)
        self.tap = TAP([self.tool], files=["*.t"])

    def third(self, text):
        (self.folder / "third.t").write_text(text)

    def suite(self, **options):
        return makeSuite(self.tap, cwd=self.folder, **options)

    def suite_of_plan(self, **options):
        with mock.patch("subprocess.Popen", side_effect=AssertionError("starts a process")):
            return self.suite(**options)

    def starts(self):
        return (self.folder / "starts").read_text()

    def run_suite_that_waits(self, then=None, **options):
        """What came before and after something was told to the tool."""
        self.suite()
        first, *others = self.suite_of_plan(**options)
        go = self.folder / "go"
        go.unlink()
        os.mkfifo(go)
        before, after = Verdicts(), Verdicts()
        first.run(before)
        if then:
            go.write_text(then)
        unittest.TestSuite(others).run(after)
        return before, after

    def test_results_come_as_they_are_printed(self):
        before, after = self.run_suite_that_waits("go on")
        self.assertEqual({"first": "passed"}, before.of)
        self.assertEqual({"second": "failed", "third": "passed", LAST: "passed"}, after.of)
        self.assertIn("wanted: 1", after.messages["second"])

    def test_one_that_breaks_runs_once_and_has_the_results_that_came(self):
        before, after = self.run_suite_that_waits("kill")
        self.assertEqual({"first": "passed"}, before.of)
        self.assertEqual({"second": "error", "third": "error", LAST: "error"}, after.of)
        self.assertIn("ok 1 - first", after.messages["second"])
        self.assertEqual("11", self.starts())

    def test_a_run_that_lists_is_the_only_one(self):
        self.suite().run(Verdicts())
        self.assertEqual("1", self.starts())
        self.suite_of_plan().run(Verdicts())
        self.assertEqual("11", self.starts())

    def test_a_change_of_its_files_or_of_the_tool_makes_it_run_to_be_listed(self):
        for change in (
            lambda: self.third("ok 3 - other"),
            lambda: (self.folder / "more.t").touch(),
            lambda: self.script(WAITING + "# changed"),
        ):
            self.suite()
            change()
            with self.assertRaisesRegex(AssertionError, "starts a process"):
                self.suite_of_plan()

    def test_what_does_not_come_and_what_the_plan_does_not_know_errs(self):
        self.suite()
        suite = self.suite_of_plan()
        self.third("ok 3 - other")
        came = Verdicts()
        suite.run(came)
        self.assertEqual("error", came.of["third"])
        self.assertIn("exited with status 1 without a result of 'third'", came.messages["third"])
        self.assertEqual("error", came.of[LAST])
        self.assertIn("not listed: 'other'", came.messages[LAST])
        self.assertEqual([], list((self.folder / "plans").iterdir()))

    def test_one_that_hangs_has_the_results_that_came_and_says_nothing_of_the_plan(self):
        before, after = self.run_suite_that_waits(timeout=6)
        self.assertEqual({"first": "passed"}, before.of)
        self.assertEqual({"second": "error", "third": "error", LAST: "error"}, after.of)
        self.assertIn("told nothing for 6 s without a result", after.messages["second"])
        self.assertEqual(4, self.suite_of_plan().countTestCases())

    def test_a_plan_of_a_run_that_does_not_fit_together_is_not_kept(self):
        self.third("")
        self.suite()
        self.assertFalse((self.folder / "plans").exists())

    def test_files_that_are_not_there_are_one_case_that_errs(self):
        came = self.run_suite(TAP([self.tool], files=["*.nowhere"]))
        self.assertEqual({UNLISTED: "error"}, came.of)
        self.assertIn("No file in", came.messages[UNLISTED])

    def test_a_report_is_read_only_when_a_case_runs(self):
        text = "open('report.xml', 'w').write('<testsuite><testcase name=\"a\"/></testsuite>')"
        junit = JUnit([self.script(text, "other")], "report.xml", files=["*.t"])
        makeSuite(junit, cwd=self.folder)
        report = self.folder / "report.xml"
        report.unlink()
        suite = makeSuite(junit, cwd=self.folder)
        self.assertFalse(report.exists())
        came = Verdicts()
        suite.run(came)
        self.assertEqual({"a": "passed", LAST: "passed"}, came.of)


class Statuses(Case):
    """Command(command)"""

    def test_the_exit_status_is_the_verdict(self):
        for status, verdict in {0: "passed", 3: "failed"}.items():
            with self.subTest(status):
                came = self.run_suite(Command(self.printing("so it goes", status)))
                self.assertEqual({"tool": verdict, LAST: "passed"}, came.of)
        self.assertIn("exit status 3", came.messages["tool"])
        self.assertIn("so it goes", came.messages["tool"])

    def test_what_it_writes_to_stderr_is_told_in_its_place(self):
        came = self.run_suite(Command([self.script("print('first', flush=True)\n1 / 0")]))
        self.assertRegex(came.messages["tool"], r"(?s)first\n.*ZeroDivisionError")

    def test_the_end_of_much_output_is_told(self):
        tool = self.script("import sys\nprint('x' * 10_000_000, 'the end')\nsys.exit(1)")
        came = self.run_suite(Command([tool]))
        self.assertIn("the end", came.messages["tool"])
        self.assertLess(len(came.messages["tool"]), 10_000)

    def test_resources_of_a_layer_are_handed_over(self):
        class Answer(Layer):
            def setUp(self):
                self["answer"] = "42"

        layer = Answer()
        tool = self.script("import os, sys\nsys.exit(os.environ['ANSWER'] != '42')")
        suite = makeSuite(
            Command([tool]), cwd=self.folder, layer=layer, env=lambda: {"ANSWER": layer["answer"]}
        )
        came = Verdicts()
        LayeredSuite([suite]).run(came)
        self.assertEqual({"passed"}, set(came.of.values()), came.messages)

    def test_a_missing_program(self):
        came = self.run_suite(Command(["./nowhere"]))
        self.assertEqual({UNLISTED: "error"}, came.of)
        self.assertIn("nowhere is not installed", came.messages[UNLISTED])


PROTOCOL = """
import json, os, sys

args = sys.argv[1:]
if args[0] == "--list":
    assert args[1:] == ["--some-arg"], args
    print(json.dumps([{"case": "Cart", "tests": ["adds", "fails", "breaks", "is strange"]}]))
else:
    assert args[:2] == ["--some-arg", "--run"], args
    name = args[2]
    status = {"adds": "SUCCESS", "fails": "FAIL", "breaks": "ERROR"}.get(name[5:])
    answer = {"name": name, "status": status, "message": "told", "traceback": "at line 3"}
    print(json.dumps([answer] if status else "what?"))
    print("no idea", file=sys.stderr)
"""


class ListAndRun(Case):
    """makeSuite("bin/runner", *args), as with gocept.exttest."""

    def test_each_test_is_asked_for(self):
        came = self.run_suite(self.script(PROTOCOL), "--some-arg")
        self.assertEqual(
            {
                "Cart adds": "passed",
                "Cart fails": "failed",
                "Cart breaks": "error",
                "Cart is strange": "error",
                LAST: "passed",
            },
            came.of,
        )
        self.assertIn("told\nat line 3", came.messages["Cart fails"])
        self.assertRegex(came.messages["Cart is strange"], "what?.*\nno idea")

    def test_what_is_no_list_is_an_error(self):
        came = self.run_suite(self.printing("sorry")[0])
        self.assertEqual({UNLISTED: "error"}, came.of)
        self.assertIn("sorry", came.messages[UNLISTED])
