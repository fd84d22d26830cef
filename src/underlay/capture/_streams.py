"""Descriptors 1 and 2, and the streams of Python and C on them: what capturing them takes."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import io
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from typing import TextIO

#: The descriptors of the streams.
DESCRIPTORS = {"stdout": 1, "stderr": 2}


@contextlib.contextmanager
def appending_file() -> Iterator[int]:
    """The descriptor of a file without a name.

    It appends, so that ``command >> /dev/stdout`` in a child and our own output do not overwrite
    each other.
    """
    with tempfile.TemporaryFile(buffering=0) as file:
        descriptor = _duplicate(file.fileno())
    try:
        flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
        fcntl.fcntl(descriptor, fcntl.F_SETFL, flags | os.O_APPEND)
        yield descriptor
    finally:
        os.close(descriptor)


def _duplicate(descriptor: int) -> int:
    """A duplicate beyond 0, 1 and 2, even if one of these is closed and its number is free."""
    return fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 3)


def restore(descriptor: int) -> Callable[[], None]:
    """What makes the descriptor again what it is now, which may be closed."""
    try:
        saved = _duplicate(descriptor)
    except OSError:
        return partial(os.close, descriptor)

    def put_back() -> None:
        os.dup2(saved, descriptor)
        os.close(saved)

    return put_back


class Stream(io.TextIOWrapper):
    """A stream that never closes: a log handler may hold it, and go on, after the block."""

    def __init__(self, descriptor: int) -> None:
        raw = io.FileIO(descriptor, "w", closefd=False)
        super().__init__(raw, "utf-8", "backslashreplace", write_through=True)

    def getvalue(self) -> str:
        """What was captured so far.

        Runners with ``--buffer`` take every standard stream for their own, and ask when a test
        fails; since Python 3.11 that is before its clean-ups.
        """
        descriptor = self.fileno()
        data = os.pread(descriptor, os.fstat(descriptor).st_size, 0)
        return data.decode("utf-8", "backslashreplace")


def replace(name: str, stream: TextIO) -> Callable[[], None]:
    """Put a stream in place of a standard one, and return what puts that back.

    It does so unless there is another one by then: a runner with ``--buffer`` ends that when a test
    fails.
    """
    replaced = getattr(sys, name)
    setattr(sys, name, stream)

    def put_back() -> None:
        if getattr(sys, name) is stream:
            setattr(sys, name, replaced)

    return put_back


def pass_on(name: str, data: bytes) -> None:
    """Write what was captured to the stream of this name, whatever that is now."""
    stream = getattr(sys, name)
    encoding = getattr(stream, "encoding", None) or "utf-8"
    text = data.decode("utf-8", "backslashreplace")
    stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
    stream.flush()


def flush(*streams: TextIO | None) -> None:
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__, *streams):
        # It may be missing, closed, of another kind, or on a descriptor that is closed.
        with contextlib.suppress(AttributeError, OSError, ValueError):
            stream.flush()  # type: ignore[union-attr]
    # These two only: fflush(NULL) waits for each stream that a thread reads from.
    libc = ctypes.CDLL(None)
    for name in DESCRIPTORS:
        libc.fflush(ctypes.c_void_p.in_dll(libc, symbol(name, sys.platform)))


def symbol(name: str, platform: str) -> str:
    """The name by which the C library exports a stream."""
    return f"__{name}p" if platform == "darwin" else name
