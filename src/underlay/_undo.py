"""Undo: clean-ups that all run, newest first, and whose errors all survive.

``contextlib.ExitStack`` is not used: of two failing callbacks it keeps only the last
(https://github.com/python/cpython/issues/102201), and a context manager that swallows errors would
turn a failed set-up into one that looks good.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TypeVar

T = TypeVar("T")

__unittest = True  # unittest leaves our frames out of tracebacks


class Undo:
    """What has to be done to take something back."""

    def __init__(self) -> None:
        self._todo: list[tuple[Callable[..., object], tuple[Any, ...]]] = []
        self._error: BaseException | None = None  # what made it necessary

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to be done."""
        return not self._todo

    def add(self, function: Callable[..., object], /, *args: Any, **kwargs: Any) -> None:
        """Call `function` with these arguments on close."""
        self._todo.append((functools.partial(function, **kwargs) if kwargs else function, args))

    def enter(self, context: AbstractContextManager[T]) -> T:
        """Enter `context` now and leave it on close."""
        kind = type(context)
        value = kind.__enter__(context)
        self.add(self._leave, kind.__exit__, context)
        return value

    def _leave(self, leave: Callable[..., object], context: AbstractContextManager[Any]) -> None:
        error = self._error
        leave(context, *((type(error), error, error.__traceback__) if error else (None,) * 3))

    def close(self, error: BaseException | None = None) -> None:
        """Run everything, newest first.

        What a clean-up raises does not keep the others from running.  The last error is raised, the
        ones before it hang on its ``__context__``; only a KeyboardInterrupt is not hidden by what
        follows it.

        :param error: what makes this necessary, handed to the context managers.
        """
        __tracebackhide__ = True
        failure = self.give_up(error) if self._todo else error
        if failure is not None and failure is not error:
            reraise(failure)

    def give_up(self, error: BaseException | None) -> BaseException | None:
        """Like `close`, but return the error that is to be raised, by default `error`."""
        self._error = failure = error
        while self._todo:
            function, args = self._todo.pop()
            try:
                function(*args)
            except BaseException as raised:
                new = raised
            else:
                continue
            failure = new if failure is None else _joined(failure, new, sys.exc_info()[1])
        self._error = None
        return failure


def reraise(error: BaseException) -> None:
    """Raise an error that has its context already."""
    __tracebackhide__ = True
    context = error.__context__
    try:
        raise error
    finally:
        error.__context__ = context  # where Python has just put the error that is being handled


def _joined(old: BaseException, new: BaseException, around: BaseException | None) -> BaseException:
    """The one of two errors that is to be raised, with the other one on its ``__context__``.

    :param around: the error being handled, which Python has put on the context of both.
    """
    if id(new) in _chain(old):  # raised once more
        return old
    hidden = isinstance(old, KeyboardInterrupt) and not isinstance(new, KeyboardInterrupt)
    lead, other = (old, new) if hidden else (new, old)
    if id(other) in _chain(lead):
        return lead
    for each in _chain(other).values():
        if each.__context__ is lead:
            each.__context__ = None
    *_, last = _chain(lead, around).values()
    last.__context__ = other
    return lead


def _chain(error: BaseException, until: BaseException | None = None) -> dict[int, BaseException]:
    """The error and those on its context, by identity."""
    chain: dict[int, BaseException] = {}
    each: BaseException | None = error
    while each is not None and id(each) not in chain:
        chain[id(each)] = each
        each = None if each.__context__ is until else each.__context__
    return chain
