"""Suites of external runners: their cases, what is run of them, where and with what around it."""

import contextlib
import gc
import os
import signal
import tempfile
import unittest
import warnings
from pathlib import Path
from unittest import mock

from tests.external.support import SHOP, SPECS, cases, jasmine, run
from tests.helpers import temporary_folder
from underlay import Layer
from underlay.external import Jasmine, makeSuite


class Traced(unittest.TestCase):
    """Base: ``traced_spec.js`` notes in a file which process loads it and which specs run."""

    def setUp(self):
        self.trace = Path(self.enterContext_(tempfile.TemporaryDirectory())) / "trace"
        self.trace.touch()

    def enterContext_(self, context):  # TestCase.enterContext is new in Python 3.11
        value = context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)
        return value

    def suite(self, **options):
        return makeSuite(
            jasmine("traced_spec.js"), cwd=SPECS, env={"TRACE": str(self.trace)}, **options
        )

    def traced(self, what):
        """The second words of the lines with this first one."""
        lines = map(str.split, self.trace.read_text().splitlines())
        return [word for first, word in lines if first == what]


class Cases(unittest.TestCase):
    def suite(self, **options):
        return makeSuite(jasmine("names_spec.js"), cwd=SPECS, **options)

    def test_has_a_case_for_each_spec_and_one_for_the_end(self):
        self.assertEqual(
            [
                "test_Grüße_世界_has_two_spaces_and_a_line",
                "test_Grüße_世界_a_b",
                "test_Grüße_世界_a_b_2",
                "test_zz_runner_finished",
            ],
            [case.id().rpartition(".")[2] for case in self.suite()],
        )

    def test_ids_name_the_module_that_calls_and_the_runner_or_the_given_name(self):
        prefix = "tests.external.test_suite.Jasmine.test_"
        self.assertTrue(all(case.id().startswith(prefix) for case in self.suite()))
        prefix = "tests.external.test_suite.Names.test_"
        self.assertTrue(all(case.id().startswith(prefix) for case in self.suite(name="Names")))

    def test_cases_are_shown_by_title_and_file(self):
        self.assertEqual(
            [
                "Grüße, 世界 has two spaces and a line (names_spec.js)",
                "Grüße, 世界 a b (names_spec.js)",
                "Grüße, 世界 a_b (names_spec.js)",
                "Jasmine finished (tests.external.test_suite)",
            ],
            [str(case) for case in self.suite()],
        )
        self.assertEqual({None}, {case.shortDescription() for case in self.suite()})

    def test_two_suites_do_not_know_of_each_other(self):
        one, other = self.suite(), makeSuite(jasmine("kill_spec.js"), cwd=SPECS)
        self.assertEqual(["failed"], [v for v in run(one).verdicts.values() if v != "passed"])
        self.assertEqual(["error"], [v for v in run(other).verdicts.values() if v != "passed"])


class Processes(Traced):
    def test_one_process_lists_and_runs_a_suite(self):
        report = run(self.suite())
        self.assertEqual({"passed"}, set(report.verdicts.values()))
        self.assertEqual(1, len(self.traced("load")))
        self.assertEqual(["one", "three", "two"], sorted(self.traced("run")))

    def test_runs_the_specs_whose_cases_are_left(self):
        case = cases(self.suite())["Traced two"]
        report = run(unittest.TestSuite([case]))
        self.assertEqual({"Traced two": "passed"}, report.verdicts)
        self.assertEqual(["two"], self.traced("run"))
        self.assertEqual(["all"], self.traced("after"))

    def test_the_last_case_that_is_left_tells_what_fails_beside_the_specs(self):
        case = cases(makeSuite(jasmine("after_all_spec.js"), cwd=SPECS))["Cart adds items"]
        report = run(unittest.TestSuite([case]))
        self.assertEqual({"Cart adds items": "error"}, report.verdicts)
        self.assertIn("cannot clean up", report.messages["Cart adds items"])

    def test_the_finishing_case_alone_runs_everything(self):
        case = cases(self.suite())["Jasmine finished"]
        run(unittest.TestSuite([case]))
        self.assertEqual(["one", "three", "two"], sorted(self.traced("run")))

    def test_cases_may_run_in_any_order(self):
        report = run(unittest.TestSuite(reversed(list(self.suite()))))
        self.assertEqual({"passed"}, set(report.verdicts.values()))
        self.assertEqual(["one", "three", "two"], sorted(self.traced("run")))

    def test_what_runs_again_is_run_again(self):
        suite = cases(self.suite())
        for _ in range(2):
            report = run(unittest.TestSuite(suite.values()))
            self.assertEqual({"passed"}, set(report.verdicts.values()))
        self.assertEqual(["one", "one", "three", "three", "two", "two"], sorted(self.traced("run")))
        self.assertEqual(2, len(self.traced("load")))

    def test_dropping_the_cases_ends_the_process_that_waits(self):
        suite = self.suite()
        [pid] = map(int, self.traced("load"))
        os.kill(pid, 0)
        del suite
        gc.collect()
        with self.assertRaises(ProcessLookupError):
            os.kill(pid, 0)

    def test_a_listed_suite_survives_the_death_of_its_process(self):
        suite = self.suite()
        [pid] = map(int, self.traced("load"))
        os.kill(pid, signal.SIGKILL)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        self.assertEqual({"passed"}, set(run(suite).verdicts.values()))


