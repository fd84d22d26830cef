"""The journal in a browser: what came, what answered it, and what was nearest if nothing did."""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from underlay._markup import Markup, join, tag
from underlay.http import Entry, Request
from underlay.standalone._copying import as_python, as_yaml

#: Bytes of a body that are shown, and that can be copied.
SHOWN, COPIED = 4096, 65536


def page(name: str, url: str, expectations: int, trouble: str, journal: Sequence[Entry]) -> str:
    """The HTML, which loads nothing but itself, again and again.

    :param name: of the file that says what is answered.
    :param url: of the server.
    :param expectations: how many there are.
    :param trouble: what is wrong with the file, if anything is.
    :param journal: the requests, the oldest first.
    """
    entries = [_entry(entry) for entry in reversed(journal)]
    body = tag(
        "main",
        tag("h1", name),
        tag("p", tag("code", url), f" · {counted(expectations, 'expectation')}", class_="facts"),
        tag("pre", trouble, class_="trouble", role="alert") if trouble else "",
        tag("h2", counted(len(entries), "request")),
        tag("ol", entries) if entries else tag("p", "Nothing has come yet.", class_="facts"),
    )
    return "<!DOCTYPE html>\n" + tag("html", _head(name), tag("body", body), lang="en")


def _head(name: str) -> Markup:
    here = Path(__file__)
    style = here.with_name("page.css").read_text("utf-8")
    script = here.with_name("page.js").read_text("utf-8")
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=_policy(script)),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("title", f"{name} | journal"),
        tag("style", Markup(style)),
        tag("script", Markup(script), type="module"),
    )


def _policy(script: str) -> str:
    """No script but ours runs, and nothing is loaded from elsewhere, whatever clients send."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    ours = f"script-src 'sha256-{digest}'"
    return f"default-src 'none'; style-src 'unsafe-inline'; connect-src 'self'; {ours}"


def _entry(entry: Entry) -> Markup:
    request = entry.request
    return tag(
        "li",
        tag("h3", tag("code", str(request)), " ", tag("b", _status(entry))),
        tag("p", " · ".join(_facts(entry)), class_="facts"),
        tag("pre", "\n".join(entry.report), class_="report") if entry.report else "",
        _details(f"request-{request.number}", "Request", _sent(request)),
        _copies(request) if entry.complete and len(request.body) <= COPIED else "",
        class_="bad" if entry.error else "good",
    )


def _status(entry: Entry) -> str:
    return str(entry.status) if entry.status else "no answer"


def _facts(entry: Entry) -> Iterable[str]:
    yield time.strftime("%H:%M:%S", time.localtime(entry.began))
    if entry.expectation:
        yield f"answered by {entry.expectation._headline}"
    yield from (repr(behaviour) for behaviour in entry.behaviours)
    if entry.error:
        yield entry.error


def _sent(request: Request) -> Markup:
    lines = [f"{name}: {value}" for name, value in request.headers.pairs]
    rest = len(request.body) - SHOWN
    more = f"\n... {rest} bytes more" if rest > 0 else ""
    body = request.body[:SHOWN].decode("utf-8", "replace")
    return tag("pre", "\n".join([*lines, "", body + more]).strip())


def _copies(request: Request) -> Markup:
    copies = (("for the file", as_yaml(request)), ("for a test", as_python(request)))
    shown = (
        tag("div", tag("pre", text), tag("button", f"Copy {where}", type="button"))
        for where, text in copies
    )
    return _details(f"expectation-{request.number}", "As expectation", join(*shown))


def _details(key: str, summary: str, content: Markup) -> Markup:
    return tag("details", tag("summary", summary), content, id=key)


def counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
