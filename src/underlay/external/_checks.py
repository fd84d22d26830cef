"""Arguments that are wrong are refused at once, by their names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

Environment: TypeAlias = Mapping[str, str]


def check_texts(what: str, texts: object) -> None:
    """
    :param what: what they are, for the message.
    :raises TypeError: if they are not several pieces of text.
    """
    if isinstance(texts, (str, bytes)) or not isinstance(texts, Sequence):
        raise TypeError(f"{what}: a list of str is needed, not {texts!r}.")
    for each in texts:
        if not isinstance(each, str):
            raise TypeError(f"{what}: {each!r} is not a str.")


def check_timeout(seconds: object) -> None:
    """
    :raises TypeError: if it is not a number.
    :raises ValueError: if it is not above 0.
    """
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise TypeError(f"timeout is {seconds!r}, not a number of seconds.")
    if not seconds > 0:
        raise ValueError(f"timeout is {seconds!r}; it must be above 0.")


def check_workers(number: object, layer: object) -> None:
    """
    :raises TypeError: if it is no whole number.
    :raises ValueError: if it is below 1, or above it for specs that run one by one.
    """
    if isinstance(number, bool) or not isinstance(number, int):
        raise TypeError(f"workers is {number!r}, not a number of processes.")
    if number < 1:
        raise ValueError(f"workers is {number!r}; it must be at least 1.")
    if number > 1 and layer is not None:
        raise ValueError(f"workers is {number!r}, but specs on a layer run one by one.")


def check_coverage(form: object) -> None:
    """
    :raises ValueError: if it is none that can be written.
    """
    if form not in (None, "lcov"):
        raise ValueError(f"coverage is {form!r}; only 'lcov' can be written.")


def check_environment(env: object) -> Environment:
    """The same, if it is what environment variables are.

    :raises TypeError: if it is no mapping, or maps something else than text to text.
    """
    if not isinstance(env, Mapping):
        raise TypeError(f"env is {env!r}, not a mapping of variables to their values.")
    for name, value in env.items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise TypeError(f"env: the variable {name!r} is {value!r}; both must be a str.")
    return env
