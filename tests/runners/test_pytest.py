"""What only pytest has: functions, fixtures, marks, node ids, plugins."""

import json
import re
import textwrap

from tests.runners.project import ProjectTest

FUNCTIONS = """
    import pytest
    from hooks import Logged, log
    from underlay.runners.pytest import fixture_for

    FIRST, SECOND = Logged(), Logged()
    first = fixture_for(FIRST)
"""


class PytestTest(ProjectTest):
    start = ""  # of each module

    def run_pytest(self, text, *arguments, **modules):
        text = textwrap.dedent(self.start) + textwrap.dedent(text)
        return self.run_project("pytest", self.project(test_it=text, **modules), *arguments)

    def assertRan(self, run, *log, **counts):
        """Assert how many tests there were of each outcome, and what was logged."""
        summary = run.output.splitlines()[-1]
        found = re.findall(r"(\d+) (passed|failed|skipped|xfailed|error)", summary)
        self.assertEqual(counts, {kind: int(count) for count, kind in found}, run.output)
        self.assertEqual(list(log), run.log, run.output)


class Naming(PytestTest):
    """Ways to say which layer a test is on."""

    start = FUNCTIONS

    def test_a_fixture_of_a_layer(self):
        text = """
            def test_first(first):
                assert first is FIRST
                log("test_first")
            def test_plain():
                log("test_plain")
        """
        run = self.run_pytest(text)
        up, down = ("FIRST up", "FIRST test up"), ("FIRST test down", "FIRST down")
        self.assertRan(run, "test_plain", *up, "test_first", *down, passed=2)

    def test_a_fixture_in_conftest_that_another_one_builds_on(self):
        conftest = """
            from hooks import Logged
            from underlay.runners.pytest import fixture_for
            LAYER = Logged()
            server = fixture_for("conftest.LAYER")
        """
        text = """
            import pytest
            from hooks import log

            @pytest.fixture
            def server(server):
                return [server]

            def test_it(server):
                log(server[0].__name__)
        """
        run = self.run_pytest(text, conftest=conftest)
        up, down = ("LAYER up", "LAYER test up"), ("LAYER test down", "LAYER down")
        self.assertRan(run, *up, "LAYER", *down, passed=1)

    def test_a_fixture_that_is_overridden_sets_nothing_up(self):
        text = """
            class TestIt:
                @pytest.fixture
                def first(self):
                    return "nothing"
                def test_it(self, first):
                    assert first == "nothing"
        """
        self.assertRan(self.run_pytest(text), passed=1)

    def test_a_fixture_must_be_known_before_the_test_starts(self):
        text = """
            def test_it(request):
                request.getfixturevalue("first")
        """
        run = self.run_pytest(text)
        self.assertRan(run, failed=1)
        self.assertIn("test_it has to name the fixture of <Logged test_it.FIRST>", run.output)

    def test_marks_on_functions_and_classes(self):
        text = """
            @pytest.mark.layer(FIRST, "test_it.SECOND")
            def test_both():
                log("both")

            @pytest.mark.layer(SECOND)
            class TestIt:
                def test_second(self, layer):
                    log(layer.__name__)
        """
        run = self.run_pytest(text, "--strict-markers")
        self.assertRan(
            run,
            *("FIRST up", "SECOND up", "FIRST test up", "SECOND test up", "both"),
            *("SECOND test down", "FIRST test down", "FIRST down"),
            *("SECOND test up", "SECOND", "SECOND test down", "SECOND down"),
            passed=2,
        )

    def test_the_attribute_of_a_class_or_else_of_the_module(self):
        text = """
            layer = FIRST

            def test_function():
                log("function")

            class TestOther:
                layer = "test_it.SECOND"
                def test_method(self):
                    log("method")
        """
        run = self.run_pytest(text)
        self.assertRan(
            run,
            *("FIRST up", "FIRST test up", "function", "FIRST test down", "FIRST down"),
            *("SECOND up", "SECOND test up", "method", "SECOND test down", "SECOND down"),
            passed=2,
        )

    def test_layer_is_a_free_word_in_modules_that_do_not_mean_us(self):
        text = """
            import pytest

            layer = 5

            class TestIt:
                @pytest.fixture
                def layer(self):
                    return "onion"
                def test_it(self, layer):
                    assert layer == "onion"

            def test_other():
                pass
        """
        self.assertRan(self.run_pytest(text), passed=2)

    def test_the_fixture_layer_is_for_tests_of_one_layer(self):
        run = self.run_pytest("def test_it(layer): pass")
        self.assertRan(run, error=1)
        self.assertIn("The fixture 'layer' is for tests of one layer, not of 0.", run.output)

    def test_words_of_somebody_who_never_heard_of_us_are_no_layers(self):
        text = """
            layer = "dense"
            class TestNet:
                layer = "conv1"
                def test_net(self): pass
        """
        run = self.run_pytest(text)
        self.assertEqual((0, set()), (run.status, run.guilty), run.output)

    def test_a_name_that_leads_nowhere_is_an_error_of_that_test(self):
        text = """
            import unittest
            class It(unittest.TestCase):
                layer = "test_it.NOTHING"
                def test_it(self): pass
            class Other(unittest.TestCase):
                def test_other(self): pass
        """
        run = self.run_pytest(text)
        self.assertEqual({"test_it"}, run.guilty)
        self.assertIn("There is no layer 'test_it.NOTHING'", run.output)
        self.assertNotIn("hidden", run.output)
        self.assertIn("1 passed, 1 error", run.output)


