"""bootstrap.py beside venv and pip: wall time from a fresh checkout to installed, and once more.

    python -m benchmarks.bootstrap [rounds]

The peer is ``python -m venv`` and ``pip install -e .[test]``, which checks no hashes, makes no
scripts and brings neither Sphinx nor linters; the second line installs these as well.  They and
ours, with pip and with uv (if PATH has it), take turns in each round, so that a busy machine is as
unfair to one as to the other; the numbers to read are the ratios.  "cold" starts with empty caches,
"warm" is a second checkout with the caches of the first, "again" the same checkout once more.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BY_HAND = f"{sys.executable} -m venv .venv && .venv/bin/pip install -q -e"
PEER = "pip install -e .[test]"
COMMANDS = {
    PEER: f"{BY_HAND} .[test]",
    "the same with [docs,lint]": f"{BY_HAND} .[docs,lint,test]",
    "bootstrap.py, pip": f"{sys.executable} bootstrap.py --installer pip",
    "bootstrap.py, uv": f"{sys.executable} bootstrap.py --installer uv",
}
PHASES = ("cold", "warm", "again")


def checkout(target: Path) -> Path:
    """A copy of what git knows."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target / name)
    return target


def seconds(command: str, cwd: Path, caches: Path) -> float:
    env = {
        **os.environ,
        "PIP_CACHE_DIR": str(caches / "pip"),
        "UV_CACHE_DIR": str(caches / "uv"),
        "npm_config_cache": str(caches / "npm"),
    }
    start = time.perf_counter()
    subprocess.run(command, shell=True, cwd=cwd, env=env, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def measure(command: str) -> dict[str, float]:
    """Seconds of each phase, in a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        caches, first, second = (Path(folder, name) for name in ("caches", "first", "second"))
        return {
            "cold": seconds(command, checkout(first), caches),
            "warm": seconds(command, checkout(second), caches),
            "again": seconds(command, second, caches),
        }


def main(rounds: int) -> None:
    commands = {
        name: line for name, line in COMMANDS.items() if name[-2:] != "uv" or shutil.which("uv")
    }
    times: dict[tuple[str, str], list[float]] = defaultdict(list)
    for _ in range(rounds):
        for name, command in commands.items():
            for phase, took in measure(command).items():
                times[name, phase].append(took)
    print(f"{'':30}" + "".join(f"{phase:>16}" for phase in PHASES))
    for name in commands:
        cells = []
        for phase in PHASES:
            median = statistics.median(times[name, phase])
            cells.append(f"{median:.1f} s ({median / statistics.median(times[PEER, phase]):.2f})")
        print(f"{name:30}" + "".join(f"{cell:>16}" for cell in cells))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
