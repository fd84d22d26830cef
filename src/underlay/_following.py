"""Processes that ``zope.testrunner -j`` has started end when it does, with what their layers hold.

Nobody tells them if the first process was killed: they would finish their layers first.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import stat
import sys


def follow_zope_testrunner() -> None:
    """Have SIGTERM sent to us when zope.testrunner lets go of our stdin, a pipe; Linux only.

    The kernel sends it, fcntl(2), so this costs no thread.
    """
    if sys.argv[1:2] == ["--resume-layer"] and sys.platform == "linux":
        with contextlib.suppress(OSError):
            if stat.S_ISFIFO(os.fstat(0).st_mode):
                _have_sigterm_sent(0)


def _have_sigterm_sent(pipe: int) -> None:
    import fcntl

    fcntl.fcntl(pipe, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(pipe, fcntl.F_SETSIG, signal.SIGTERM)
    fcntl.fcntl(pipe, fcntl.F_SETFL, fcntl.fcntl(pipe, fcntl.F_GETFL) | os.O_ASYNC)
    poll = select.poll()
    poll.register(pipe, 0)
    if poll.poll(0):  # it was let go of before
        os.kill(os.getpid(), signal.SIGTERM)