class UpAndDown(PytestTest):
    start = FUNCTIONS

    def test_layers_are_up_during_setUpClass_and_tearDownClass(self):
        text = """
            import unittest
            from hooks import Logged, log
            LAYER = Logged()
            class It(unittest.TestCase):
                layer = LAYER
                @classmethod
                def setUpClass(cls): log("class up")
                @classmethod
                def tearDownClass(cls): log("class down")
                def test_it(self): log("test")
        """
        test = ("LAYER test up", "test", "LAYER test down")
        run = self.run_pytest(text)
        self.assertRan(run, "LAYER up", "class up", *test, "class down", "LAYER down", passed=1)

    def test_layers_go_down_after_the_fixtures_also_if_one_fails(self):
        text = """
            @pytest.fixture(scope="module")
            def faulty():
                yield
                log("fixture down")
                raise RuntimeError("boom")
            def test_it(first, faulty):
                log("test")
        """
        run = self.run_pytest(text)
        up, down = ("FIRST up", "FIRST test up"), ("FIRST test down", "fixture down", "FIRST down")
        self.assertRan(run, *up, "test", *down, passed=1, error=1)

    def test_an_error_in_setUp_is_told_in_full_once_and_then_in_two_lines(self):
        text = """
            class Faulty(Logged):
                def setUp(self):
                    raise RuntimeError("boom")
            faulty = fixture_for(Faulty(name="FAULTY"))
            def test_one(faulty): pass
            def test_two(faulty): pass
        """
        _, second = self.run_pytest(text).output.split("ERROR at setup of test_two ___")
        self.assertRegex(
            second, r"^_*\n<.*> failed in setUp: RuntimeError: boom\n  The full .*\n==="
        )

    def test_an_error_in_testSetUp_leaves_autouse_fixtures_in_order(self):
        text = """
            class Faulty(Logged):
                def testSetUp(self):
                    raise RuntimeError("boom")
            faulty = fixture_for(Faulty(name="FAULTY"))
            @pytest.fixture(autouse=True)
            def usual():
                log("usual")
            def test_faulty(faulty): pass
            def test_too(faulty): pass
            def test_first(first): log("test")
        """
        run = self.run_pytest(text)
        first = ("FIRST up", "FIRST test up", "usual", "test", "FIRST test down", "FIRST down")
        self.assertRan(run, "FAULTY up", "FAULTY down", *first, passed=1, error=2)

    def test_they_go_down_when_the_run_stops_early(self):
        text = """
            def test_fails(first):
                assert False
            def test_not_reached(first):
                log("not reached")
        """
        run = self.run_pytest(text, "-x")
        log = ("FIRST up", "FIRST test up", "FIRST test down", "FIRST down")
        self.assertRan(run, *log, failed=1)

    def test_they_go_down_when_the_run_is_interrupted(self):
        text = """
            def test_interrupted(first):
                raise KeyboardInterrupt
        """
        run = self.run_pytest(text)
        self.assertEqual(2, run.status, run.output)
        self.assertEqual(["FIRST up", "FIRST test up", "FIRST test down", "FIRST down"], run.log)

    def test_tests_that_are_skipped_set_nothing_up(self):
        text = """
            import unittest
            @pytest.mark.skip
            def test_marked(first): pass
            @unittest.skip("class")
            class Skipped(unittest.TestCase):
                layer = SECOND
                def test_class(self): pass
            class It(unittest.TestCase):
                layer = SECOND
                @classmethod
                def setUpClass(cls): log("class up")
                @unittest.skip("method")
                def test_method(self): pass
        """
        run = self.run_pytest(text)
        self.assertRan(run, skipped=3)
        self.assertRegex(run.output, r"SKIPPED \[1\] test_it.py:?\d*: method")

    def test_pytest_skip_in_a_set_up_skips_every_test(self):
        text = """
            class Absent(Logged):
                def setUp(self):
                    pytest.skip("no database")
            absent = fixture_for(Absent(name="ABSENT"))
            def test_one(absent): pass
            def test_two(absent): pass
        """
        self.assertRan(self.run_pytest(text), skipped=2)

    def test_it_is_clean_of_warnings(self):
        text = """
            import unittest
            def test_function(first): pass
            class It(unittest.TestCase):
                layer = SECOND
                def test_method(self): pass
            def test_suite():
                return unittest.TestSuite([unittest.FunctionTestCase(lambda: None)])
        """
        run = self.run_pytest(text, "-W", "error", "--strict-config")
        self.assertEqual(0, run.status, run.output)
        self.assertNotIn("warning", run.output)


