"""Suites on layers: how they run, and load_tests under stock unittest."""

import contextlib
import doctest
import gc
import io
import random
import textwrap
import time
import unittest
import warnings
import weakref

from tests.runners.project import RUNNERS, ProjectTest
from tests.test_layer import Logged, fail
from underlay import Layer, NameTaken
from underlay.runners import _cases
from underlay.runners._cases import flatten
from underlay.runners.unittest import LayeredSuite, layered

LAYERS = "from hooks import Logged\nLAYER = Logged()"

SUITE = """
    import unittest
    from hooks import log
    from layers import LAYER
    from underlay.runners.unittest import layered
    class It(unittest.TestCase):
        def test_it(self): log("It")
    def test_suite():
        case = unittest.FunctionTestCase(lambda: log("suite"))
        return layered(unittest.TestSuite([case]), LAYER)
"""

TWO = """
    import unittest
    from hooks import Logged, log

    LAYER = Logged()

    class First(unittest.TestCase):
        layer = LAYER
        def test_first(self):
            log("first")
            self.fail("oops")

    class Second(unittest.TestCase):
        layer = LAYER
        def test_second(self):
            log("second")
"""


def documented():
    """
    >>> layer
    """


class Stock(ProjectTest):
    """Under ``python -m unittest`` itself."""

    def setUp(self):
        stock = {**RUNNERS, "unittest": ["unittest"]}
        self.addCleanup(RUNNERS.update, dict(RUNNERS))
        RUNNERS.update(stock)

    def test_load_tests_of_ours_in_a_module_honours_layers(self):
        text = TWO + "    from underlay.runners.unittest import load_tests"
        run = self.run_project("unittest", self.project(test_it=text))
        self.assertEqual({"test_first"}, run.guilty, run.output)
        around = ("LAYER test up", "LAYER test down")
        self.assertEqual(
            [
                *("LAYER up", around[0], "first", around[1]),
                *(around[0], "second", around[1], "LAYER down"),
            ],
            run.log,
        )

    def test_load_tests_of_ours_beside_a_test_suite_runs_that(self):
        """In the module itself and in the modules of a package; else its tests would be missing."""
        ours = "    from underlay.runners.unittest import load_tests"
        folder = self.project(test_it=SUITE + ours, layers=LAYERS)
        (folder / "pack").mkdir()
        (folder / "pack" / "__init__.py").write_text(textwrap.dedent(ours))
        (folder / "pack" / "test_it.py").write_text(textwrap.dedent(SUITE))
        for arguments in (["discover", "-s", "pack", "-t", "."], ["pack"], ["test_it"]):
            with self.subTest(arguments):
                run = self.run_project("unittest", folder, *arguments)
                on_layer = ["LAYER up", "LAYER test up", "suite", "LAYER test down", "LAYER down"]
                self.assertEqual((0, on_layer), (run.status, run.log), run.output)

    def test_load_tests_of_ours_in_a_package_shares_layers_among_its_modules(self):
        """Those of packages in it, too, and whether they have a load_tests of their own or not."""
        module = """
            import unittest
            from hooks import log
            from layers import LAYER
            class It(unittest.TestCase):
                layer = LAYER
                def test_it(self): log(__name__)
        """
        ours = "from underlay.runners.unittest import load_tests"
        folder = self.project(layers=LAYERS)
        for package, text in (("pack", ours), ("pack/plain", ""), ("pack/inner", ours)):
            (folder / package).mkdir()
            (folder / package / "__init__.py").write_text(text)
            for name in ("test_a.py", "test_b.py"):
                (folder / package / name).write_text(textwrap.dedent(module))
        inner, plain = (
            ("pack.inner.test_a", "pack.inner.test_b"),
            ("pack.plain.test_a", "pack.plain.test_b"),
        )
        everything = sorted([*inner, *plain, "pack.test_a", "pack.test_b"])
        for arguments, expected in (
            ([], everything),
            (["discover", "-s", "pack", "-t", "."], everything),
            (["discover", "-p", "*_a.py"], [name for name in everything if name.endswith("a")]),
            (["pack"], everything),
            (["pack.inner"], [*inner]),
        ):
            with self.subTest(arguments):
                run = self.run_project("unittest", folder, *arguments)
                self.assertEqual((0, len(expected)), (run.status, run.ran), run.output)
                tests = [line for line in run.log if line.startswith("pack")]
                self.assertEqual(expected, sorted(tests))
                self.assertEqual(1, run.log.count("LAYER up"), run.log)

    def test_without_it_the_tests_turn_red(self):
        run = self.run_project("unittest", self.project(test_it=TWO))
        self.assertEqual({"test_first", "test_second"}, run.guilty, run.output)
        self.assertIn("was never set up: this runner does not know layers.", run.output)


