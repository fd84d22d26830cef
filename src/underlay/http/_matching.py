"""How the arguments of ``expect`` become criteria, and how far a request is from all of them."""

from __future__ import annotations

import dataclasses
import difflib
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from underlay.http._arguments import NOT_GIVEN, check_method, check_path, values_by_name
from underlay.http._criteria import (
    Body,
    Criterion,
    Json,
    Method,
    Named,
    Path,
    PathTemplate,
    Wanted,
    Where,
)
from underlay.http._forms import Fields
from underlay.http._messages import Request
from underlay.http._paths import Template
from underlay.http._values import Holds, body_value, containing, json_value, text_value

#: Lines per criterion in a report; what differs more than that differs altogether.
LINES = 10


def criteria(
    method: str | None = None,
    path: str | re.Pattern[str] | None = None,
    *,
    query: Mapping[str, Any] | containing | None = None,
    headers: Mapping[str, Any] | None = None,
    cookies: Mapping[str, Any] | None = None,
    form: Mapping[str, Any] | containing | None = None,
    json: Any = NOT_GIVEN,
    body: Any = None,
    where: Callable[[Request], object] | None = None,
) -> list[Criterion]:
    """The criteria for what the caller of `FakeServer.expect` named."""
    wanted: list[Criterion] = []
    if method is not None:
        check_method(method)
        wanted.append(Method(method.upper()))
    if path is not None:
        wanted.append(_path(path))
    if query is not None:
        wanted.append(Named("query", *_values("query", query), lambda request: request.query))
    if headers is not None:
        wanted.append(_some("headers", headers, lambda request: request.headers))
    if cookies is not None:
        wanted.append(_some("cookies", cookies, lambda request: request.cookies))
    if form is not None:
        wanted.append(Named("form", *_values("form", form), lambda request: request.form))
    if json is not NOT_GIVEN:
        wanted.append(Json(json_value(json)))
    if body is not None:
        wanted.append(Body(body_value(body)))
    if where is not None:
        if not callable(where) or isinstance(where, type):
            raise TypeError(f"where is a function of the request, not {where!r}.")
        wanted.append(Where(Holds(where)))
    return wanted


def matches(wanted: Iterable[Criterion], request: Request) -> bool:
    for criterion in wanted:
        for _line in criterion.differences(request):
            return False
    return True


@dataclasses.dataclass(frozen=True)
class Comparison:
    """How a request differs from what an expectation wants."""

    missed: int  # the weight of the criteria that do not hold
    lines: tuple[str, ...]

    @classmethod
    def of(cls, wanted: Iterable[Criterion], request: Request) -> Comparison:
        missed, told = 0, list[str]()
        for criterion in wanted:
            lines = list(criterion.differences(request))
            missed += criterion.weight if lines else 0
            told += [f"{criterion.name}: {line}" for line in lines[:LINES]]
            if len(lines) > LINES:
                told.append(f"{criterion.name}: ... and {len(lines) - LINES} more")
        return cls(missed, tuple(told))


def similarity(wanted: Iterable[Criterion], request: Request) -> float:
    """How alike the paths are, for expectations that are equally far off otherwise."""
    paths = [each.wanted for each in wanted if isinstance(each, (Path, PathTemplate))]
    ratios = (difflib.SequenceMatcher(None, path, request.path).ratio() for path in paths)
    return max(ratios, default=0.0)


def _path(path: str | re.Pattern[str]) -> Criterion:
    if isinstance(path, re.Pattern) and isinstance(path.pattern, str):
        return PathTemplate(Template(repr(path), path))
    check_path(path)
    assert isinstance(path, str)
    if "{" in path or "}" in path:
        return PathTemplate(Template.parse(path))
    return Path(path)


def _some(name: str, given: Mapping[str, Any], of: Callable[[Request], Fields]) -> Named:
    """Some of many that clients send on their own; further ones may always come."""
    return Named(name, _values(name, given)[0], True, of)


def _values(name: str, given: Mapping[str, Any] | containing) -> tuple[Wanted, bool]:
    """The values by their names, and whether there may be other names."""
    partial = isinstance(given, containing)
    pairs = given.wanted if isinstance(given, containing) else given
    return values_by_name(name, pairs, text_value), partial
