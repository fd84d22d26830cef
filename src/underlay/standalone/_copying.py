"""A request that came, as the expectation that would match it."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

from underlay.http import Request
from underlay.http._replaying import wanted_body, wanted_path, wanted_query


def as_yaml(request: Request) -> str:
    """For the file of ``underlay serve``."""
    members = ", ".join(f"{name}: {_yaml(value)}" for name, value in _wanted(request).items())
    return f"- expect: {{{members}}}\n  then: {{status: 200}}\n"


def as_python(request: Request) -> str:
    """For a test."""
    wanted = _wanted(request)
    path = wanted.pop("path")
    told = f"re.compile({path.pattern!r})" if isinstance(path, re.Pattern) else repr(path)
    rest = "".join(f", {name}={value!r}" for name, value in wanted.items() if name != "method")
    return f"server.expect({wanted['method']!r}, {told}{rest}).then(status=200)\n"


def _wanted(request: Request) -> dict[str, Any]:
    """The arguments of ``expect``: no more than tells this request from others."""
    wanted = {
        "method": request.method,
        "path": wanted_path(request),
        "query": {name: _one(values) for name, values in wanted_query(request).items()},
    }
    if not wanted["query"]:
        del wanted["query"]
    if not request.body:
        return wanted
    body = wanted_body(request)
    if "form" in body:
        body["form"] = {name: _one(values) for name, values in body["form"].items()}
    return {**wanted, **body}


def _one(values: list[str]) -> str | list[str]:
    return values[0] if len(values) == 1 else values


def _yaml(value: Any) -> str:
    """JSON is YAML, but for a few characters that have to be escaped there."""
    if isinstance(value, re.Pattern):
        return f"!regex {_yaml(value.pattern)}"
    if isinstance(value, bytes):
        return _yaml_bytes(value)
    text = json.dumps(value, ensure_ascii=False)
    return re.sub("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]", _escaped, text)


def _yaml_bytes(body: bytes) -> str:
    try:
        return _yaml(body.decode())
    except UnicodeDecodeError:
        return f'!!binary "{base64.b64encode(body).decode()}"'


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