class SuiteTest(unittest.TestCase):
    def setUp(self):
        self.log = []
        self.layer = Logged(self.log, name="LAYER")
        self.addCleanup(delattr, self, "layer")  # else it would keep its name from the next test

    def case(self, layer, name="test", base=unittest.TestCase, **members):
        members.setdefault("test", lambda case: self.log.append("test"))
        return type("Case", (base,), {"layer": layer, **members})(name)

    def run_suite(self, suite):
        result = unittest.TestResult()
        suite.run(result)
        return result


class Layered(SuiteTest):
    def test_the_innermost_layer_counts(self):
        other = Layer()
        case, plain = self.case(other), unittest.FunctionTestCase(print)
        suite = layered(unittest.TestSuite([case, unittest.TestSuite([plain])]), self.layer)
        self.assertEqual([(other, case), (self.layer, plain)], list(flatten(suite)))

    def test_a_layer_may_be_named(self):
        case = self.case(f"{__name__}.NAMED")
        self.assertEqual([(NAMED, case)], list(flatten(case)))

    def test_doctests_find_their_layer(self):
        """Unless they are not to, or have something of that name."""

        def doctests(**names):
            found = doctest.DocTestFinder().find(documented, "documented", globs=names)
            return unittest.TestSuite(map(doctest.DocTestCase, found))

        def globs(suite):
            [case] = suite
            return case._dt_test.globs.get("layer")

        self.assertIs(self.layer, globs(layered(doctests(), self.layer)))
        self.assertEqual(1, globs(layered(doctests(layer=1), self.layer)))
        self.assertIsNone(globs(layered(doctests(), self.layer, addLayerToDoctestGlobs=False)))

    def test_a_layer_that_is_empty_is_a_layer_nevertheless(self):
        class Mailbox(Logged):
            def __len__(self):
                return 0

        self.run_suite(LayeredSuite([self.case(Mailbox(self.log, name="MAILBOX"))]))
        self.assertEqual("MAILBOX up", self.log[0])


class NestedInStock(SuiteTest):
    def test_class_fixtures_run_once_and_while_the_layers_are_up(self):
        log, layer = self.log, self.layer

        class It(unittest.TestCase):
            @classmethod
            def setUpClass(cls):
                log.append("class up")

            @classmethod
            def tearDownClass(cls):
                log.append("class down")

            def test(self):
                log.append("test")

        It.layer = layer
        after = unittest.FunctionTestCase(lambda: log.append("after"))
        result = self.run_suite(unittest.TestSuite([LayeredSuite([It("test")]), after]))
        self.assertTrue(result.wasSuccessful(), result.errors)
        self.assertEqual(
            [
                *("LAYER up", "class up", "LAYER test up", "test"),
                *("LAYER test down", "class down", "LAYER down", "after"),
            ],
            log,
        )

    def test_two_groups_of_one_class_have_class_fixtures_each(self):
        log = self.log

        class It(unittest.TestCase):
            setUpClass = classmethod(lambda cls: log.append("class up"))
            tearDownClass = classmethod(lambda cls: log.append("class down"))
            test = lambda self: None  # noqa: E731

        parts = [layered(unittest.TestSuite([It("test")]), Logged(log, name=name)) for name in "AB"]
        self.run_suite(unittest.TestSuite([LayeredSuite(parts)]))
        self.assertEqual(
            [
                *("A up", "class up", "A test up", "A test down", "class down", "A down"),
                *("B up", "class up", "B test up", "B test down", "class down", "B down"),
            ],
            log,
        )


