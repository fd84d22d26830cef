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

    def test_setup_plan_sets_nothing_up(self):
        run = self.run_pytest("def test_it(first): pass", "--setup-plan")
        self.assertIn("SETUP    F first", run.output)
        self.assertEqual((0, []), (run.status, run.log))
