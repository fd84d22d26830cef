"""Where code that still runs is, in words."""

from __future__ import annotations

import os
import sys
import threading
import traceback
import types
from typing import Any

#: Lines of a stack that are shown of what still runs.
FRAMES = 5
OURS = os.path.dirname(__file__)
#: Modules in which Python itself waits, on behalf of whoever called them.
WAITING = {"threading", "concurrent.futures._base", "queue"}


def describe(about: str, frame: Any = None) -> str:
    """What runs, and the innermost lines of where it is, without the machinery around it."""
    stack = traceback.extract_stack(frame) if frame else []
    ours = [os.path.dirname(each.filename) == OURS for each in stack]
    first = ours.index(True) if True in ours else 0  # before it is what started the thread
    where = [
        f"    {each.filename}:{each.lineno} in {each.name}: {each.line}"
        for each, of_ours in list(zip(stack, ours, strict=True))[first:]
        if not of_ours
    ]
    return "\n".join([about, *where[-FRAMES:]])


def frame_of(thread: threading.Thread) -> types.FrameType | None:
    """The innermost frame of a thread, if it runs."""
    return sys._current_frames().get(thread.ident or 0)


def position(thread: threading.Thread) -> tuple[int, int] | None:
    """What differs whenever a thread has moved on; None while it waits for us, or is gone."""
    frame = frame_of(thread)
    if frame is None or _waits_for_us(frame):
        return None
    return id(frame), frame.f_lasti


def _waits_for_us(frame: types.FrameType | None) -> bool:
    while frame is not None and frame.f_globals.get("__name__") in WAITING:
        frame = frame.f_back
    return frame is not None and os.path.dirname(frame.f_code.co_filename) == OURS
