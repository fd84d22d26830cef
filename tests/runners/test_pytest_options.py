"""Options of pytest mean the same with layers."""

import textwrap

from tests.runners.test_pytest import FUNCTIONS, PytestTest


class Options(PytestTest):
    start = FUNCTIONS

    def test_stepwise_leaves_no_test_out_that_has_not_run(self):
        """Here the order of layers is not the one in which the tests stand in the file."""
        text = """
            import os
            @pytest.mark.layer(SECOND)
            def test_second(): pass
            def test_first(first):
                assert os.path.exists("mended")
        """
        folder = self.project(test_it=textwrap.dedent(self.start) + textwrap.dedent(text))
        stepwise = ("-pcacheprovider", "-pstepwise", "--sw")
        self.assertEqual({"test_first"}, self.run_project("pytest", folder, *stepwise).guilty)
        (folder / "mended").touch()
        run = self.run_project("pytest", folder, *stepwise)
        self.assertIn("2 passed", run.output)

    def test_with_pdb_the_test_ends_after_its_tearDown(self):
        """pytest calls ``tearDown`` late then, so that a debugger finds all as it was."""
        text = """
            import unittest
            class It(unittest.TestCase):
                layer = FIRST
                def test_it(self): log("test")
                def tearDown(self): log("tearDown")
        """
        run = self.run_pytest(text, "--pdb")
        up, down = ("FIRST up", "FIRST test up"), ("FIRST test down", "FIRST down")
        self.assertRan(run, *up, "test", "tearDown", *down, passed=1)

    def test_setup_plan_sets_nothing_up(self):
        run = self.run_pytest("def test_it(first): pass", "--setup-plan")
        self.assertIn("SETUP    F first", run.output)
        self.assertEqual((0, []), (run.status, run.log))
