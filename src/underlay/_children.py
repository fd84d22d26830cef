"""Child: a process that cannot outlive this one, however this one ends.

A shell becomes the child.  Before that it leaves a guard behind, a second shell which reads from a
socket, the leash, whose other end only our process holds.  The kernel closes that end when we end,
by ``kill -9`` as well, and the guard takes the child down.  Four rules:

1. The guard is there before there is anything to guard: the shell waits for `Child.start`, which
   comes after the folder was made, and starts the guard before it becomes the child.
2. The guard is a member of the child's process group.  While it lives, nobody else can get the
   number of that group, so that no signal ever goes astray; it ignores those which the group gets,
   and nobody but the guard signals the group.
3. The group has a session of its own: Ctrl-C in a terminal reaches neither child nor guard.
4. The guard is no child of the child, which may want to wait for all of its own.

What a child starts belongs to its group and goes with it, unless it makes a group of its own, as
daemons do.
"""

from __future__ import annotations

import contextlib
import math
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from underlay._errors import NotReady
from underlay._forking import keep_from_children, no_fork
from underlay._waiting import wait_until

#: $1 is the folder, $2 the signal that asks the child to end, $3 how many tenths of a second the
#: guard waits for that if nobody has waited before, $4 where to run, $5 the name of the file for
#: stdout; the rest is the command.  A line on the leash asks the child to end.
SHELL = """
exec 3<&0 </dev/null
read -r _ <&3 || exec rm -rf -- "$1"
({
    cd /
    PATH=/usr/bin:/bin
    trap '' HUP INT QUIT PIPE ALRM TERM USR1 USR2 TSTP TTIN TTOU "$2"
    tries=$3
    while read -r _ <&3; do kill -"$2" 0; tries=0; done
    [ "$tries" -eq 0 ] || kill -"$2" 0
    while [ "$tries" -gt 0 ] && kill -0 $$; do sleep .1; tries=$((tries - 1)); done
    kill -KILL $$
    [ ! -e "$1" ] || rm -rf -- "$1"
    kill -KILL 0
} &)
exec 3<&- >>"$1/$5" 2>>"$1/output.log"
cd "$4" && shift 5 && exec "$@"
"""

#: The names of variables that every shell hands on; dash drops others, such as ``app.port``, and
#: env(1) has to set them.
HANDED_ON = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

#: Where a child's output goes, in its folder.
LOG = "output.log"

#: How long a guard waits at most for a child that it has asked to end, in seconds: nobody is left
#: who could use what the child would still do.
PATIENCE = 1.0

#: How long we wait for a guard to remove the folder, in seconds.
REMOVAL = 10.0

#: How long the kernel may need to take a process apart, in seconds.
EXIT = 0.1

#: A flag of processes in Linux, include/linux/sched.h.
PF_EXITING = 0x4

#: How much of a child's output is shown, in bytes.
TAIL = 4000


def _leash() -> tuple[socket.socket, socket.socket]:
    with no_fork:
        ends = socket.socketpair()
        keep_from_children(*ends)
        return ends


def _env_prefix(env: Mapping[str, str]) -> list[str]:
    """What stands before a command so that it gets all of its environment; most often nothing."""
    dropped = [f"{name}={env[name]}" for name in env if not HANDED_ON.fullmatch(name)]
    return ["/usr/bin/env", "--", *dropped] if dropped else []


def unused_folder() -> Path:
    """A path for the folder of a child; there is nothing yet."""
    return Path(tempfile.gettempdir(), f"underlay-{secrets.token_hex(8)}")


