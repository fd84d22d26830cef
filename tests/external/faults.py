"""What may go wrong in a suite of JavaScript, and what every runner has to make of it, as data."""

from __future__ import annotations

import dataclasses

#: The suite's last case.
LAST = "zz runner finished"
UNLISTED = "specs are listed"


@dataclasses.dataclass(frozen=True)
class Situation:
    """Spec files with faults in them.

    :param title: what the manual calls it.
    :param files: source by name.
    :param verdicts: what is to become of each case.
    """

    name: str
    title: str
    files: dict[str, str]
    verdicts: dict[str, str]


NOISE = """
describe('Noise', () => {
  it('before', () => {});
  it('on stdout', () => { process.stdout.write('not ok 1\\n{"event": "done"}\\n'); });
  it('on stderr', () => console.error('\\x1b[31mError: red\\x1b[0m'));
  it('of 10 MB', () => { process.stdout.write('x'.repeat(10_000_000)); });
  it('Grüße, 世界 🎉', () => {});
  it(' \\n ', () => {});
  it('after', () => { throw new Error('is told'); });
});
"""

BREAKS = """
const nothing = new Int32Array(new SharedArrayBuffer(4));
const forever = () => { for (;;) Atomics.wait(nothing, 0, 0, 1000); };

describe('Process', () => {
  it('before', () => {});
  it('exits', () => process.exit(0));
  it('is killed', () => process.kill(process.pid, 'SIGKILL'));
  it('spins', forever);
  it('after', () => { throw new Error('is told'); });
});
"""

LATE = """
describe('Late', () => {
  let leftover;
  it('rejects', () => { leftover = () => Promise.reject(new Error('too late')); });
  afterAll(() => new Promise(resolve => {
    setTimeout(() => leftover(), 1);
    setTimeout(resolve, 50);
  }));
});
"""

OPEN = """
describe('Open', () => {
  const server = require('net').createServer();
  it('listens', () => new Promise(done => server.listen(0, '127.0.0.1', done)));
  it('after', () => { throw new Error('is told'); });
});
"""

ONLY = """
describe('Focus', () => {
  it.only('is there', () => {});
  it('is not', () => { throw new Error('is told'); });
});
"""

TWINS = """
describe('Twins', () => {
  it('alike', () => {});
  it('alike', () => { throw new Error('is told'); });
});
"""

GOOD = """
describe('Good', () => {
  it('passes', () => {});
  it('fails', () => { throw new Error('is told'); });
});
"""

SITUATIONS = [
    Situation(
        "noise",
        "noise, 10 MB of output, any title",
        {"noise": NOISE},
        {
            "Noise before": "passed",
            "Noise on stdout": "passed",
            "Noise on stderr": "passed",
            "Noise of 10 MB": "passed",
            "Noise Grüße 世界": "passed",
            "Noise": "passed",
            "Noise after": "error",
            LAST: "passed",
        },
    ),
    Situation(
        "breaks",
        "``process.exit(0)``, SIGKILL, endless loop",
        {"breaks": BREAKS},
        {
            "Process before": "passed",
            "Process exits": "error",
            "Process is killed": "error",
            "Process spins": "error",
            "Process after": "error",
            LAST: "passed",
        },
    ),
    Situation("late", "late rejection", {"late": LATE}, {"Late rejects": "passed", LAST: "error"}),
    Situation(
        "open",
        "open handle",
        {"open": OPEN},
        {"Open listens": "passed", "Open after": "error", LAST: "error"},
    ),
    Situation(
        "only",
        "``.only`` left behind",
        {"only": ONLY},
        {"Focus is there": "passed", "Focus is not": "skipped", LAST: "error"},
    ),
    Situation(
        "twins",
        "duplicate titles",
        {"twins": TWINS},
        {"Twins alike": "passed", "Twins alike 2": "error", LAST: "passed"},
    ),
    Situation(
        "syntax",
        "syntax error in one of two files",
        {"broken": "describe('Broken', () => {", "good": GOOD},
        {"Good passes": "passed", "Good fails": "error", LAST: "error"},
    ),
    Situation("zero", "no specs", {"zero": "describe('Zero', () => {});"}, {UNLISTED: "error"}),
]


@dataclasses.dataclass(frozen=True)
class Deviation:
    """Runners that see a situation differently.

    :param verdicts: instead of the situation's own.
    """

    situation: str
    runners: tuple[str, ...]
    reason: str
    verdicts: dict[str, str]


DEVIATIONS = [
    Deviation(
        "breaks",
        ("Vitest 5",),
        "Vitest adds an error of its own when it loses a worker.",
        {LAST: "error"},
    ),
    Deviation(
        "late",
        ("QUnit 3",),
        "A test is not over before the hooks behind it are: the error is the test's own.",
        {"Late rejects": "error", LAST: "passed"},
    ),
    Deviation(
        "open",
        ("Jasmine 7", "Vitest 5"),
        "These runners end their processes whatever is still open.",
        {LAST: "passed"},
    ),
    Deviation(
        "only",
        ("node:test",),
        "Node ignores .only unless it is told to heed it: every test runs.",
        {"Focus is not": "error"},
    ),
    Deviation(
        "only",
        ("Vitest 5",),
        "Vitest can refuse focused tests itself, which fails the right one.",
        {"Focus is there": "error", LAST: "passed"},
    ),
    Deviation(
        "only",
        ("QUnit 3",),
        "QUnit drops what is declared behind a focused test before anybody sees it.",
        {"Focus is not": ""},
    ),
    Deviation(
        "twins",
        ("Jasmine 7",),
        "Jasmine refuses the second of two specs that are called alike.",
        {"Twins alike 2": "", LAST: "error"},
    ),
    Deviation(
        "syntax",
        ("Jasmine 7", "Mocha 12"),
        "These runners run nothing if they can't load a file; so there is nothing to list.",
        {"Good passes": "", "Good fails": "", LAST: "", UNLISTED: "error"},
    ),
]


def deviation(situation: Situation, runner: str) -> Deviation | None:
    found = (
        each for each in DEVIATIONS if each.situation == situation.name and runner in each.runners
    )
    return next(found, None)


def expected(situation: Situation, runner: str) -> dict[str, str]:
    """What is to become of each case with this runner; a verdict of "" means that it is missing."""
    found = deviation(situation, runner)
    verdicts = situation.verdicts | (found.verdicts if found else {})
    return {case: verdict for case, verdict in verdicts.items() if verdict}
