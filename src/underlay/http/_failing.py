"""How a server tells that it could not answer: to the client, and to the test."""

from __future__ import annotations

import asyncio
import os
import sys
import traceback
import types

from underlay._errors import AnswerFailed
from underlay.http._answering import Exchange
from underlay.http._messages import Request, Response, plain

#: Packages whose lines tell nothing about what is wrong with a test.
OURS = {
    *("underlay", "h11", "h2", "wsproto", "asyncio", "concurrent", "threading"),
    *("http", "socket", "ssl"),
}
#: What ends an answer whose connection is gone; nobody need be told.
OVER = (ConnectionAbortedError, asyncio.CancelledError, GeneratorExit)


def answer_failed(layer: object, request: Request, error: BaseException) -> AnswerFailed:
    """The error for the test, with the one that was raised as its cause."""
    failure = AnswerFailed(repr(layer), str(request), in_short(error), _origin(error))
    failure.__cause__ = error
    return failure


async def tell(exchange: Exchange, error: BaseException) -> None:
    """Answer with the traceback of an error, or break off what has begun."""
    if exchange.started:
        exchange.break_off()
    else:
        await exchange.send(told(error))


def told(error: BaseException) -> Response:
    """The answer with the traceback of an error."""
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    return plain(500, text)


def in_short(error: BaseException) -> str:
    """Type and text of an error, whatever its ``__str__`` does."""
    try:
        return f"{type(error).__name__}: {error}"
    except Exception as worse:
        return f"{type(error).__name__}, whose text raises {type(worse).__name__}"


def caller(depth: int) -> str:
    """File and line of a caller, the file relative to the current directory if it is below it."""
    frame = sys._getframe(depth + 1)
    return place(frame.f_code.co_filename, frame.f_lineno)


def outer_caller() -> str:
    """The same of the innermost caller that is no code of ours."""
    frame = sys._getframe(1)
    while frame.f_back and frame.f_globals.get("__name__", "").partition(".")[0] == "underlay":
        frame = frame.f_back
    return place(frame.f_code.co_filename, frame.f_lineno)


def place(filename: str, line: int | None) -> str:
    below = filename.removeprefix(os.path.join(os.getcwd(), ""))
    return f"{below}:{line}"


def _origin(error: BaseException | None) -> str:
    """The last place by which the error, or its cause, came that is not ours; or nothing."""
    while error is not None:
        for frame, line in reversed(list(traceback.walk_tb(error.__traceback__))):
            if not _hidden(frame):
                return f"{place(frame.f_code.co_filename, line)} in {frame.f_code.co_name}"
        error = error.__cause__
    return ""


def _hidden(frame: types.FrameType) -> bool:
    """Whether a line tells nothing; unittest and pytest mark such of theirs themselves."""
    names = frame.f_globals
    package = names.get("__name__", "").partition(".")[0]
    return package in OURS or "__unittest" in names or "__tracebackhide__" in frame.f_locals
