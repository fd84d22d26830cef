"""HAR 1.2, the archive that browsers write of what was asked and answered: read, checked, written.

The format: http://www.softwareishard.com/blog/har-12-spec/.  It can only say text of a request's
body; one that is none is written as base64 and says so in ``_encoding``, a field of our own.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import datetime
import json
import os
import re
import urllib.parse
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

from underlay._errors import ExpectationsUnreadable
from underlay.http._forms import Pairs

#: Headers whose values are not written, unless somebody says otherwise.
SECRET = ("Authorization", "Cookie", "Set-Cookie")
#: What is written instead of a secret.
SCRUBBED = "scrubbed"

KINDS = {dict: "an object", list: "a list", str: "text", int: "a whole number", float: "a number"}


@dataclasses.dataclass(frozen=True)
class Recording:
    """A request and its answer.

    :param body: of the request; None if it had one that was not kept.
    :param began: when it was asked, in seconds since 1970.
    :param seconds: until the answer had come whole.
    :param content: the answer's body, neither compressed nor in chunks.
    """

    method: str
    url: str
    headers: Pairs
    body: bytes | None
    status: int
    reason: str
    answer_headers: Pairs
    content: bytes
    began: float = 0.0
    seconds: float = 0.0

    @property
    def origin(self) -> str:
        """Scheme, host and port of the URL."""
        parts = urllib.parse.urlsplit(self.url)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def target(self) -> str:
        """Path and query of the URL."""
        parts = urllib.parse.urlsplit(self.url)
        return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def first(pairs: Pairs, name: str) -> str:
    """The first value of a header, or nothing."""
    return next((value for each, value in pairs if each.lower() == name), "")


# -- reading


def read(file: str | os.PathLike[str]) -> list[Recording]:
    """The recordings in a file, in order.

    :raises ExpectationsUnreadable: if there is no such file, or it is no HAR.
    """
    name = os.fspath(file)
    try:
        data = json.loads(Path(file).read_bytes())
    except OSError as error:
        raise ExpectationsUnreadable(name, f"{error.strerror}.") from error
    except json.JSONDecodeError as error:
        raise ExpectationsUnreadable(f"{name}:{error.lineno}", f"No JSON: {error}.") from error
    except (ValueError, RecursionError) as error:
        raise ExpectationsUnreadable(name, f"No JSON: {error}.") from error
    return [_recording(entry) for entry in _Node(name, "", data).member("log").items("entries")]


@dataclasses.dataclass(frozen=True)
class _Node:
    """A value in the file; whatever is asked of it and not there is refused with its path."""

    file: str
    path: str
    value: Any

    def error(self, problem: str) -> ExpectationsUnreadable:
        return ExpectationsUnreadable(f"{self.file}: {self.path or 'the whole'}", problem)

    def member(self, name: str, kind: type = dict) -> _Node:
        self._check(dict)
        node = _Node(self.file, f"{self.path}.{name}".lstrip("."), self.value.get(name))
        node._check(kind)
        return node

    def get(self, name: str, kind: type) -> Any:
        return self.member(name, kind).value

    def optional(self, name: str, kind: type, default: Any) -> Any:
        return default if self.value.get(name) is None else self.get(name, kind)

    def items(self, name: str) -> Iterator[_Node]:
        node = self.member(name, list)
        for index, value in enumerate(node.value):
            yield _Node(self.file, f"{node.path}[{index}]", value)

    def _check(self, kind: type) -> None:
        wanted = (int, float) if kind is float else kind
        if not isinstance(self.value, wanted) or isinstance(self.value, bool):
            got = "missing" if self.value is None else f"{json.dumps(self.value)[:60]}"
            raise self.error(f"wanted {KINDS[kind]}, got {got}.")


def _recording(entry: _Node) -> Recording:
    request, response = entry.member("request"), entry.member("response")
    status = response.get("status", int)
    return Recording(
        method=request.get("method", str),
        url=_url(request.member("url", str)),
        headers=_pairs(request, "headers"),
        body=_body(request),
        status=status,
        reason=response.optional("statusText", str, ""),
        answer_headers=_pairs(response, "headers"),
        content=_content(response, request.get("method", str), status),
        began=_began(entry),
        seconds=max(0.0, entry.optional("time", float, 0) / 1000),
    )


def _url(node: _Node) -> str:
    url: str = node.value
    with contextlib.suppress(ValueError):
        parts = urllib.parse.urlsplit(url)
        if parts.scheme and parts.netloc:
            return url
    raise node.error(f"{url!r} is no URL of a server.")


def _pairs(node: _Node, name: str) -> Pairs:
    return [(each.get("name", str), each.get("value", str)) for each in node.items(name)]


def _body(request: _Node) -> bytes | None:
    body = _post_data(request)
    if body:
        return body
    # Browsers leave out files that are uploaded, and what is no text.
    length = first(_pairs(request, "headers"), "content-length")
    kept = length in ("", "0") and request.optional("bodySize", int, 0) <= 0
    return body if kept else None


def _post_data(request: _Node) -> bytes:
    if request.value.get("postData") is None:
        return b""
    data = request.member("postData")
    if data.value.get("text") is None and data.value.get("params"):
        return urllib.parse.urlencode(_pairs(data, "params")).encode()
    return _decoded(data, "_encoding")


def _content(response: _Node, method: str, status: int) -> bytes:
    if response.value.get("content") is None:
        return b""
    content = response.member("content")
    size = content.optional("size", int, 0)
    absent = content.value.get("text") is None and content.value.get("_file") is None
    if absent and size > 0 and method != "HEAD" and status != 304:
        raise content.error(f"has {size} bytes, but no text: it was saved without bodies.")
    return _decoded(content, "encoding")


def _decoded(node: _Node, encoding: str) -> bytes:
    if node.value.get("_file") is not None:
        return _attached(node)
    text: str = node.optional("text", str, "")
    spoken = node.optional(encoding, str, "")
    if not spoken:
        return text.encode("utf-8", "surrogatepass")
    if spoken != "base64":
        raise node.error(f"{encoding} is {spoken!r}; known is base64.")
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise node.error("text is not base64.") from error


def _attached(node: _Node) -> bytes:
    """A body that Playwright has put into a file of its own, beside the archive."""
    name: str = node.get("_file", str)
    with contextlib.suppress(OSError, ValueError):
        if Path(name).name == name:
            return (Path(node.file).parent / name).read_bytes()
    raise node.error(f"_file is {name!r}, which is no file beside this one.")


def _began(entry: _Node) -> float:
    told = entry.optional("startedDateTime", str, "")
    try:  # Python 3.10 does not know the Z of UTC, nor seven digits
        exact = re.sub(r"(\.\d{1,6})\d*", lambda found: found[1].ljust(7, "0"), told)
        when = datetime.datetime.fromisoformat(exact.replace("Z", "+00:00"))
        return when.timestamp()
    except (ValueError, OverflowError):
        return 0.0


# -- writing


def write(
    file: str | os.PathLike[str],
    recordings: Iterable[Recording],
    scrub: Collection[str] = SECRET,
) -> None:
    """Write recordings; the file is replaced as a whole, or not at all.

    :param scrub: names of headers whose values are not for others to read; those of cookies keep
        the cookies' names.
    :raises OSError: if it cannot be written.
    """
    secret = {name.lower() for name in scrub}
    text = json.dumps(archive(recordings, secret), indent=1, ensure_ascii=False)
    written = Path(f"{os.fspath(file)}.{os.getpid()}")
    try:
        written.write_text(text + "\n", "utf-8")
        written.replace(file)
    except OSError:
        written.unlink(missing_ok=True)
        raise


def archive(recordings: Iterable[Recording], secret: Collection[str]) -> dict[str, Any]:
    """The whole as JSON takes it.

    :param secret: names of headers in lower case.
    """
    return {
        "log": {
            "version": "1.2",
            "creator": {"name": "underlay", "version": "1.0"},
            "entries": [_entry(recording, secret) for recording in recordings],
        }
    }


def _entry(recording: Recording, secret: Collection[str]) -> dict[str, Any]:
    began = datetime.datetime.fromtimestamp(recording.began, datetime.timezone.utc)
    milliseconds = round(recording.seconds * 1000, 3)
    return {
        "startedDateTime": began.isoformat(timespec="milliseconds"),
        "time": milliseconds,
        "request": _request(recording, secret),
        "response": _response(recording, secret),
        "cache": {},
        "timings": {"send": 0, "wait": milliseconds, "receive": 0},
    }


def _request(recording: Recording, secret: Collection[str]) -> dict[str, Any]:
    query = urllib.parse.urlsplit(recording.url).query
    told = {
        "method": recording.method,
        "url": recording.url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _told(recording.headers, secret),
        "queryString": _named(urllib.parse.parse_qsl(query, keep_blank_values=True)),
        "headersSize": -1,
        "bodySize": len(recording.body or b""),
    }
    if recording.body:
        kind = first(recording.headers, "content-type")
        told["postData"] = {"mimeType": kind, **_encoded(recording.body, "_encoding")}
    return told


def _response(recording: Recording, secret: Collection[str]) -> dict[str, Any]:
    kind = first(recording.answer_headers, "content-type")
    content = {"size": len(recording.content), "mimeType": kind}
    return {
        "status": recording.status,
        "statusText": recording.reason,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _told(recording.answer_headers, secret),
        "content": {**content, **_encoded(recording.content, "encoding")},
        "redirectURL": first(recording.answer_headers, "location"),
        "headersSize": -1,
        "bodySize": -1,
    }


def _encoded(data: bytes, encoding: str) -> dict[str, str]:
    try:
        return {"text": data.decode("utf-8")}
    except UnicodeDecodeError:
        return {"text": base64.b64encode(data).decode(), encoding: "base64"}


def _told(pairs: Pairs, secret: Collection[str]) -> list[dict[str, str]]:
    return _named((name, _scrubbed(name, value, secret)) for name, value in pairs)


def _scrubbed(name: str, value: str, secret: Collection[str]) -> str:
    if name.lower() not in secret:
        return value
    if name.lower() == "set-cookie":  # the attributes are no secret
        cookie, semicolon, attributes = value.partition(";")
        return _without_value(cookie) + semicolon + attributes
    if name.lower() == "cookie":
        return "; ".join(_without_value(cookie.strip()) for cookie in value.split(";"))
    return SCRUBBED


def _without_value(cookie: str) -> str:
    name, equals, _ = cookie.partition("=")
    return f"{name}={SCRUBBED}" if equals else SCRUBBED


def _named(pairs: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]
