"""Recorder: a WSGI middleware that notes each exchange, and changes nothing about it."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from underlay.wsgi._exchange import ENVIRON_KEY, Exchange, current

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Recorder:
    """Wraps a WSGI application.

    :ivar exchanges: those that have begun since `restart`, in this order.
    """

    def __init__(self, application: WSGIApplication) -> None:
        self.application = application
        self.restart()

    def restart(self) -> None:
        """Forget the exchanges so far; from now on they belong to a test in this thread."""
        self.exchanges: list[Exchange] = []
        self._thread = threading.get_ident()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        exchange = environ[ENVIRON_KEY] = Exchange(environ)
        self.exchanges.append(exchange)

        def recorded(status: str, headers: list[tuple[str, str]], exc_info: Any = None, /) -> Any:
            exchange.status, exchange.headers = status, list(headers)
            if exc_info is None:  # servers need not take a third argument if there is no need
                return start_response(status, headers)
            exchange.reported.append(exc_info[1])
            return start_response(status, headers, exc_info)

        with self.watching(exchange):
            return Body(self, exchange, self.application(environ, recorded))

    @contextlib.contextmanager
    def watching(self, exchange: Exchange) -> Iterator[None]:
        """While code of the application runs.

        What it raises in the test's own thread reaches the test's own call.  A server has threads
        of its own, since a test cannot ask and answer at once.
        """
        token = current.set(exchange)
        try:
            yield
        except BaseException as error:
            exchange.raised = error
            exchange.delivered = threading.get_ident() == self._thread
            raise
        finally:
            current.reset(token)


class Body:
    """The body of an answer; much of an application may run only when it is iterated over."""

    def __init__(self, recorder: Recorder, exchange: Exchange, chunks: Iterable[bytes]) -> None:
        self._recorder = recorder
        self._exchange = exchange
        self._chunks = chunks
        self._iterator: Iterator[bytes] | None = None

    def __iter__(self) -> Body:
        return self

    def __next__(self) -> bytes:
        with self._recorder.watching(self._exchange):
            if self._iterator is None:
                self._iterator = iter(self._chunks)
            for chunk in self._iterator:
                return chunk
        raise StopIteration

    def close(self) -> None:
        """Called by the server at the end, as PEP 3333 demands."""
        with self._recorder.watching(self._exchange):
            getattr(self._chunks, "close", bool)()