SUITE = """
    import unittest
    from hooks import Logged, log
    from underlay.runners.unittest import layered

    OUTER, OTHER = Logged(), Logged()

    def case(name):
        return unittest.FunctionTestCase(lambda: log(name), description=name)

    class It(unittest.TestCase):
        def test_it(self):
            log(f"test_it on {[each.__name__ for each in (OUTER, OTHER) if each._is_up]}")
"""


class Durations(PytestTest):
    start = FUNCTIONS
    text = """
        class Slow(Logged):
            def setUp(self):
                start = time.monotonic()
                while time.monotonic() < start + 0.01:
                    pass
        SLOW = Slow()
        @pytest.mark.layer(SLOW)
        def test_it(): pass
        @pytest.mark.layer(SLOW, FIRST)
        def test_other(): pass
    """

    def assertReported(self, run, *lines):
        found = run.output[run.output.index("layer durations") :].splitlines()
        for line, expected in zip(found[1:], lines):  # noqa: B905
            self.assertRegex(line, expected)

    def test_the_slowest_hooks_stand_in_the_summary(self):
        run = self.run_pytest("import time\n" + textwrap.dedent(self.text), "--layer-durations=3")
        self.assertIn("= slowest 3 layer durations =", run.output)
        hidden = r"\(2 durations < 0.005s hidden.  Use -vv to show them.\)"
        self.assertReported(run, r"0\.\d\ds setUp        test_it\.SLOW$", "^$", hidden)

    def test_all_of_them_if_that_is_asked_for_and_from_all_workers(self):
        text = "import time\n" + textwrap.dedent(self.text)
        for arguments in ((), ("-p", "xdist", "-n2")):
            run = self.run_pytest(text, "--layer-durations=0", "-vv", *arguments)
            self.assertIn("= layer durations =", run.output)
            self.assertRegex(run.output, r"(?m)^0\.\d\ds testTearDown test_it\.SLOW \(2 times\)$")
            self.assertRegex(run.output, r"(?m)^0\.\d\ds tearDown     test_it\.FIRST$")


