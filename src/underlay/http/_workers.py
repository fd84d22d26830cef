"""Workers: threads for handlers that may block.

They are daemons, since those of an executor are joined when the interpreter exits, and a handler
that hangs would keep it from doing so.  One that is idle is used again: a new thread costs as much
as half a request.
"""

from __future__ import annotations

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
    """

    about: str
    function: Callable[[], object]


class Worker:
    """A thread that does one job after the other."""

    def __init__(self, done: Callable[[Worker, Job], bool]) -> None:
        self.jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._done = done
        self.thread = threading.Thread(target=self._work, name="underlay handler", daemon=True)
        self.thread.start()

    def _work(self) -> None:
        while job := self.jobs.get():
            job.function()
            if not self._done(self, job):
                return


class Workers:
    """All threads of a server that run handlers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards all of the following
        self._idle: list[Worker] = []  # the one that was busy last is the first to be so again
        self._running: dict[Job, Worker] = {}
        self._told: set[Job] = set()
        self._closed = False

    def run(self, about: str, function: Callable[[], object]) -> None:
        """Call `function` in a thread of its own."""
        job = Job(about, function)
        with self._lock:
            worker = self._idle.pop() if self._idle else Worker(self._done)
            self._running[job] = worker
        worker.jobs.put(job)

    def rest(self) -> None:
        """End the idle threads, now that a test has ended; runners tell of those it has left."""
        with self._lock:
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.jobs.put(None)
        for worker in idle:
            worker.thread.join()

    def overdue(self, patience: float) -> list[str]:
        """What still runs after so many seconds, a text each; a job is told of only once."""
        with self._lock:
            awaited = [job for job in self._running if job not in self._told]
        late = self._wait(awaited, patience)
        self._told.update(late)
        return list(map(self._where, late))

    def stop(self, grace: float) -> list[str]:
        """End all threads and return what still runs, a text each.

        :param grace: seconds for those that move; for one that is stuck there is no use in waiting.
        """
        with self._lock:
            self._closed = True
            workers = [*self._idle, *self._running.values()]
        for worker in workers:
            worker.jobs.put(None)
        left = self._wait_while_moving(grace)
        with self._lock:
            busy = {self._running[job] for job in left if job in self._running}
        for worker in workers:
            if worker not in busy:
                worker.thread.join()
        return list(map(self._where, left))

    def _done(self, worker: Worker, job: Job) -> bool:
        """Whether the worker shall wait for another job."""
        with self._lock:
            del self._running[job]
            self._told.discard(job)
            self._idle.append(worker)
            return not self._closed

    def _wait(self, awaited: Collection[Job], patience: float) -> list[Job]:
        """Wait for so many seconds, and return those that still run then."""
        with contextlib.suppress(NotReady):
            wait_until(lambda: not self._of(awaited), "the handlers to return", patience)
        return self._of(awaited)

    def _wait_while_moving(self, grace: float) -> list[Job]:
        deadline, looks = Deadline(grace, "the handlers to return"), Looks()
        left = list(self._running.copy())
        while left and not deadline.passed:
            left = self._wait(left, LOOK)
            running = self._running.copy()
            threads = [running[job].thread for job in left if job in running]
            stuck = [looks.stuck(thread) for thread in threads]  # each is asked, every time
            if all(stuck):
                break
        return self._of(left)

    def _of(self, jobs: Collection[Job]) -> list[Job]:
        """Those that run."""
        return [job for job in jobs if job in self._running]

    def _where(self, job: Job) -> str:
        worker = self._running.get(job)
        return describe(job.about, worker and frame_of(worker.thread))
