"""Recorder: a WSGI middleware that notes each exchange, and changes nothing about it."""

from __future__ import annotations

import contextlib
import operator
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from underlay._errors import NotReady
from underlay._waiting import wait_until
from underlay.wsgi._exchange import ENVIRON_KEY, Exchange, current

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class Recording:
    """The exchanges of a test.

    :ivar exchanges: those that have begun since `restart`, in this order.
    """

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Forget the exchanges so far; from now on they belong to a test in this thread."""
        self.exchanges: list[Exchange] = []
        self._thread = threading.get_ident()

    def settle(self, exchanges: Iterable[Exchange], seconds: float) -> None:
        """Wait for those that other threads are still at work on, but not for longer than that."""
        awaited = list(exchanges)
        with contextlib.suppress(NotReady):
            wait_until(lambda: not any(each.pending for each in awaited), "the requests", seconds)

    def in_own_thread(self) -> bool:
        """Whether this is the test's thread."""
        return threading.get_ident() == self._thread


class Recorder(Recording):
    """Wraps a WSGI application.

    :param application: the application.
    """

    def __init__(self, application: WSGIApplication) -> None:
        super().__init__()
        self.application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        exchange = environ[ENVIRON_KEY] = Exchange(environ)
        exchange.pending = not self.in_own_thread()
        self.exchanges.append(exchange)

        def recorded(status: str, headers: list[tuple[str, str]], exc_info: Any = None, /) -> Any:
            exchange.status, exchange.headers = status, list(headers)
            if exc_info is None:  # servers need not take a third argument if there is no need
                return _recorded_write(exchange, start_response(status, headers))
            exchange.report(exc_info[1])
            return _recorded_write(exchange, start_response(status, headers, exc_info))

        try:
            with self.watching(exchange):
                return Body(self, exchange, self.application(environ, recorded))
        except BaseException:
            exchange.pending = False
            raise

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
            if exchange.raises(error):
                exchange.delivered = self.in_own_thread()
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

    def __length_hint__(self) -> Any:
        """How many chunks there are, if they are there already: servers then need not wait."""
        hint = operator.length_hint(self._chunks, -1)
        return hint if hint >= 0 else NotImplemented

    def __next__(self) -> bytes:
        with self._recorder.watching(self._exchange):
            if self._iterator is None:
                self._iterator = iter(self._chunks)
            for chunk in self._iterator:
                return chunk
        raise StopIteration

    def close(self) -> None:
        """Called by the server at the end, as PEP 3333 demands."""
        try:
            with self._recorder.watching(self._exchange):
                getattr(self._chunks, "close", bool)()
        finally:
            self._exchange.pending = False


def _recorded_write(
    exchange: Exchange, write: Callable[[bytes], object]
) -> Callable[[bytes], object]:
    def recorded(data: bytes) -> object:
        with exchange.writing():
            return write(data)

    return recorded