class Remembered(PytestTest):
    """Each two of three tests share a layer: whatever the order, one layer is set up twice."""

    start = FUNCTIONS
    text = """
        A, B, C = (Logged() for _ in range(3))
        ab, bc, ca = Logged([A, B]), Logged([B, C]), Logged([C, A])
        @pytest.mark.layer(ab)
        def test_ab(): pass
        @pytest.mark.layer(bc)
        def test_bc(): pass
        @pytest.mark.layer(ca)
        def test_ca(): pass
    """

    def test_the_layer_that_took_longest_is_set_up_once(self):
        folder = self.project(test_it=textwrap.dedent(FUNCTIONS) + textwrap.dedent(self.text))
        cache = folder / ".pytest_cache/v/underlay/layer-times"
        for slow in "ABC":
            set_ups = {f"test_it.{name}": [1 + 9 * (name == slow), 1] for name in "ABC"}
            cache.parent.mkdir(parents=True, exist_ok=True)
            cache.write_text(json.dumps({"set-ups": set_ups, "tests": {}, "layers": {}}))
            run = self.run_project("pytest", folder, "-p", "cacheprovider")
            self.assertEqual(1, run.log.count(f"{slow} up"), run.output)
            self.assertLess(json.loads(cache.read_text())["set-ups"][f"test_it.{slow}"][0], 1)


