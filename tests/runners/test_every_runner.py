"""One verdict under zope.testrunner, pytest and unittest."""

from tests.runners.project import ProjectTest

TWO_LAYERS = """
    import unittest
    from hooks import Logged, log

    BASE = Logged()
    DERIVED = Logged(bases=[BASE])

    class OnBase(unittest.TestCase):
        layer = BASE
        def test_base(self):
            log("test_base")

    class OnDerived(unittest.TestCase):
        layer = DERIVED
        def test_derived(self):
            log("test_derived")

    class Plain(unittest.TestCase):
        def test_plain(self):
            log("test_plain")
"""

LAYER = """
    import unittest
    from hooks import Logged, log

    class Faulty(Logged):
{}

    FAULTY = Faulty()
    OTHER = Logged()

    class OnFaulty(unittest.TestCase):
        layer = FAULTY
        def test_first(self):
            log("test_first")
        def test_second(self):
            log("test_second")

    class OnOther(unittest.TestCase):
        layer = OTHER
        def test_other(self):
            log("test_other")
"""


def layer(text):
    """The module above with these methods in its faulty layer."""
    lines = [f"        {line}" for line in text.strip().splitlines()]
    return LAYER.format("\n".join(lines))


class EveryRunner(ProjectTest):
    def test_layers_go_up_once_bases_first_and_come_down_in_reverse(self):
        runs = self.run_everywhere(test_it=TWO_LAYERS)
        self.assertRuns(
            runs,
            guilty=set(),
            ran=3,
            log=[
                "test_plain",
                *("BASE up", "BASE test up", "test_base", "BASE test down"),
                *("DERIVED up", "BASE test up", "DERIVED test up", "test_derived"),
                *("DERIVED test down", "BASE test down", "DERIVED down", "BASE down"),
            ],
        )

    def test_an_error_in_setUp_is_the_error_of_each_of_its_tests(self):
        module = layer(
            """
def setUp(self):
    self.addCleanup(log, "undone")
    raise RuntimeError("boom")
"""
        )
        runs = self.run_everywhere(test_it=module)
        self.assertRuns(runs, guilty={"test_first", "test_second"}, ran=3)
        for run in runs:
            self.assertEqual(1, run.log.count("undone"), run.output)
            self.assertIn("RuntimeError: boom", run.output)
            self.assertIn("FAULTY> failed in setUp: RuntimeError: boom", run.output)
            self.assertIn("test_other", run.log)

    def test_a_clean_up_that_fails_after_half_a_setUp_does_not_lose_the_tests(self):
        module = layer(
            """
def setUp(self):
    self.addCleanup(lambda: 1 / 0)
    raise RuntimeError("boom")
"""
        )
        runs = self.run_everywhere(test_it=module)
        self.assertRuns(runs, guilty={"test_first", "test_second"}, ran=3)
        for run in runs:
            self.assertIn("ZeroDivisionError", run.output)
            self.assertIn("test_other", run.log)

    def test_an_interrupt_takes_the_test_and_then_the_layers_down(self):
        module = """
            import os, signal, unittest
            from hooks import Logged

            BASE = Logged()
            DERIVED = Logged(bases=[BASE])

            class Interrupted(unittest.TestCase):
                layer = DERIVED
                def test_interrupted(self):
                    os.kill(os.getpid(), signal.SIGINT)
        """
        for run in self.run_everywhere(test_it=module):
            with self.subTest(runner=run.runner):
                self.assertNotEqual(0, run.status, run.output)
                self.assertEqual(
                    ["DERIVED test down", "BASE test down", "DERIVED down", "BASE down"],
                    sorted(run.log[-4:], key=lambda line: "test" not in line),
                    run.output,
                )

    def test_a_SkipTest_in_setUp_skips_its_tests(self):
        module = layer(
            """
def setUp(self):
    raise unittest.SkipTest("no database")
"""
        )
        runs = self.run_everywhere(test_it=module)
        self.assertRuns(runs, guilty=set(), ran=3)
        for run in runs:
            self.assertNotIn("test_first", run.log)
            self.assertIn("no database", run.output)

    def test_an_error_in_testSetUp_is_the_error_of_that_test(self):
        module = layer(
            """
tests = 0
def testSetUp(self):
    self.tests += 1
    self.addCleanup(log, "undone")
    if self.tests == 1:
        raise RuntimeError("boom")
"""
        )
        runs = self.run_everywhere(test_it=module)
        self.assertRuns(runs, guilty={"test_first"}, ran=3)
        for run in runs:
            self.assertIn("RuntimeError: boom", run.output)
            self.assertEqual(2, run.log.count("undone"))
            self.assertNotIn("test_first", run.log)

    def test_an_error_in_testTearDown_is_the_error_of_that_test(self):
        module = layer(
            """
tests = 0
def testTearDown(self):
    self.tests += 1
    if self.tests == 1:
        raise RuntimeError("boom")
"""
        )
        runs = self.run_everywhere(test_it=module)
        self.assertRuns(runs, guilty={"test_first"}, ran=3)
        for run in runs:
            self.assertIn("RuntimeError: boom", run.output)
            self.assertIn("test_second", run.log)

    def test_what_verify_raises_is_the_failure_of_that_test(self):
        module = layer(
            """
problems = ["boom"]
def verify(self):
    if self.problems:
        raise AssertionError(self.problems.pop())
"""
        )
        runs = self.run_everywhere(test_it=module)
        self.assertRuns(runs, guilty={"test_first"}, ran=3)
        for run in runs:
            self.assertIn("AssertionError: boom", run.output)

    def test_an_error_in_tearDown_is_an_error_of_the_run(self):
        module = layer(
            """
def tearDown(self):
    raise RuntimeError("boom")
"""
        )
        for run in self.run_everywhere(test_it=module):
            with self.subTest(runner=run.runner):
                self.assertNotEqual(0, run.status, run.output)
                self.assertIn("RuntimeError: boom", run.output)
                self.assertIn("test_other", run.log)

    def test_the_order_sets_up_as_little_as_the_layers_allow(self):
        """Under zope.testrunner its own order stays."""
        module = """
            import unittest
            from hooks import Logged

            X, Y, Z = Logged(), Logged(), Logged()

            def cases():
                for number, bases in enumerate([[X], [Y, Z], [X, Y], [Z]]):
                    layer = Logged(bases, name=f"L{number}")
                    case = unittest.FunctionTestCase(print)
                    case.layer = layer
                    yield case

            def load_tests(*_):
                return unittest.TestSuite(cases())
        """
        folder = self.project(test_it=module)
        for runner in ("pytest", "unittest"):
            run = self.run_project(runner, folder)
            up = [line for line in run.log if line.endswith(" up") and "test" not in line]
            self.assertEqual(7, len(up), run.output)

    def test_two_layers_of_one_name_are_refused_before_any_test(self):
        module = """
            import unittest
            from hooks import Logged, log

            class First(unittest.TestCase):
                layer = Logged(name="SAME")
                def test_first(self):
                    log("test_first")

            class Second(unittest.TestCase):
                layer = Logged(name="SAME")
                def test_second(self):
                    log("test_second")
        """
        for run in self.run_everywhere(test_it=module):
            with self.subTest(runner=run.runner):
                self.assertNotEqual(0, run.status, run.output)
                self.assertIn("Two layers are named test_it.SAME", run.output)
                self.assertEqual([], run.log)

    def test_a_suite_can_be_on_a_layer(self):
        module = """
            import unittest
            from hooks import Logged, log
            from underlay.runners.unittest import layered

            OUTER, INNER = Logged(), Logged()

            def case(name):
                return unittest.FunctionTestCase(lambda: log(name), description=name)

            def test_suite():
                inner = layered(unittest.TestSuite([case("test_inner")]), INNER)
                return layered(unittest.TestSuite([inner, case("test_outer")]), OUTER)
        """
        runs = self.run_everywhere(test_it=module)
        self.assertRuns(
            runs,
            guilty=set(),
            ran=2,
            log=[
                *("INNER up", "INNER test up", "test_inner", "INNER test down", "INNER down"),
                *("OUTER up", "OUTER test up", "test_outer", "OUTER test down", "OUTER down"),
            ],
        )

    def test_no_tests_are_no_success(self):
        for run in self.run_everywhere(test_it="import unittest"):
            with self.subTest(runner=run.runner):
                if run.runner != "zope.testrunner":  # out of our hands
                    self.assertEqual(5, run.status, run.output)

    def test_async_tests_are_on_layers_too(self):
        module = """
            import asyncio, unittest
            from hooks import Logged, log

            BASE = Logged()

            class Async(unittest.IsolatedAsyncioTestCase):
                layer = BASE
                async def test_async(self):
                    await asyncio.sleep(0)
                    log("test_async")
        """
        log = ["BASE up", "BASE test up", "test_async", "BASE test down", "BASE down"]
        self.assertRuns(self.run_everywhere(test_it=module), guilty=set(), ran=1, log=log)

    def test_a_plone_testing_layer_is_a_base_or_is_derived(self):
        module = """
            import unittest
            import plone.testing
            from underlay import Layer

            class Plone(plone.testing.Layer):
                def setUp(self):
                    self["port"] = self.get("port", 0) + 1
                def tearDown(self):
                    del self["port"]

            class Ours(Layer):
                def setUp(self):
                    self["port"] = self.get("port", 0) + 10

            PLONE = Plone(name="PLONE")
            ON_PLONE = Ours(bases=[PLONE])
            OURS = Ours()
            ON_OURS = Plone(bases=(OURS,), name="ON_OURS")

            class OnPlone(unittest.TestCase):
                layer = ON_PLONE
                def test_on_plone(self):
                    self.assertEqual((11, 11), (self.layer["port"], PLONE["port"]))

            class OnOurs(unittest.TestCase):
                layer = ON_OURS
                def test_on_ours(self):
                    self.assertEqual((11, 11), (self.layer["port"], OURS["port"]))
        """
        self.assertRuns(self.run_everywhere(test_it=module), guilty=set(), ran=2)