class Child:
    """A process and a temporary folder, both gone when this process ends or calls `stop`.

    Its stdin is empty; what it prints goes to the file `log` in the folder.  A process that forks
    from ours has no part in it.

    :param command: the program and its arguments; the program may be one on the PATH of `env`.
    :param folder: is made, and readable for this user only.
    :param cwd: the folder that it runs in, perhaps one in its own.
    :param env: all of its environment.
    :param stdout: the name of another file in the folder, for what it writes to stdout.
    :param stop_signal: asks it, and what it has started, to end.
    :param grace: how many seconds `stop` then waits before it kills; with 0 it does not ask.
    :raises OSError: if there can be no such process; nothing is left behind then.
    """

    def __init__(
        self,
        command: Sequence[str],
        folder: Path,
        *,
        cwd: str | os.PathLike[str] = ".",
        env: Mapping[str, str] | None = None,
        stdout: str = LOG,
        stop_signal: int = signal.SIGTERM,
        grace: float = 0.0,
    ) -> None:
        self.folder = folder
        self.log = folder / LOG
        self._grace = grace
        self._cwd = os.path.abspath(cwd)
        tenths = math.ceil(min(grace, PATIENCE) * 10)
        options = [str(folder), str(int(stop_signal)), str(tenths), self._cwd, stdout]
        prefix = _env_prefix(os.environ if env is None else env)
        self._leash, end = _leash()
        with contextlib.ExitStack() as undo:
            undo.callback(self._leash.close)
            with end:
                self._process = subprocess.Popen(
                    ["/bin/sh", "-c", SHELL, "sh", *options, *prefix, *command],
                    env=env,
                    stdin=end.fileno(),
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
            undo.callback(self.stop)
            folder.mkdir(mode=0o700)
            undo.pop_all()

    def start(self) -> None:
        """Let the command begin; what it looks for in its folder has to be there by now.

        :raises OSError: if there is no folder to run in.
        """
        os.scandir(self._cwd).close()
        self.log.touch()
        self._leash.sendall(b"\n")

    @property
    def pid(self) -> int:
        """The number of the process, and of its group."""
        return self._process.pid

    @property
    def status(self) -> int | None:
        """Its exit status, minus the signal's number if one killed it; None while it runs."""
        return self._process.poll()

    def has_ended(self) -> bool:
        """Whether it has ended or just does.

        Its connections break a moment before there is a status; Linux tells of that moment.
        """
        if self.status is None and self._is_exiting():
            with contextlib.suppress(NotReady):  # a main thread that exits need not be the last
                wait_until(lambda: self.status is not None, "the process to end", EXIT)
        return self.status is not None

    def _is_exiting(self) -> bool:
        try:
            stat = Path(f"/proc/{self.pid}/stat").read_text("utf-8", "replace")
        except OSError:  # it has exited, or there is no /proc
            return False
        flags = stat.rpartition(")")[2].split()[6]  # proc(5)
        return int(flags) & PF_EXITING != 0

    @property
    def ending(self) -> str:
        """How it ended, to stand behind "it"."""
        status = self.status
        if status is None:
            return "runs on"
        if status < 0:
            return f"was killed by {signal.Signals(-status).name}"
        return f"exited with status {status}"

    def tail(self, since: int = 0) -> str:
        """The end of what it has printed.

        :param since: leave out so many bytes at the beginning.
        """
        with self.log.open("rb") as log:
            log.seek(max(since, self.log.stat().st_size - TAIL))
            return log.read().decode(errors="replace")

    def stop(self) -> None:
        """End it and all that it has started, and remove the folder."""
        if self._leash.fileno() < 0:  # it is stopped already, or another process has to do it
            return
        if self._grace:
            self._ask_to_end()
        if self.status is not None:  # then the guard need not start another program for that
            shutil.rmtree(self.folder, ignore_errors=True)
        with contextlib.suppress(OSError):
            self._leash.shutdown(socket.SHUT_WR)
            self._leash.settimeout(REMOVAL)
            self._leash.recv(1)  # which ends when the guard does
        self._leash.close()
        self._clean_up_without_guard()
        self._process.wait()

    def _ask_to_end(self) -> None:
        with contextlib.suppress(OSError, NotReady):
            self._leash.sendall(b"\n")
            wait_until(lambda: self.status is not None, "the process to end", self._grace)

    def _clean_up_without_guard(self) -> None:
        """Somebody may have killed it, perhaps with its whole group."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if self.status is None:
                os.killpg(self.pid, signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)