class Running(SuiteTest):
    def test_testTearDown_runs_after_the_clean_ups_of_the_test(self):
        def test(case):
            case.addCleanup(self.log.append, "cleaned")

        self.run_suite(LayeredSuite([self.case(self.layer, test=test)]))
        self.assertEqual(["cleaned", "LAYER test down", "LAYER down"], self.log[2:])

    def test_testSetUp_runs_before_setUp_and_testTearDown_although_setUp_fails(self):
        def setUp(case):
            self.log.append("setUp")
            case.fail()

        result = self.run_suite(LayeredSuite([self.case(self.layer, setUp=setUp)]))
        self.assertEqual(1, len(result.failures))
        self.assertEqual(["LAYER test up", "setUp", "LAYER test down"], self.log[1:-1])

    def test_an_error_in_setUp_is_reported_with_each_test_and_the_others_go_on(self):
        class Faulty(Layer):
            def setUp(self):
                fail(ValueError("boom"))

        faulty = Faulty(name="FAULTY")
        suite = LayeredSuite([self.case(faulty), self.case(faulty), self.case(self.layer)])
        result = self.run_suite(suite)
        self.assertEqual(3, result.testsRun)
        first, second = (text for _, text in result.errors)
        self.assertIn("ValueError: boom", first)
        self.assertIn("FAULTY> failed in setUp: ValueError: boom", second)
        self.assertIn("test", self.log)

    def test_an_error_in_tearDown_is_an_error_of_the_run_which_goes_on(self):
        class Faulty(Layer):
            def tearDown(self):
                fail(ValueError("boom"))

        suite = LayeredSuite([self.case(Faulty(name="FAULTY")), self.case(self.layer)])
        result = self.run_suite(suite)
        [(what, text)] = result.errors
        self.assertTrue(str(what).endswith(".FAULTY"), what)
        self.assertIn("ValueError: boom", text)
        self.assertEqual("LAYER down", self.log[-1])

    def test_an_error_in_tearDown_is_told_also_if_output_is_kept_back(self):
        class Faulty(Layer):
            def tearDown(self):
                print("going down")
                fail(ValueError("boom"))

        result = unittest.TestResult()
        result.buffer = True
        faulty = LayeredSuite([self.case(Faulty(name="FAULTY")), self.case(self.layer)])
        with contextlib.redirect_stdout(io.StringIO()):
            faulty.run(result)
        [(_, text)] = result.errors
        self.assertRegex(text, r"ValueError: boom\n\nStdout:\ngoing down\n")
        self.assertEqual("LAYER down", self.log[-1])

    def test_after_stop_no_layer_is_set_up_and_no_test_run(self):
        result = unittest.TestResult()
        result.stop()
        skipped = unittest.skip("why")(lambda case: None)
        LayeredSuite([self.case(self.layer), self.case(self.layer, test=skipped)]).run(result)
        self.assertEqual(([], 0, []), (self.log, result.testsRun, result.skipped))

    def test_a_test_is_let_go_of_once_it_has_run(self):
        def test(case):
            gc.collect()
            alive.append(sum(each() is not None for each in known))
            known.append(weakref.ref(case))

        known, alive = [], []
        cases = unittest.TestSuite(self.case(self.layer, test=test) for _ in range(3))
        suite = unittest.TestSuite([LayeredSuite([cases])])
        del cases
        self.run_suite(suite)
        self.assertEqual([0, 0, 0], alive)

    def test_20_000_tests_on_200_layers_are_put_in_order_in_less_than_a_second(self):
        layers = [Layer(name=f"L{number}") for number in range(200)]
        derived = [Layer(random.sample(layers, 2), name=each.__name__ + "X") for each in layers]
        classes = [type("Case", (unittest.TestCase,), {"layer": each}) for each in derived]
        suite = LayeredSuite(each("id") for each in classes for _ in range(100))
        start = time.process_time()
        self.assertEqual([100] * 200, [len(tests) for _, tests in suite._groups()])
        self.assertLess(time.process_time() - start, 1)

    def test_namesakes_are_refused_before_any_test(self):
        class Namesake:
            __bases__ = ()
            __module__, __name__ = "app.testing", "SAME"

        with self.assertRaises(NameTaken):
            self.run_suite(LayeredSuite([self.case(Namesake()), self.case(Namesake())]))
        self.assertEqual([], self.log)

    def test_it_is_clean_of_warnings(self):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            result = self.run_suite(LayeredSuite([self.case(self.layer)]))
        self.assertTrue(result.wasSuccessful(), result.errors)

    def test_what_could_not_be_loaded_raises_when_it_runs(self):
        result = self.run_suite(
            LayeredSuite([_cases.FailedTest("app.test_it", ValueError("boom"))])
        )
        self.assertIn("ValueError: boom", result.errors[0][1])


NAMED = Layer()
