"""What layers cost under every runner, beside the peers, interleaved in one run.

    python -m benchmarks.layers [--tests 10000] [--rounds 5] [--venv DIR] [cost parallel size]

All contestants live in one virtual environment, which is made in `DIR` or else in a folder that is
gone afterwards.  In each round they take turns, so that a busy machine is as unfair to one as to
the other; the best of all rounds counts, and the numbers to read are the ratios.

``cost``: CPU of the whole process per test that does nothing, in 10 modules of 10 classes; without
layers, on a chain of three that override no hook ("idle"), and on one whose per-test hooks have
something to undo ("busy").

``parallel``: how often 8 layers that take 0.3 s are set up, and the wall time, with 2 workers; 4
modules have, for each of the layers, a class of 5 tests of 20 ms.  Plain xdist knows no layers, so
it has zope.pytestlayer.

``size``: 200 layers; how long it takes to find out and to order what 20000 tests need, and how the
memory of a run grows.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
PEERS = ("plone.testing", "pytest", "pytest-xdist", "zope.pytestlayer", "zope.testrunner")
LIBRARIES = ("plone.testing", "underlay")

UNITTEST = "unittest discover"
OURS_ON_UNITTEST = "underlay unittest discover"
ZTR = "zope.testrunner --path . --tests-pattern ^test_"
PYTEST = "pytest -q -p no:cacheprovider -p no:zopelayer -p no:underlay"
ZPL, OURS = (PYTEST.replace(f" -p no:{name}", "") for name in ("zopelayer", "underlay"))
ALONE, ON_TWO = " -p no:xdist", " -n2"

IDLE = "class Kind(Layer): pass"
BUSY = {
    "underlay": """\
class Kind(Layer):
    def testSetUp(self):
        self["list"] = []
        self.addCleanup(self["list"].clear)
""",
    "plone.testing": """\
class Kind(Layer):
    def testSetUp(self):
        self["list"] = []
    def testTearDown(self):
        self["list"].clear()
        del self["list"]
""",
}
SLOW = """\
import time
class Kind(Layer):
    def setUp(self):
        time.sleep(0.3)
        with open("set-ups", "a") as log:
            log.write("up ")
