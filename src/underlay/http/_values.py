"""What is wanted of one value: equal, a match, a part of it, of a type, or whatever holds."""

from __future__ import annotations

import dataclasses
import inspect
import json
import re
import reprlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from underlay.http._failing import place

_short = reprlib.Repr()
_short.maxstring = _short.maxother = 120
_short.maxdict = _short.maxlist = 8
short = _short.repr


@dataclasses.dataclass(frozen=True)
class containing:
    """Wants a part: of a text, of a list, of the parameters, of a JSON object and those inside it.

    :param wanted: text or bytes that stand somewhere in the value; a list whose items are all
        somewhere in it; or a mapping, where other names may come as well.
    :raises TypeError: for anything else.
    """

    wanted: Any

    def __post_init__(self) -> None:
        if not isinstance(self.wanted, (str, bytes, Mapping, list, tuple)):
            raise TypeError(
                f"What can be contained is text, a list or a dict, not {self.wanted!r}."
            )


class Value:
    """What is wanted of one value; `str` tells it."""

    def fits(self, got: Any) -> bool:
        raise NotImplementedError

    def differences(self, got: Any, at: str = "") -> Iterator[str]:
        """A line for each difference.

        :param got: the value that came.
        :param at: where in the request it stood, such as ``"$.amount"``.
        """
        if not self.fits(got):
            yield line(at, self, short(got))


@dataclasses.dataclass(frozen=True)
class Equal(Value):
    """The same value; ``True`` is not ``1``."""

    wanted: Any

    def fits(self, got: Any) -> bool:
        if isinstance(got, bool) and isinstance(self.wanted, (int, float)):
            return got is self.wanted
        if isinstance(self.wanted, bool):
            return False
        return bool(self.wanted == got)

    def __str__(self) -> str:
        return short(self.wanted)


@dataclasses.dataclass(frozen=True)
class Text(Value):
    """Text, or what is written as that text."""

    wanted: Any

    def fits(self, got: str) -> bool:
        return bool(self.wanted == got) or str(self.wanted) == got

    def __str__(self) -> str:
        return short(str(self.wanted))


@dataclasses.dataclass(frozen=True)
class Matching(Value):
    """Text of which the whole matches a regular expression."""

    pattern: re.Pattern[Any]

    def fits(self, got: Any) -> bool:
        return isinstance(got, type(self.pattern.pattern)) and bool(self.pattern.fullmatch(got))

    def __str__(self) -> str:
        return f"a match of {self.pattern.pattern!r}"


@dataclasses.dataclass(frozen=True)
class Contains(Value):
    """Text or bytes with a part somewhere in it."""

    part: Any

    def fits(self, got: Any) -> bool:
        return isinstance(got, type(self.part)) and self.part in got

    def __str__(self) -> str:
        return f"something with {short(self.part)}"


@dataclasses.dataclass(frozen=True)
class OfType(Value):
    wanted: type

    def fits(self, got: Any) -> bool:
        if isinstance(got, bool):
            return self.wanted in (bool, object)
        return isinstance(got, self.wanted)

    def __str__(self) -> str:
        return f"a value of type {self.wanted.__name__}"


@dataclasses.dataclass(frozen=True)
class Holds(Value):
    """What a function finds true; for what it raises, it is not."""

    function: Callable[[Any], object]

    def __post_init__(self) -> None:
        if inspect.iscoroutinefunction(self.function):
            raise TypeError(f"{named(self.function)} is async, so that it would hold for anything.")

    def differences(self, got: Any, at: str = "") -> Iterator[str]:
        try:
            if self.function(got):
                return
            raised = ""
        except BaseException as error:
            raised = f" ({type(error).__name__}: {error})"
        yield line(at, self, told(got)) + raised

    def fits(self, got: Any) -> bool:
        return not list(self.differences(got))

    def __str__(self) -> str:
        return f"{named(self.function)} to hold"


@dataclasses.dataclass(frozen=True)
class Object(Value):
    """A JSON object, or with `partial` some of its members."""

    members: Mapping[str, Value]
    partial: bool

    def differences(self, got: Any, at: str = "") -> Iterator[str]:
        if not isinstance(got, dict):
            yield line(at, "an object", short(got))
            return
        for key, value in self.members.items():
            if key in got:
                yield from value.differences(got[key], f"{at}.{key}")
            else:
                yield line(f"{at}.{key}", value, "nothing")
        if not self.partial:
            for key in got:
                if key not in self.members:
                    yield line(f"{at}.{key}", "nothing", short(got[key]))

    def fits(self, got: Any) -> bool:
        return not any(self.differences(got))

    def __str__(self) -> str:
        members = ", ".join(f"{key!r}: {value}" for key, value in self.members.items())
        return f"{{{members}}}"


