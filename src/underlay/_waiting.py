"""Deadline and wait_until(): the only place that waits, and that sleeps meanwhile."""

from __future__ import annotations

import os
import select
import time
from collections.abc import Callable
from typing import TypeVar

from underlay._errors import NotReady

T = TypeVar("T")

#: Pauses between two looks at a condition, in seconds: the first, the factor, the longest.
FIRST, FACTOR, LONGEST = 0.001, 1.5, 0.05


class Deadline:
    """A point in time by which something must have happened.

    :param seconds: from now.
    :param awaited: what must have happened, as in ``"the server to answer"``.
    """

    def __init__(self, seconds: float, awaited: str) -> None:
        self.seconds = seconds
        self.awaited = awaited
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds that are left, never below zero."""
        return max(0.0, self._end - time.monotonic())

    @property
    def passed(self) -> bool:
        return self.left == 0.0

    def error(self, detail: str = "") -> NotReady:
        """The error to raise once the deadline has passed."""
        return NotReady(self.awaited, self.seconds, detail)


def wait_until(
    condition: Callable[[], T | None],
    awaited: str,
    seconds: float = 10.0,
    detail: Callable[[], str] = str,
    longest: float = LONGEST,
    pid: int | None = None,
) -> T:
    """Ask `condition` until it returns something true, and return that.

    :param condition: called without arguments; what it raises is not caught.
    :param awaited: what is waited for, named by the error.
    :param seconds: how long to go on asking.
    :param detail: called when time is up; its text tells what is known about why.
    :param longest: how many seconds may pass between two questions.
    :param pid: a child of ours, whose end is a reason to ask at once.
    :raises NotReady: when the time is up.
    """
    deadline = Deadline(seconds, awaited)
    pause = FIRST
    while True:
        if value := condition():
            return value
        if deadline.passed:
            raise deadline.error(detail())
        _sleep(min(pause, deadline.left), pid)
        pause = min(pause * FACTOR, longest)


def _sleep(seconds: float, pid: int | None) -> None:
    """Sleep, until a process ends at most; only Linux tells of that, by pidfd_open(2)."""
    try:
        descriptor = os.pidfd_open(pid) if pid else None
    except (AttributeError, OSError):
        descriptor = None
    if descriptor is None:
        time.sleep(seconds)
        return
    try:
        poll = select.poll()
        poll.register(descriptor, select.POLLIN)
        poll.poll(seconds * 1000)
    finally:
        os.close(descriptor)
