"""LoopThread: an event loop in a thread of its own, for an application that lives there."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class OutOfTime(Exception):
    """It took too long; a TimeoutError might be the application's own."""


class LoopThread:
    """An event loop that runs until it is stopped.

    :param name: of the thread.
    """

    def __init__(self, name: str) -> None:
        self.loop = asyncio.new_event_loop()
        self.loop.set_debug(False)  # python -X dev would have it log to stderr
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def run(self, coroutine: Coroutine[Any, Any, T], seconds: float | None = None) -> T:
        """From another thread: run a coroutine and return what it returns.

        :raises OutOfTime: if it takes longer than so many seconds; it is cancelled then.
        """
        future = asyncio.run_coroutine_threadsafe(coroutine, self.loop)
        done = threading.Event()
        future.add_done_callback(lambda _: done.set())
        if not done.wait(seconds):
            future.cancel()
            raise OutOfTime
        return future.result()

    async def run_from_loop(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """From another event loop: run a coroutine and return what it returns."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(coroutine, self.loop))

    def stop(self, grace: float) -> bool:
        """Cancel what runs, end the thread; whether it has ended within so many seconds."""
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(grace)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while self._exited():
            pass
        self.loop.run_until_complete(_cancel_all())
        self.loop.close()

    def _exited(self) -> bool:
        """Run until the loop is stopped, or the application exits, which ends its task alone."""
        try:
            self.loop.run_forever()
        except (SystemExit, KeyboardInterrupt):  # asyncio lets them through
            return True
        return False


async def _cancel_all() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def bridged(
    function: Callable[..., Coroutine[Any, Any, T]], loop: asyncio.AbstractEventLoop
) -> Callable[..., Coroutine[Any, Any, T]]:
    """A coroutine function of one loop, to be called in another."""

    async def call(*args: Any) -> T:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(function(*args), loop))

    return call
