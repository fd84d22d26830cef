"""pytest on several processes: each layer on as few workers as is fast."""

import json
import re
from collections import Counter

from tests.runners.project import ProjectTest
from underlay._stack import Spent
from underlay.runners._times import Record

LAYERS = """
    from hooks import Logged
    L0, L1, L2, L3, L4, L5, L6, L7 = (Logged() for _ in range(8))
"""

SHARED = """
    import unittest
    import layers
    from hooks import log

    for number in range(8):
        name = f"On{number}"
        layer = getattr(layers, f"L{number}")
        members = {f"test_{n}": lambda self: log(f"test {self.layer.__name__}") for n in range(5)}
        globals()[name] = type(name, (unittest.TestCase,), {"layer": layer, **members})
"""


class XdistTest(ProjectTest):
    def run_xdist(self, *arguments, **modules):
        arguments = ("-n2", "-p", "xdist", *arguments)
        return self.run_project("pytest", self.project(**modules), *arguments)

    def assertPassed(self, run, count):
        self.assertRegex(run.output.splitlines()[-1], rf"\b{count} passed\b", run.output)
        self.assertEqual(0, run.status, run.output)

    def workers(self, run):
        """Which worker ran which tests."""
        return {
            test: worker
            for worker, test in re.findall(r"^\[(gw\d)\] .* PASSED (\S+)", run.output, re.M)
        }


class Layers(XdistTest):
    def test_8_layers_shared_by_4_modules_go_up_8_times_on_2_workers(self):
        modules = {f"test_{number}": SHARED for number in range(4)}
        for mode in ("load", "loadscope", "loadgroup"):
            run = self.run_xdist("--dist", mode, layers=LAYERS, **modules)
            self.assertPassed(run, 160)
            up = [line for line in run.log if re.fullmatch(r"L\d up", line)]
            self.assertEqual([f"L{number} up" for number in range(8)], sorted(up), mode)
            down = [line for line in run.log if re.fullmatch(r"L\d down", line)]
            self.assertEqual(8, len(down), mode)

    def test_a_layer_on_which_everything_is_runs_on_both_workers(self):
        text = """
            import pytest
            from layers import L0
            @pytest.mark.layer(L0)
            @pytest.mark.parametrize("number", range(100))
            def test_it(number): pass
        """
        run = self.run_xdist("-v", layers=LAYERS, test_it=text)
        self.assertPassed(run, 100)
        ran = Counter(self.workers(run).values())
        self.assertEqual({"gw0": 50, "gw1": 50}, ran)
        self.assertEqual(2, run.log.count("L0 up"))

    def test_recorded_times_tell_whether_that_is_worth_it(self):
        text = """
            import pytest
            from layers import L0
            @pytest.mark.layer(L0)
            @pytest.mark.parametrize("number", range(100))
            def test_it(number): pass
        """
        folder = self.project(layers=LAYERS, test_it=text)
        for tests, count in ((1, 1), (9, 2)):
            record = Record({"layers.L0": Spent(2, 1)}, {"layers.L0": Spent(tests, 100)})
            (folder / "times.json").write_text(json.dumps(record.plain()))
            arguments = ("-n2", "-p", "xdist", "--layer-times", "times.json")
            run = self.run_project("pytest", folder, *arguments)
            self.assertPassed(run, 100)
            self.assertEqual(count, run.log.count("L0 up"), run.output)

    def test_both_workers_have_work(self):
        run = self.run_xdist("-v", layers=LAYERS, test_it=SHARED)
        self.assertEqual({"gw0", "gw1"}, set(self.workers(run).values()), run.output)

    def test_other_modes_are_those_of_xdist(self):
        for mode in ("loadfile", "worksteal", "each"):
            run = self.run_xdist("--dist", mode, layers=LAYERS, test_it=SHARED)
            self.assertPassed(run, 80 if mode == "each" else 40)

    def test_a_worker_that_dies_costs_one_test(self):
        text = (
            SHARED
            + """
    class Dying(unittest.TestCase):
        layer = layers.L0
        def test_dying(self):
            import os
            os._exit(1)
"""
        )
        run = self.run_xdist(layers=LAYERS, test_it=text)
        self.assertRegex(run.output.splitlines()[-1], r"\b1 failed, 40 passed\b", run.output)

    def test_a_test_that_killed_its_worker_runs_again_if_a_plugin_asks_for_it(self):
        """pytest-rerunfailures does."""
        conftest = """
            def pytest_handlecrashitem(crashitem, report, sched):
                sched.mark_test_pending(crashitem)
                report.outcome = "rerun"
        """
        text = """
            import os, unittest
            from hooks import Logged
            class Dying(unittest.TestCase):
                layer = Logged(name="LAYER")
                def test_before(self): pass
                def test_dying_once(self):
                    if not os.path.exists("has died"):
                        open("has died", "w").close()
                        os._exit(1)
                def test_then(self): pass
        """
        run = self.run_xdist(conftest=conftest, test_it=text)
        self.assertRegex(run.output.splitlines()[-1], r"\b3 passed, 1 rerun\b", run.output)
        self.assertEqual(0, run.status)

    def test_the_verdict_on_a_layer_that_fails_is_the_same(self):
        text = """
            import unittest
            from hooks import Logged
            class Faulty(Logged):
                def setUp(self):
                    raise RuntimeError("boom")
            FAULTY = Faulty()
            class It(unittest.TestCase):
                layer = FAULTY
                def test_one(self): pass
                def test_two(self): pass
        """
        run = self.run_xdist(test_it=text)
        self.assertRuns([run], guilty={"test_one", "test_two"}, ran=0)