"""

CHAIN = """
ROOT = Kind(name="ROOT")
MIDDLE = Kind(bases=[ROOT], name="MIDDLE")
LAYERS = [Kind(bases=[MIDDLE], name="LEAF")]
"""
EIGHT = """
LAYERS = [Kind(name=f"L{number}") for number in range(8)]
"""
TWO_HUNDRED = """
ROOTS = [Kind(name=f"ROOT{number}") for number in range(20)]
LAYERS = [
    Kind(bases=[ROOTS[number % 20], ROOTS[number * 7 % 20]], name=f"L{number}")
    for number in range(180)
]
"""


class Contestant(NamedTuple):
    """A way to run tests: ``python -m COMMAND`` in the folder of a suite."""

    name: str
    command: str
    suite: str


class Figures(NamedTuple):
    cpu: float  # seconds of user and system, of all processes
    wall: float  # seconds
    memory: float  # MB, of the largest process at its peak


class Environment:
    """Where the contestants are installed."""

    def __init__(self, folder: Path) -> None:
        self.python = folder / "bin" / "python"
        if not self.python.exists():
            venv.create(folder, with_pip=True)
        pip = [self.python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        subprocess.run([*pip, "-e", ROOT, *PEERS], check=True, stderr=subprocess.DEVNULL)

    def run(self, command: str, folder: Path, tests: int) -> Figures:
        """Measure a run of so many tests; if these did not pass, that is the end."""
        with tempfile.TemporaryFile() as output:
            start = time.perf_counter()
            process = subprocess.Popen(
                [self.python, "-m", *command.split()],
                cwd=folder,
                env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.perf_counter() - start
            process.returncode = os.waitstatus_to_exitcode(status)
            output.seek(0)
            told = output.read().decode()
        if process.returncode or not re.search(rf"\b{tests} (tests|passed)\b", told):
            sys.exit(f"{command}: {tests} tests did not pass.\n{told[-3000:]}")
        return Figures(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss / 1024)

    def print_versions(self) -> None:
        code = (
            "import importlib.metadata as m, platform, sys\n"
            "print(platform.python_implementation(), platform.python_version(), end=', ')\n"
            "print(*(f'{name} {m.version(name)}' for name in sys.argv[1:]), sep=', ')"
        )
        print(f"{platform.machine()}, {os.cpu_count()} processors, ", end="", flush=True)
        subprocess.run([self.python, "-c", code, *PEERS], check=True)


def write_suite(
    folder: Path, layers: str, tests: int, modules: int = 10, classes: int = 10, body: str = "pass"
) -> None:
    """Write so many tests, whose classes have the layers in turn; no layers if there is no text."""
    folder.mkdir()
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "suite_layers.py").write_text(layers)
    for module in range(modules):
        lines = ["import time, unittest", "from suite_layers import LAYERS" if layers else ""]
        for number in range(classes):
            lines.append(f"class Test{number}(unittest.TestCase):")
            if layers:
                lines.append(f"    layer = LAYERS[{module * classes + number} % len(LAYERS)]")
            for test in range(tests // (modules * classes)):
                lines.append(f"    def test_{test:03}(self): {body}")
        (folder / f"test_{module:02}.py").write_text("\n".join(lines) + "\n")


def source(library: str, kind: str, layers: str) -> str:
    return f"from {library} import Layer\n{kind}\n{layers}"


def interleaved(
    contestants: Iterable[Contestant],
    rounds: int,
    measure: Callable[[Contestant], Figures],
    choose: Callable[[tuple[float, ...]], float] = min,
) -> dict[str, Figures]:
    """What is to count of each figure of all rounds, by name."""
    found: dict[str, list[Figures]] = defaultdict(list)
    for _ in range(rounds):
        for each in contestants:
            found[each.name].append(measure(each))
    return {
        name: Figures(*map(choose, zip(*figures, strict=True))) for name, figures in found.items()
    }


def verdict(met: bool) -> str:
    return "met" if met else "NOT MET"


# -- cost

COST = [
    Contestant("unittest", UNITTEST, "none"),
    Contestant("unittest + ours", OURS_ON_UNITTEST, "none"),
    Contestant("unittest + ours, idle", OURS_ON_UNITTEST, "idle underlay"),
    Contestant("unittest + ours, busy", OURS_ON_UNITTEST, "busy underlay"),
    Contestant("ztr", ZTR, "none"),
    Contestant("ztr + plone.testing, idle", ZTR, "idle plone.testing"),
    Contestant("ztr + plone.testing, busy", ZTR, "busy plone.testing"),
    Contestant("ztr + ours, idle", ZTR, "idle underlay"),
    Contestant("ztr + ours, busy", ZTR, "busy underlay"),
    Contestant("pytest", PYTEST + ALONE, "none"),
    Contestant("pytest + zpl, idle", ZPL + ALONE, "idle plone.testing"),
    Contestant("pytest + zpl, busy", ZPL + ALONE, "busy plone.testing"),
    Contestant("pytest + ours", OURS + ALONE, "none"),
    Contestant("pytest + ours, idle", OURS + ALONE, "idle underlay"),
    Contestant("pytest + ours, busy", OURS + ALONE, "busy underlay"),
]
MOST = 50  # us that three layers may cost per test
SHARE = 0.2  # of zope.pytestlayer's surcharge


def cost(env: Environment, folder: Path, tests: int, rounds: int) -> None:
    write_suite(folder / "none", "", tests)
    for library in LIBRARIES:
        write_suite(folder / f"idle {library}", source(library, IDLE, CHAIN), tests)
        write_suite(folder / f"busy {library}", source(library, BUSY[library], CHAIN), tests)
    figures = interleaved(
        COST, rounds, lambda each: env.run(each.command, folder / each.suite, tests)
    )
    used = {name: each.cpu / tests * 1e6 for name, each in figures.items()}
    print(f"\n{'CPU per test':28}{'us':>8}{'ratio':>8}{'surcharge':>12}")
    surcharges = {}
    for name, each in used.items():
        runner = name.split()[0].rstrip(",")
        surcharges[name] = each - used[runner]
        print(f"{name:28}{each:8.0f}{each / used[runner]:8.2f}{surcharges[name]:+12.0f}")
    for kind in ("idle", "busy"):
        for runner in ("unittest", "ztr", "pytest"):
            ours = surcharges[f"{runner} + ours, {kind}"]
            print(f"{runner}, {kind}: at most +{MOST} us: {ours:+.0f}, {verdict(ours <= MOST)}")
        share = surcharges[f"pytest + ours, {kind}"] / surcharges[f"pytest + zpl, {kind}"]
        print(
            f"pytest, {kind}: at most {SHARE} of zope.pytestlayer's surcharge:"
            f" {share:.2f}, {verdict(share <= SHARE)}"
        )


# -- parallel

PARALLEL = [
    Contestant("ztr -j2", f"{ZTR} -j2", "plone.testing"),
    *(
        Contestant(f"zpl, --dist {mode}", f"{ZPL}{ON_TWO} --dist {mode}", "plone.testing")
        for mode in ("load", "loadscope", "loadfile", "worksteal")
    ),
    Contestant("ours", OURS + ON_TWO, "underlay"),
]


def parallel(env: Environment, folder: Path, tests: int, rounds: int) -> None:
    for library in LIBRARIES:
        text = source(library, SLOW, EIGHT)
        write_suite(folder / library, text, 160, modules=4, classes=8, body="time.sleep(0.02)")
    counts: dict[str, set[int]] = defaultdict(set)

    def measure(each: Contestant) -> Figures:
        log = folder / each.suite / "set-ups"
        log.unlink(missing_ok=True)
        figures = env.run(each.command, folder / each.suite, 160)
        counts[each.name].add(len(log.read_text().split()))
        return figures

    figures = interleaved(PARALLEL, rounds, measure, statistics.median)
    fastest = min(each.wall for name, each in figures.items() if name != "ours")
    print(f"\n{'8 layers, 2 workers':28}{'set-ups':>10}{'wall s':>8}{'ratio':>8}")
    for name, each in figures.items():
        count = "-".join(map(str, sorted({min(counts[name]), max(counts[name])})))
        print(f"{name:28}{count:>10}{each.wall:8.2f}{each.wall / fastest:8.2f}")
    ratio = figures["ours"].wall / fastest
    print(f"8 set-ups: {verdict(counts['ours'] == {8})}")
    print(f"not slower than the best peer: {ratio:.2f}, {verdict(ratio <= 1)}")


# -- size

ORDERED_BY_PYTEST = """\
import pathlib, time, pytest
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_collection_modifyitems():
    began = time.process_time()
    yield
    pathlib.Path("ordered").write_text(str(time.process_time() - began))
