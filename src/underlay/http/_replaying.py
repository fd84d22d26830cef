"""What was recorded becomes what is answered."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from typing import Any

from underlay._errors import ExpectationsUnreadable
from underlay.http import _har
from underlay.http._conditions import Times
from underlay.http._expectation import Expectation
from underlay.http._forms import MULTIPART, URLENCODED
from underlay.http._har import Recording
from underlay.http._matching import criteria
from underlay.http._messages import Request, Response
from underlay.http._playbook import Playbook

#: Headers of one connection, of which the next has its own (RFC 9110, 7.6.1).
OF_THE_CONNECTION = {
    *("connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding"),
    "upgrade",
}
#: Headers of a body as it was sent, which is not as it is recorded.
OF_THE_BODY = {"content-encoding", "content-length"}

Recorded = tuple[str, Recording]  # with its place in the file


def expectations(
    file: str | os.PathLike[str], playbook: Playbook, strict: bool = True, origin: str | None = None
) -> list[Expectation]:
    """An expectation for each request that was recorded, with its answers in their order.

    :param strict: whether requests are to be as recorded; else those of which no recording has the
        same query and body are answered by those with the same method and path.
    :param origin: the server whose recordings to take, if there are those of several.
    :raises ExpectationsUnreadable: for a file that cannot be replayed.
    """
    recorded = list(_of_one_origin(file, origin))
    made = _made(recorded, playbook, exact=True)
    return made if strict else [*made, *_made(recorded, playbook, exact=False)]


def request(recording: Recording) -> Request:
    """The request that was recorded, as a server would see it."""
    headers = [(_latin(name), _latin(value)) for name, value in recording.headers]
    return Request(recording.method, recording.target, headers, recording.body or b"")


def answer(recording: Recording) -> Response:
    """The answer that was recorded, as a server on another address would give it.

    :raises ValueError: for a status or a header that cannot be sent.
    """
    dropped = OF_THE_CONNECTION | OF_THE_BODY
    headers = (
        (name, local(one, recording.origin) if name.lower() == "location" else one)
        for name, value in recording.answer_headers
        if name.lower() not in dropped and not name.startswith(":")  # as HTTP/2 has them
        for one in value.split("\n")  # browsers write several values of a header into one
    )
    return Response(recording.status, tuple(headers), recording.content)


def local(url: str, origin: str) -> str:
    """The URL without the server that is being stood in for."""
    rest = url.removeprefix(origin)
    if rest == url or rest[:1] not in ("", "/", "?"):
        return url
    return rest if rest.startswith("/") else f"/{rest}"


def wanted_body(came: Request) -> dict[str, Any]:
    """The arguments of ``expect`` that want the same body, in the terms of its content type."""
    kind = came.content_type.partition(";")[0].strip().lower()
    if kind in (URLENCODED, MULTIPART):
        return {"form": {name: came.form.all(name) for name in came.form}}
    if kind.endswith("json"):
        try:
            return {"json": json.loads(came.body)}
        except ValueError:  # whatever it is, it was sent
            pass
    return {"body": came.body}


def wanted_path(came: Request) -> str | re.Pattern[str]:
    """The path as ``expect`` takes it, for which braces mean a template."""
    return re.compile(re.escape(came.path)) if re.search("[{}?]", came.path) else came.path


def wanted_query(came: Request) -> dict[str, Any]:
    return {name: came.query.all(name) for name in came.query}


def _latin(text: str) -> bytes:
    return text.encode("latin-1", "replace")


def _of_one_origin(file: str | os.PathLike[str], origin: str | None) -> Iterator[Recorded]:
    name = os.fspath(file)
    recordings = [
        (f"{name}: log.entries[{index}]", recording)
        for index, recording in enumerate(_har.read(file))
        if recording.status >= 200  # 0 where there was no answer, 101 for a WebSocket
    ]
    origins = {recording.origin for _, recording in recordings}
    if origin is None and len(origins) > 1:
        listed = ", ".join(sorted(origins))
        raise ExpectationsUnreadable(name, f"There are several servers in it, choose one: {listed}")
    chosen = [each for each in recordings if origin in (None, each[1].origin)]
    if not chosen:
        there = f"; there are {', '.join(sorted(origins))}" if origins else ""
        raise ExpectationsUnreadable(name, f"There is no answer of {origin or 'any server'}{there}")
    yield from chosen


def _made(recorded: list[Recorded], playbook: Playbook, exact: bool) -> list[Expectation]:
    made: dict[tuple[str, str], list[Expectation]] = {}
    for place, recording in recorded:
        came = request(recording)
        alike = made.setdefault((came.method, came.path), [])
        try:
            expectation = next((each for each in alike if each._matches(came)), None)
            if expectation is None:
                wanted = _wanted(came, recording.body is not None) if exact else {}
                expectation = _expectation(came, wanted, place, playbook)
                alike.append(expectation)
            expectation.then(answer(recording))
        except ValueError as error:
            raise ExpectationsUnreadable(place, str(error)) from error
    return [expectation for alike in made.values() for expectation in alike]


def _wanted(came: Request, body_kept: bool) -> dict[str, Any]:
    return {"query": wanted_query(came), **(wanted_body(came) if body_kept else {})}


def _expectation(
    came: Request, rest: dict[str, Any], place: str, playbook: Playbook
) -> Expectation:
    title = str(came) if rest else f"{came.method} {came.path}, whatever else is in it"
    wanted = criteria(came.method, wanted_path(came), **rest)
    return Expectation(title, wanted, Times(0), place, playbook)
