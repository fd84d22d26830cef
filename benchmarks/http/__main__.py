"""FakeServer and LiveServer beside their peers, interleaved in one run; takes some six minutes.

    python -m benchmarks.http [--rounds 3] [--venv DIR] [start stop load left]

All contestants live in one virtual environment, which is made in `DIR` or else in a folder that is
gone afterwards.  Each has a process of its own, and in each round they take turns in an order that
is left to chance.  What counts are ratios within one run.

``start``: milliseconds from the start to the end of the first answer, the median and the best; the
ratio is that of the best to a bare asyncio protocol's.

``stop``: milliseconds to stop in each of nine states, median.  Who does not return within 1.5
seconds is not asked again; a dash is for what a server does not have.

``load``: requests per second with 16 connections, and microseconds of CPU of the server's process
per request, medians; with keep-alive where the server has it, and without.  The ratio is that of
the CPU to pytest-httpserver's.

``left``: threads and descriptors after 200 times start, request, stop; all at the same time, since
most of them sleep most of that time.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import select
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.http.clients import GET, GET_AND_CLOSE, STATES, Load, over_tcp, over_tls
from benchmarks.http.contestants import CONTESTANTS

ROOT = Path(__file__).resolve().parents[2]
PEERS = ("aiohttp", "gocept.httpserverlayer", "pytest-httpserver", "pytest-localserver", "werkzeug")
OURS = ("FakeServer", "LiveServer")
PATIENCE = 1.5  # seconds for a stop
PATIENCE_FOR_CYCLES = 120.0
SECONDS = 1.0  # of load

WITHOUT_TLS = {"raw asyncio", "gocept.httpserverlayer"}
WITH_WEBSOCKETS = {"FakeServer", "aiohttp TestServer"}


class TooLate(Exception):
    """It was not done in time."""


class Contestant:
    """A server in a process of its own; after a `TooLate` it gets a new one.

    :param python: the interpreter.
    :param name: which server.
    """

    def __init__(self, python: Path, name: str) -> None:
        self.name = name
        command = [str(python), "-m", "benchmarks.http.contestants", name]
        self._spawn = partial(
            subprocess.Popen,
            command,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # request logs
        )
        self._process: subprocess.Popen[bytes] | None = None

    def tell(self, what: str, patience: float = 60) -> Any:
        """Have it do something, and return what it says.

        :raises TooLate: if it is not done in time.
        """
        if self._process is None:
            self._process = self._spawn()
            self._answer(60)
        assert self._process.stdin
        self._process.stdin.write(f"{what}\n".encode())
        self._process.stdin.flush()
        return self._answer(patience)

    def end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def _answer(self, patience: float) -> Any:
        assert self._process
        assert self._process.stdout
        if not select.select([self._process.stdout], [], [], patience)[0]:
            self.end()
            raise TooLate
        line = self._process.stdout.readline()
        if not line:
            sys.exit(f"{self.name} has failed; see python -m benchmarks.http.contestants.")
        return json.loads(line)


def medians(values: dict[Any, list[float]]) -> dict[Any, float]:
    return {key: statistics.median(found) for key, found in values.items()}


def verdict(met: bool) -> str:
    return "met" if met else "NOT MET"


# -- start


def start(contestants: list[Contestant], rounds: int) -> None:
    took: dict[str, list[float]] = defaultdict(list)
    for _round in range(4 * rounds):
        for each in random.sample(contestants, len(contestants)):
            took[each.name].append(each.tell("start")[1])
            each.tell("stop")
    middle, best = medians(took), {name: min(found) for name, found in took.items()}
    print(f"\n{'start, ms':24}{'median':>10}{'best':>10}{'ratio':>10}")
    for each in contestants:
        ratio = best[each.name] / best["raw asyncio"]
        print(f"{each.name:24}{middle[each.name]:10.2f}{best[each.name]:10.2f}{ratio:10.2f}")
    for name in OURS:
        ratio = best[name] / best["raw asyncio"]
        print(f"{name}: at most 2.0 of raw asyncio: {ratio:.2f}, {verdict(ratio <= 2)}")


# -- stop


def stop(contestants: list[Contestant], rounds: int) -> None:
    took: dict[tuple[str, str], list[float]] = defaultdict(list)
    cells = [(each, state, tls) for each in contestants for state, tls in _states(each.name)]
    for _round in range(rounds):
        for each, state, tls in random.sample(cells, len(cells)):
            found = took[each.name + " TLS" * (tls and "TLS" not in state), state]
            if PATIENCE * 1e3 not in found:
                found.append(_stop_in(each, state, tls))
    print(f"\n{'stop, ms':24}" + "".join(f"{state:>19}" for state in STATES))
    middle = medians(took)
    names = [f"{each.name}{tls}" for each in contestants for tls in ("", " TLS")]
    for name in sorted({name for name, _ in middle}, key=names.index):
        row = (_told(middle.get((name, state))) for state in STATES)
        print(f"{name:24}" + "".join(f"{each:>19}" for each in row))
    for name in (f"{each}{tls}" for each in OURS for tls in ("", " TLS")):
        slowest = max(value for key, value in middle.items() if key[0] == name)
        print(f"{name}: at most 5 ms in each state: {slowest:.2f}, {verdict(slowest <= 5)}")


def _states(name: str) -> Iterator[tuple[str, bool]]:
    for state in STATES:
        needs_tls = "TLS" in state
        if "WebSocket" in state and name not in WITH_WEBSOCKETS:
            continue
        if not (needs_tls and name in WITHOUT_TLS):
            yield state, needs_tls
        if name in OURS and not needs_tls:
            yield state, True


def _stop_in(contestant: Contestant, state: str, tls: bool) -> float:
    port, _ = contestant.tell("start_with_tls" if tls else "start")
    through = over_tls if tls and "TLS" not in state else over_tcp
    try:
        clients = STATES[state](partial(through, port))
        time.sleep(0.05)  # for the server to see them
        took = float(contestant.tell("stop", PATIENCE))
    except (TooLate, TimeoutError):
        contestant.end()
        return PATIENCE * 1e3
    for client in clients:
        client.close()
    return took


def _told(middle: float | None) -> str:
    if middle is None:
        return "-"
    return f"> {middle:.0f}" if middle >= PATIENCE * 1e3 else f"{middle:.2f}"


# -- load


def load(contestants: list[Contestant], rounds: int) -> None:
    rate: dict[tuple[str, bytes], list[float]] = defaultdict(list)
    used: dict[tuple[str, bytes], list[float]] = defaultdict(list)
    kinds = (GET, GET_AND_CLOSE)
    cells = [(each, request) for each in contestants for request in kinds]
    for _round in range(rounds):
        for each, request in random.sample(cells, len(cells)):
            port, _ = each.tell("start")
            before, asking = each.tell("cpu"), Load(port, request)
            asking.run(SECONDS)
            used[each.name, request].append((each.tell("cpu") - before) / asking.answers * 1e6)
            rate[each.name, request].append(asking.answers / SECONDS)
            with contextlib.suppress(TooLate):
                each.tell("stop", PATIENCE)
    print(f"\n{'':24}{'keep-alive':^33}{'close':^33}")
    print(f"{'load':24}" + 2 * f"{'requests/s':>12}{'CPU us':>12}{'ratio':>9}")
    rates, costs = medians(rate), medians(used)
    for each in contestants:
        print(f"{each.name:24}", end="")
        for request in kinds:
            share = costs[each.name, request] / costs["pytest-httpserver", request]
            cell = each.name, request
            print(f"{rates[cell]:12.0f}{costs[cell]:12.0f}{share:9.2f}", end="")
        print()
    for name in OURS:
        share = costs[name, GET] / costs["pytest-httpserver", GET]
        print(
            f"{name}: at most 0.4 of pytest-httpserver's CPU: {share:.2f}, {verdict(share <= 0.4)}"
        )


# -- left


def left(contestants: list[Contestant], rounds: int) -> None:
    with ThreadPoolExecutor(len(contestants)) as pool:
        found = list(pool.map(_cycles, contestants))
    print(f"\n{'left by 200 cycles':24}{'threads':>12}{'descriptors':>12}")
    for each, counts in zip(contestants, found, strict=True):
        cells = counts or ("hung", "hung")
        print(f"{each.name:24}" + "".join(f"{cell:>12}" for cell in cells))
    for each, counts in zip(contestants, found, strict=True):
        if each.name in OURS:
            print(f"{each.name}: leaves nothing: {verdict(counts == [0, 0])}")


def _cycles(contestant: Contestant) -> list[int] | None:
    with contextlib.suppress(TooLate):
        counts: list[int] = contestant.tell("cycles", PATIENCE_FOR_CYCLES)
        return counts
    return None


PARTS = {"start": start, "stop": stop, "load": load, "left": left}


def environment(folder: Path) -> Path:
    """The interpreter of an environment in which all contestants are installed."""
    python = folder / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
    pip = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    subprocess.run([*pip, "-e", f"{ROOT}[http]", *PEERS], check=True, stderr=subprocess.DEVNULL)
    return python


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("parts", nargs="*", default=list(PARTS), metavar="PART")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--venv", type=Path)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        python = environment((options.venv or Path(name, "venv")).resolve())
        contestants = [Contestant(python, each) for each in CONTESTANTS]
        for part in options.parts:
            PARTS[part](contestants, options.rounds)
        for each in contestants:
            each.end()


if __name__ == "__main__":
    main(sys.argv[1:])
