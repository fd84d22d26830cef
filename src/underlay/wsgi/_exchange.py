"""Exchange: one request to an application, how it was answered, and what went wrong on the way.

Applications fail in three ways.  They raise; or a framework catches what they raise, answers 500
and hands the exception to ``start_response`` as `exc_info`; or it answers 500 and logs it.  In the
latter two cases the exception is `reported`, and it counts as a failure only if the answer is 500,
"an unexpected condition" (RFC 9110, 15.6.1): any other status is an answer somebody has chosen.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any
from urllib.parse import quote

#: Where in-process clients find the exchange of their request (PEP 3333 allows such variables).
ENVIRON_KEY = "underlay.exchange"

#: The exchange whose application is running: in a thread, or a task, of its own.
current: ContextVar[Exchange | None] = ContextVar("underlay.exchange", default=None)


class Exchange:
    """One request and its answer.

    :ivar environ: the WSGI environ as it was when the request came; applications change theirs.
    :ivar status: what the application answered, such as ``"200 OK"``; empty before it has.
    :ivar headers: the answer's headers, pairs of text.
    :ivar raised: the exception that left the application, if one did.
    :ivar reported: exceptions that were caught, then logged or handed to ``start_response``.
    :ivar delivered: whether the test knows of the error already, or wants it.
    :ivar pending: whether a thread of a server may still be at work on it.
    """

    def __init__(self, environ: Mapping[str, Any]) -> None:
        self.environ = dict(environ)
        self.status = ""
        self.headers: list[tuple[str, str]] = []
        self.raised: BaseException | None = None
        self.reported: list[BaseException] = []
        self.delivered = False
        self.pending = False
        self._client_gone: ConnectionError | None = None

    @property
    def request(self) -> str:
        """The request in short, such as ``"GET /pay?by=card"``."""
        path = self.environ.get("SCRIPT_NAME", "") + self.environ.get("PATH_INFO", "")
        query = self.environ.get("QUERY_STRING", "")
        url = quote(path or "/", encoding="latin-1") + (f"?{query}" if query else "")
        return f"{self.environ['REQUEST_METHOD']} {url}"

    @property
    def error(self) -> BaseException | None:
        """The exception because of which the application failed to answer, if it did fail."""
        if self.raised is None and self.reported and self.status.startswith("500"):
            return self.reported[-1]  # the framework speaks last, after the application's own logs
        return self.raised

    def raises(self, error: BaseException) -> bool:
        """Note what leaves the application; whether that is its own."""
        if self._comes_of_absence(error):
            return False
        self.raised = error
        return True

    def report(self, error: BaseException) -> None:
        """Note what the application has caught."""
        if not self._comes_of_absence(error):
            self.reported.append(error)

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """While the server's ``write()`` runs: that the client is gone is not the application's."""
        try:
            yield
        except ConnectionError as error:
            self._client_gone = error
            raise

    def _comes_of_absence(self, error: BaseException | None) -> bool:
        """Whether an error is that the client is gone, or what the application made of it."""
        while error is not None and error is not self._client_gone:
            error = error.__cause__ or error.__context__
        return error is not None

    def __repr__(self) -> str:
        return f"<Exchange {self.request} -> {self.status or 'no answer'}>"


class LoggedErrors:
    """Notes the exceptions that are logged while an exchange is going on.

    It makes the log records instead of handling them.  A handler of the root logger would be in the
    way: Python prints warnings of its own accord only where there is none, ``basicConfig()`` and
    Flask add one only then, and ``dictConfig()`` removes it.
    """

    _make: Callable[..., logging.LogRecord]

    def __call__(self, *args: Any, **kwargs: Any) -> logging.LogRecord:
        record = self._make(*args, **kwargs)
        exchange = current.get()
        error = record.exc_info and record.exc_info[1]
        if exchange is not None and error and record.levelno >= logging.ERROR:
            exchange.report(error)
        return record

    def install(self) -> None:
        self._make = logging.getLogRecordFactory()
        logging.setLogRecordFactory(self)

    def remove(self) -> None:
        """Leave the chain of those that have been installed, wherever in it this one is."""
        newest = logging.getLogRecordFactory()
        if newest is self:
            logging.setLogRecordFactory(self._make)
            return
        while isinstance(newest, LoggedErrors):
            if newest._make is self:
                newest._make = self._make
            newest = newest._make
