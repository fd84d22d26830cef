"""What may go wrong in a suite of JavaScript, and what every runner has to make of it, as data."""

from __future__ import annotations

import dataclasses

#: The suite's last case.
LAST = "zz runner finished"
UNLISTED = "specs are listed"


@dataclasses.dataclass(frozen=True)
class Situation:
    """Spec files with faults in them.

    :param files: source by name.
    :param verdicts: what is to become of each case.
    """

    name: str
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
const forever = () => { for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000); };

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
  it('rejects', () => { setTimeout(() => Promise.reject(new Error('too late')), 1); });
  afterAll(() => new Promise(resolve => setTimeout(resolve, 50)));
});
"""

OPEN = """
describe('Open', () => {
  it('listens', () => new Promise(done => require('net').createServer().listen(0, '127.0.0.1', done)));
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
    Situation("late", {"late": LATE}, {"Late rejects": "passed", LAST: "error"}),
    Situation(
        "open",
        {"open": OPEN},
        {"Open listens": "passed", "Open after": "error", LAST: "error"},
    ),
    Situation(
        "only",
        {"only": ONLY},
        {"Focus is there": "passed", "Focus is not": "skipped", LAST: "error"},
    ),
    Situation(
        "twins",
        {"twins": TWINS},
        {"Twins alike": "passed", "Twins alike 2": "error", LAST: "passed"},
    ),
    Situation(
        "syntax",
        {"broken": "describe('Broken', () => {", "good": GOOD},
        {"Good passes": "passed", "Good fails": "error", LAST: "error"},
    ),
    Situation("zero", {"zero": "describe('Zero', () => {});"}, {UNLISTED: "error"}),
]
