"""Real Jasmine, real node: what is told of each spec, and of everything that can go wrong."""

from tests.external.support import SPECS, jasmine, run, told
from tests.helpers import Golden, at_once
from underlay.external import makeSuite

#: Which verdict each case gets, by the spec file (specs/NAME_spec.js) and the case's title.
VERDICTS = {
    "verdicts": {
        "Cart adds items": "passed",
        "Cart finds two faults": "failed",
        "Cart compares by assert": "failed",
        "Cart gives up": "failed",
        "Cart throws": "error",
        "Cart waits in vain": "error",
        "Cart says pending": "skipped",
        "Cart has no body": "skipped",
        "Cart is switched off": "skipped",
        "Jasmine finished": "passed",
    },
    "exit": {
        "Process goes on before": "passed",
        "Process exits": "error",
        "Process goes on after": "failed",
        "Jasmine finished": "passed",
    },
    "kill": {
        "Process goes on before": "passed",
        "Process is killed": "error",
        "Process goes on after": "passed",
        "Jasmine finished": "passed",
    },
    "hang": {
        "Process goes on before": "passed",
        "Process spins": "error",
        "Process goes on after": "passed",
        "Jasmine finished": "passed",
    },
    "exits_often": {f"exits {number}": "error" for number in range(6)}
    | {"Jasmine finished": "passed"},
    "exit_first": {"Group never starts": "error", "Jasmine finished": "error"},
    "exit_between": {"Group passes": "passed", "Jasmine finished": "error"},
    "exit_on_load": {"test_specs_are_listed": "error"},
    "after_all": {
        "Cart adds items": "passed",
        "Cart removes items": "passed",
        "Jasmine finished": "error",
    },
    "late": {"Cart leaves something behind": "passed", "Jasmine finished": "error"},
    "syntax": {"test_specs_are_listed": "error"},
    "declaration": {"Cart adds items": "passed", "Jasmine finished": "error"},
    "empty": {"test_specs_are_listed": "error"},
    "absent": {"test_specs_are_listed": "error"},
    "focused": {
        "Cart adds items": "passed",
        "Cart removes items": "skipped",
        "Jasmine finished": "error",
    },
    "noise": {"Noise does not disturb": "passed", "Jasmine finished": "passed"},
    "twins": {"Cart adds items": "passed", "Jasmine finished": "error"},
    "names": {
        "Grüße, 世界 has two spaces and a line": "passed",
        "Grüße, 世界 a b": "passed",
        "Grüße, 世界 a_b": "failed",
        "Jasmine finished": "passed",
    },
}

#: After how many seconds without a sign of life a spec counts as hung.
TIMEOUTS = {**dict.fromkeys(VERDICTS, 60), "hang": 6}

#: Those of which nothing is told that is the same with every version of node and in every order.
WITHOUT_GOLDEN = {"exits_often"}


class Verdicts(Golden):
    def run_spec(self, name):
        return run(makeSuite(jasmine(f"{name}_spec.js"), cwd=SPECS, timeout=TIMEOUTS[name]))

    def test_nothing_is_green_that_did_not_run_and_only_the_guilty_err(self):
        for name, report in at_once(self.run_spec, VERDICTS).items():
            with self.subTest(name):
                self.assertEqual(VERDICTS[name], report.verdicts)
                if name not in WITHOUT_GOLDEN:
                    self.assertGolden(f"external-{name.replace('_', '-')}", told(report))

    def test_one_broken_file_hides_no_specs_silently(self):
        suite = makeSuite(jasmine("names_spec.js", "syntax_spec.js"), cwd=SPECS)
        self.assertEqual({"test_specs_are_listed": "error"}, run(suite).verdicts)

    def test_coffeescript_is_compiled_and_its_lines_are_those_of_the_source(self):
        report = run(makeSuite(jasmine("coffee/*_spec.coffee"), cwd=SPECS))
        self.assertEqual("passed", report.verdicts["Coffee adds items"])
        self.assertEqual("failed", report.verdicts["Coffee finds a fault"])
        self.assertIn("at coffee/cart_spec.coffee:9:", report.messages["Coffee finds a fault"])

    def test_a_project_filter_of_its_own_is_honoured(self):
        suite = makeSuite(jasmine("filtered_spec.js"), cwd=SPECS, args=["--config=filter.js"])
        self.assertEqual(
            {"Cart is wanted": "passed", "Jasmine finished": "passed"}, run(suite).verdicts
        )

    def test_options_that_would_take_the_specs_away_are_refused(self):
        for option in ("--filter=x", "--parallel=2", "--reporter=x"):
            with self.subTest(option), self.assertRaisesRegex(ValueError, option):
                makeSuite(jasmine("names_spec.js"), cwd=SPECS, args=[option])
