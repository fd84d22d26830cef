"""Process: start a program, wait until it is ready, tell if it ends too early, stop it."""

from __future__ import annotations

import os
import shlex
import signal
import socket
from collections.abc import Iterable, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from underlay._children import Child, unused_folder
from underlay._errors import LayerError, ProcessEnded, evidence
from underlay._layer import Layer
from underlay._resources import Resource
from underlay._scopes import set_up_failed
from underlay._waiting import wait_until
from underlay.services import ready as conditions

__all__ = ["Process"]


class Process(Layer):
    """Runs a program for as long as tests need it.

    The command, the values of `env`, and `cwd` may hold resources of this layer or its bases in
    braces: ``{port}`` is a free port of 127.0.0.1, which is in the environment as ``PORT``, too;
    ``{folder}`` is a temporary folder that goes with the process.  Literal braces are doubled.

    The process has a session of its own and an empty stdin; what it prints goes to the file `log`.
    It has to stay in the foreground.  It is ready before ``setUp`` of a subclass runs, and when the
    layer is taken down, it is gone, with all that it has started.

    If it ends while a test runs, that test fails, and it is started anew for the next one, from the
    beginning, on the same port.

    :param command: the program and its arguments.
    :param bases: layers that must be up before this one.
    :param ready: tells whether it is ready; one of `underlay.services.ready`, or a function that
        gets the layer.
    :param env: variables to add to the environment of the tests.
    :param cwd: the folder that it runs in, by default that of the tests.
    :param stop_signal: asks it, and what it has started, to end.
    :param grace: how many seconds it then has before it is killed.  If the tests were killed
        themselves, it is a second at most.
    :param timeout: how many seconds it may take to be ready.
    :param name: of the layer, by default that of the module variable that holds it.
    :raises TypeError: if the command is no list.
    :raises ValueError: if the signal is none.
    """

    port = Resource[int]("The port of 127.0.0.1 that the process is told")
    url = Resource[str]("http://127.0.0.1 and the port, without a slash at the end")
    pid = Resource[int]("The number of the process")
    folder = Resource[Path]("A temporary folder, made before the process starts, gone with it")
    log = Resource[Path]("The file that the process prints to")

    def __init__(
        self,
        command: Sequence[str | PathLike[str]],
        bases: Iterable[Any] | None = None,
        *,
        ready: conditions.Condition = conditions.port(),  # noqa: B008 - it never changes
        env: Mapping[str, str] | None = None,
        cwd: str | PathLike[str] = ".",
        stop_signal: signal.Signals = signal.SIGTERM,
        grace: float = 5.0,
        timeout: float = 10.0,
        name: str | None = None,
    ) -> None:
        super().__init__(bases, name)
        if isinstance(command, (str, bytes)) or not command:
            raise TypeError(
                f"A command is a list, the program first, not {command!r}.\n"
                '  Write Process(["redis-server", "--port", "{port}"]).'
            )
        self._command = [os.fspath(each) for each in command]
        self._ready = ready
        self._env = env or {}
        self._cwd = os.fspath(cwd)
        self._stop_signal = signal.Signals(stop_signal)
        self._grace = 0.0 if stop_signal == signal.SIGKILL else grace
        self._timeout = timeout
        self._child: Child | None = None
        self._failure: Exception | None = None  # to start it anew
        self._since = 0  # the size of the log when the test began

    def prepare(self) -> None:
        """Put what the process needs into its `folder`; called before each start of it."""

    def verify(self) -> None:
        """Raise `ProcessEnded` if it has ended, after starting it anew for the next test."""
        if self._child is not None and self._child.has_ended():
            error = self._ended(self._child)
            self._start_anew()
            raise error

    # -- when

    def _begin_layer(self) -> None:
        self._failure = None
        self.addCleanup(self._stop)
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._start()

    def _begin_test(self) -> None:
        if self._failure is not None:
            raise set_up_failed(self, self._failure)
        self.verify()  # nobody has looked since the last test
        self._since = self.log.stat().st_size

    def _start_anew(self) -> None:
        self._discard()
        try:
            self._start()
        except Exception as error:
            self._failure = error

    def _stop(self) -> None:
        child = self._child
        early = self._ended(child) if child is not None and child.has_ended() else None
        self._discard()
        if early is not None:
            raise early

    # -- how

    def _start(self) -> None:
        folder = unused_folder()
        self._offer("folder", folder)
        self._offer("log", folder / "output.log")
        self._since = 0
        child = self._child = Child(
            self._filled_command(),
            folder,
            cwd=self._filled(self._cwd),
            env={**os.environ, **self._own_environment()},
            stop_signal=self._stop_signal,
            grace=self._grace,
        )
        try:
            self._offer("pid", child.pid)
            self.prepare()
            child.start()
            self._wait_until_ready(child)
        except BaseException:
            self._discard()
            raise

    def _wait_until_ready(self, child: Child) -> None:
        problem = ""

        def is_ready() -> object:
            nonlocal problem
            answer: object = False
            try:
                answer = self._ready(self)
            except LayerError:
                raise
            except Exception as error:
                problem = f"last problem: {type(error).__name__}: {error}\n  "
            if child.status is not None:  # asked last: somebody else may answer on its port
                raise self._ended(child)
            return answer

        wait_until(
            is_ready,
            f"{self!r} {getattr(self._ready, 'awaited', 'to be ready')}",
            self._timeout,
            lambda: f"{problem}{evidence(self._told_command(), child.tail())}",
        )

    def _discard(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.stop()

    def _ended(self, child: Child) -> ProcessEnded:
        return ProcessEnded(repr(self), child.ending, self._told_command(), child.tail(self._since))

    # -- what it is told

    def _offer(self, name: str, value: object) -> None:
        """Set a resource that lasts as long as the layer, even if a test is going on."""
        self._of_layer.add(self._push(name, value))

    def _filled_command(self) -> list[str]:
        return [self._filled(each) for each in self._command]

    def _told_command(self) -> str:
        return shlex.join(self._filled_command())

    def _own_environment(self) -> dict[str, str]:
        own = {name: self._filled(value) for name, value in self._env.items()}
        return {"PORT": str(self.port), **own}

    def _filled(self, text: str) -> str:
        """The text, with resources in place of names in braces."""
        try:
            return text.format_map(self)
        except ValueError as error:
            raise LayerError(
                f"{self!r} can not fill in {text!r}: {error}.\n"
                "  Braces hold the name of a resource, such as {port}; double those that do not."
            ) from error


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
