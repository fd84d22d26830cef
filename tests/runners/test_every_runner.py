"""What holds under zope.testrunner, pytest and unittest beside the table of tests/conformance."""

from tests.conformance.situations import faulty
from tests.runners.project import ProjectTest


class EveryRunner(ProjectTest):
    def test_a_clean_up_that_fails_after_half_a_setUp_does_not_lose_the_tests(self):
        module = faulty(
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


class ModuleFixtures(ProjectTest):
    """``setUpModule`` and ``tearDownModule``, which zope.testrunner never calls."""

    start = """
        import unittest
        from hooks import Logged, log

        def setUpModule(): log("module up")
        def tearDownModule(): log("module down")

        FIRST, SECOND = Logged(), Logged()
        class OnFirst(unittest.TestCase):
            layer = FIRST
            def test_first(self): log("first")
    """

    def assertRan(self, runner, text, log):
        run = self.run_project(runner, self.project(test_it=self.start + text))
        self.assertEqual(0, run.status, run.output)
        self.assertEqual(log, [line for line in run.log if " test " not in line])

    def test_they_run_while_the_layer_is_up(self):
        for runner in ("pytest", "unittest"):
            log = ["FIRST up", "module up", "first", "module down", "FIRST down"]
            self.assertRan(runner, "", log)

    def test_with_two_layers_they_run_for_each_under_unittest_but_once_under_pytest(self):
        text = """
        class OnSecond(unittest.TestCase):
            layer = SECOND
            def test_second(self): log("second")
        """
        first = ["FIRST up", "module up", "first"]
        second = ["second", "module down", "SECOND down"]
        down_up = ["module down", "FIRST down", "SECOND up", "module up"]
        self.assertRan("unittest", text, [*first, *down_up, *second])
        self.assertRan("pytest", text, [*first, "FIRST down", "SECOND up", *second])
