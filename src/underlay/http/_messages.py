"""Request and Response: what behaviours and handlers see, in any version of HTTP."""

from __future__ import annotations

import dataclasses
import functools
import json
import re
import threading
import urllib.parse
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from underlay.http._forms import Fields, File, Pairs, parse_cookies, parse_form, parse_urlencoded
from underlay.http._uploads import Upload

if TYPE_CHECKING:
    from underlay.http._answering import Exchange

HeaderPairs = list[tuple[bytes, bytes]]

TOKEN = re.compile(rb"[-!#$%&'*+.^_`|~0-9A-Za-z]+")
NO_VALUE = re.compile(rb"[\0\r\n]")


@dataclasses.dataclass(eq=False)
class Request:
    """A request as the server saw it.

    :param method: such as ``"POST"``; empty for what was no HTTP.
    :param target: path and query as they came, such as ``"/pay?now=1"``.
    :param raw_headers: names and values as they came.
    :param body: as far as it came.
    :param problem: why it was not answered as a request: malformed or broken off; else empty.
    :param version: of HTTP, such as ``"1.1"``.
    :param client: the address that it came from.
    :param server: the address and port that it came to.
    :param stopping: set when the server stops.
    :param messages: of the WebSocket that it became, so far: ``("received", "ping")`` and the like.
    :param path_params: what stood at the places of a path's template, such as ``{"id": 7}``.
    :param number: its place among the requests of the test, from 1.
    :param upload: the body, while it still comes; `body` is empty then.
    """

    method: str
    target: str
    raw_headers: HeaderPairs = dataclasses.field(default_factory=list, repr=False)
    body: bytes = b""
    problem: str = ""
    version: str = dataclasses.field(default="1.1", repr=False)
    client: str = dataclasses.field(default="", repr=False)
    server: tuple[str, int] = dataclasses.field(default=("", 0), repr=False)
    stopping: threading.Event = dataclasses.field(default_factory=threading.Event, repr=False)
    messages: list[tuple[str, str | bytes]] = dataclasses.field(default_factory=list, repr=False)
    path_params: dict[str, Any] = dataclasses.field(default_factory=dict, repr=False)
    number: int = dataclasses.field(default=0, repr=False)
    upload: Upload | None = dataclasses.field(default=None, repr=False)

    @functools.cached_property
    def raw_path(self) -> str:
        """The path as it came; of a target in absolute form the path, too."""
        target = self.target
        if not target.startswith("/"):
            target = urllib.parse.urlsplit(target).path
        return target.partition("?")[0]

    @property
    def path(self) -> str:
        """The path, decoded."""
        return urllib.parse.unquote(self.raw_path)

    @property
    def query_string(self) -> str:
        return self.target.partition("?")[2]

    @functools.cached_property
    def query(self) -> Fields:
        """The parameters after the question mark."""
        return Fields(parse_urlencoded(self.query_string))

    @functools.cached_property
    def headers(self) -> Fields:
        """The headers; their names in any case."""
        pairs = (
            (name.decode("latin-1"), value.decode("latin-1")) for name, value in self.raw_headers
        )
        return Fields(pairs, str.lower)

    @functools.cached_property
    def cookies(self) -> Fields:
        """The cookies, their values as they came."""
        return Fields(parse_cookies(self.headers.all("cookie")))

    @property
    def content_type(self) -> str:
        """The whole header, or nothing."""
        return self.headers.get("content-type", "")

    @property
    def form(self) -> Fields:
        """The fields of a form, urlencoded or multipart; none if the body is no form."""
        return Fields(self._form[0])

    @property
    def files(self) -> list[File]:
        """The files of a multipart form."""
        return self._form[1]

    @functools.cached_property
    def _form(self) -> tuple[Pairs, list[File]]:
        return parse_form(self.content_type, self.body)

    @property
    def text(self) -> str:
        """The body as UTF-8, with replacement characters for what is none."""
        return self.body.decode("utf-8", "replace")

    def json(self) -> Any:
        """The body as JSON.

        :raises ValueError: if it is not JSON.
        """
        return json.loads(self.body)

    def sleep(self, seconds: float) -> None:
        """For handlers: like ``time.sleep``, but over at once when the server stops."""
        self.stopping.wait(seconds)

    def __str__(self) -> str:
        return f"{self.method} {self.target}".strip() or repr(self.body[:40])


class Answer:
    """A behaviour that is a whole answer, after which nothing is left to play."""

    final: ClassVar = True


@dataclasses.dataclass(frozen=True, repr=False)
class Response(Answer):
    """An answer whose body is known; the last of the behaviours that are played for a request.

    :param headers: names and values; a ``Content-Length`` is added to them.
    :raises TypeError: for a body or a header that is of another type.
    :raises ValueError: for a status or a header that is none.
    """

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    raw_headers: HeaderPairs = dataclasses.field(init=False, repr=False)  # as they are sent

    def __post_init__(self) -> None:
        if not (isinstance(self.status, int) and 200 <= self.status <= 999):
            raise ValueError(f"{self.status!r} is not the status of an answer.")
        if not isinstance(self.body, bytes):
            raise TypeError(f"The body of an answer is bytes, not {self.body!r}.")
        pairs = encoded(self.headers)
        has_length = any(name.lower() == b"content-length" for name, _ in pairs)
        if not has_length and allows_body(self.status):
            pairs.append((b"Content-Length", str(len(self.body)).encode()))
        object.__setattr__(self, "raw_headers", pairs)

    async def play(self, exchange: Exchange) -> None:
        await exchange.send(self)

    def __repr__(self) -> str:
        return f"respond({self.status}, {self.body[:40]!r})"


def encoded(headers: Iterable[tuple[str, str]]) -> HeaderPairs:
    """Headers as they are sent.

    :raises TypeError: if they are not text.
    :raises ValueError: if they cannot be sent (RFC 9110, 5.1 and 5.5).
    """
    pairs = []
    for name, value in headers:
        if not (isinstance(name, str) and isinstance(value, str)):
            raise TypeError(f"{(name, value)!r} is not a header: name and value are text.")
        pairs.append(_encoded(name, value))
    return pairs


@functools.lru_cache(maxsize=512)
def _encoded(name: str, value: str) -> tuple[bytes, bytes]:
    pair = name.encode("latin-1"), value.encode("latin-1")
    if not TOKEN.fullmatch(pair[0]) or NO_VALUE.search(pair[1]):
        raise ValueError(f"{pair[0]!r}: {pair[1]!r} is not a header.")
    return pair


def plain(status: int, text: str) -> Response:
    """An answer for people to read."""
    kind = ("Content-Type", "text/plain; charset=utf-8")
    return Response(status, (kind,), text.encode("utf-8", "replace"))


def allows_body(status: int) -> bool:
    """Whether an answer with this status may have a body (RFC 9110, 6.4.1)."""
    return status >= 200 and status not in (204, 304)
