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
#: Packages that work for whoever has called them.
MACHINERY = {"asyncio", "concurrent", "queue", "selectors", "socket", "ssl", "threading"}
MACHINERY |= {"h11", "h2", "hpack", "hyperframe", "wsproto"}
#: Seconds between two looks at where threads are, and at how many looks one stays where it is
#: before it counts as stuck.
LOOK, LOOKS = 0.0007, 3


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


class Looks:
    """Tells threads that are stuck in code of others from those that still move."""

    def __init__(self) -> None:
        self._seen: dict[threading.Thread, tuple[object, int]] = {}

    def stuck(self, thread: threading.Thread) -> bool:
        """Whether a thread was seen asleep at the same place in a row; asked every `LOOK`."""
        now = _position(thread)
        before, count = self._seen.get(thread, (None, 0))
        count = count + 1 if now is not None and now == before else 0
        self._seen[thread] = now, count
        return count >= LOOKS


def _position(thread: threading.Thread) -> tuple[int, int] | None:
    """Where a thread is asleep; None while it runs, works for us, or is gone."""
    frame = frame_of(thread)
    if frame is None or _is_ours(frame) or _is_running(thread):
        return None
    return id(frame), frame.f_lasti


def _is_ours(frame: types.FrameType | None) -> bool:
    while frame is not None and _package(frame) in MACHINERY:
        frame = frame.f_back
    return frame is None or os.path.dirname(frame.f_code.co_filename) == OURS


def _package(frame: types.FrameType) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]


def _is_running(thread: threading.Thread) -> bool:
    """Whether it would like to run; on a busy machine it may not have got its turn (proc(5))."""
    try:
        with open(f"/proc/self/task/{thread.native_id}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] == b"R"
    except OSError:  # not Linux
        return False
