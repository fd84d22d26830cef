"""What an expectation wants of a request, criterion by criterion, and how a request differs."""

from __future__ import annotations

import dataclasses
import difflib
import json as json_
import reprlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol

from underlay.http._arguments import NOT_GIVEN, as_bytes, as_texts, check_method, check_path
from underlay.http._messages import Request

#: Lines per criterion in a report; what differs more than that differs altogether.
LINES = 10

_short = reprlib.Repr()
_short.maxstring = _short.maxother = 120
_short.maxdict = _short.maxlist = 8


class Criterion(Protocol):
    """One thing that an expectation wants."""

    name: str
    weight: int

    def differences(self, request: Request) -> Iterable[str]:
        """A line for each difference; none if the request is as wanted."""
        ...


@dataclasses.dataclass(frozen=True)
class Method:
    wanted: str
    name, weight = "method", 2

    def differences(self, request: Request) -> Iterator[str]:
        if request.method != self.wanted:
            yield f"wanted {self.wanted}, got {request.method}"


@dataclasses.dataclass(frozen=True)
class Path:
    wanted: str
    name, weight = "path", 4

    def differences(self, request: Request) -> Iterator[str]:
        if request.path != self.wanted:
            yield f"wanted {self.wanted}, got {request.path}"


@dataclasses.dataclass(frozen=True)
class Query:
    """The parameters, all of them, in any order between the names."""

    wanted: Mapping[str, list[str]]
    name, weight = "query", 1

    def differences(self, request: Request) -> Iterator[str]:
        got = {name: request.query.all(name) for name in request.query}
        for name in dict.fromkeys([*self.wanted, *got]):
            yield from _differ(name, self.wanted.get(name, []), got.get(name, []))


@dataclasses.dataclass(frozen=True)
class Headers:
    """Some of the headers; others may come as well."""

    wanted: Mapping[str, list[str]]
    name, weight = "headers", 1

    def differences(self, request: Request) -> Iterator[str]:
        for name, values in self.wanted.items():
            yield from _differ(name, values, request.headers.all(name))


@dataclasses.dataclass(frozen=True)
class Json:
    """The body as JSON, equal in values and types: ``True`` is not ``1``."""

    wanted: Any
    name, weight = "json", 1

    def differences(self, request: Request) -> Iterable[str]:
        try:
            got = request.json()
        except ValueError as error:
            return [f"wanted JSON, got {_short.repr(request.body)} ({error})"]
        return json_differences(self.wanted, got)


@dataclasses.dataclass(frozen=True)
class Body:
    wanted: bytes
    name, weight = "body", 1

    def differences(self, request: Request) -> Iterator[str]:
        if request.body != self.wanted:
            yield f"wanted {_short.repr(self.wanted)}, got {_short.repr(request.body)}"


def criteria(
    method: str | None = None,
    path: str | None = None,
    query: Mapping[str, Any] | None = None,
    headers: Mapping[str, Any] | None = None,
    json: Any = NOT_GIVEN,
    body: bytes | str | None = None,
) -> list[Criterion]:
    """The criteria for what the caller of `FakeServer.expect` named."""
    wanted: list[Criterion] = []
    if method is not None:
        check_method(method)
        wanted.append(Method(method.upper()))
    if path is not None:
        check_path(path)
        wanted.append(Path(path))
    if query is not None:
        wanted.append(Query(as_texts("query", query)))
    if headers is not None:
        wanted.append(Headers(as_texts("headers", headers)))
    if json is not NOT_GIVEN:
        wanted.append(Json(json_.loads(json_.dumps(json))))  # tuples, keys that are numbers
    if body is not None:
        wanted.append(Body(as_bytes(body)))
    return wanted


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
    paths = [each.wanted for each in wanted if isinstance(each, Path)]
    ratios = (difflib.SequenceMatcher(None, path, request.path).ratio() for path in paths)
    return max(ratios, default=0.0)


def json_differences(wanted: Any, got: Any, at: str = "$") -> Iterator[str]:
    """A line for each place at which two values from JSON differ."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        for key in dict.fromkeys([*wanted, *got]):
            yield from _member(wanted, got, key, f"{at}.{key}")
    elif isinstance(wanted, list) and isinstance(got, list):
        for index in range(max(len(wanted), len(got))):
            yield from _member(
                dict(enumerate(wanted)), dict(enumerate(got)), index, f"{at}[{index}]"
            )
    elif wanted != got or isinstance(wanted, bool) is not isinstance(got, bool):
        yield f"{at}: wanted {_short.repr(wanted)}, got {_short.repr(got)}"


def _member(wanted: dict[Any, Any], got: dict[Any, Any], key: Any, at: str) -> Iterator[str]:
    if key not in got:
        yield f"{at}: wanted {_short.repr(wanted[key])}, got nothing"
    elif key not in wanted:
        yield f"{at}: wanted nothing, got {_short.repr(got[key])}"
    else:
        yield from json_differences(wanted[key], got[key], at)


def _differ(name: str, wanted: list[str], got: list[str]) -> Iterator[str]:
    if wanted != got:
        yield f"{name}: wanted {_listed(wanted)}, got {_listed(got)}"


def _listed(values: list[str]) -> str:
    return ", ".join(map(_short.repr, values)) or "nothing"
