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
        self._todo: list[Callable[..., object]] = []

    def add(self, function: Callable[..., object], /, *args: Any, **kwargs: Any) -> None:
        """Call `function` with these arguments on close."""
        self._todo.append(lambda *exc_info: function(*args, **kwargs))

    def enter(self, context: AbstractContextManager[T]) -> T:
        """Enter `context` now and leave it on close."""
        kind = type(context)
        value = kind.__enter__(context)
        self._todo.append(functools.partial(kind.__exit__, context))
        return value

    def close(self, error: BaseException | None = None) -> None:
        """Run everything, newest first.

        What a clean-up raises does not keep the others from running.  The last error is raised, the
        ones before it hang on its ``__context__``.

        :param error: what makes this necessary, handed to the context managers.
        """
        __tracebackhide__ = True
        around = sys.exc_info()[1]
        failure: BaseException | None = None
        exc_info = (type(error), error, error.__traceback__) if error else (None, None, None)
        while self._todo:
            try:
                self._todo.pop()(*exc_info)
            except BaseException as new:
                _chain(new, failure, around)
                failure = new
        if failure is not None:
            raise failure


def _chain(
    new: BaseException, previous: BaseException | None, around: BaseException | None
) -> None:
    """Put `previous` behind `new`, where Python put `around`, the error being handled, if any."""
    if previous is None or new is previous:
        return
    while new.__context__ not in (None, previous, around):
        assert new.__context__ is not None
        new = new.__context__
    if new is not previous:
        new.__context__ = previous
