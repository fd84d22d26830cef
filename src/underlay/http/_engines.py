"""Engines: other people's servers, for applications that rely on one.

They are slower to stop than ours, and a request that hangs keeps their threads alive; whatever has
not ended in time is named.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Callable, Iterable
from typing import Any, Protocol

from underlay._errors import needs_extra
from underlay._waiting import Deadline, wait_until
from underlay.http._stacks import describe, frame_of

#: Threads for requests: as many as browsers have connections to one server, and some more.
THREADS = 8


class Engine(Protocol):
    """A server that is started on a socket which listens already."""

    def stop(self, patience: float) -> list[str]:
        """Stop within so many seconds; return what still runs, a text each."""
        ...


class Waitress:
    """waitress, whose loop we turn ourselves, since its own can only be ended by exceptions.

    :param sock: where to serve.
    :param application: a WSGI application.
    """

    def __init__(self, sock: socket.socket, application: Any) -> None:
        from waitress import server, task, wasyncore

        class Dispatcher(task.ThreadedTaskDispatcher):  # type: ignore[misc]
            def start_new_thread(self, target: Callable[..., object], thread_no: int) -> None:
                threads.append(_thread(f"waitress-{thread_no}", target, thread_no))

        self._threads = threads = list[threading.Thread]()
        self._map: dict[int, Any] = {}
        self._ended = threading.Event()
        self._wasyncore = wasyncore
        self._dispatcher = Dispatcher()
        self._server = server.create_server(
            application,
            map=self._map,
            sockets=[sock],
            threads=THREADS,
            _dispatcher=self._dispatcher,
        )
        self._dispatcher.set_thread_count(THREADS)
        self._loop = _thread("waitress", self._turn)

    def stop(self, patience: float) -> list[str]:
        deadline = Deadline(patience, "waitress to stop")
        self._ended.set()
        self._server.pull_trigger()
        self._loop.join(deadline.left)
        self._dispatcher.shutdown(cancel_pending=True, timeout=deadline.left)
        self._wasyncore.close_all(self._map, ignore_all=True)
        return _left([self._loop, *self._threads], deadline)

    def _turn(self) -> None:
        while not self._ended.is_set():
            self._wasyncore.loop(timeout=30, use_poll=True, map=self._map, count=1)


class Cheroot:
    """cheroot, on a socket that is given to it.

    :param sock: where to serve.
    :param application: a WSGI application.
    """

    def __init__(self, sock: socket.socket, application: Any) -> None:
        from cheroot import wsgi

        class Server(wsgi.Server):
            def bind(self, *kind: object) -> socket.socket:
                self.socket = sock
                self.bind_addr = sock.getsockname()[:2]
                return sock

        self._server = Server(sock.getsockname()[:2], application, numthreads=THREADS)
        self._server.prepare()
        self._loop = _thread("cheroot", self._server.serve)

    def stop(self, patience: float) -> list[str]:
        deadline = Deadline(patience, "cheroot to stop")
        workers = list(self._server.requests._threads)
        self._server.shutdown_timeout = patience
        stopping = _thread("cheroot's stop", self._server.stop)
        return _left([stopping, self._loop, *workers], deadline)


class Uvicorn:
    """uvicorn, in a thread.

    :param sock: where to serve.
    :param application: an ASGI application, whose lifespan is somebody else's business.
    """

    def __init__(self, sock: socket.socket, application: Any) -> None:
        import uvicorn

        config = uvicorn.Config(application, log_config=None, access_log=False, lifespan="off")
        self._server = uvicorn.Server(config)
        self._loop = _thread("uvicorn", self._server.run, [sock])
        wait_until(lambda: self._server.started or not self._loop.is_alive(), "uvicorn to start")

    def stop(self, patience: float) -> list[str]:
        self._server.should_exit = self._server.force_exit = True
        return _left([self._loop], Deadline(patience, "uvicorn to stop"))


#: What they are called, and whether they serve ASGI applications.
ENGINES: dict[str, tuple[Callable[[socket.socket, Any], Engine], bool]] = {
    "waitress": (Waitress, False),
    "cheroot": (Cheroot, False),
    "uvicorn": (Uvicorn, True),
}


def check_engine(name: object) -> None:
    """Refuse what is no engine.

    :raises ValueError: if there is none of that name.
    """
    if name not in ENGINES:
        known = ", ".join(map(repr, ENGINES))
        raise ValueError(f"engine is one of {known}, or None for our own, not {name!r}.")


def start_engine(name: str, sock: socket.socket, application: Any, is_asgi: bool) -> Engine:
    """Serve an application by another server.

    :raises TypeError: if the engine cannot serve such an application.
    :raises ExtraMissing: if it is not installed.
    """
    make, wants_asgi = ENGINES[name]
    if wants_asgi != is_asgi:
        kinds = {False: "WSGI", True: "ASGI"}
        raise TypeError(f"{name} serves {kinds[wants_asgi]}; this is {kinds[is_asgi]}.")
    with needs_extra(f"engine={name!r}", name):
        return make(sock, application)


def _thread(name: str, function: Callable[..., object], *args: object) -> threading.Thread:
    thread = threading.Thread(target=function, args=args, name=name, daemon=True)
    thread.start()
    return thread


def _left(threads: Iterable[threading.Thread], deadline: Deadline) -> list[str]:
    """Those that do not end in time."""
    left = []
    for thread in threads:
        with contextlib.suppress(RuntimeError):  # it has never been started
            thread.join(deadline.left)
        if thread.is_alive():
            left.append(describe(thread.name, frame_of(thread)))
    return left