class Surroundings(unittest.TestCase):
    def test_patterns_start_in_the_folder_of_the_module_that_calls(self):
        self.assertEqual(4, makeSuite(jasmine("specs/names_spec.js")).countTestCases())
        suite = makeSuite(jasmine("names_spec.js"), cwd="specs")
        self.assertEqual(4, suite.countTestCases())

    def test_env_is_there_when_the_spec_files_are_loaded(self):
        suite = makeSuite(jasmine("environment_spec.js"), cwd=SPECS, env={"GREETING": "hello"})
        self.assertTrue(run(suite).wasSuccessful())

    def test_a_callable_env_is_called_when_the_first_case_runs(self):
        env = {}
        suite = makeSuite(jasmine("environment_spec.js"), cwd=SPECS, env=lambda: env)
        env["GREETING"] = "hello"
        self.assertTrue(run(suite).wasSuccessful())

    def test_an_environment_that_has_changed_since_the_listing_counts(self):
        suite = makeSuite(jasmine("environment_spec.js"), cwd=SPECS)
        with mock.patch.dict(os.environ, GREETING="hello"):
            self.assertTrue(run(suite).wasSuccessful())

    def test_args_are_handed_to_the_command(self):
        suite = makeSuite(jasmine("names_spec.js"), cwd=SPECS, args=["--seed=4321"])
        self.assertIn("seed 4321", run(suite).messages["Grüße, 世界 a_b"])

    def test_the_cases_are_on_the_layer_and_it_is_verified_in_them(self):
        faults = ["not as it was"]

        class Strict(Layer):
            def verify(self):
                while faults:
                    raise AssertionError(faults.pop())

        layer = Strict()
        suite = makeSuite(jasmine("noise_spec.js"), cwd=SPECS, layer=layer)
        self.assertEqual([layer, layer], [case.layer for case in suite])
        with layer:
            report = run(suite)
        self.assertEqual("not as it was", report.messages["Noise does not disturb"])


class Broken(unittest.TestCase):
    """What is wrong with a project is told by a case, and leaves nothing behind."""

    def setUp(self):
        self.folder = temporary_folder(self)
        self.enterContext_(mock.patch("tempfile.tempdir", str(self.folder)))
        self.enterContext_(warnings.catch_warnings())
        warnings.simplefilter("error")

    def enterContext_(self, context):  # TestCase.enterContext is new in Python 3.11
        context.__enter__()
        self.addCleanup(context.__exit__, None, None, None)

    def assertNothingLeft(self):
        gc.collect()
        self.assertEqual([], list(self.folder.iterdir()))

    def message(self, *args, **options):
        """Of the single case of a suite."""
        report = run(makeSuite(*args, **options))
        self.assertEqual({"test_specs_are_listed": "error"}, report.verdicts)
        self.assertNothingLeft()
        return report.messages["test_specs_are_listed"]

    def test_a_missing_folder(self):
        folder = str(self.folder / "nowhere")
        self.assertEqual(
            f"Jasmine('names_spec.js') could not be started. The folder {folder} does not exist.",
            self.message(Jasmine("names_spec.js"), cwd=folder),
        )

    def test_a_command_that_the_system_refuses(self):
        message = self.message(jasmine("x" * 3_000_000), cwd=SPECS)
        self.assertIn("could not be started. [Errno 7] Argument list too long", message)

    def test_a_missing_folder_for_temporary_files(self):
        with mock.patch("tempfile.tempdir", str(self.folder / "nowhere")):
            message = self.message(jasmine("names_spec.js"), cwd=SPECS)
        self.assertIn("could not be started. [Errno 2] No such file or directory", message)

    def test_specs_that_are_not_listed(self):
        self.message(jasmine("syntax_spec.js"), cwd=SPECS)

    def test_what_a_callable_env_raises_or_returns_errs_each_case(self):
        def fails():
            return 1 / 0

        for env, message in {
            fails: "division by zero",
            (lambda: None): "env is None, not a mapping of variables to their values.",
            (lambda: {"A": 1}): "env: the variable 'A' is 1; both must be a str.",
            (lambda: {"A": "\0"}): "embedded null byte",
        }.items():
            for layer in (None, Layer()):
                with self.subTest(message, layer=layer), layer or contextlib.nullcontext():
                    suite = makeSuite(jasmine("kill_spec.js"), cwd=SPECS, env=env, layer=layer)
                    report = run(suite)
                    self.assertEqual({"error"}, set(report.verdicts.values()))
                    self.assertEqual({message}, set(report.messages.values()))
                    del suite
                    self.assertNothingLeft()


