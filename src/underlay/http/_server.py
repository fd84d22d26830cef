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
5. Handlers that block have threads of their own (see `Workers`).
"""

from __future__ import annotations

import asyncio
import collections
import contextlib
import errno
import functools
import socket
import ssl
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from underlay._forking import keep_from_children, no_fork
from underlay._waiting import Deadline
from underlay.http._calls import Calls
from underlay.http._connection import Connection
from underlay.http._failing import in_short
from underlay.http._listeners import Listener, listen
from underlay.http._stacks import LOOK, Looks, describe, frame_of
from underlay.http._workers import Workers

T = TypeVar("T")

#: What accept(2) says when there is no room for another connection.
EXHAUSTED = {errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM}
#: Seconds until it is asked again then.
BREATH = 1.0
#: Seconds that a loop may always be blocked; on a busy machine one that is idle takes its time.
BLOCKED = 5.0
#: Turns of the loop in which what was cut and cancelled must have ended.
TURNS = 50
#: Turns of the loop from a connection in the kernel's queue to its first bytes being read.
TURNS_TO_READ = 8


class Server:
    """Serves connections from a thread of its own.

    :param listener: where it listens.
    :param connect: makes the protocol of a new connection.
    :param failed: called with errors that nobody else is told of, in the loop's thread.
    :param tls: how it speaks TLS, if it does.
    :param patience: seconds that its loop may be blocked while a test waits for it, at least
        `BLOCKED`.
    :ivar call: runs coroutine functions for other threads, see `Calls.call`.
    :ivar tests: how many have ended.
    :ivar is_open: whether connections are accepted and read from.
    """

    def __init__(
        self,
        listener: Listener,
        connect: Callable[[Server], Connection],
        failed: Callable[[BaseException], object],
        tls: ssl.SSLContext | None = None,
        patience: float = 0.0,
    ) -> None:
        self.listener = listener
        self.tls = tls
        self.connections: dict[Connection, socket.socket] = {}
        self.tasks: dict[asyncio.Task[Any], str] = {}
        self.workers = Workers()
        self.stopping = threading.Event()
        self.failed = failed
        self.tests = 0
        self.patience = max(patience, BLOCKED)
        self.is_open = False
        self._posts: collections.deque[Callable[[], object]] = collections.deque()
        self._posted = False
        self._calls = Calls(self)
        self.call = self._calls.call
        self._untold: dict[asyncio.Future[Any], Callable[[], object]] = {}  # errors of handlers
        self._connect = connect
        self._end = asyncio.Event()

    def start(self) -> None:
        """Listen, then begin to serve.

        :raises OSError: if the place to listen at is taken.
        """
        self.listening = listen(self.listener)
        try:
            self.listening.setblocking(False)
            self.loop = asyncio.new_event_loop()
            self.loop.set_debug(False)  # python -X dev would have it log to stderr
            self.loop.set_exception_handler(self._tell)
            self._thread = threading.Thread(
                target=self._run, name=self.listener.address, daemon=True
            )
            self._thread.start()
        except BaseException:
            self.listening.close()
            self.listener.released()
            raise

    def stop(self, grace: float = 2.0) -> list[str]:
        """Stop serving and return what still runs.

        :param grace: seconds for what moves; what is stuck in code that is not ours does not get
            them.
        """
        if self.stopping.is_set():
            return []
        self.stopping.set()
        deadline = Deadline(grace, "the server to stop")
        self.loop.call_soon_threadsafe(self._end.set)
        looks = Looks()
        while self._thread.is_alive() and not (deadline.passed or looks.stuck(self._thread)):
            self._thread.join(LOOK)
        left = []
        if self._thread.is_alive():
            self._cut_from_outside()
            left.append(self.where())
        else:
            left.extend(map(self._describe_task, self._others()))
        self.listener.released()
        left.extend(self.workers.stop(deadline.left))
        while self._untold:  # the loop has not come to them
            self._untold.popitem()[1]()
        return left

    def settle(self) -> None:
        """Let the loop read what has already come in."""
        self.call(_turns, TURNS_TO_READ, patience=self.patience)

    def cut_busy(self) -> None:
        """End what is under way, now that its test has ended; idle connections live on."""
        self.call(self._cut_busy, patience=self.patience)

    # -- in the loop's thread

    def task(self, coroutine: Coroutine[Any, Any, T], about: str = "a task") -> asyncio.Task[T]:
        """Run a coroutine; the loop itself would hold its task weakly.

        :param about: what it is for; the first line when it does not end when it is cancelled.
        """
        task = self.loop.create_task(coroutine)
        self.tasks[task] = about
        task.add_done_callback(self.tasks.pop)
        return task

    def run(
        self,
        about: str,
        failed: Callable[[BaseException], object],
        function: Callable[..., T],
        *args: object,
    ) -> asyncio.Future[T]:
        """Call `function` in a thread of its own.

        :param about: what it is for; the first line when it does not return in time.
        :param failed: called with what it raises if nobody waits for that any more, in the loop's
            thread or by `stop`.
        """
        outcome: asyncio.Future[T] = self.loop.create_future()

        def work() -> None:
            try:
                settle = functools.partial(_settle, outcome, function(*args))
            except BaseException as error:
                self._untold[outcome] = functools.partial(failed, error)
                settle = functools.partial(self._settle_with_error, outcome, _tellable(error))
            self.post(settle)

        self.workers.run(about, work)
        return outcome

    # -- in any other thread

    def post(self, function: Callable[..., object], *args: object) -> None:
        """Call a function in the loop, soon; not at all once the server has stopped."""
        self._posts.append(functools.partial(function, *args))
        if not self._posted:  # to wake the loop costs a tenth of a request
            self._posted = True
            with contextlib.suppress(RuntimeError):  # the loop is closed
                self.loop.call_soon_threadsafe(self._call_posts)

    def where(self) -> str:
        """Where the loop is, for those who wait for it in vain."""
        return describe("the server's event loop, blocked by a behaviour", frame_of(self._thread))

    # -- inside

    def _run(self) -> None:
        self._serving = self.loop.create_task(self._serve())
        try:
            while not self._serving.done():
                self._run_until_exit()
        finally:
            self.loop.close()
            self._calls.abort()

    def _run_until_exit(self) -> None:
        try:
            self.loop.run_until_complete(self._serving)
        except (SystemExit, KeyboardInterrupt) as error:  # asyncio lets them through
            self.failed(error)

    def _call_posts(self) -> None:
        self._posted = False
        for _each in range(len(self._posts)):
            try:
                self._posts.popleft()()
            except Exception as error:
                self.failed(error)

    def _settle_with_error(self, outcome: asyncio.Future[Any], error: Exception) -> None:
        tell = self._untold.pop(outcome, bool)  # stop() may have told it
        if outcome.cancelled() or self.stopping.is_set():  # nobody waits for it
            tell()
        else:
            outcome.set_exception(error)

    async def _serve(self) -> None:
        self.open()
        await self._end.wait()
        self.close_listening()
        for connection in tuple(self.connections):
            connection.cut()
        for task in self._others():
            task.cancel()
        for _turn in range(TURNS):
            if not (self.connections or self._others()):
                break
            await asyncio.sleep(0)
        await asyncio.sleep(0)  # for transports whose connection was never made

    def open(self) -> None:
        """Accept who comes, and read what they say."""
        self.is_open = True
        self.loop.add_reader(self.listening, self._accept)

    def shut(self) -> None:
        """Leave who comes to the kernel, and what they say; who is here has to pause as well."""
        self.is_open = False
        self.loop.remove_reader(self.listening)

    def close_listening(self) -> None:
        """Accept no more, and leave the place."""
        if self.listening.fileno() >= 0:  # or somebody else has taken it in an outage
            self.shut()
            with contextlib.suppress(OSError):  # a child that is just being forked holds it, too
                self.listening.shutdown(socket.SHUT_RDWR)
            self.listening.close()

    def _accept(self) -> None:
        """Take those who wait in the kernel's queue; called when there are any."""
        # Not loop.create_server(): it has connections which no protocol knows of yet, and of those
        # in a TLS handshake none ever does.
        while True:
            try:
                with no_fork:
                    sock, _ = self.listening.accept()
                    keep_from_children(sock)
            except OSError as error:
                if error.errno in EXHAUSTED:
                    self._accept_later(error)
                return
            sock.setblocking(False)
            self._hold(self._connect(self), sock)

    def _accept_later(self, error: OSError) -> None:
        self.failed(error)
        self.loop.remove_reader(self.listening)  # which would tell of it in each turn
        self.loop.call_later(BREATH, self._accept_again)

    def _accept_again(self) -> None:
        if self.is_open:
            self.open()

    def _hold(self, connection: Connection, sock: socket.socket) -> None:
        self.connections[connection] = sock
        accepting = self.loop.connect_accepted_socket(lambda: connection, sock, ssl=self.tls)
        self.task(accepting).add_done_callback(functools.partial(self._accepted, connection))

    def _accepted(self, connection: Connection, task: asyncio.Task[Any]) -> None:
        # Not in the coroutine: a task that is cancelled at once never enters it.
        if task.cancelled() or task.exception():
            sock = self.connections.pop(connection, None)
            if sock is not None:
                sock.close()

    def _others(self) -> set[asyncio.Task[Any]]:
        """All tasks but our own, also those that an application has begun by itself."""
        return asyncio.all_tasks(self.loop) - {self._serving}

    def _describe_task(self, task: asyncio.Task[Any]) -> str:
        about = self.tasks.get(task, "a task of the application's")
        return describe(f"{about}, which ignores its cancellation", *task.get_stack()[-1:])

    async def _cut_busy(self) -> None:
        self.tests += 1
        for connection in tuple(self.connections):
            if connection.busy:
                connection.cut()
        await _turns(TURNS_TO_READ)

    def _cut_from_outside(self) -> None:
        for sock in (self.listening, *tuple(self.connections.values())):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _tell(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception") or RuntimeError(context["message"])
        if not isinstance(error, (SystemExit, KeyboardInterrupt)):  # see _run_until_exit()
            self.failed(error)


async def _turns(count: int) -> None:
    for _turn in range(count):
        await asyncio.sleep(0)


def _settle(outcome: asyncio.Future[T], value: T) -> None:
    if not outcome.cancelled():
        outcome.set_result(value)


def _tellable(error: BaseException) -> Exception:
    """The error, in a shape that a future takes and that does not end the loop."""
    if isinstance(error, Exception) and not isinstance(error, StopIteration):
        return error
    told = RuntimeError(in_short(error))
    told.__cause__ = error
    return told
