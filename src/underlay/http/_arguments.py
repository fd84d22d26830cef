"""What users hand in is checked where they do it, not when a request comes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from underlay.http._messages import TOKEN


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


def check_times(times: object) -> None:
    if not isinstance(times, int):
        raise TypeError(f"times is a number of requests, not {times!r}.")
    if times < 1:
        raise ValueError(
            f"times is 1 or more, not {times!r}.\n"
            "  A request that must not come needs no expectation: it fails the test."
        )


def check_port(port: object) -> None:
    if not isinstance(port, int):
        raise TypeError(f"port is a number, not {port!r}.")
    if not 0 <= port <= 65535:
        raise ValueError(f"port is between 0 and 65535, not {port!r}.")


def as_bytes(body: object) -> bytes:
    """A body that is bytes, or text sent as UTF-8."""
    if isinstance(body, str):
        return body.encode()
    if isinstance(body, bytes):
        return body
    raise TypeError(f"body is bytes or text, not {body!r}; json= takes the rest.")


def as_texts(name: str, pairs: object) -> dict[str, list[str]]:
    """Parameters or headers as text, a list for each name.

    :param name: of the argument.
    """
    if not isinstance(pairs, Mapping):
        raise TypeError(f"{name} is a mapping from names to values, not {pairs!r}.")
    return {
        each: [_as_text(f"{name}[{each!r}]", one) for one in _as_list(value)]
        for each, value in pairs.items()
    }


def _as_list(value: Any) -> Any:
    return value if isinstance(value, (list, tuple)) else [value]


def _as_text(where: str, value: object) -> str:
    # There is more than one way to write these as text, and None might mean that there is none.
    if value is None or isinstance(value, (bool, bytes)):
        raise TypeError(f"{where} is text, or a number or the like, not {value!r}.")
    return str(value)
