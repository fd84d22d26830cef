"""Exchange: one request to an application, how it was answered, and what went wrong on the way.

Applications fail in three ways.  They raise; or a framework catches what they raise, answers 500
and hands the exception to ``start_response`` as `exc_info`; or it answers 500 and logs it.  In the
latter two cases the exception is `reported`, and it counts as a failure only if the answer is 500,
"an unexpected condition" (RFC 9110, 15.6.1): any other status is an answer somebody has chosen.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
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
    """

    def __init__(self, environ: Mapping[str, Any]) -> None:
        self.environ = dict(environ)
        self.status = ""
        self.headers: list[tuple[str, str]] = []
        self.raised: BaseException | None = None
        self.reported: list[BaseException] = []
        self.delivered = False

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

    def __repr__(self) -> str:
        return f"<Exchange {self.request} -> {self.status or 'no answer'}>"


class LoggedErrors(logging.Handler):
    """Notes the exceptions that are logged while an exchange is going on.

    Its level is ERROR: where a handler listens for less, Flask drops the one of its own.
    """

    def __init__(self) -> None:
        super().__init__(logging.ERROR)

    def emit(self, record: logging.LogRecord) -> None:
        exchange = current.get()
        if exchange is not None and record.exc_info and record.exc_info[1]:
            exchange.reported.append(record.exc_info[1])
