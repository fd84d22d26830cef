"""workers=n: the files of a suite are dealt among processes."""

import unittest

from tests.external.runners import NEWEST, TOOLS, Verdicts, write_specs
from tests.helpers import at_once, temporary_folder
from underlay import Layer

#: Each is done only if the others run at the same time.
MEETING = """
describe('Meeting NAME', () => {
  it('takes place', async () => {
    const fs = require('fs'), path = require('path');
    fs.writeFileSync(path.join(__dirname, 'NAME.here'), String(process.pid));
    const all = () => ['a', 'b'].every(name => fs.existsSync(path.join(__dirname, `${name}.here`)));
    while (!all()) await new Promise(done => setTimeout(done, 10));
  });

  it('ends', () => { if ('NAME' === 'b') throw new Error('was too long'); });
});
"""

BREAKS = """
describe('NAME', () => {
  it('before', () => {});
  it('breaks', () => process.kill(process.pid, 'SIGKILL'));
  it('after', () => {});
});
"""


class Workers(unittest.TestCase):
    def setUp(self):
        self.folder = temporary_folder(self)

    def run_it(self, runner, source, workers=2):
        folder = self.folder / runner.replace(" ", "-").replace(":", "-")
        folder.mkdir()
        files = {name: source.replace("NAME", name) for name in "ab"}
        write_specs(folder, TOOLS[runner], **files)
        verdicts = Verdicts()
        TOOLS[runner].suite(folder, "*.test.js", workers=workers, timeout=30).run(verdicts)
        return verdicts

    def test_they_run_at_the_same_time(self):
        for runner in ("Jasmine 7", "Mocha 12", "node:test"):
            with self.subTest(runner):
                verdicts = self.run_it(runner, MEETING)
                self.assertEqual(
                    {
                        "Meeting a takes place": "passed",
                        "Meeting a ends": "passed",
                        "Meeting b takes place": "passed",
                        "Meeting b ends": "error",
                        "zz runner finished": "passed",
                    },
                    verdicts.of,
                    verdicts.messages,
                )
        pids = {each.read_text() for each in self.folder.glob("*/*.here")}
        self.assertEqual(6, len(pids))

    def test_one_that_breaks_leaves_the_others_alone(self):
        for runner, came in at_once(lambda name: self.run_it(name, BREAKS), NEWEST).items():
            with self.subTest(runner):
                for name in "ab":
                    self.assertEqual("passed", came.of[f"{name} before"])
                    self.assertEqual("error", came.of[f"{name} breaks"])
                    self.assertEqual("passed", came.of[f"{name} after"])

    def test_more_than_there_are_files_do_no_harm(self):
        self.assertEqual("passed", self.run_it("Jasmine 7", MEETING, 9).of["zz runner finished"])

    def test_wrong_numbers_are_refused(self):
        suite = TOOLS["Jasmine 7"].suite
        for wrong in ("2", 1.5, True):
            with self.assertRaisesRegex(TypeError, "workers is"):
                suite(self.folder, "*.js", workers=wrong)
        with self.assertRaisesRegex(ValueError, "at least 1"):
            suite(self.folder, "*.js", workers=0)
        with self.assertRaisesRegex(ValueError, "one by one"):
            suite(self.folder, "*.js", workers=2, layer=Layer())
