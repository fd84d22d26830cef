"""The manual's table of what happens to layers of plone.testing, beside the one of ours.

    python -m benchmarks.conformance

It installs the newest plone.testing, zope.testrunner, zope.pytestlayer, pytest and pytest-xdist
into an environment of their own, runs there what ``tests/conformance`` runs for our layers, lets
the same code judge it, and writes ``docs/reference/conformance-peers.inc``.
"""

from __future__ import annotations

import datetime
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.conformance import peers
from tests.conformance.situations import SITUATIONS
from tests.conformance.verdict import table
from tests.helpers import signals_heard

PEERS = ("plone.testing", "zope.testrunner", "zope.pytestlayer", "pytest", "pytest-xdist")
VERSIONS = f"""
import importlib.metadata, platform
found = [f"{{each}} {{importlib.metadata.version(each)}}" for each in {PEERS!r}]
print(", ".join(found), "on Python", platform.python_version())
"""


def installed(folder: Path) -> str:
    """A Python that has the peers."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = str(folder / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", *PEERS], check=True)
    return python


def cells(python: str) -> dict[tuple[str, str], str]:
    """Each cell, by the name of its situation and its column."""
    with signals_heard(), ThreadPoolExecutor(4) as pool:
        found = {
            (situation.name, column): pool.submit(peers.cell, situation, runner, python)
            for situation in SITUATIONS
            for column, runner in peers.COLUMNS.items()
        }
        return {place: cell.result() for place, cell in found.items()}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        python = installed(Path(folder))
        versions = subprocess.check_output([python, "-c", VERSIONS], text=True).strip()
        found = cells(python)
    head = f"{versions}, {datetime.date.today()}:"
    text = table(peers.COLUMNS, lambda situation, column: found[situation.name, column])
    peers.TABLE.write_text(f"{head}\n\n{text}", "utf-8")


if __name__ == "__main__":
    main()
