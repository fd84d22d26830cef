"""What only zope.testrunner has: it needs none of our code, so the layers do it all."""

from tests.runners.project import ProjectTest

LAYERS = """
    import unittest
    from hooks import Logged, log

    BASE = Logged()
    DERIVED = Logged(bases=[BASE])
    OTHER = Logged()

    class OnDerived(unittest.TestCase):
        layer = DERIVED
        def test_derived(self):
            log("test_derived")

    class OnOther(unittest.TestCase):
        layer = "test_it.OTHER"
        def test_other(self):
            log("test_other")
        def test_failing(self):
            self.fail("oops")
"""


class ZopeTest(ProjectTest):
    def run_zope(self, text, *arguments):
        folder = self.project(test_it=text)
        path = ("--path", str(folder))  # which the processes of -j are told as well
        return self.run_project("zope.testrunner", folder, *path, *arguments)


class Options(ZopeTest):
    def test_t_selects_tests_and_sets_up_their_layers_alone(self):
        run = self.run_zope(LAYERS, "-t", "test_derived")
        self.assertEqual(0, run.status, run.output)
        self.assertEqual(["BASE up", "DERIVED up"], run.log[:2])
        self.assertNotIn("OTHER up", run.log)

    def test_layer_selects_layers_by_the_names_of_their_variables(self):
        run = self.run_zope(LAYERS, "--layer", r"test_it\.OTHER")
        self.assertRuns([run], guilty={"test_failing"}, ran=2)
        self.assertNotIn("BASE up", run.log)

    def test_j_comes_to_the_same_verdict(self):
        for run in (self.run_zope(LAYERS), self.run_zope(LAYERS, "-j2")):
            self.assertRuns([run], guilty={"test_failing"}, ran=3)
            for name in ("BASE", "DERIVED", "OTHER"):
                self.assertEqual(1, run.log.count(f"{name} up"), run.log)
                self.assertEqual(1, run.log.count(f"{name} down"), run.log)

    def test_j_tells_of_an_error_in_setUp_as_well(self):
        text = """
            import unittest
            from hooks import Logged
            class Faulty(Logged):
                def setUp(self):
                    raise RuntimeError("boom")
            FAULTY, OTHER = Faulty(), Logged()
            class OnFaulty(unittest.TestCase):
                layer = FAULTY
                def test_one(self): pass
                def test_two(self): pass
            class OnOther(unittest.TestCase):
                layer = OTHER
                def test_other(self): pass
        """
        self.assertRuns([self.run_zope(text, "-j2")], guilty={"test_one", "test_two"}, ran=3)

    def test_j_says_which_layer_skips_its_tests_and_why(self):
        """Its processes do not count what they skip."""
        text = """
            import unittest
            from hooks import Logged
            class Without(Logged):
                def setUp(self):
                    raise unittest.SkipTest("no database")
            WITHOUT, OTHER = Without(), Logged()
            class OnWithout(unittest.TestCase):
                layer = WITHOUT
                def test_one(self): pass
            class OnOther(unittest.TestCase):
                layer = OTHER
                def test_other(self): pass
        """
        run = self.run_zope(text, "-j2")
        self.assertIn("<Without test_it.WITHOUT> skips its tests: no database", run.output)
        self.assertRuns([run], guilty=set(), ran=2)

    def test_buffered_output_survives_an_error_in_testTearDown(self):
        text = """
            import unittest
            from hooks import Logged
            class Faulty(Logged):
                def testTearDown(self):
                    print("from the layer")
                    raise RuntimeError("boom")
            FAULTY = Faulty()
            class OnFaulty(unittest.TestCase):
                layer = FAULTY
                def test_one(self): print("from the test")
        """
        run = self.run_zope(text, "--buffer")
        self.assertRuns([run], guilty={"test_one"}, ran=1)
        self.assertIn("RuntimeError: boom", run.output)

    def test_with_post_mortem_debugging_all_is_well(self):
        run = self.run_zope(LAYERS, "-D", "-t", "test_derived")
        self.assertRuns([run], guilty=set(), ran=1)


class Errors(ZopeTest):
    def test_an_error_in_testSetUp_of_a_base_keeps_the_derived_one_from_running(self):
        text = """
            import unittest
            from hooks import Logged, log
            class Faulty(Logged):
                def testSetUp(self):
                    raise RuntimeError("boom")
            BASE = Faulty()
            DERIVED = Logged(bases=[BASE])
            class OnDerived(unittest.TestCase):
                layer = DERIVED
                def test_one(self): log("test_one")
                def test_two(self): log("test_two")
        """
        run = self.run_zope(text)
        self.assertRuns([run], guilty={"test_one", "test_two"}, ran=2)
        self.assertEqual(["BASE up", "DERIVED up", "DERIVED down", "BASE down"], run.log)
        self.assertEqual(2, run.output.count("RuntimeError: boom"), run.output)

    def test_exit_in_a_hook_is_an_error_and_does_not_end_the_run(self):
        text = """
            import sys, unittest
            from hooks import Logged, log
            class ExitsEarly(Logged):
                def setUp(self):
                    sys.exit(0)
            class ExitsLate(Logged):
                def testTearDown(self):
                    sys.exit(0)
            EARLY, LATE = ExitsEarly(), ExitsLate()
            class OnEarly(unittest.TestCase):
                layer = EARLY
                def test_early(self): pass
            class OnLate(unittest.TestCase):
                layer = LATE
                def test_late(self): pass
        """
        for run in self.run_everywhere(test_it=text):
            self.assertRuns([run], guilty={"test_early", "test_late"}, ran=2)

    def test_tests_that_are_skipped_begin_and_end_nothing_by_halves(self):
        """Python 3.12.1 stops tests that it never started, if a decorator skips them."""
        text = """
            import unittest
            from hooks import Logged
            class Fragile(Logged):
                def testSetUp(self): self["portal"] = 1
                def testTearDown(self): del self["portal"]
            FRAGILE = Fragile()
            class OnFragile(unittest.TestCase):
                layer = FRAGILE
                @unittest.skip("why")
                def test_skipped(self): pass
                def test_runs(self): pass
        """
        self.assertRuns([self.run_zope(text)], guilty=set(), ran=2)
