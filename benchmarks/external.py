"""makeSuite() beside the tools themselves: specs of JavaScript, and files for linters.

    python -m benchmarks.external [--rounds 5] [specs browser linters tap]
    python -m benchmarks.external [--rounds 5] "Vitest 5"

Each round runs all ways one after the other, so that a busy machine is as unfair to one as to the
others; the numbers to read are the ratios of the medians.  Where a tool is done sooner than Python
could start, the milliseconds beside them tell more.  One process per spec or file is extrapolated
from a few of them in each round.

`npm ci` in tests/external, examples/shop and benchmarks installs the tools; jasmine-browser-runner
needs a chromedriver on PATH besides (Debian's chromium-driver).
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import unittest
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

from tests.external.runners import PACKAGES, TOOLS, write_specs
from tests.external.support import SHOP
from underlay.external import TAP, Biome, ESLint, JasmineBrowser, JSHint, Oxlint, Ruff, makeSuite
from underlay.external.linters import Linter

TRIVIAL = (
    "describe('Trivial', () => { for (let i = 0; i < 1000; i++) it(`adds ${i}`, () => {}); });"
)

REAL = """
describe('Real %d', () => {
  for (let i = 0; i < 5; i++) it(`waits ${i}`, () => new Promise(done => setTimeout(done, 50)));
});
"""

#: Writes when the first spec has ended, for whoever wants to know.
FIRST = """
describe('A first', () => {
  it('is told', () => {
    process.getBuiltinModule('fs').writeFileSync(process.env.FIRST, String(Date.now() / 1000));
  });
});
"""

#: How each tool is started by hand, and its option for one spec; files come last.
DIRECT: dict[str, tuple[list[str], str]] = {
    "Jasmine 7": ([str(SHOP / "node_modules/.bin/jasmine"), "--random=false"], "--filter="),
    "Mocha 12": ([str(PACKAGES / "mocha/bin/mocha.js")], "--fgrep="),
    "node:test": (["node", "--test", "--test-concurrency=1"], "--test-name-pattern="),
    "Vitest 5": ([str(PACKAGES / "vitest/vitest.mjs"), "run", "--globals"], "--testNamePattern="),
}


#: How many processes for one spec or file each are started in a round.
ALONE = 4


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def directly(command: list[str], cwd: Path, **env: str) -> None:
    subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


class Clock(unittest.TestResult):
    """Knows when the first test has passed."""

    first = 0.0

    def addSuccess(self, test: unittest.TestCase) -> None:
        self.first = self.first or time.time()


def through(suite: unittest.TestSuite) -> Clock:
    clock = Clock()
    suite.run(clock)
    assert clock.wasSuccessful(), [*clock.errors, *clock.failures][0][1]
    assert clock.first, "No test has passed."
    return clock


def ways(runner: str, folder: Path, count: int, single: str) -> dict[str, Callable[[], float]]:
    """The seconds that each way of running the specs in a folder takes."""
    tool, (command, option) = TOOLS[runner], DIRECT[runner]
    files = sorted(each.name for each in folder.glob("*.test.js"))

    def suite() -> float:
        return seconds(lambda: through(tool.suite(folder, "*.test.js")))

    def cold() -> float:
        with mock.patch.dict(os.environ, UNDERLAY_PLANS=""):
            return suite()

    def each_alone() -> float:
        one = [*command, f"{option}{single}", *files]
        return count / ALONE * seconds(lambda: [directly(one, folder) for _ in range(ALONE)])

    return {
        "direct": lambda: seconds(lambda: directly([*command, *files], folder)),
        "cold": cold,
        "cached": suite,
        "one process each": each_alone,
    }


def measure(name: str, ways: dict[str, Callable[[], float]], rounds: int) -> None:
    times: dict[str, list[float]] = {way: [] for way in ways}
    names = list(ways)
    for way in names[:3]:
        ways[way]()  # disks and caches are warm
    for _ in range(rounds):
        names = [*names[1:], names[0]]
        for way in names:
            times[way].append(ways[way]())
    medians = {way: statistics.median(values) for way, values in times.items()}
    direct = medians.pop("direct")
    ratios = "   ".join(
        f"{way} {value / direct:8.2f}x ({1000 * (value - direct):+.0f} ms)"
        for way, value in medians.items()
    )
    print(f"    {name:12} direct {direct:6.2f} s   {ratios}", flush=True)


def first_result(runner: str, folder: Path) -> float:
    """How much later Python knows of the first result than the spec itself, in seconds."""
    file = folder / "first.txt"
    suite = TOOLS[runner].suite(folder, "*.test.js", env={"FIRST": str(file)})
    clock = through(unittest.TestSuite(sorted(suite, key=lambda case: "A first" not in str(case))))
    return clock.first - float(file.read_text())


def projects(runner: str) -> Iterator[tuple[str, Path, int, str]]:
    """Suites: what they are called, where they are, how many specs, the name of one of them."""
    for title, files, count, single in (
        ("1000 trivial specs", {"trivial": TRIVIAL}, 1000, "adds 17"),
        ("40 specs of 50 ms", {f"real{n}": REAL % n for n in range(8)}, 40, "Real 3 waits 2"),
    ):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name).resolve()
            write_specs(folder, TOOLS[runner], **files)
            yield title, folder, count, single


def specs(rounds: int) -> None:
    for runner in DIRECT:
        specs_of(runner, rounds)


def specs_of(runner: str, rounds: int) -> None:
    print(runner)
    for title, folder, count, single in projects(runner):
        measure(title, ways(runner, folder, count, single), rounds)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        write_specs(folder, TOOLS[runner], a=FIRST, trivial=TRIVIAL)
        late = statistics.median(first_result(runner, folder) for _ in range(rounds))
    print(f"    the first result is known after {late * 1000:.0f} ms")


PEERS = Path(__file__).resolve().with_name("node_modules")

PEER = {
    **{"srcDir": ".", "srcFiles": [], "specDir": ".", "specFiles": ["*_spec.js"]},
    **{"browser": "headlessChrome", "env": {"random": False}},
}

#: Fails with the time at which it has ended.
FIRST_IN_PAGE = "it('is told', () => { expect(Date.now() / 1000).toBe(0); });"


def browser(rounds: int) -> None:
    peer = PEERS / "jasmine-browser-runner" / "bin" / "jasmine-browser-runner"
    driver = shutil.which("chromedriver")
    assert driver, "chromedriver is missing."  # selenium-webdriver would download one
    command = ["node", str(peer), "runSpecs", "--config=peer.json"]
    print("Jasmine in Chromium")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        (folder / "node_modules").symlink_to(PEERS)
        (folder / "peer.json").write_text(json.dumps(PEER))
        spec = folder / "trivial_spec.js"
        spec.write_text(TRIVIAL.replace("{}", "{ expect(i).toBe(i); }"))

        def suite() -> unittest.TestSuite:
            return makeSuite(JasmineBrowser("*_spec.js"), cwd=folder)

        ways = {
            "direct": lambda: seconds(lambda: directly(command, folder, SE_CHROMEDRIVER=driver)),
            "makeSuite": lambda: seconds(lambda: through(suite())),
        }
        measure("1000 trivial specs", ways, rounds)
        spec.write_text(f"{FIRST_IN_PAGE}\n{TRIVIAL}")
        late = statistics.median(first_in_page(suite()) for _ in range(rounds))
        print(f"    the first result is known after {late * 1000:.0f} ms")


def first_in_page(suite: unittest.TestSuite) -> float:
    """How much later Python knows of the first result than the page itself, in seconds."""
    first = next(case for case in suite if str(case).startswith("is told"))
    result = unittest.TestResult()
    first.run(result)
    now = time.time()
    told = re.search(r"Expected (\S+) to be 0", result.failures[0][1])
    assert told
    return now - float(told[1])


CONFIG = "export default [{rules: {eqeqeq: 'error', 'no-undef': 'off'}}];\n"

SOURCE = """
export function total%d(items) {
  let sum = 0;
  for (const item of items) if (item.price !== undefined) sum += item.price * item.count;
  return sum;
}
"""

PYTHON = "def total%d(items):\n    return sum(item.price * item.count for item in items)\n"


def linters(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        (folder / "node_modules").symlink_to(PACKAGES)
        (folder / "package.json").write_text('{"type": "module"}')
        (folder / "eslint.config.js").write_text(CONFIG)
        for number in range(100):
            (folder / f"file{number}.js").write_text(SOURCE * 10 % tuple(range(10)))
            (folder / f"file{number}.py").write_text(PYTHON * 10 % tuple(range(10)))
        for linter in (
            ESLint("file*.js"),
            Biome("file*.js"),
            Oxlint("file*.js"),
            JSHint("file*.js", options=["esversion: 11", "module"]),
            Ruff("file*.py", program=shutil.which("ruff", path=tools_path())),
        ):
            measure(linter.name, linted(linter, folder), rounds)


def tools_path() -> str:
    return os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])


def linted(linter: Linter, folder: Path) -> dict[str, Callable[[], float]]:
    """The seconds that each way of looking at a hundred files takes."""
    (folder / ".jshintrc").write_text('{"esversion": 11, "module": true}')
    command, files = linter.tool(folder), linter.found(folder)

    def each_alone() -> float:
        few = [[*command, file] for file in files[:ALONE]]
        return len(files) / ALONE * seconds(lambda: [directly(one, folder) for one in few])

    return {
        "direct": lambda: seconds(lambda: directly([*command, *files], folder)),
        "makeSuite": lambda: seconds(lambda: through(makeSuite(linter, cwd=folder))),
        "one process each": each_alone,
    }


#: Tells when it printed its first result, and ends when somebody has seen that.
PRINTING = """\
import os, pathlib, time
pathlib.Path("first.txt").write_text(str(time.time()))
print("1..2\\nok 1 - first", flush=True)
pathlib.Path("seen").read_text()
print("ok 2 - second")
"""


def tap(rounds: int) -> None:
    print("TAP, with a plan that is kept")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        (folder / "tool.py").write_text(PRINTING)
        late = statistics.median(first_line(folder) for _ in range(rounds))
    print(f"    the first result is known after {late * 1000:.0f} ms")


def first_line(folder: Path) -> float:
    """How much later Python knows of the first result than the tool itself, in seconds."""
    tool, seen = TAP([sys.executable, "tool.py"], files=["tool.py"]), folder / "seen"
    seen.touch()
    makeSuite(tool, cwd=folder)
    first, *others = makeSuite(tool, cwd=folder)
    seen.unlink()
    os.mkfifo(seen)
    clock = through(unittest.TestSuite([first]))
    seen.write_text("go on")
    through(unittest.TestSuite(others))
    seen.unlink()
    return clock.first - float((folder / "first.txt").read_text())


#: What is measured by default, and single runners.
PARTS: dict[str, Callable[[int], None]] = {
    "specs": specs,
    "browser": browser,
    "linters": linters,
    "tap": tap,
}
RUNNERS = {runner: functools.partial(specs_of, runner) for runner in DIRECT}


def main() -> None:
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("parts", nargs="*", default=list(PARTS), metavar="PART")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as cache, mock.patch.dict(os.environ, UNDERLAY_PLANS=cache):
        for part in options.parts:
            {**PARTS, **RUNNERS}[part](options.rounds)


if __name__ == "__main__":
    main()