class WrongArguments(unittest.TestCase):
    """Are refused at once, and named."""

    def test_by_their_type(self):
        names = jasmine("names_spec.js")
        for message, arguments, options in (
            ("The runner is 3", [3], {}),
            ("The runner is <class '.*Jasmine'>", [Jasmine], {}),
            ("'b_spec.js'.* is for a command; .* Jasmine", [names, "b_spec.js"], {}),
            ("the arguments of the command: 3 is not", ["jasmine", 3], {}),
            ("args: .* not '--seed=1'", [names], {"args": "--seed=1"}),
            ("args: 1 is not a str", [names], {"args": [1]}),
            ("timeout is '60'", [names], {"timeout": "60"}),
            ("timeout is None", [names], {"timeout": None}),
            ("timeout is True", [names], {"timeout": True}),
            ("env is \\['A'\\]", [names], {"env": ["A"]}),
            ("env: the variable 'A' is 1", [names], {"env": {"A": 1}}),
            ("env: the variable 1 is 'A'", [names], {"env": {1: "A"}}),
            ("name is 3", [names], {"name": 3}),
        ):
            with self.subTest(message), self.assertRaisesRegex(TypeError, message):
                makeSuite(*arguments, cwd=SPECS, **options)

    def test_by_their_value(self):
        for timeout in (0, -1, float("nan")):
            with self.subTest(timeout), self.assertRaisesRegex(ValueError, "must be above 0"):
                makeSuite(jasmine("names_spec.js"), cwd=SPECS, timeout=timeout)

    def test_patterns_are_texts(self):
        with self.assertRaisesRegex(
            TypeError, r"patterns of Jasmine: \['a_spec.js'\] is not a str"
        ):
            Jasmine(["a_spec.js"])

    def test_a_runner_shows_its_patterns(self):
        self.assertEqual("Jasmine('a', '!b')", repr(Jasmine("a", "!b")))
        self.assertEqual("Jasmine('a', '!b')", str(Jasmine("a", "!b")))


class HistoricCall(unittest.TestCase):
    """``makeSuite("path/to/jasmine", "--coffee", "--json", "path/to/specs")``."""

    program = str(SHOP / "node_modules" / ".bin" / "jasmine")

    def test_a_folder_stands_for_the_spec_files_in_it(self):
        suite = makeSuite(self.program, "--coffee", "--json", str(SPECS / "coffee"))
        report = run(suite)
        self.assertEqual("passed", report.verdicts["Coffee adds items"])
        self.assertEqual("failed", report.verdicts["Coffee finds a fault"])

    def test_paths_start_in_the_current_folder(self):
        relative = os.path.relpath(self.program)
        specs = os.path.relpath(SPECS / "names_spec.js")
        self.assertEqual(4, makeSuite(relative, "--json", specs).countTestCases())

    def test_other_options_are_handed_on(self):
        suite = makeSuite(self.program, "--seed=4321", str(SPECS / "names_spec.js"))
        self.assertIn("seed 4321", run(suite).messages["Grüße, 世界 a_b"])

    def test_the_command_may_go_to_another_folder(self):
        with tempfile.TemporaryDirectory() as folder:
            command = Path(folder, "jasmine")
            command.write_text(f'#!/bin/sh\ncd / && exec {self.program} "$@"\n')
            command.chmod(0o700)
            suite = makeSuite(str(command), os.path.relpath(SPECS / "names_spec.js"))
            self.assertEqual(4, suite.countTestCases())


class NothingInstalled(unittest.TestCase):
    def test_without_node_one_case_errs_and_names_the_extra(self):
        with mock.patch.dict(os.environ, UNDERLAY_NODE="/nowhere/node"):
            report = run(makeSuite(jasmine("names_spec.js"), cwd=SPECS))
        self.assertEqual({"test_specs_are_listed": "error"}, report.verdicts)
        self.assertIn("underlay[node]", report.messages["test_specs_are_listed"])

    def test_without_jasmine_one_case_errs_and_says_how_to_install_it(self):
        report = run(makeSuite(Jasmine("names_spec.js"), cwd=SPECS))
        self.assertEqual({"test_specs_are_listed": "error"}, report.verdicts)
        self.assertIn("npm install --save-dev jasmine", report.messages["test_specs_are_listed"])

    def test_without_the_program_one_case_errs_and_says_where_it_should_be(self):
        report = run(makeSuite("nowhere/jasmine", "specs"))
        self.assertEqual({"test_specs_are_listed": "error"}, report.verdicts)
        self.assertIn("nowhere/jasmine", report.messages["test_specs_are_listed"])