class Suites(PytestTest):
    """What test_suite() and load_tests() return are tests of their own."""

    start = SUITE

    def test_a_case_is_selected_by_node_id_and_by_keyword(self):
        module = """
            import unittest
            from hooks import log
            class Hidden(unittest.TestCase):
                def test_apple(self): log("apple")
                def test_pear(self): log("pear")
        """
        text = """
            import unittest, hidden
            def test_suite():
                return unittest.defaultTestLoader.loadTestsFromModule(hidden)
        """
        folder = self.project(test_it=text, hidden=module)
        one = "test_it.py::test_suite::hidden.Hidden.test_pear"
        for arguments in ([one], ["-k", "pear"]):
            run = self.run_project("pytest", folder, *arguments)
            self.assertEqual((0, ["pear"]), (run.status, run.log), run.output)
            self.assertIn(f"PASSED {one}", run.output)

    def test_a_case_that_stands_for_what_could_not_be_listed_is_never_deselected(self):
        text = """
            import unittest
            from underlay import LayerError
            from underlay.external._suite import unlisted
            def test_suite():
                place = {"__module__": __name__, "__qualname__": "Specs"}
                suite = unlisted(LayerError("no such tool"), place)
                suite.addTest(unittest.FunctionTestCase(lambda: None))
                return suite
        """
        folder = self.project(test_it=text)
        for arguments in (["-k", "nothing"], ["-m", "nothing"], ["--layer", "NOTHING"]):
            for more in ((), ("-n2",)):
                run = self.run_project("pytest", folder, *arguments, *more)
                self.assertEqual((1, {"test_specs_are_listed"}), (run.status, run.guilty))
                self.assertRegex(run.output.splitlines()[-1], "^=* 1 failed(, 1 deselected)? in")

    def test_each_outcome_of_a_case_is_told(self):
        module = """
            import unittest
            class Hidden(unittest.TestCase):
                def test_error(self): raise RuntimeError("boom")
                def test_failure(self): self.fail("oops")
                def test_skip(self): self.skipTest("why")
                @unittest.skip("why")
                def test_skipped(self): pass
                @unittest.expectedFailure
                def test_xfail(self): self.fail()
                @unittest.expectedFailure
                def test_xpass(self): pass
                def test_subtests(self):
                    for number in range(3):
                        with self.subTest(number=number):
                            self.assertEqual(1, number)
        """
        text = """
            import unittest, hidden
            def test_suite():
                return unittest.defaultTestLoader.loadTestsFromModule(hidden)
        """
        run = self.run_pytest(text, hidden=module)
        self.assertRan(run, "test_it on []", failed=4, skipped=2, xfailed=1, passed=1)
        self.assertIn("SKIPPED [2] test_it.py:1: why", run.output)
        self.assertEqual({"test_error", "test_failure", "test_subtests", "test_xpass"}, run.guilty)
        for text in ("RuntimeError: boom", "further error", "AssertionError: 1 != 2"):
            self.assertIn(text, run.output)

    def test_a_class_beside_the_suite_runs_once_and_on_its_layer(self):
        text = """
            def test_suite():
                cases = unittest.defaultTestLoader.loadTestsFromTestCase(It)
                return layered(unittest.TestSuite([cases, case("other")]), OUTER)
        """
        run = self.run_pytest(text)
        self.assertEqual(2, run.ran, run.output)
        self.assertEqual(["test_it on ['OUTER']"], [line for line in run.log if "test_it" in line])
        self.assertIn("other", run.log)

    def test_a_class_on_two_layers_runs_twice(self):
        text = """
            def test_suite():
                load = unittest.defaultTestLoader.loadTestsFromTestCase
                return unittest.TestSuite([layered(load(It), each) for each in (OUTER, OTHER)])
        """
        run = self.run_pytest(text)
        self.assertEqual(2, run.ran, run.output)
        self.assertIn("test_it on ['OUTER']", run.log)
        self.assertIn("test_it on ['OTHER']", run.log)

    def test_no_case_is_lost_because_its_class_stands_in_the_module(self):
        text = """
            from unittest import FunctionTestCase

            class Parametrized(unittest.TestCase):
                __test__ = False
                def __init__(self, name="test_default", parameter=None):
                    super().__init__(name)
                    self.parameter = parameter
                def test_default(self):
                    log(f"parameter {self.parameter}")

            class Unusual(unittest.TestCase):
                def check(self):
                    log("check")

            def test_suite():
                return unittest.TestSuite([
                    FunctionTestCase(lambda: log("function")),
                    Parametrized("test_default", 1), Parametrized("test_default", 2),
                    Unusual("check"),
                ])
        """
        run = self.run_pytest(text, "-k", "test_suite")
        self.assertEqual(0, run.status, run.output)
        self.assertEqual(["function", "parameter 1", "parameter 2", "check"], run.log)

    def test_load_tests_adds_cases_to_those_of_pytest(self):
        text = """
            def load_tests(loader, tests, pattern):
                tests.addTest(layered(unittest.TestSuite([case("added")]), OUTER))
                return tests
        """
        run = self.run_pytest(text)
        self.assertEqual(2, run.ran, run.output)
        up, down = ("OUTER up", "OUTER test up"), ("OUTER test down", "OUTER down")
        self.assertEqual(["test_it on []", *up, "added", *down], run.log)

    def test_load_tests_of_ours_adds_nothing(self):
        run = self.run_pytest("from underlay.runners.unittest import load_tests")
        self.assertRan(run, "test_it on []", passed=1)

    def test_a_test_suite_that_returns_no_suite_is_an_error(self):
        run = self.run_pytest("def test_suite(): pass", "-rA")
        self.assertEqual(2, run.status, run.output)
        self.assertIn("test_suite() returned NoneType, not a unittest.TestSuite.", run.output)

    def test_a_test_suite_that_raises_is_an_error(self):
        run = self.run_pytest("def test_suite(): raise RuntimeError('boom')")
        self.assertEqual(2, run.status, run.output)
        self.assertIn("RuntimeError: boom", run.output)

    def test_skipped_cases_set_nothing_up(self):
        module = """
            import unittest
            class Hidden(unittest.TestCase):
                @unittest.skip("why")
                def test_skipped(self): pass
        """
        text = """
            import hidden
            def test_suite():
                cases = unittest.defaultTestLoader.loadTestsFromModule(hidden)
                return layered(cases, OUTER)
        """
        self.assertRan(self.run_pytest(text, "-k", "hidden", hidden=module), skipped=1)


