"""What an expectation can want of a request, a class each: how the request differs from it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

from underlay.http._forms import Fields
from underlay.http._messages import Request
from underlay.http._paths import Template
from underlay.http._values import Holds, Value, line, listed, short

Wanted = Mapping[str, list[Value]]


class Criterion(Protocol):
    """One thing that an expectation wants, and how much it tells that it does not hold."""

    @property
    def name(self) -> str: ...

    @property
    def weight(self) -> int: ...

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
class PathTemplate:
    """A path with places for values, ``/users/{id:int}``, or a regular expression."""

    template: Template
    name, weight = "path", 4

    @property
    def wanted(self) -> str:
        return str(self.template)

    def differences(self, request: Request) -> Iterator[str]:
        if self.template.values(request.path) is None:
            yield f"wanted {self.wanted}, got {request.path}"


@dataclasses.dataclass(frozen=True)
class Named:
    """Values by name: parameters, headers, cookies, the fields of a form.

    :param name: the argument of ``expect``.
    :param wanted: what is wanted of the values of each name; nothing if it must not come.
    :param partial: whether other names may come.
    :param of: finds them in a request.
    """

    name: str
    wanted: Wanted
    partial: bool
    of: Callable[[Request], Fields]
    weight = 1

    def differences(self, request: Request) -> Iterator[str]:
        fields = self.of(request)
        for name, values in self.wanted.items():
            yield from _differ(name, values, fields.all(name))
        if not self.partial:
            for name in fields:
                if name not in self.wanted:
                    yield from _differ(name, [], fields.all(name))


@dataclasses.dataclass(frozen=True)
class Json:
    """The body as JSON."""

    wanted: Value
    name, weight = "json", 1

    def differences(self, request: Request) -> Iterable[str]:
        try:
            got = request.json()
        except ValueError as error:
            return [f"wanted JSON, got {short(request.body)} ({error})"]
        return self.wanted.differences(got, "$")


@dataclasses.dataclass(frozen=True)
class Body:
    wanted: Value
    name, weight = "body", 1

    def differences(self, request: Request) -> Iterator[str]:
        return self.wanted.differences(request.body)


@dataclasses.dataclass(frozen=True)
class Where:
    """Whatever else a function finds in a request."""

    wanted: Holds
    name, weight = "where", 1

    def differences(self, request: Request) -> Iterator[str]:
        return self.wanted.differences(request)


def _differ(name: str, wanted: list[Value], got: list[str]) -> Iterator[str]:
    if len(wanted) == len(got) == 1:
        yield from wanted[0].differences(got[0], name)
    elif len(wanted) != len(got) or not all(map(_fits, wanted, got)):
        yield line(name, listed(wanted), listed(map(short, got)))


def _fits(value: Value, got: str) -> bool:
    return value.fits(got)
