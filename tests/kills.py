"""Runs of a project whose layers start processes, killed at random moments; what is left of them?

``python -m tests.kills --kills 50 --seed 1`` kills as many runs, under each runner in turn.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import underlay
from tests.conformance.runs import RUNNERS
from tests.external.support import SHOP
from tests.helpers import is_gone, processes_with, signals_heard
from underlay import NotReady
from underlay._waiting import wait_until

PROJECT = {
    "server.py": """
        import http.server, os, signal, subprocess, sys

        subprocess.Popen(["sleep", "300"])
        subprocess.Popen(["sh", "-c", "trap '' TERM INT HUP; sleep 300; sleep 300"])
        if "stubborn" in sys.argv:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        address = "127.0.0.1", int(os.environ["PORT"])
        http.server.HTTPServer(address, http.server.SimpleHTTPRequestHandler).serve_forever()
    """,
    "layers.py": """
        import sys, time
        from urllib.error import HTTPError
        from urllib.request import urlopen
        from underlay.http import FakeServer, LiveServer
        from underlay.services import Process, ready
        from underlay.wsgi import WSGI

        def application(environ, start_response):
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [b"hello"]

        SERVER = Process([sys.executable, "server.py"], ready=ready.http())
        STUBBORN = Process([sys.executable, "server.py", "stubborn"], [SERVER], grace=0.1)
        LIVE = LiveServer(WSGI(application))
        FAKE = FakeServer([SERVER])

        def use(layer):
            if layer is FAKE:
                layer.expect("GET", "/").then(text="hello")
            urlopen(layer.url + "/").close()
            time.sleep(0.1)
    """,
    "test_services.py": """
        import time, unittest
        from layers import LIVE, FAKE, SERVER, STUBBORN, use

        class OnServer(unittest.TestCase):
            layer = SERVER
            def test_one(self):
                use(self.layer)
            def test_two(self):
                use(self.layer)

            def test_waits(self):
                time.sleep(3)  # longer than anything may be left

        class OnStubborn(unittest.TestCase):
            layer = STUBBORN
            test_one, test_two = OnServer.test_one, OnServer.test_two

        class OnLive(OnStubborn):
            layer = LIVE

        class OnFake(OnStubborn):
            layer = FAKE
    """,
    "by_hand.py": """
        import unittest
        from layers import LIVE, FAKE, SERVER, STUBBORN, use

        for layer in SERVER, STUBBORN, LIVE, FAKE:
            with layer:
                use(layer)
    """,
}

#: Where node is: Jasmine's process is a child of the run, too.
JASMINE = {
    "test_specs.py": f"""
        import unittest
        from layers import SERVER
        from underlay.external import Jasmine, makeSuite

        def test_suite():
            program = {str(SHOP / "node_modules" / ".bin" / "jasmine")!r}
            return makeSuite(Jasmine("cart_spec.js", program=program), layer=SERVER)
    """,
    "cart_spec.js": """
        const {spawn} = require('child_process');
        it('adds', async () => {
          spawn('sleep', ['300']);
          await new Promise((done) => setTimeout(done, 300));
        });
        it('removes', () => {});
    """,
}

COMMANDS = {**{name: ["-m", *command] for name, command in RUNNERS.items()}, "with": ["by_hand.py"]}


@dataclasses.dataclass
class Remains:
    """What was there before a kill, and is still there."""

    processes: list[str]
    files: list[str]
    ports: list[str]

    def __bool__(self) -> bool:
        return bool(self.processes or self.files or self.ports)


class Run:
    """A run of the project by one of the `COMMANDS`, in a process group of its own."""

    def __init__(self, name: str, folder: Path) -> None:
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        self.mark = uuid.uuid4().hex
        with (folder / "output").open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, *(each.format(folder=folder) for each in COMMANDS[name])],
                cwd=folder,
                env={
                    **os.environ,
                    "PYTHONPATH": str(Path(underlay.__file__).parents[1]),
                    "PYTHONDONTWRITEBYTECODE": "1",
                    "TMPDIR": str(self.temporary),
                    "MARK": self.mark,
                },
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def send(self, number: int, seconds: float) -> Remains:
        """Send a signal to the run's own process; what is left after some seconds."""
        processes = processes_with(self.mark)
        sessions = {_session(process) for process in processes} - {0}
        ports = _listening(processes)
        self.process.send_signal(number)

        def left() -> Remains:
            others = (p for p in _all_processes() if _session(p) in sessions and not is_gone(p))
            found = {*processes_with(self.mark), *others}
            return Remains([*map(_told, found)], self._files(), [*ports & _open_ports()])

        with contextlib.suppress(NotReady):
            wait_until(lambda: not left(), "all to be gone", seconds)
        return left()

    def descriptors_lent(self) -> list[str]:
        """Which of the runner's stdin, stdout and stderr are open in what layers have started.

        The runner and the workers that it starts are in one session, all others in their own.
        """
        own, others = set(), {}
        for process in processes_with(self.mark):
            found = _descriptors(process)
            if _session(process) == self.process.pid:
                own |= {found[number] for number in (0, 1, 2) if number in found}
            else:
                others[_told(process)] = found
        own.discard("/dev/null")
        return [f"{each} of {who}" for who in others for each in own & {*others[who].values()}]

    def _files(self) -> list[str]:
        return [str(each) for each in self.temporary.glob("underlay-*")]

    def clean_up(self) -> None:
        """Kill what a failed test has found."""
        for process in processes_with(self.mark):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self.process.wait()


