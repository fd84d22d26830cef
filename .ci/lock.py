#!/usr/bin/env python3
"""Locks what pyproject.toml asks for: requirements.txt by uv, and from it versions.cfg.

    .ci/lock.py                 keep what is locked, add and drop what pyproject.toml says
    .ci/lock.py --upgrade       the newest versions that run on every Python we support

Further arguments go to ``uv pip compile``, such as ``--upgrade-package sphinx``.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCK, VERSIONS = ROOT / "requirements.txt", ROOT / "versions.cfg"
COMPILE = [
    *("uv", "pip", "compile", "pyproject.toml", "--output-file", LOCK.name, "--quiet"),
    *("--all-extras", "--group", "pyproject.toml:buildout", "--generate-hashes"),
    *("--universal", "--python-version", "3.10"),
    # One version for every Python: [versions] has no markers, and a pin does not give way.
    *("--fork-strategy", "fewest"),
    # A source distribution is built with whatever setuptools is the newest: no lock holds that.
    *("--only-binary", ":all:"),
    *("--no-config", "--no-header", "--no-annotate", "--no-emit-index-url"),
    *("--no-emit-find-links", "--no-emit-build-options"),
]


def versions(lock: str) -> str:
    """The [versions] section that says the same as the lock."""
    pins = dict(re.findall(r"(?m)^([\w.-]+)==([^\s;]+)", lock))
    lines = [f"{spelled(name)} = {version}" for name, version in pins.items()]
    head = ["# Made from requirements.txt by .ci/lock.py.", "[versions]"]
    return "\n".join([*head, *lines]) + "\n"


def spelled(name: str) -> str:
    """As zc.buildout spells itself and its recipes; it heeds no pin of theirs without the dots."""
    return name.replace("-", ".") if name.startswith("zc-") else name


def main() -> None:
    subprocess.run([*COMPILE, *sys.argv[1:]], cwd=ROOT, check=True)
    VERSIONS.write_text(versions(LOCK.read_text()))


if __name__ == "__main__":
    main()
