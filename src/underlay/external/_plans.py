"""KeptPlan: what a suite listed once, kept for as long as nothing changes that it depends on."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
from collections.abc import Iterable, Iterator
from itertools import chain
from pathlib import Path

from underlay.external._events import Plan, Spec, dump, parse
from underlay.external._process import Launch

#: Folders in a project that say nothing about its specs.
SKIPPED = {
    *{"node_modules", "__pycache__", ".git", ".hg", ".svn", ".venv", ".tox"},
    *{".pytest_cache", ".mypy_cache", ".ruff_cache"},
}

#: Files that package managers lay at the top of a project; the last tells what is installed.
LOCKS = (
    *("package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock"),
    "node_modules/.package-lock.json",
)

#: More than so many files or bytes take longer to read than most suites take to be listed.
MOST_FILES, MOST_BYTES = 5_000, 64 * 2**20

#: Environment variables that differ from one run to the next and mean nothing to specs.
FLEETING = {"_", "OLDPWD", "SHLVL", "PYTEST_XDIST_TESTRUNUID"}

#: Plans that nobody has used for so long are removed, in seconds: thirty days.
UNUSED = 30 * 24 * 3600

OURS = Path(__file__).parent


class KeptPlan:
    """The place for the plan of a suite.

    Its name is a hash of all that decides which specs there are: the command line, the environment,
    our own code, and the content of the files that a suite names for it; if it names none, of every
    file of the project, with the tool's version and what is installed.  So there is no such place
    any more once something has changed.  What can't be told apart in this way has none at all: a
    project of too many files, or a command line that names files outside of it.

    :param launch: how the suite is started.
    """

    def __init__(self, launch: Launch) -> None:
        self._path: Path | None = None
        folder = _folder()
        with contextlib.suppress(OSError):
            if launch.plan_is_kept and folder and (digest := _digest(launch)):
                self._path = folder / f"{digest}.json"

    def read(self) -> tuple[Spec, ...]:
        """The specs; none if nothing is kept, or nothing that makes sense."""
        if self._path:
            with contextlib.suppress(OSError, ValueError, LookupError, TypeError, AttributeError):
                plan = parse(self._path.read_bytes())
                os.utime(self._path)
                return plan.specs if isinstance(plan, Plan) else ()
        return ()

    def write(self, specs: Iterable[Spec]) -> None:
        """Keep them, and remove what was not used for long; a full disk is no reason to fail."""
        if self._path:
            with contextlib.suppress(OSError):
                self._path.parent.mkdir(parents=True, exist_ok=True)
                _tidy(self._path.parent)
                draft = self._path.with_suffix(f".{os.getpid()}")
                draft.write_bytes(dump(Plan(tuple(specs))))
                draft.replace(self._path)

    def forget(self) -> None:
        """It has turned out not to be true."""
        if self._path:
            with contextlib.suppress(OSError):
                self._path.unlink()


def _folder() -> Path | None:
    """``UNDERLAY_PLANS``, or a folder of the user's cache; None if that variable is empty, or if
    the user has no home, as in containers.
    """
    if (named := os.environ.get("UNDERLAY_PLANS")) is not None:
        return Path(named) if named else None
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    return Path(cache, "underlay", "plans") if os.path.isabs(cache) else None


def _tidy(folder: Path) -> None:
    for each in folder.iterdir():
        if each.stat().st_mtime < time.time() - UNUSED:
            each.unlink()


def _digest(launch: Launch) -> str | None:
    """None if it can't be known what the plan depends on."""
    digest = hashlib.sha256()
    files = _named(launch) if launch.plan_files else _whole(launch)
    for part in chain(_command(launch), files):
        if part is None:
            return None
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()


def _command(launch: Launch) -> Iterator[bytes]:
    """What the plan always depends on."""
    env = {name: value for name, value in launch.env.items() if name not in FLEETING}
    yield json.dumps([launch.command, str(launch.cwd), sorted(env.items())]).encode()
    for arg in (*launch.command, launch.env["UNDERLAY_TOOL"]):
        if os.path.isabs(arg):
            yield from _state(Path(arg))
    for own in sorted((*OURS.glob("*.py"), *OURS.glob("reporters/*"))):
        yield own.read_bytes()


def _named(launch: Launch) -> Iterator[bytes]:
    for file in launch.plan_files:
        yield os.fsencode(file)
        yield Path(file).read_bytes()


def _whole(launch: Launch) -> Iterator[bytes | None]:
    """A project; None for what is too much, or outside of it."""
    root = _project(launch.cwd)
    yield os.fsencode(root)
    if any(_leads_outside(arg, root) for arg in launch.command):
        yield None
    for manifest in _manifests(Path(launch.env["UNDERLAY_TOOL"])):
        yield manifest.read_bytes()
    for lock in LOCKS:
        yield from _content(root / lock)
    yield from _tree(root)


def _project(cwd: Path) -> Path:
    """The folder of the nearest lock file, else of the nearest package, else that of the suite."""
    for names in (LOCKS, ("package.json",)):
        for folder in (cwd, *cwd.parents):
            if any((folder / name).exists() for name in names):
                return folder
    return cwd


def _leads_outside(arg: str, root: Path) -> bool:
    """A pattern; the paths of tools exist, and are looked at as such."""
    path = Path(arg)
    if path.is_absolute():
        return not path.exists() and root not in path.parents
    return ".." in path.parts


def _state(file: Path) -> Iterator[bytes]:
    """Size and time of change: programs are large."""
    if file.is_file():
        stat = file.stat()
        yield f"{file} {stat.st_size} {stat.st_mtime_ns}".encode()


def _manifests(tool: Path) -> list[Path]:
    """The package.json that tells a tool's version."""
    folders = tool.resolve().parents
    return [each / "package.json" for each in folders if (each / "package.json").exists()][:1]


def _content(file: Path) -> Iterator[bytes]:
    if file.is_file():
        yield file.read_bytes()


def _tree(root: Path) -> Iterator[bytes | None]:
    """Each file's path and content, in a fixed order."""
    files = size = 0
    for folder, folders, names in os.walk(root):
        folders[:] = sorted(set(folders) - SKIPPED)
        for name in sorted(names):
            file = Path(folder, name)
            if not file.is_file():
                continue
            files, size = files + 1, size + file.stat().st_size
            if files > MOST_FILES or size > MOST_BYTES:
                yield None
            yield os.fsencode(file)
            yield file.read_bytes()
