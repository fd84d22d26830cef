"""SIGTERM ends a run as Ctrl-C does: layers go down, then the process ends by that signal.

By default the signal ends Python at once, without any clean-up.  What layers have started as a
process is taken down even so, see `underlay._children`; folders and whatever else they have made
is not.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import signal
import sys
import threading


class Terminated(KeyboardInterrupt):
    """SIGTERM has come; unittest and pytest let nothing else than a KeyboardInterrupt end a run."""


class Termination:
    """What SIGTERM does to a run.

    A handler that somebody else has installed stays, and so does the wish to ignore the signal.  A
    second SIGTERM ends the process at once; to a fork of it the signal does what it always does.
    """

    def __init__(self) -> None:
        self._process = os.getpid()
        self._has_come = False
        self._is_known = False

    def heed(self) -> None:
        """From now on, raise `Terminated` in the main thread.

        Call it before layers go up: exit handlers run in reverse, and theirs come first then.
        """
        if threading.current_thread() is not threading.main_thread() or os.name != "posix":
            return
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            self._make_known()
            signal.signal(signal.SIGTERM, self._come)

    def forget(self) -> None:
        """Have the signal do again what it does by default."""
        if signal.getsignal(signal.SIGTERM) == self._come:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)

    def _make_known(self) -> None:
        if not self._is_known:
            self._is_known = True
            atexit.register(self._end)
            # A fork forgets signals that come before it is complete, if Python handles them.  What
            # is registered for that lives on to the end of Python, so it refers to nothing of ours.
            block, unblock = (
                functools.partial(signal.pthread_sigmask, how, [signal.SIGTERM])
                for how in (signal.SIG_BLOCK, signal.SIG_UNBLOCK)
            )
            os.register_at_fork(before=block, after_in_parent=unblock, after_in_child=unblock)

    def _come(self, number: int, frame: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        if self._process != os.getpid():
            os.kill(os.getpid(), signal.SIGTERM)
            return
        self._has_come = True
        raise Terminated("SIGTERM")

    def _end(self) -> None:
        """Tell our parent by which signal we end."""
        if self._has_come and self._process == os.getpid():
            for stream in (sys.stdout, sys.stderr):
                with contextlib.suppress(Exception):
                    stream.flush()
            os.kill(os.getpid(), signal.SIGTERM)