"""
ORDERED_BY_UNITTEST = """\
import pathlib, time, unittest
from underlay.runners.unittest import LayeredSuite
suite = LayeredSuite([unittest.defaultTestLoader.discover(".")])
result = unittest.TestResult()
result.stop()
began = time.process_time()
suite.run(result)
pathlib.Path("ordered").write_text(str(time.process_time() - began))
print({tests}, "tests")
"""
SIZE = [
    Contestant("unittest", UNITTEST, "none"),
    Contestant("unittest + ours", OURS_ON_UNITTEST, "underlay"),
    Contestant("pytest", PYTEST + ALONE, "none"),
    Contestant("pytest + ours", OURS + ALONE, "underlay"),
]
BENT = 1.2  # growth from half to all of the tests, over that from a quarter to half; 2 is quadratic


def size(env: Environment, folder: Path, tests: int, rounds: int) -> None:
    numbers = [2 * tests // 4, 2 * tests // 2, 2 * tests]
    for number in numbers:
        write_suite(folder / f"none {number}", "", number, classes=20)
        here = folder / f"underlay {number}"
        write_suite(here, source("underlay", IDLE, TWO_HUNDRED), number, classes=20)
        (here / "conftest.py").write_text(ORDERED_BY_PYTEST)
        (here / "ordering.py").write_text(ORDERED_BY_UNITTEST.format(tests=number))
    memory: dict[str, list[float]] = defaultdict(list)

    def measure(each: Contestant, number: int) -> Figures:
        return env.run(each.command, folder / f"{each.suite} {number}", number)

    for number in numbers:
        for name, figures in interleaved(SIZE, rounds, partial(measure, number=number)).items():
            memory[name].append(figures.memory)
    here = folder / f"underlay {numbers[-1]}"
    ordered = {"pytest": float((here / "ordered").read_text())}
    env.run("ordering", here, numbers[-1])
    ordered["unittest"] = float((here / "ordered").read_text())
    print(f"\n{'peak MB, tests:':28}" + "".join(f"{number:>8}" for number in numbers))
    for name, row in memory.items():
        print(f"{name:28}" + "".join(f"{each:8.1f}" for each in row))
    for runner, seconds in ordered.items():
        print(f"{runner}: ordered in at most 1 s: {seconds:.2f} s, {verdict(seconds <= 1)}")
        few, some, many = memory[f"{runner} + ours"]
        bent = (many - some) / (some - few) / 2
        share = (many - few) - (memory[runner][-1] - memory[runner][0])
        share = share * 1024 / (numbers[-1] - numbers[0])
        print(
            f"{runner}: memory grows linearly: bent {bent:.2f}, {verdict(bent <= BENT)};"
            f" {share:.2f} KB per test are ours"
        )


PARTS = {"cost": cost, "parallel": parallel, "size": size}


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("parts", nargs="*", default=list(PARTS), metavar="PART")
    parser.add_argument("--tests", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--venv", type=Path)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        env = Environment((options.venv or Path(name, "venv")).resolve())
        env.print_versions()
        for part in options.parts:
            folder = Path(name, part)
            folder.mkdir()
            PARTS[part](env, folder, options.tests, options.rounds)


if __name__ == "__main__":
    main(sys.argv[1:])
