"""Workers: threads for handlers that may block.

They are daemons, since those of an executor are joined when the interpreter exits, and a handler
that hangs would keep it from doing so.  They share one queue, into which the event loop puts the
jobs of a turn in one go: who is done with a job takes the next one.  A thread that is woken for a
job fights with the loop for the interpreter's lock, and that costs more than most jobs.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import queue
import threading
from collections.abc import Callable, Collection

from underlay._errors import NotReady
from underlay._waiting import Deadline, wait_until
from underlay.http._stacks import LOOK, Looks, describe, frame_of


@dataclasses.dataclass(eq=False)
class Job:
    """A function that is called in a worker's thread; it must not raise.

    :param about: what it is for; the first line when it does not return in time.
    :ivar thread: where it is called, once it is.
    """

    about: str
    function: Callable[[], object]
    thread: threading.Thread | None = None


class Workers:
    """All threads of a server that run handlers: as many as there were jobs at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # between those who count the threads
        self._count = 0  # of the threads that wait for a job or have one
        self._jobs: set[Job] = set()  # that are not done yet
        self._new: list[Job] = []  # those of them that no thread knows of
        self._told: set[Job] = set()
        self._queue: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._ended: queue.SimpleQueue[threading.Thread] = queue.SimpleQueue()
        self._closed = False

    def run(self, about: str, function: Callable[[], object]) -> None:
        """Call `function` in a thread, whatever the others do; called in the event loop."""
        job = Job(about, function)
        self._jobs.add(job)
        if not self._new:
            asyncio.get_running_loop().call_soon(self._hand_out)
        self._new.append(job)

    def rest(self) -> None:
        """End the idle threads, now that a test has ended; runners tell of those it has left."""
        with self._lock:
            idle = self._dismiss(max(0, self._count - len(self._jobs)))
        self._join(idle)

    def overdue(self, patience: float) -> list[str]:
        """What still runs after so many seconds, a text each; a job is told of only once."""
        awaited = self._jobs.copy() - self._told
        with contextlib.suppress(NotReady):
            wait_until(lambda: awaited.isdisjoint(self._jobs.copy()), "", patience)
        late = self._of(awaited)
        self._told.update(late)
        return list(map(_where, late))

    def stop(self, grace: float) -> list[str]:
        """End all threads and return what still runs, a text each.

        :param grace: seconds for those that move; for one that is stuck there is no use in waiting.
        """
        self._hand_out()  # what the loop did not come to
        self._closed = True
        with self._lock:
            number = self._dismiss(self._count)
        left = self._wait_while_moving(grace)
        self._join(number - len(left))
        return list(map(_where, left))

    def _hand_out(self) -> None:
        with self._lock:
            for job in self._new:
                self._queue.put(job)
            self._new.clear()
            while self._count < len(self._jobs):
                threading.Thread(target=self._work, name="underlay handler", daemon=True).start()
                self._count += 1

    def _work(self) -> None:
        while job := self._queue.get():
            job.thread = threading.current_thread()
            job.function()
            self._jobs.discard(job)
            self._told.discard(job)
            if self._closed and self._queue.empty():  # nobody is left who would dismiss it
                break
        self._ended.put(threading.current_thread())

    def _dismiss(self, number: int) -> int:
        """Have so many threads end as soon as they have no job."""
        self._count -= number
        for _each in range(number):
            self._queue.put(None)
        return number

    def _join(self, number: int) -> None:
        for _each in range(number):
            self._ended.get().join()

    def _wait_while_moving(self, grace: float) -> list[Job]:
        deadline, looks = Deadline(grace, "the handlers to return"), Looks()
        while (left := self._of(self._jobs.copy())) and not deadline.passed:
            stuck = [job.thread and looks.stuck(job.thread) for job in left]  # each, every time
            if all(stuck):
                break
            with contextlib.suppress(NotReady):
                wait_until(lambda: not self._jobs, "", LOOK)
        return self._of(left)

    def _of(self, jobs: Collection[Job]) -> list[Job]:
        """Those that are not done."""
        return [job for job in jobs if job in self._jobs]


def _where(job: Job) -> str:
    return describe(job.about, job.thread and frame_of(job.thread))
