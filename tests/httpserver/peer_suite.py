"""pytest-httpserver's own tests, with nothing but the imports changed.

    python -m tests.httpserver.peer_suite

fetches the source distribution from PyPI, replaces ``pytest_httpserver`` by ``underlay.httpserver``
wherever that stands, and runs the tests as their authors do: as they are, with ``--ssl``, and with
an address from the environment.  It prints how many pass, and why the others do not; it ends with 1
unless just the ones that are known fail, and just those that are known are skipped.
"""

from __future__ import annotations

import hashlib
import os
import re
import socket
import subprocess
import sys
import tarfile
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

RELEASE = "pytest-httpserver==1.2.0"
SHA256 = "d07744ce2efaafa0575ed3081d416b999c773b09e84aa95065138bedc3e12352"
OPTIONS = ["-p", "underlay.httpserver.pytest_plugin", "-p", "no:pytest_httpserver"]
OPTIONS += ["-o", "junit_family=xunit1"]

FLAG = "it looks at a private flag of the readiness probe, for which there is no need here"
PACKAGE = "skipped: it is about the package pytest-httpserver, and needs poetry"
#: Tests that cannot pass, and why.
KNOWN = {
    "test_readiness::test_wait_for_server_ready_called_with_timeout": FLAG,
    "test_readiness::test_wait_for_server_ready_called_without_timeout": FLAG,
    "test_readiness::test_wait_for_server_ready_called_each_start_stop_cycle": FLAG,
    "test_readiness::test_double_start_does_not_poison_readiness_flag": FLAG,
    "test_release::test_no_duplicate_classifiers": PACKAGE,
    "test_release::test_python_version": PACKAGE,
    "test_release::test_wheel_no_extra_contents": PACKAGE,
    "test_release::test_sdist_contents": PACKAGE,
    "test_release::test_poetry_check": PACKAGE,
}


def fetch(folder: Path) -> Path:
    """Unpack the source distribution; return where it is."""
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    subprocess.run([*pip, "--no-binary", ":all:", RELEASE, "--dest", str(folder)], check=True)
    (archive,) = folder.glob("*.tar.gz")
    if hashlib.sha256(archive.read_bytes()).hexdigest() != SHA256:
        raise SystemExit(f"{archive.name} is not the one that is known.")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    (unpacked,) = (each for each in folder.iterdir() if each.is_dir())
    return unpacked


def move(suite: Path) -> None:
    """Change the imports, and leave their modules out of reach."""
    for file in (suite / "tests").rglob("*.py"):
        moved = re.sub(r"\bpytest_httpserver\b", "underlay.httpserver", file.read_text("utf-8"))
        file.write_text(moved, "utf-8")
    (suite / "pytest_httpserver").rename(suite / "not_imported")


def run(suite: Path, *arguments: str, **environment: str) -> dict[str, str]:
    """The outcome of each test by its name: ``passed``, ``skipped``, or what went wrong."""
    report = suite / "report.xml"
    report.unlink(missing_ok=True)
    process = subprocess.run(
        [sys.executable, "-m", "pytest", *OPTIONS, f"--junit-xml={report}", *arguments],
        cwd=suite,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )
    if not report.exists():
        raise SystemExit(process.stdout)
    cases = ElementTree.parse(report).iter("testcase")
    return {f"{name_of(case)}::{case.get('name')}": outcome(case) for case in cases}


def name_of(case: ElementTree.Element) -> str:
    return str(case.get("classname")).removeprefix("tests.")


def outcome(case: ElementTree.Element) -> str:
    for child in case:
        if child.tag == "skipped" and child.get("type") == "pytest.xfail":
            return "passed"  # it fails as its authors expect
        if child.tag in ("failure", "error", "skipped"):
            return child.tag if child.tag == "skipped" else str(child.get("message"))
    return "passed"


def free_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return str(sock.getsockname()[1])


def run_all(suite: Path) -> dict[str, str]:
    """The outcomes of all runs; of a test that some of them skip, that of the others."""
    address = {"PYTEST_HTTPSERVER_HOST": "127.0.0.1", "PYTEST_HTTPSERVER_PORT": free_port()}
    runs = [
        run(suite, "tests"),
        run(suite, "tests/test_ssl.py", "--ssl"),
        run(suite, "tests/test_port_changing.py", **address),
    ]
    outcomes: dict[str, str] = {}
    for found in runs:
        outcomes |= {name: said for name, said in found.items() if said != "skipped"}
        outcomes = {**dict.fromkeys(found, "skipped"), **outcomes}
    return outcomes


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        suite = fetch(Path(folder))
        move(suite)
        outcomes = run_all(suite)
    said = list(outcomes.values())
    passed, skipped = said.count("passed"), said.count("skipped")
    print(f"{RELEASE}: {passed} passed, {len(said) - passed - skipped} failed, {skipped} skipped")
    others = {name: said for name, said in sorted(outcomes.items()) if said != "passed"}
    for name, problem in others.items():
        print(f"  {name}\n    {KNOWN.get(name, problem)}")
    for name in KNOWN.keys() - others.keys():
        print(f"  {name} passes, or is gone: it was known not to pass")
    found = {name: problem == "skipped" for name, problem in others.items()}
    return int(found != {name: why is PACKAGE for name, why in KNOWN.items()})


if __name__ == "__main__":
    sys.exit(main())
