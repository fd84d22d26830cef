"""Handler: a request handler of the standard library's `http.server`, as a WSGI application."""

from __future__ import annotations

import io
import urllib.parse
from collections.abc import Iterable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from underlay._hooks import AnyLayer
from underlay._resources import Resource
from underlay.wsgi._application import WSGI

if TYPE_CHECKING:
    from http.server import BaseHTTPRequestHandler

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

#: What stays as it is in a path (RFC 3986, 3.3).
PATH = "/:;=@&+$,!~*'()"


class Handler(WSGI):
    """Serves by a request handler class of `http.server`.

    Each request has a handler of its own, which reads it from ``rfile`` and writes the answer to
    ``wfile``.  Both are whole: the answer is sent when the handler is done.  What it raises fails
    the test that asked.

    :param request_handler: the class, a child of `http.server.BaseHTTPRequestHandler`.
    :param bases: layers that must be up before.
    :param name: of the layer; by default that of the module variable which holds it.
    :raises TypeError: if it is no such class.
    """

    request_handler: Resource[type[BaseHTTPRequestHandler]] = Resource(
        "The class, as gocept.httpserverlayer calls it"
    )

    def __init__(
        self,
        request_handler: type[BaseHTTPRequestHandler],
        *,
        bases: Iterable[AnyLayer] | None = None,
        name: str | None = None,
    ) -> None:
        # Not at the top: it takes longer to import than all of this room.
        from http.server import BaseHTTPRequestHandler

        is_class = isinstance(request_handler, type)
        if not is_class or not issubclass(request_handler, BaseHTTPRequestHandler):
            raise TypeError(f"Handler needs a class of request handlers, not {request_handler!r}.")
        super().__init__(lambda: Handled(request_handler), bases=bases, name=name)
        self._class = request_handler

    def setUp(self) -> None:
        super().setUp()
        self.request_handler = self._class


class Handled:
    """The application (PEP 3333).

    :param handler: the class that answers.
    """

    def __init__(self, handler: Any) -> None:
        self._handler = handler

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        from http.client import HTTPResponse
        from wsgiref.util import is_hop_by_hop

        connection = Connection(_request(environ))
        server = SimpleNamespace(
            server_name=environ["SERVER_NAME"], server_port=int(environ["SERVER_PORT"])
        )
        self._handler(connection, (environ.get("REMOTE_ADDR", ""), 0), server)
        answered = connection.answer.getvalue()
        if not answered:
            raise AssertionError(f"{self._handler.__qualname__} has not answered.")
        sent: Any = Connection(answered)
        answer = HTTPResponse(sent, method=environ["REQUEST_METHOD"])
        answer.begin()
        headers = [(name, value) for name, value in answer.getheaders() if not is_hop_by_hop(name)]
        start_response(f"{answer.status} {answer.reason}", headers)
        return [answer.read()]


class Connection:
    """What a handler takes for its socket, and `http.client` for that of an answer.

    :param received: all that there is to read.
    :ivar answer: what was written.
    """

    def __init__(self, received: bytes) -> None:
        self._received = received
        self.answer = Answer()

    def makefile(self, mode: str, buffering: int = -1) -> io.BytesIO:
        return io.BytesIO(self._received) if "r" in mode else self.answer

    def sendall(self, data: bytes) -> None:
        self.answer.write(data)

    def settimeout(self, seconds: float | None) -> None:
        """All is there, nothing can take too long."""


class Answer(io.BytesIO):
    """What a handler writes; stays readable when the handler closes it."""

    def close(self) -> None:
        self.flush()


def _request(environ: WSGIEnvironment) -> bytes:
    """The request of which an application was told, as bytes."""
    path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    target = urllib.parse.quote(path, safe=PATH, encoding="latin-1")
    if query := environ.get("QUERY_STRING"):
        target += f"?{query}"
    lines = [f"{environ['REQUEST_METHOD']} {target} HTTP/1.1", *_headers(environ), "", ""]
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    return "\r\n".join(lines).encode("latin-1") + body


def _headers(environ: WSGIEnvironment) -> Iterable[str]:
    for key, value in environ.items():
        name = key.removeprefix("HTTP_")
        if value and (name != key or name in ("CONTENT_TYPE", "CONTENT_LENGTH")):
            yield f"{name.replace('_', '-').title()}: {value}"