class Neighbours(PytestTest):
    """Other plugins."""

    start = FUNCTIONS

    def test_beside_zope_pytestlayer_it_stops_and_says_how_to_go_on(self):
        text = "def test_it(): pass"
        folder = self.project(test_it=text, zopelayer="")
        run = self.run_project("pytest", folder, "-p", "zopelayer")
        self.assertEqual(4, run.status, run.output)
        self.assertIn("run pytest with -p no:zopelayer, or with -p no:underlay.", run.output)
        run = self.run_project("pytest", folder, "-p", "zopelayer", "-p", "no:underlay")
        self.assertEqual(0, run.status, run.output)

    def test_doctests_are_left_alone(self):
        text = '''
            def one():
                """
                >>> 1
                1
                """
        '''
        run = self.run_pytest(text, "--doctest-modules")
        self.assertRan(run, passed=1)

    def test_with_xdist_the_verdict_is_the_same(self):
        text = """
            def test_one(first): assert first is FIRST
            def test_two(first): assert False
            @pytest.mark.layer(SECOND)
            def test_three(): pass
        """
        run = self.run_pytest(text, "-n2")
        self.assertEqual({"test_two"}, run.guilty, run.output)
        self.assertIn("1 failed, 2 passed", run.output)
        self.assertEqual(run.log.count("FIRST up"), run.log.count("FIRST down"))


class TearDown(PytestTest):
    """Layers that cannot be taken down."""

    text = """
        import unittest
        from hooks import Logged, log
        class Faulty(Logged):
            def tearDown(self):
                print("going down")
                raise RuntimeError("boom")
        BASE = Logged()
        FAULTY = Faulty(bases=[BASE])
        OTHER = Logged()
        class OnFaulty(unittest.TestCase):
            layer = FAULTY
            def test_first(self): pass
        class OnOther(unittest.TestCase):
            layer = OTHER
            def test_other(self): pass
    """

    def test_no_test_is_to_blame(self):
        for arguments in ((), ("-p", "xdist", "-n2")):
            run = self.run_pytest(self.text, *arguments)
            with self.subTest(arguments=arguments):
                self.assertRegex(run.output, "2 passed, 1 error")
                self.assertIn("ERROR at teardown of test_it.FAULTY", run.output)
                self.assertIn("ERROR test_it.py::OnFaulty - RuntimeError: boom", run.output)
                self.assertEqual(1, run.status)

    def test_the_report_has_what_the_layer_printed(self):
        output = self.run_pytest(self.text).output
        self.assertRegex(output, "Captured stdout teardown -+\ngoing down\n")

    def test_its_bases_go_down_all_the_same(self):
        for arguments in ((), ("-p", "no:capture")):
            run = self.run_pytest(self.text, *arguments)
            self.assertIn("ERROR test_it.py::OnFaulty - RuntimeError: boom", run.output)
            self.assertIn("BASE down", run.log)

    def test_our_frames_are_left_out(self):
        text = """
            import unittest
            import faulty
            class OnFaulty(unittest.TestCase):
                layer = faulty.FAULTY
                def test_it(self): pass
        """
        output = self.run_pytest(text, faulty=self.text).output
        self.assertIn("faulty.py:7: in tearDown", output)
        self.assertNotIn("_pytest_teardown.py", output)

    def test_x_stops_there(self):
        self.assertRegex(self.run_pytest(self.text, "-x").output, "1 passed, 1 error")

    def test_lf_runs_its_last_class_again_until_all_is_well(self):
        folder = self.project(test_it=self.text)
        cached = ("-p", "cacheprovider", "--lf")
        self.run_project("pytest", folder, *cached)
        (folder / "test_it.py").write_text(textwrap.dedent(self.text.replace("raise", "return")))
        for count in (1, 2):
            run = self.run_project("pytest", folder, *cached)
            self.assertRegex(run.output.splitlines()[-1], f"{count} passed", run.output)
            self.assertEqual(0, run.status)