@contextlib.contextmanager
def running(name: str) -> Iterator[Run]:
    """A run that has just begun."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as text:
        folder = Path(text)
        for file, content in {**PROJECT, **(JASMINE if shutil.which("node") else {})}.items():
            lines = content.strip("\n").splitlines()
            margin = len(lines[0]) - len(lines[0].lstrip())
            (folder / file).write_text("\n".join(line[margin:] for line in lines) + "\n")
        run = Run(name, folder)
        try:
            yield run
        finally:
            run.clean_up()


def _session(process: int) -> int:
    with contextlib.suppress(ProcessLookupError):
        return os.getsid(process)
    return 0


def _all_processes() -> Iterator[int]:
    return (int(each.name) for each in Path("/proc").glob("[0-9]*"))


def _descriptors(process: int) -> dict[int, str]:
    """What the descriptors of a process are open for."""
    found = {}
    with contextlib.suppress(OSError):  # it has ended, or closes some
        for each in Path(f"/proc/{process}/fd").iterdir():
            found[int(each.name)] = os.readlink(each)
    return found


def _told(process: int) -> str:
    with contextlib.suppress(OSError):
        command = Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        return f"{process} {command[:100]!r}"
    return str(process)


def _sockets() -> Iterator[tuple[str, str]]:
    """Address and inode of what listens, proc(5)."""
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == "0A":
            yield fields[1], fields[9]


def _open_ports() -> set[str]:
    return {address for address, _ in _sockets()}


def _listening(processes: list[int]) -> set[str]:
    """The addresses on which some processes listen."""
    inodes = {target for process in processes for target in _descriptors(process).values()}
    return {address for address, inode in _sockets() if f"socket:[{inode}]" in inodes}


def duration(name: str) -> float:
    """How many seconds a run takes that nobody kills; it has to go well."""
    with running(name) as run:
        begin = time.perf_counter()
        status = run.process.wait(60)
        seconds = time.perf_counter() - begin
        output = run.temporary.with_name("output").read_text()
        assert status == 0, output
        return seconds


def kill(
    name: str, moment: Callable[[Run], object], number: int, seconds: float
) -> tuple[int, Remains]:
    """Send a signal to a run at some moment: how many processes there were, what is left."""
    with running(name) as run:
        moment(run)
        before = len(processes_with(run.mark))
        return before, run.send(number, seconds)


def after(seconds: float) -> Callable[[Run], object]:
    """The moment after some seconds, or when the run ends."""

    def moment(run: Run) -> None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            run.process.wait(seconds)

    return moment


def when_a_server_runs(run: Run) -> None:
    """The moment when a layer has started something that has started something."""
    running = lambda: any("sleep 300" in _told(each) for each in processes_with(run.mark))  # noqa: E731
    wait_until(running, "a server to run", 60)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--signal", default="SIGKILL", choices=["SIGKILL", "SIGTERM", "SIGINT"])
    parser.add_argument("--seconds", type=float, default=2.0, help="after which nothing is left")
    arguments = parser.parse_args()
    number = signal.Signals[arguments.signal]
    dice = random.Random(arguments.seed)
    print(f"seed {arguments.seed}, {arguments.kills} x {arguments.signal}")
    names = list(COMMANDS)
    seconds = {name: duration(name) for name in names}
    failures = 0
    for index in range(arguments.kills):
        name = names[index % len(names)]
        moment = dice.uniform(0, seconds[name])
        before, remains = kill(name, after(moment), number, arguments.seconds)
        verdict = f"LEFT: {remains}" if remains else "nothing left"
        print(f"{name:20} at {moment:.2f} of {seconds[name]:.2f} s, {before:2} there: {verdict}")
        failures += bool(remains)
    print(f"{failures} of {arguments.kills} left something")
    sys.exit(bool(failures))


if __name__ == "__main__":
    with signals_heard():
        main()
