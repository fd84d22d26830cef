"""coverage="lcov": which lines ran, in all processes together."""

import unittest

from tests.external.runners import TOOLS, Verdicts, write_specs
from tests.helpers import temporary_folder
from underlay.external._coverage import Coverage

CART = """\
// Prices.
exports.total = items => {
  if (!items.length) {
    return 0; // Grüße 🎉
  }
  return items.length;
};

exports.never = function never() {
  return 1;
};
"""

SPECS = {
    "a": "describe('A', () => it('one', () => { require('./cart').total([]); }));",
    "b": "describe('B', () => it('two', () => { require('./cart').total([1]); }));",
}


class Measuring(unittest.TestCase):
    def setUp(self):
        self.folder = temporary_folder(self)
        (self.folder / "cart.js").write_text(CART)

    def run_it(self, runner, specs, **options):
        write_specs(self.folder, TOOLS[runner], **specs)
        verdicts = Verdicts()
        tool = TOOLS[runner]
        tool.suite(self.folder, "*.test.js", name="Specs", coverage="lcov", **options).run(verdicts)
        return verdicts

    def lines(self):
        """How often each line of cart.js ran."""
        text = (self.folder / "coverage" / "Specs.lcov").read_text()
        [record] = [each for each in text.split("end_of_record\n") if "SF:cart.js\n" in each]
        counts = [line[3:].split(",") for line in record.splitlines() if line.startswith("DA:")]
        self.assertIn("FNDA:0,never\n", record)
        return {int(number): int(count) for number, count in counts}

    def test_tells_lines_that_ran_and_those_that_did_not(self):
        for runner in ("Jasmine 7", "Mocha 12", "node:test", "QUnit 3"):
            with self.subTest(runner):
                verdicts = self.run_it(runner, {"b": SPECS["b"]})
                self.assertEqual({"passed"}, set(verdicts.of.values()), verdicts.messages)
                lines = self.lines()
                self.assertEqual((1, 0, 1, 0), (lines[3], lines[4], lines[6], lines[10]))
                self.assertNotIn(1, lines)
                self.assertNotIn(8, lines)

    def test_merges_what_several_processes_ran(self):
        for runner in ("Jasmine 7", "node:test"):
            with self.subTest(runner):
                self.run_it(runner, SPECS, workers=2)
                lines = self.lines()
                self.assertEqual((2, 1, 1, 0), (lines[3], lines[4], lines[6], lines[10]))

    def test_a_file_in_another_encoding_is_measured(self):
        (self.folder / "cart.js").write_text(CART, "latin-1", "replace")
        verdicts = self.run_it("Mocha 12", SPECS)
        self.assertEqual({"passed"}, set(verdicts.of.values()), verdicts.messages)
        lines = self.lines()
        self.assertEqual((2, 1, 1, 0), (lines[3], lines[4], lines[6], lines[10]))

    def test_what_a_killed_process_has_half_written_is_left_out(self):
        (self.folder / "coverage-1.json").write_text('{"result": [')
        coverage = Coverage(self.folder, self.folder / "all.lcov")
        coverage.collect(self.folder)
        self.assertFalse(coverage.write())

    def test_nothing_that_was_measured_is_an_error(self):
        source = (
            "it('is killed', () => require('child_process').execSync(`kill -9 ${process.pid}`));"
        )
        verdicts = self.run_it("Jasmine 7", {"a": source})
        self.assertIn("measured no file", verdicts.messages["zz runner finished"])

    def test_runners_with_a_way_of_their_own_are_refused(self):
        for runner in ("Vitest 5", "Jest 30"):
            with self.subTest(runner), self.assertRaisesRegex(ValueError, "it has --coverage"):
                self.run_it(runner, SPECS)

    def test_another_format_is_refused(self):
        with self.assertRaisesRegex(ValueError, "only 'lcov'"):
            TOOLS["Jasmine 7"].suite(self.folder, "*.js", coverage="html")