@dataclasses.dataclass(frozen=True)
class Array(Value):
    """A JSON array, item by item."""

    items: Sequence[Value]

    def differences(self, got: Any, at: str = "") -> Iterator[str]:
        if not isinstance(got, list):
            yield line(at, "a list", short(got))
            return
        for index, (value, item) in enumerate(zip(self.items, got, strict=False)):
            yield from value.differences(item, f"{at}[{index}]")
        for index in range(len(got), len(self.items)):
            yield line(f"{at}[{index}]", self.items[index], "nothing")
        for index in range(len(self.items), len(got)):
            yield line(f"{at}[{index}]", "nothing", short(got[index]))

    def fits(self, got: Any) -> bool:
        return not any(self.differences(got))

    def __str__(self) -> str:
        return f"[{', '.join(map(str, self.items))}]"


@dataclasses.dataclass(frozen=True)
class SomeItems(Value):
    """A JSON array that has, among others and in any order, these items."""

    items: Sequence[Value]

    def differences(self, got: Any, at: str = "") -> Iterator[str]:
        for value in self.items:
            if not (isinstance(got, list) and any(map(value.fits, got))):
                yield line(at, f"an item {value}", short(got))

    def fits(self, got: Any) -> bool:
        return not any(self.differences(got))

    def __str__(self) -> str:
        return f"a list with {', '.join(map(str, self.items))}"


def text_value(where: str, wanted: Any) -> Value:
    """What is wanted of a text.

    :param where: the argument, such as ``"query['page']"``.
    :raises TypeError: for what can be written in more than one way, or not at all.
    """
    if isinstance(wanted, containing) and isinstance(wanted.wanted, str):
        return Contains(wanted.wanted)
    if isinstance(wanted, re.Pattern) and isinstance(wanted.pattern, str):
        return Matching(wanted)
    if wanted is None or isinstance(wanted, (bool, bytes, type, re.Pattern, containing)):
        raise TypeError(f"{where} is text, or a number or the like, not {wanted!r}.")
    return Holds(wanted) if callable(wanted) else Text(wanted)


def body_value(wanted: Any) -> Value:
    """What is wanted of a body, which is bytes."""
    if isinstance(wanted, str):
        return Equal(wanted.encode())
    if isinstance(wanted, containing):
        part = wanted.wanted
        if isinstance(part, (str, bytes)):
            return Contains(part.encode() if isinstance(part, str) else part)
    elif isinstance(wanted, bytes):
        return Equal(wanted)
    elif isinstance(wanted, re.Pattern):
        return Matching(as_bytes_pattern(wanted))
    elif callable(wanted) and not isinstance(wanted, type):
        return Holds(wanted)
    raise TypeError(f"body is bytes or text, not {wanted!r}; json= and form= take the rest.")


def as_bytes_pattern(pattern: re.Pattern[Any]) -> re.Pattern[bytes]:
    if isinstance(pattern.pattern, bytes):
        return pattern
    return re.compile(pattern.pattern.encode(), pattern.flags & ~re.UNICODE)


def json_value(wanted: Any, partial: bool = False) -> Value:
    """What is wanted of a value from JSON.

    :param wanted: as for ``json.dumps``, with patterns, functions, types and `containing` in it,
        and objects that define ``==`` for themselves, such as ``mock.ANY``.
    :param partial: whether objects may have other members, too.
    :raises TypeError: for what is none of these.
    """
    if isinstance(wanted, containing):
        return _json_part(wanted.wanted)
    if isinstance(wanted, Mapping):
        members = {_key(key): json_value(value, partial) for key, value in wanted.items()}
        return Object(members, partial)
    if isinstance(wanted, (list, tuple)):
        return Array([json_value(item, partial) for item in wanted])
    if isinstance(wanted, re.Pattern):
        return Matching(wanted)
    if isinstance(wanted, type) and not _has_own_equality(wanted):
        return OfType(wanted)
    if callable(wanted) and not isinstance(wanted, type):
        return Holds(wanted)
    if wanted is None or _has_own_equality(wanted):
        return Equal(wanted)
    raise TypeError(f"{wanted!r} is not JSON serializable, nor a pattern, function or type.")


def _json_part(wanted: Any) -> Value:
    if isinstance(wanted, Mapping):
        return json_value(wanted, partial=True)
    if isinstance(wanted, (list, tuple)):
        return SomeItems([json_value(item, partial=True) for item in wanted])
    return Contains(wanted)


def _has_own_equality(wanted: object) -> bool:
    kind: Any = type(wanted)
    return kind.__eq__ is not object.__eq__


def _key(key: Any) -> str:
    """A key as JSON has it: ``1`` is ``"1"``, ``True`` is ``"true"``."""
    return key if isinstance(key, str) else str(*json.loads(json.dumps({key: 0})))


def line(at: str, wanted: object, got: str) -> str:
    return f"{at}: wanted {wanted}, got {got}".removeprefix(": ")


def listed(values: Iterable[object]) -> str:
    return ", ".join(map(str, values)) or "nothing"


def told(got: Any) -> str:
    """Plain values in short; a request in its own words."""
    return (
        short(got)
        if isinstance(got, (str, bytes, int, float, list, dict, type(None)))
        else str(got)
    )


def named(function: Callable[..., object]) -> str:
    """What a function is called, and where it stands."""
    name = getattr(function, "__name__", repr(function))
    code = getattr(function, "__code__", None)
    return f"{name} ({place(code.co_filename, code.co_firstlineno)})" if code else name
