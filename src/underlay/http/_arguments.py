"""What users hand in is checked where they do it, not when a request comes."""

from __future__ import annotations

import urllib.parse
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from underlay.http._messages import TOKEN

T = TypeVar("T")

#: The ports that go without saying.
DEFAULT_PORTS = {"http": 80, "https": 443}


class NotGiven:
    """Stands for an argument that was left out, where ``None`` means something: JSON's ``null``."""

    def __repr__(self) -> str:
        return "<not given>"


NOT_GIVEN: Any = NotGiven()


def check_seconds(name: str, value: object) -> None:
    if not isinstance(value, (int, float)):
        raise TypeError(f"{name} is a number of seconds, not {value!r}.")
    if not value >= 0:
        raise ValueError(f"{name} is 0 seconds or more, not {value!r}.")


def check_method(method: object) -> None:
    if not isinstance(method, str):
        raise TypeError(f"The method is text, such as 'POST', not {method!r}.")
    if method.startswith("/"):
        raise ValueError(f"{method!r} is a path; the method comes first: expect('GET', {method!r})")
    if not TOKEN.fullmatch(method.encode()):
        raise ValueError(f"{method!r} is not a method.")


def check_path(path: object) -> None:
    if not isinstance(path, str):
        raise TypeError(f"The path is text, such as '/pay', not {path!r}.")
    if "?" in path or not path.startswith("/"):
        raise ValueError(f"{path!r} is not a path: it begins with /, and query= says the rest.")


def check_number(name: str, number: object, least: int) -> None:
    if not isinstance(number, int) or isinstance(number, bool):
        raise TypeError(f"{name} is a number of requests, not {number!r}.")
    if number < least:
        raise ValueError(
            f"{name} is {least} or more, not {number!r}.\n"
            "  A request that must not come needs no expectation: it fails the test."
        )


def check_bytes(name: str, value: object, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} is a number of bytes, not {value!r}.")
    if value < least:
        raise ValueError(f"{name} is {least} or more, not {value!r}.")


def check_port(port: object) -> None:
    if not isinstance(port, int):
        raise TypeError(f"port is a number, not {port!r}.")
    if not 0 <= port <= 65535:
        raise ValueError(f"port is between 0 and 65535, not {port!r}.")


def check_origin(name: str, url: object) -> None:
    if not isinstance(url, str):
        raise TypeError(f"{name} is text, such as 'http://shop.test', not {url!r}.")
    parts = urllib.parse.urlsplit(url)
    whole = parts.scheme in DEFAULT_PORTS and parts.hostname and url.count("/") == 2
    if not whole or "@" in parts.netloc:
        raise ValueError(
            f"{url!r} is not the URL of a whole server, such as 'http://shop.test' or\n"
            "  'https://shop.test:8443', without a slash at the end."
        )


def values_by_name(name: str, given: object, value: Callable[[str, Any], T]) -> dict[str, list[T]]:
    """What is given for parameters, headers and the like, a list for each name.

    :param name: of the argument.
    :param given: what was given for it.
    :param value: makes of a single one what is wanted.
    """
    if not isinstance(given, Mapping):
        raise TypeError(f"{name} is a mapping from names to values, not {given!r}.")
    for each in given:
        if not isinstance(each, str):
            raise TypeError(f"A name of {name} is text, not {each!r}.")
    return {
        each: [value(f"{name}[{each!r}]", one) for one in _as_list(values)]
        for each, values in given.items()
    }


def header_pairs(headers: object) -> list[tuple[str, str]]:
    """Headers of an answer: pairs as they are, a mapping with a list where a name comes twice."""
    if headers is None:
        return []
    if isinstance(headers, Mapping):
        return [(name, one) for name, values in headers.items() for one in _as_list(values)]
    if isinstance(headers, Iterable) and not isinstance(headers, (str, bytes)):
        return list(headers)
    raise TypeError(f"headers are a mapping or pairs, not {headers!r}.")


def _as_list(value: Any) -> Any:
    return value if isinstance(value, (list, tuple)) else [value]
