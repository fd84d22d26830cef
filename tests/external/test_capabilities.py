"""What each runner can do through makeSuite(); the tests write the table in the manual."""

import functools
import os
import tempfile
import unittest
from pathlib import Path

from tests.external.runners import NEWEST, TOOLS, Verdicts, write_specs
from tests.helpers import at_once
from underlay import Layer

TABLE = Path(__file__).parents[2] / "docs" / "reference" / "external-capabilities.inc"

#: The second spec ends only when the result of the first is known in Python.
SPECS = """
const fs = require('fs'), path = require('path');
const note = what => fs.appendFileSync(path.join(__dirname, 'trace'), `${what}\\n`);
note('load');
describe('Able', () => {
  it('first', () => note('first'));
  it('second', async () => {
    note('second');
    const known = path.join(__dirname, 'known');
    while (!fs.existsSync(known)) await new Promise(done => setTimeout(done, 5));
  });
});
"""


class Noting(Verdicts):
    """Lets the second spec end when the first is known to have passed."""

    def __init__(self, folder):
        super().__init__()
        self.folder = folder

    def addSuccess(self, test):
        super().addSuccess(test)
        (self.folder / "known").touch()


class Trial:
    """A runner on specs in a folder of its own."""

    def __init__(self, runner, folder):
        self.tool, self.folder = TOOLS[runner], folder
        write_specs(folder, self.tool, a=SPECS)

    def run(self, chosen="", **options):
        """What was noted, and the verdicts on the cases that were chosen."""
        for each in ("trace", "known"):
            (self.folder / each).unlink(missing_ok=True)
        suite = self.tool.suite(self.folder, "*.test.js", **options)
        self.specs = next(iter(suite)).specs.values()
        suite = unittest.TestSuite([case for case in suite if chosen in str(case)])
        if chosen:
            (self.folder / "known").touch()
        verdicts = Noting(self.folder)
        suite.run(verdicts)
        return (self.folder / "trace").read_text().split(), set(verdicts.of.values())


def capabilities(runner):
    """What a runner can do, as the columns of the table call it."""
    with tempfile.TemporaryDirectory() as name:
        trial = Trial(runner, Path(name).resolve())
        noted, together = trial.run()
        alone, _ = trial.run("Able second")
        _, dealt = trial.run(workers=2)
        layer = Layer()
        with layer:
            _, layered = trial.run("Able first", layer=layer)
        try:
            trial.run("Able first", coverage="lcov")
            measured = "yes"
        except ValueError:
            measured = "its own"
        return {
            "results stream in": yes(together == {"passed"}),
            "only what is selected runs": yes("first" not in alone and "second" in alone),
            "loads spec files": {1: "once", 2: "twice"}[noted.count("load")],
            "line of each spec": yes(all(spec.line for spec in trial.specs)),
            "``layer=``": yes(layered == {"passed"}),
            "``workers=``": yes(dealt == {"passed"}),
            "``coverage=``": measured,
        }


def yes(is_so):
    return "yes" if is_so else "no"


@functools.cache
def every():
    return at_once(capabilities, NEWEST)


def table():
    rows = [["", *NEWEST]]
    for title in every()[NEWEST[0]]:
        rows.append([title, *(every()[runner][title] for runner in NEWEST)])
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for first, *others in rows:
        lines += [f"   * - {first}".rstrip(), *(f"     - {other}" for other in others)]
    return "\n".join([*lines, ""])


class Capabilities(unittest.TestCase):
    maxDiff = None

    def test_every_runner_streams_and_selects(self):
        for runner, able in every().items():
            with self.subTest(runner):
                self.assertEqual("yes", able["results stream in"])
                self.assertEqual("yes", able["only what is selected runs"])

    def test_the_manual_shows_what_came_of_the_trials(self):
        """``UNDERLAY_WRITE_GOLDEN=1`` writes the table anew."""
        actual = table()
        if os.environ.get("UNDERLAY_WRITE_GOLDEN"):
            TABLE.write_text(actual, "utf-8")
        self.assertEqual(TABLE.read_text("utf-8"), actual)
