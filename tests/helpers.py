"""What tests of several rooms need."""

import contextlib
import os
import signal
import tempfile
import unittest
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar
from unittest import mock

T = TypeVar("T")

GOLDEN = Path(__file__).parent / "golden"

#: For pytest in a process of its own: without the plugins of packages that happen to be there, of
#: which hypothesis' takes a third of a second, and has files open still after Ctrl-C.
NO_PLUGINS = [f"-pno:{name}" for name in ("anyio", "cacheprovider", "hypothesispytest")]


#: Seconds after which a run of tests that a test has started counts as hung: a machine that is busy
#: takes a hundred for what takes it five.
PATIENCE = 300


@contextlib.contextmanager
def signals_heard() -> Iterator[None]:
    """Tests in the background, or under nohup, ignore signals; children would inherit that."""
    usual = (signal.SIGINT, signal.SIGHUP)
    ignored = [number for number in usual if signal.getsignal(number) is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number in ignored:
            signal.signal(number, signal.SIG_IGN)


def is_gone(pid: int) -> bool:
    """Whether there is no such process, or only what its parent has not looked at yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):  # the latter if it ends meanwhile
        return True


def processes_with(mark: str) -> list[int]:
    """The processes that have a text in their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # it has ended, or belongs to somebody else
            if mark.encode() in (process / "environ").read_bytes():
                found.append(int(process.name))
    return found


def at_once(work: Callable[[str], T], names: Iterable[str], threads: int = 4) -> dict[str, T]:
    """What `work` returns for each name; a tool that starts leaves most of a machine idle."""
    names = list(names)
    with ThreadPoolExecutor(threads) as pool:
        return dict(zip(names, pool.map(work, names), strict=True))


def temporary_folder(test: unittest.TestCase) -> Path:
    """A folder that is gone when the test has ended, by a path without links in it."""
    folder = tempfile.TemporaryDirectory()
    test.addCleanup(folder.cleanup)
    return Path(folder.name).resolve()


class Golden(unittest.TestCase):
    """For messages that users read: they stand in files, to be reviewed as text.

    Run the tests with ``UNDERLAY_WRITE_GOLDEN=1`` to write these files anew.
    """

    maxDiff = None

    def assertGolden(self, name: str, text: object) -> None:
        """Compare a text, or an error's, with ``golden/NAME.txt``, which ends in a line feed."""
        file, actual = GOLDEN / f"{name}.txt", f"{text}\n"
        if os.environ.get("UNDERLAY_WRITE_GOLDEN"):
            file.write_text(actual, "utf-8")
        self.assertTrue(file.exists(), f"There is no {file}. The text is:\n{actual}")
        self.assertEqual(file.read_text("utf-8"), actual)


class ByHand(unittest.TestCase):
    """For tests that call the hooks of layers themselves, and leave layers up.

    They would be taken down when the tests end; see `Layer._take_down_at_exit`.
    """

    def setUp(self) -> None:
        net = mock.patch("underlay._scopes.atexit")
        net.start()
        self.addCleanup(net.stop)
