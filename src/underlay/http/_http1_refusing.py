"""Refusing: what h11 takes although it is malformed, and what a client is told that is refused."""

from __future__ import annotations

import h11

from underlay.http._exchange import MAX_HEAD, PHRASES
from underlay.http._messages import plain


def refusal(status: int, problem: str) -> bytes:
    """The answer to what is no request, after which the connection ends."""
    answer = plain(status, f"{problem}\n")
    fields = [*answer.raw_headers, (b"Connection", b"close")]
    lines = [b"HTTP/1.1 %d %s" % (status, PHRASES.get(status, b"")), *map(b": ".join, fields)]
    return b"\r\n".join([*lines, b"", answer.body])


def refuse_two_lengths(head: h11.Request) -> None:
    """Where two lengths compete, two parties may see two requests (RFC 9112, 6.1 and 11.2).

    :raises h11.RemoteProtocolError: if there are two.
    """
    names = {name.lower() for name, _ in head.headers.raw_items()}
    if b"transfer-encoding" in names:
        if b"content-length" in names:
            raise h11.RemoteProtocolError("both Content-Length and Transfer-Encoding")
        if head.http_version < b"1.1":
            raise h11.RemoteProtocolError("Transfer-Encoding in HTTP/1.0")


def in_words(error: h11.RemoteProtocolError) -> str:
    """What is wrong with a request."""
    if error.error_status_hint == 431:
        return f"the head of the request has more than {MAX_HEAD} bytes"
    return str(error)
