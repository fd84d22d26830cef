"""Calls: coroutines that other threads have the event loop of a server run, and wait for."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import functools
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from underlay._errors import NotReady

if TYPE_CHECKING:
    from underlay.http._server import Server

T = TypeVar("T")


class Calls:
    """Those that are waited for.

    :param server: whose loop it is.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._outcomes: set[concurrent.futures.Future[Any]] = set()

    def call(
        self,
        function: Callable[..., Coroutine[Any, Any, T]],
        *args: object,
        patience: float | None = None,
    ) -> T:
        """Run a coroutine function in the loop and return what it returns.

        :param patience: for how many seconds to wait; by default for as long as it takes.
        :raises ConnectionAbortedError: if the server stops before that.
        :raises NotReady: if it takes longer; it tells where the loop is.
        """
        outcome: concurrent.futures.Future[T] = concurrent.futures.Future()
        self._outcomes.add(outcome)
        try:
            self._post(functools.partial(self._begin, outcome, function, *args))
            return self._wait(outcome, patience)
        finally:
            self._outcomes.discard(outcome)

    def abort(self) -> None:
        """End all of them: the loop is closed."""
        for outcome in tuple(self._outcomes):
            with contextlib.suppress(concurrent.futures.InvalidStateError):  # it has just ended
                outcome.set_exception(_stopped())

    def _post(self, function: Callable[[], object]) -> None:
        try:
            self._server.loop.call_soon_threadsafe(function)
        except RuntimeError as error:  # the loop is closed
            raise _stopped() from error

    def _begin(
        self,
        outcome: concurrent.futures.Future[T],
        function: Callable[..., Coroutine[Any, Any, T]],
        *args: object,
    ) -> None:
        if not outcome.set_running_or_notify_cancel():  # nobody waits any more
            return
        if self._server.stopping.is_set():  # it may be the last turn
            outcome.set_exception(_stopped())
        else:
            task = self._server.task(function(*args))
            task.add_done_callback(functools.partial(_hand_over, outcome))

    def _wait(self, outcome: concurrent.futures.Future[T], patience: float | None) -> T:
        try:
            return outcome.result(patience)
        except concurrent.futures.TimeoutError:
            if patience is None or outcome.done():  # it is an error of the function's own
                return outcome.result()
            outcome.cancel()
            raise NotReady("the server", patience, self._server.where()) from None


def _stopped() -> ConnectionAbortedError:
    return ConnectionAbortedError("The server has stopped.")


def _hand_over(outcome: concurrent.futures.Future[T], task: asyncio.Task[T]) -> None:
    if task.cancelled():
        outcome.set_exception(ConnectionAbortedError("The connection is closed."))
    elif error := task.exception():
        outcome.set_exception(error)
    else:
        outcome.set_result(task.result())
