"""Serving: what layers with a server have in common; who answers the requests is up to them."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

from underlay._errors import LayerError, NotReady, SeveralProblems, StillRunning, needs_extra
from underlay._layer import Layer
from underlay._resources import Resource
from underlay.http._arguments import check_port, check_seconds
from underlay.http._messages import Answerer
from underlay.http._server import Server, refuse_all_but_loopback


class Serving(Layer):
    """A layer with an HTTP server on a loopback address.

    The server listens before ``setUp`` of a subclass runs, and is gone when ``tearDown`` returns.

    :param bases: layers that must be up before this one.
    :param host: a loopback address.
    :param port: 0 for any free one.
    :param patience: seconds that handlers may go on after a test before it fails because of them.
    :param name: of the layer, by default that of the module variable that holds it.
    :raises TypeError: for arguments of another type.
    :raises ValueError: if `host` is not a loopback address, or a number is out of range.
    """

    url = Resource[str]("Where the server answers, without a slash at the end")
    host = Resource[str]("The address that the server listens on")
    port = Resource[int]("The port that the server listens on")
    http_host = Resource[str]("The same as `host`, as gocept.httpserverlayer calls it")
    http_port = Resource[int]("The same as `port`, as gocept.httpserverlayer calls it")
    http_address = Resource[str]("Host and port with a colon between, as in a URL")

    def __init__(
        self,
        bases: Iterable[Any] | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        patience: float = 1.0,
        name: str | None = None,
    ) -> None:
        kind = type(self).__name__
        if isinstance(bases, (int, str)):
            raise TypeError(f"Host and port are given by name: {kind}(port=8080), not {bases!r}.")
        super().__init__(bases, name)
        refuse_all_but_loopback(host)
        check_port(port)
        check_seconds("patience", patience)
        self._address = host, port
        self._patience = patience
        self._server: Server | None = None
        self._problems: list[LayerError] = []
        self._lock = threading.RLock()  # for what the server's threads and the tests' both touch

    def _begin_layer(self) -> None:
        with needs_extra(type(self).__qualname__, "http"):
            from underlay.http._http1 import HTTP1
        answerer = self._make_answerer()
        server = Server(*self._address, lambda server: HTTP1(server, answerer), self._failed)
        server.start()
        self._server = server
        self.addCleanup(self._stop, server)
        self.host = self.http_host = server.host
        self.port = self.http_port = server.port
        self.http_address = server.address
        self.url = f"http://{server.address}"
        self.addNote(self.url)

    def _begin_test(self) -> None:
        self._take_problems()  # of nobody's test
        if self._server is not None:
            self.addCleanup(self._server.cut_busy)

    def verify(self) -> None:
        """Wait for the handlers to return, then raise what went wrong.

        :raises SeveralProblems: if more than one thing did.
        """
        if self._server is None:
            return
        self._server.settle()
        if late := self._server.overdue(self._patience):
            self._note(NotReady(f"{self!r} to answer", self._patience, "\n  ".join(late)))
        problems = self._take_problems()
        if len(problems) > 1:
            raise SeveralProblems(repr(self), tuple(map(str, problems))) from problems[0]
        for problem in problems:
            raise problem

    def _make_answerer(self) -> Answerer:
        raise NotImplementedError

    def _note(self, problem: LayerError) -> None:
        with self._lock:
            self._problems.append(problem)

    def _failed(self, error: BaseException) -> None:
        """Take note of an error that has to do with no request."""
        problem = LayerError(f"{self!r} failed: {type(error).__name__}: {error}")
        problem.__cause__ = error
        self._note(problem)

    def _take_problems(self) -> list[LayerError]:
        with self._lock:
            taken, self._problems = self._problems, []
        return taken

    def _stop(self, server: Server) -> None:
        self._server = None
        if left := server.stop():
            raise StillRunning(repr(self), tuple(left))
