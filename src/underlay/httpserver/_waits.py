"""What ``HTTPServer.wait`` waits for, and how it went."""

from __future__ import annotations

import dataclasses
import threading
import time


@dataclasses.dataclass
class WaitingSettings:
    """How ``HTTPServer.wait`` waits.

    :param raise_assertions: whether to raise what went wrong.
    :param stop_on_nohandler: whether a request that is not expected is the end.
    :param timeout: seconds to wait at most.
    """

    raise_assertions: bool = True
    stop_on_nohandler: bool = True
    timeout: float = 5


class Waiting:
    """How a wait goes; made by ``HTTPServer.wait``.

    :param settings: how to wait.
    """

    def __init__(self, settings: WaitingSettings) -> None:
        self.settings = settings
        self._done = threading.Event()
        self._result = False
        self._start = time.monotonic()
        self._stop: float | None = None

    def complete(self, result: bool) -> None:
        """It is over; what comes later does not count."""
        if not self._done.is_set():
            self._result = result
            self._done.set()

    def wait(self) -> bool:
        """Wait until it is over, and return whether it was in time."""
        in_time = self._done.wait(self.settings.timeout)
        self._stop = time.monotonic()
        return in_time

    @property
    def result(self) -> bool:
        """Whether all requests came that were expected once, or in order."""
        return self._result

    @property
    def elapsed_time(self) -> float:
        """Seconds that it took.

        :raises TypeError: while it goes on.
        """
        if self._stop is None:
            raise TypeError("The wait goes on: its time is known after the with block.")
        return self._stop - self._start
