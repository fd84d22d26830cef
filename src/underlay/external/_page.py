"""The page in which specs run in a browser: its server, and what it tells."""

from __future__ import annotations

import contextlib
import html
import http.client
import json
import re
import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

from underlay.external._drive import Channel
from underlay.external._events import Done, End, Pause, Plan, Problem, Started, parse

REPORTERS = Path(__file__).with_name("reporters")

TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".wasm": "application/wasm",
    **dict.fromkeys((".js", ".mjs"), "text/javascript"),
}

#: Headers that are for one connection alone (RFC 9110, 7.6.1), and those that we set ourselves.
HOP_BY_HOP = {
    *{"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding"},
    *{"upgrade", "content-length", "date", "server"},
}

#: A page that is loaded at once, and becomes the one with the specs as soon as it is let in.
DOOR = '<!doctype html><script>fetch("entered").then(() => location.replace("."))</script>'


class Page:
    """A page, its files, and the way back for what it tells.

    Everything of ours is below a path that nobody can guess; the rest of the site is that of the
    application, if there is one.

    :param channel: gets all events.
    :param core: the files of Jasmine.
    :param files: sources and specs, in the order in which they are to be loaded.
    :param body: HTML.
    :param app: the URL of an application, or nothing.
    """

    def __init__(
        self, channel: Channel, *, core: Sequence[str], files: Sequence[str], body: str, app: str
    ) -> None:
        self.over = threading.Event()
        self.is_left = False
        self._channel = channel
        self._core, self._files, self._body = core, files, body
        self._app = urlsplit(app)
        self._entered = threading.Event()
        self._secret = f"/underlay-{secrets.token_hex(8)}"
        self._origin = ""

    @contextlib.contextmanager
    def served(self) -> Iterator[str]:
        """Its URL, for as long as it is served."""
        page = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                with contextlib.suppress(ConnectionError):
                    super().handle_one_request()

            def answer(self) -> None:
                page.answer(self)

            do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer

            def log_message(self, format: str, *args: object) -> None:
                """Nobody wants to know."""

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            server.daemon_threads = True
            self._origin = f"http://127.0.0.1:{server.server_port}"
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield f"{self._origin}{self._secret}/"
            server.shutdown()

    def enter(self) -> None:
        """Let in who waits at the ``door``."""
        self._entered.set()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        """Answer a request: ours, or the application's."""
        body = request.rfile.read(int(request.headers.get("Content-Length", 0)))
        path = urlsplit(request.path).path
        inside = path.removeprefix(self._secret)
        if inside == path:
            self._forward(request, body)
        elif inside == "/":
            _send_html(request, self._html())
        elif inside == "/door":
            _send_html(request, DOOR)
        elif inside == "/entered":
            self._entered.wait()
            _send(request, 204, {}, b"")
        elif inside == "/left":
            self._leave(self._with_paths(body).splitlines())
            _send(request, 204, {}, b"")
        elif inside == "/events":
            answer = json.dumps(self._take(self._with_paths(body).splitlines())).encode()
            _send(request, 200, {"Content-Type": "application/json"}, answer)
        else:
            self._send_file(request, Path(unquote(inside.removeprefix("/files"))))

    def _html(self) -> str:
        """The page; its scripts run in the order in which they stand there."""
        own = REPORTERS / "browser.js"
        scripts = "\n".join(map(self._script, [*self._core, str(own), *self._files]))
        return (
            '<!doctype html><html><head><meta charset="utf-8"><title>Jasmine</title></head>'
            f'<body data-underlay="{self._secret}" data-stepwise="{int(self._channel.stepwise)}">'
            f"{self._body}\n{scripts}\n</body></html>"
        )

    def _script(self, file: str) -> str:
        kind = ' type="module"' if file.endswith(".mjs") else ""
        return f'<script{kind} src="{html.escape(self._url(file))}"></script>'

    def _url(self, file: str) -> str:
        return f"{self._secret}/files{quote(file)}"

    def _send_file(self, request: BaseHTTPRequestHandler, file: Path) -> None:
        kind = TYPES.get(file.suffix, "application/octet-stream")
        try:
            content = file.read_bytes()
        except OSError as error:
            _send(request, 404, {"Content-Type": "text/plain"}, str(error).encode())
        else:
            _send(request, 200, {"Content-Type": kind, "Cache-Control": "no-store"}, content)

    def _take(self, lines: Sequence[bytes]) -> list[str]:
        """Hand events on; only the last one may be for us.

        :returns: the ids of the specs to run, if it is a plan.
        """
        match parse(lines[-1]):
            case Plan(specs):
                self._channel.pass_on(lines[:-1])
                return [spec.id for spec in self._channel.offer(specs)]
            case Pause():
                self._channel.pass_on(lines[:-1])
                self._channel.pause()
            case End():
                self._channel.pass_on(lines[:-1])
                self.over.set()
            case _:
                self._channel.pass_on(lines)
        return []

    def _leave(self, lines: Sequence[bytes]) -> None:
        """A spec has left the page; these are the last words."""
        told = [line for line in lines if isinstance(parse(line), (Started, Done, Problem))]
        self._channel.pass_on(told)
        self.is_left = True
        self.over.set()

    def _with_paths(self, text: bytes) -> bytes:
        """What a page tells as JSON, with the paths of files instead of their URLs."""
        prefix = re.escape(f"{self._origin}{self._secret}/files".encode())
        return re.sub(prefix + rb'([^\s":)\\]+)', _path_in_json, text)

    def _forward(self, request: BaseHTTPRequestHandler, body: bytes) -> None:
        """Answer as the application does."""
        if not self._app.netloc:
            _send(request, 404, {"Content-Type": "text/plain"}, b"There is no application.")
            return
        try:
            response, content = self._ask(request, body)
        except (OSError, http.client.HTTPException) as error:
            _send(request, 502, {"Content-Type": "text/plain"}, str(error).encode())
            return
        request.send_response(response.status, response.reason)
        for name, value in response.getheaders():
            if _is_kept(name):
                request.send_header(name, value.replace(self._there, self._origin))
        _finish(request, content)

    def _ask(
        self, request: BaseHTTPRequestHandler, body: bytes
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """The application's answer to a request, which seems to come from its own pages."""
        kind = {"https": http.client.HTTPSConnection}.get(
            self._app.scheme, http.client.HTTPConnection
        )
        with contextlib.closing(kind(self._app.netloc, timeout=60)) as connection:
            connection.putrequest(request.command, request.path, True, True)
            for name, value in request.headers.items():
                if _is_kept(name):
                    connection.putheader(name, value.replace(self._origin, self._there))
            connection.putheader("Host", self._app.netloc)
            connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            response = connection.getresponse()
            return response, response.read()

    @property
    def _there(self) -> str:
        """The application's origin."""
        return f"{self._app.scheme}://{self._app.netloc}"


def _path_in_json(url: re.Match[bytes]) -> bytes:
    return json.dumps(unquote(url[1].decode()))[1:-1].encode()


def _is_kept(name: str) -> bool:
    return name.lower() not in {*HOP_BY_HOP, "host", "accept-encoding"}


def _send_html(request: BaseHTTPRequestHandler, content: str) -> None:
    _send(request, 200, {"Content-Type": "text/html; charset=utf-8"}, content.encode())


def _send(
    request: BaseHTTPRequestHandler, status: int, headers: Mapping[str, str], content: bytes
) -> None:
    request.send_response(status)
    for name, value in headers.items():
        request.send_header(name, value)
    _finish(request, content)


def _finish(request: BaseHTTPRequestHandler, content: bytes) -> None:
    request.send_header("Content-Length", str(len(content)))
    request.end_headers()
    if request.command != "HEAD":
        request.wfile.write(content)
