"""A server: a listening socket, a thread with an event loop, a registry of all it holds, a stop.

It knows no HTTP: what is said on a connection is up to a subclass of `Connection`.  Five rules:

1. The socket listens before `Server.start` returns.  The port is known then, a conflict was raised
   in the caller, the kernel queues whoever comes early, and nobody polls for readiness.
2. All else happens in one event loop in one thread, and every connection, task and handler's
   thread stands in a registry.
3. `Server.stop` accepts no more, closes what is idle, resets what is busy, cancels the tasks, and
   turns the loop until all of them are gone.
4. `Server.stop` has a bound and never waits longer for code that is not ours: it returns what
   still runs, and where.
5. Handlers that block have daemon threads of their own, since those of an executor are joined when
   the interpreter exits.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import functools
import ipaddress
import os
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Collection, Coroutine
from typing import Any, TypeVar

from underlay._waiting import Deadline
from underlay.http._connection import Connection

T = TypeVar("T")

#: Connections that the kernel keeps for us.  With socketserver's 5 it is the client that blocks.
BACKLOG = 512
#: Turns of the loop in which what was cut and cancelled must have ended.
TURNS = 50
#: Turns of the loop from a connection in the kernel's queue to its first bytes being read.
TURNS_TO_READ = 8
#: Lines of a stack that are shown of what still runs.
FRAMES = 5


class Server:
    """Serves connections on a loopback address from a thread of its own.

    :param host: ``127.0.0.1``, ``::1``, ``localhost`` or another loopback address.
    :param port: 0 for any free one.
    :param connect: makes the protocol of a new connection.
    :param failed: called with errors that nobody else is told of, in the loop's thread or a
        handler's.
    :raises ValueError: if the address is not a loopback one.
    """

    def __init__(
        self,
        host: str,
        port: int,
        connect: Callable[[Server], Connection],
        failed: Callable[[BaseException], object],
    ) -> None:
        refuse_all_but_loopback(host)
        self.host, self.port = host, port
        self.connections: dict[Connection, socket.socket] = {}
        self.tasks: set[asyncio.Task[Any]] = set()
        self.threads: dict[threading.Thread, str] = {}
        self.stopping = threading.Event()
        self._calls: set[concurrent.futures.Future[Any]] = set()
        self._told: set[threading.Thread] = set()
        self._connect = connect
        self.failed = failed
        self._end = asyncio.Event()

    def start(self) -> None:
        """Listen, then begin to serve; `port` is known afterwards.

        :raises OSError: if the port is taken.
        """
        family = socket.AF_INET6 if ":" in self.host else socket.AF_INET
        self._listener = socket.create_server(
            (self.host, self.port), family=family, backlog=BACKLOG
        )
        try:
            self._listener.setblocking(False)
            # Accepted sockets inherit it.  asyncio would not set it: it looks for a `proto` that
            # they do not have, and Nagle's algorithm then costs 40 ms per request.
            self._listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.port = self._listener.getsockname()[1]
            self.loop = asyncio.new_event_loop()
            self.loop.set_debug(False)  # python -X dev would have it log to stderr
            self.loop.set_exception_handler(self._tell)
            self._thread = threading.Thread(target=self._run, name=f"{self.address}", daemon=True)
            self._thread.start()
        except BaseException:
            self._listener.close()
            raise

    @property
    def address(self) -> str:
        """Host and port as in a URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    def stop(self, grace: float = 0.05) -> list[str]:
        """Stop serving and return what still runs.

        :param grace: seconds which code that is not ours has to notice.
        """
        if self.stopping.is_set():
            return []
        self.stopping.set()
        deadline = Deadline(grace, "the server to stop")
        self.loop.call_soon_threadsafe(self._end.set)
        self._thread.join(grace)
        if self._thread.is_alive():
            self._cut_from_outside()
            self.threads[self._thread] = "the server's event loop, blocked by a behaviour"
            return self.running()
        return [*map(_describe_task, self.tasks), *self.running(deadline.left)]

    def running(self, patience: float = 0.0) -> list[str]:
        """What the handlers' threads do that have not ended, a text each.

        :param patience: how many seconds to wait for them.
        """
        return [self._where(thread) for thread in self._join(patience)]

    def overdue(self, patience: float) -> list[str]:
        """Like `running`, but each thread is told of only once."""
        late = self._join(patience, but=self._told)
        self._told.update(late)
        return list(map(self._where, late))

    def settle(self) -> None:
        """Let the loop read what has already come in."""
        self.call(_turns, TURNS_TO_READ)

    def cut_busy(self) -> None:
        """End what is under way; idle connections live on."""
        self.call(self._cut_busy)

    # -- in the loop's thread

    def task(self, coroutine: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run a coroutine; the loop itself would hold its task weakly."""
        task = self.loop.create_task(coroutine)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    def run(self, about: str, function: Callable[..., T], *args: object) -> asyncio.Future[T]:
        """Call `function` in a thread of its own.

        :param about: what it is for; the first line when it does not return in time.
        """
        outcome: asyncio.Future[T] = self.loop.create_future()

        def work() -> None:
            try:
                settle = functools.partial(_settle, outcome, function(*args))
            except BaseException as error:
                settle = functools.partial(self._settle_with_error, outcome, _tellable(error))
            with contextlib.suppress(RuntimeError):  # the loop is closed
                self.loop.call_soon_threadsafe(settle)

        thread = threading.Thread(target=work, name=about, daemon=True)
        self.threads = {each: its for each, its in self.threads.items() if each.is_alive()}
        self.threads[thread] = about
        thread.start()
        return outcome

    # -- in any other thread

    def call(self, function: Callable[..., Coroutine[Any, Any, T]], *args: object) -> T:
        """Run a coroutine function in the loop and return what it returns.

        :raises ConnectionAbortedError: if the server stops before that.
        """
        outcome: concurrent.futures.Future[T] = concurrent.futures.Future()

        def begin() -> None:
            if self._end.is_set():  # no turns are left for it
                outcome.set_exception(ConnectionAbortedError("The server has stopped."))
            else:
                self.task(function(*args)).add_done_callback(functools.partial(_hand_over, outcome))

        self._calls.add(outcome)
        try:
            self.loop.call_soon_threadsafe(begin)
            return outcome.result()
        except RuntimeError as error:
            if outcome.done():  # an error of the function's own
                raise
            raise ConnectionAbortedError("The server has stopped.") from error
        finally:
            self._calls.discard(outcome)

    # -- inside

    def _join(
        self, patience: float, but: Collection[threading.Thread] = ()
    ) -> list[threading.Thread]:
        """Wait for the handlers' threads and return those that are still there."""
        deadline = Deadline(patience, "the handlers to return")
        threads = [thread for thread in tuple(self.threads) if thread not in but]
        for thread in threads:
            thread.join(deadline.left)
        return [thread for thread in threads if thread.is_alive()]

    def _where(self, thread: threading.Thread) -> str:
        frame = sys._current_frames().get(thread.ident or 0)
        return _describe(self.threads.get(thread, thread.name), frame)

    def _run(self) -> None:
        try:
            self.loop.run_until_complete(self._main())
        finally:
            self.loop.close()
            for outcome in tuple(self._calls):  # no turn of the loop came to them
                if not outcome.done():
                    outcome.set_exception(ConnectionAbortedError("The server has stopped."))

    async def _main(self) -> None:
        self.loop.add_reader(self._listener, self._accept)
        await self._end.wait()
        self.loop.remove_reader(self._listener)
        self._listener.close()
        for connection in tuple(self.connections):
            connection.cut()
        for task in tuple(self.tasks):
            task.cancel()
        for _turn in range(TURNS):
            if not (self.connections or self.tasks):
                break
            await asyncio.sleep(0)

    def _accept(self) -> None:
        # Not loop.create_server(): it has connections which no protocol knows of yet.
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setblocking(False)
            self._hold(self._connect(self), sock)

    def _hold(self, connection: Connection, sock: socket.socket) -> None:
        self.connections[connection] = sock
        accepted = self.task(self.loop.connect_accepted_socket(lambda: connection, sock))
        accepted.add_done_callback(functools.partial(self._accepted, connection))

    def _accepted(self, connection: Connection, task: asyncio.Task[Any]) -> None:
        # Not in the coroutine: a task that is cancelled at once never enters it.
        if task.cancelled() or task.exception():
            sock = self.connections.pop(connection, None)
            if sock is not None:
                sock.close()

    async def _cut_busy(self) -> None:
        for connection in tuple(self.connections):
            if connection.busy:
                connection.cut()
        await _turns(TURNS_TO_READ)

    def _cut_from_outside(self) -> None:
        for sock in (self._listener, *tuple(self.connections.values())):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _settle_with_error(self, outcome: asyncio.Future[Any], error: Exception) -> None:
        if outcome.cancelled():  # the client is gone, the error is not
            self.failed(error)
        else:
            outcome.set_exception(error)

    def _tell(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        self.failed(context.get("exception") or RuntimeError(context["message"]))


def refuse_all_but_loopback(host: str) -> None:
    """A test's server is not for the network that the machine happens to be in.

    :raises ValueError: if `host` is anything else than an address of this machine alone.
    """
    with contextlib.suppress(ValueError):
        if host == "localhost" or ipaddress.ip_address(host).is_loopback:
            return
    raise ValueError(
        f"{host!r} is not a loopback address: servers of tests listen on this machine only.\n"
        "  Use 127.0.0.1, ::1 or localhost."
    )


async def _turns(count: int) -> None:
    for _turn in range(count):
        await asyncio.sleep(0)


def _settle(outcome: asyncio.Future[T], value: T) -> None:
    if not outcome.cancelled():
        outcome.set_result(value)


def _hand_over(outcome: concurrent.futures.Future[T], task: asyncio.Task[T]) -> None:
    if task.cancelled():
        outcome.set_exception(ConnectionAbortedError("The connection is closed."))
    elif error := task.exception():
        outcome.set_exception(error)
    else:
        outcome.set_result(task.result())


def _tellable(error: BaseException) -> Exception:
    """The error, in a shape that a future takes and that does not end the loop."""
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        return error
    told = RuntimeError(f"{type(error).__name__}: {error}")
    told.__cause__ = error
    return told


def _describe_task(task: asyncio.Task[Any]) -> str:
    return _describe(f"{task.get_name()}, which ignores its cancellation", *task.get_stack()[-1:])


def _describe(about: str, frame: Any = None) -> str:
    """What runs, and the innermost lines of where it is, without the machinery around it."""
    stack = traceback.extract_stack(frame) if frame else []
    ours = [os.path.dirname(each.filename) == os.path.dirname(__file__) for each in stack]
    first = ours.index(True) if True in ours else 0  # before it is what started the thread
    where = [
        f"    {each.filename}:{each.lineno} in {each.name}: {each.line}"
        for each, of_ours in list(zip(stack, ours, strict=True))[first:]
        if not of_ours
    ]
    return "\n".join([about, *where[-FRAMES:]])