class UsageErrors(XdistTest):
    """What stops a worker is told as it is without xdist, whatever its mode."""

    def assertTold(self, text, *arguments, **modules):
        for more in ((), ("-n2",), ("-n2", "--dist", "worksteal")):
            run = self.run_project("pytest", self.project(**modules), *arguments, *more)
            self.assertEqual(4, run.status, run.output)
            self.assertIn(f"ERROR: {text}", run.output)
            self.assertNotIn("INTERNALERROR", run.output)

    def test_two_layers_of_one_name(self):
        text = """
            import unittest
            from hooks import Logged
            class First(unittest.TestCase):
                layer = Logged(name="SAME")
                def test_first(self): pass
            class Second(unittest.TestCase):
                layer = Logged(name="SAME")
                def test_second(self): pass
        """
        self.assertTold("Two layers are named test_it.SAME", test_it=text)

    def test_a_file_that_is_not_there(self):
        self.assertTold("file or directory not found: nowhere.py", "nowhere.py")

    def test_a_pattern_that_cannot_be_read(self):
        for more in ((), ("-n2",)):
            run = self.run_project("pytest", self.project(test_it=""), "--layer", "[", *more)
            self.assertEqual(4, run.status, run.output)
            self.assertIn("is no regular expression", run.output)


class WithoutLayers(XdistTest):
    def test_tests_are_spread_over_the_workers(self):
        text = """
            import pytest
            @pytest.mark.parametrize("number", range(40))
            def test_it(number): pass
        """
        run = self.run_xdist("-v", test_it=text)
        self.assertPassed(run, 40)
        self.assertEqual({"gw0", "gw1"}, set(self.workers(run).values()), run.output)

    def test_a_suite_that_a_function_has_made_stays_on_one_worker(self):
        text = """
            import unittest
            def test_suite():
                given = []
                cases = [unittest.FunctionTestCase(lambda: given.append("it"))]
                cases += [unittest.FunctionTestCase(lambda: given[0]) for _ in range(40)]
                return unittest.TestSuite(cases)
        """
        self.assertPassed(self.run_xdist(test_it=text, test_other="def test_it(): pass"), 42)

    def test_groups_and_scopes_of_xdist_stay_on_one_worker(self):
        text = """
            import pytest
            @pytest.mark.xdist_group("one")
            class TestIt:
                @pytest.mark.parametrize("number", range(20))
                def test_it(self, number): pass
            def test_other(): pass
        """
        for mode in ("loadgroup", "loadscope"):
            run = self.run_xdist("-v", "--dist", mode, test_it=text)
            self.assertPassed(run, 21)
            workers = {worker for test, worker in self.workers(run).items() if "TestIt" in test}
            self.assertEqual(1, len(workers), run.output)

    def test_an_empty_shard_is_a_success_here_too(self):
        run = self.run_xdist("--shard", "2/2", test_it="def test_it(): pass")
        self.assertEqual(0, run.status, run.output)
