"""The command line of underlay's unittest."""

from tests.runners.project import ProjectTest
from tests.runners.test_unittest import TWO


class CommandLine(ProjectTest):
    def run_unittest(self, text, *arguments, **modules):
        return self.run_project("unittest", self.project(test_it=text, **modules), *arguments)

    def test_k_selects_also_cases_of_ready_made_suites(self):
        text = """
            import unittest
            def test_suite():
                def test_three(): pass
                class Four(unittest.TestCase):
                    def test_four(self): pass
                three = unittest.FunctionTestCase(test_three)
                return unittest.TestSuite([three, Four("test_four")])
        """
        folder = self.project(test_it=text)
        for pattern, count in (("four", 1), ("test_thre*", 1), ("nothing", 0), ("test", 2)):
            run = self.run_project("unittest", folder, "-k", pattern)
            self.assertEqual((count, bool(count)), (run.ran, not run.status), run.output)

    def test_f_stops_at_the_first_failure_and_takes_layers_down(self):
        run = self.run_unittest(TWO, "-f")
        self.assertEqual(1, run.status)
        self.assertEqual(["LAYER up", "LAYER test up", "first"], run.log[:3])
        self.assertEqual(["LAYER test down", "LAYER down"], run.log[3:])

    def test_modules_and_classes_are_selected_by_name(self):
        folder = self.project(test_it=TWO)
        run = self.run_project("unittest", folder, "test_it.Second")
        self.assertEqual((0, 1), (run.status, run.ran), run.output)

    def test_no_test_is_no_success(self):
        run = self.run_unittest(TWO, "-k", "nothing")
        self.assertEqual(5, run.status)
        self.assertIn("No test was found: that is not a success.", run.output)

    def test_skipped_tests_alone_are_no_failure(self):
        text = """
            import unittest
            from hooks import Logged
            class Skipped(unittest.TestCase):
                layer = Logged(name="LAYER")
                @classmethod
                def setUpClass(cls):
                    raise RuntimeError("boom")
                @unittest.skip("why")
                def test_it(self): pass
        """
        run = self.run_unittest(text)
        self.assertEqual((0, []), (run.status, run.log), run.output)
        self.assertIn("skipped 'why'", run.output)

    def test_what_cannot_be_loaded_is_an_error_whatever_is_selected(self):
        for text in (
            "import nowhere_at_all",
            "def test_suite(): raise RuntimeError('boom')",
            "def load_tests(*args): raise RuntimeError('boom')",
        ):
            run = self.run_unittest(TWO, "-k", "test_second", test_broken=text)
            self.assertEqual({"test_broken"}, run.guilty, run.output)
            self.assertIn("second", run.log)

    def test_a_layer_that_cannot_be_found_is_told_in_one_line(self):
        text = """
            import unittest
            class It(unittest.TestCase):
                layer = "test_it.NOTHING"
                def test_it(self): pass
        """
        run = self.run_unittest(text)
        self.assertEqual(1, run.status)
        self.assertTrue(run.output.startswith("There is no layer 'test_it.NOTHING'"), run.output)

    def test_an_interrupt_takes_the_layers_down(self):
        text = """
            import unittest
            from hooks import Logged
            class It(unittest.TestCase):
                layer = Logged(name="LAYER")
                def test_it(self):
                    raise KeyboardInterrupt
        """
        run = self.run_unittest(text)
        self.assertNotEqual(0, run.status)
        self.assertEqual("LAYER down", run.log[-1])
