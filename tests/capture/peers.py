"""What underlay's capture and its peers see of what is written to standard output.

    python -m tests.capture.peers PEER REPORT

Each peer runs in a process of its own, which writes what it has seen to the file REPORT.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import json
import logging
import os
import subprocess
import sys
import tempfile
import threading
import unittest
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.helpers import NO_PLUGINS

WORD = "seen"
TABLE = Path(__file__).parents[2] / "docs" / "reference" / "capture-peers.inc"

#: Made before anything is captured, as log handlers are.
BEFORE = sys.stdout
HANDLER = logging.StreamHandler(BEFORE)


def in_a_thread() -> None:
    thread = threading.Thread(target=print, args=[WORD])
    thread.start()
    thread.join()


def command(**options: object) -> None:
    subprocess.run(["echo", WORD], check=True, **options)  # type: ignore[call-overload]


WAYS: dict[str, Callable[[], object]] = {
    "``print``": lambda: print(WORD),
    "``print`` in a thread": in_a_thread,
    "``sys.stdout``, saved before": lambda: print(WORD, file=BEFORE, flush=True),
    "``sys.__stdout__``": lambda: print(WORD, file=sys.__stdout__, flush=True),
    "a log handler that was made before": lambda: HANDLER.emit(
        logging.makeLogRecord({"msg": WORD})
    ),
    "``os.write``": lambda: os.write(1, WORD.encode()),
    "``puts`` of C": lambda: ctypes.CDLL(None).puts(WORD.encode()),
    "a child process": command,
    "a child process that is given ``sys.stdout``": lambda: command(stdout=sys.stdout),
    "a megabyte from a child": lambda: subprocess.run(
        ["sh", "-c", f"head -c 1000000 /dev/zero; echo {WORD}"], check=True
    ),
    # The last: after it a fixture of pytest is of no use any more.
    "bytes that are not UTF-8": lambda: sys.stdout.buffer.write(b"\xff" + WORD.encode()),
}
BUFFERED = "``print`` under ``unittest -b``"


@contextlib.contextmanager
def by_underlay() -> Iterator[Callable[[], str]]:
    from underlay.capture import capture

    with capture() as out:
        yield lambda: out.stdout


@contextlib.contextmanager
def by_contextlib() -> Iterator[Callable[[], str]]:
    with contextlib.redirect_stdout(io.StringIO()) as out:
        yield out.getvalue


@contextlib.contextmanager
def by_testfixtures() -> Iterator[Callable[[], str]]:
    import testfixtures

    with testfixtures.OutputCapture(fd=True) as out:
        yield lambda: out.captured


@contextlib.contextmanager
def by_wurlitzer() -> Iterator[Callable[[], str]]:
    import wurlitzer

    with wurlitzer.pipes() as (out, _):
        yield out.read


Peer = Callable[[], contextlib.AbstractContextManager[Callable[[], str]]]
PEERS: dict[str, Peer] = {
    "underlay": by_underlay,
    "``redirect_stdout``": by_contextlib,
    "testfixtures, ``fd=True``": by_testfixtures,
    "wurlitzer": by_wurlitzer,
}
FIXTURES = ("capsys", "capfd")
COLUMNS = [*PEERS, *(f"pytest's ``{name}``" for name in FIXTURES)]

TEST = """
import contextlib, pytest
from tests.capture import peers

@pytest.mark.parametrize("way", peers.WAYS)
def test(request, way):
    fixture = request.getfixturevalue({fixture!r})
    read = lambda: fixture.readouterr().out
    peers.report(lambda: contextlib.nullcontext(read), way, {report!r})
"""


def report(peer: Peer, way: str, file: str) -> None:
    """Write down what the peer sees of a way."""
    write(way, verdict(peer, WAYS[way]), file)


def write(way: str, found: str, file: str) -> None:
    with open(file, "a") as lines:
        lines.write(json.dumps([way, found]) + "\n")


def verdict(peer: Peer, way: Callable[[], object]) -> str:
    """``yes``, ``no``, or the name of the error."""
    try:
        with peer() as read:
            way()
        return "yes" if WORD in read() else "no"
    except Exception as error:
        return type(error).__name__


def buffered(peer: Peer) -> str:
    """What the peer sees of a test that prints, where unittest itself buffers the output."""
    found = []

    class Prints(unittest.TestCase):
        def runTest(self) -> None:
            found.append(verdict(peer, lambda: print(WORD)))

    result = unittest.TestResult()
    result.buffer = True
    Prints().run(result)
    return found[0]


def seen(column: str) -> dict[str, str]:
    """What a column of the table says, as found out by a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "report.json")
        subprocess.run(
            [sys.executable, "-m", "tests.capture.peers", column, file],
            **{"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL},
            **{"cwd": Path(__file__).parents[2], "check": True, "timeout": 60},
        )
        return dict(map(json.loads, Path(file).read_text().splitlines()))


def table() -> str:
    """All of it, as a table in reStructuredText."""
    columns = {name: seen(name) for name in COLUMNS}
    rows = [["Written by", *columns]]
    rows += [[way, *(columns[name][way] for name in columns)] for way in (*WAYS, BUFFERED)]
    lines = ["\n     - ".join(row) for row in rows]
    head = ".. list-table::\n   :header-rows: 1\n\n"
    return head + "".join(f"   * - {line}\n" for line in lines)


def main(column: str, file: str) -> None:
    if column in PEERS:
        for way in WAYS:
            report(PEERS[column], way, file)
        write(BUFFERED, buffered(PEERS[column]), file)
        return
    write(BUFFERED, "needs pytest", file)
    test = Path(file).with_name("test_it.py")
    test.write_text(TEST.format(fixture=column.split("``")[1], report=file))
    # That the fixture fails is what is to be found out.
    pytest.main([*NO_PLUGINS, "-q", "--rootdir", str(test.parent), str(test)])


if __name__ == "__main__":
    main(*sys.argv[1:])
