"""capture(): what a block of code writes to standard output and standard error, whoever writes it.

Descriptors 1 and 2 belong to the process, not to whoever redirects them.  So the captures that are
under way are a property of the process as well: the one list in this module.  It lets blocks nest
in one thread and refuses a second thread, because two blocks that overlap in time would leave the
descriptors on a deleted file, and all later output of the run would be lost.

Files, not pipes: a pipe is full after some 64 KB, and whoever writes more waits for a reader.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import io
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import TextIO

from underlay._errors import CapturesOverlap

__all__ = ["Captured", "capture"]

_DESCRIPTORS = {"stdout": 1, "stderr": 2}

_active: list[Captured] = []
_lock = threading.RLock()


@contextlib.contextmanager
def capture(*, merge: bool = False) -> Iterator[Captured]:
    """Capture what is written to standard output and standard error inside the block.

    This includes what C code, child processes and other threads write.  Wait inside the block for
    the children: what they write after it is lost.

    :param merge: capture both as one text, in the order in which they were written.
    :raises CapturesOverlap: if another thread captures, or if the block around this one ends first.
    """
    captured = Captured(merge)
    captured._begin()
    try:
        yield captured
    finally:
        captured._end()


class Captured:
    """What was captured so far, or in all once the block has ended.

    As text it is read as UTF-8; bytes that are not UTF-8 appear as ``\\xff``.
    """

    def __init__(self, merge: bool) -> None:
        self._merge = merge
        self._thread = threading.current_thread()
        self._undo = contextlib.ExitStack()
        self._files: dict[str, int] = {}
        self._replaced: list[TextIO] = []
        self._final: dict[str, bytes] = {}

    @property
    def stdout(self) -> str:
        """What went to standard output; with ``merge=True`` to standard error as well."""
        return self.stdout_bytes.decode("utf-8", "backslashreplace")

    @property
    def stderr(self) -> str:
        """What went to standard error.

        :raises ValueError: with ``merge=True``, which cannot tell the two apart.
        """
        return self.stderr_bytes.decode("utf-8", "backslashreplace")

    @property
    def stdout_bytes(self) -> bytes:
        """The bytes of `stdout`."""
        return self._read("stdout")

    @property
    def stderr_bytes(self) -> bytes:
        """The bytes of `stderr`."""
        if self._merge:
            raise ValueError("capture(merge=True) has all output in stdout, nothing in stderr")
        return self._read("stderr")

    def _read(self, name: str) -> bytes:
        with _lock:
            if name in self._final:
                return self._final[name]
            _flush(*self._replaced)
            return os.pread(self._files[name], os.fstat(self._files[name]).st_size, 0)

    def _begin(self) -> None:
        with _lock:
            if _active and _active[-1]._thread is not self._thread:
                raise CapturesOverlap(
                    _active[-1]._thread.name, "another thread cannot capture before this one ends."
                )
            _flush()
            with contextlib.ExitStack() as undo:
                self._redirect(undo)
                self._undo = undo.pop_all()
            _active.append(self)

    def _redirect(self, undo: contextlib.ExitStack) -> None:
        out = undo.enter_context(_appending_file())
        error = out if self._merge else undo.enter_context(_appending_file())
        self._files = {"stdout": out, "stderr": error}
        for name, descriptor in _DESCRIPTORS.items():
            undo.callback(_restore(descriptor))
            os.dup2(self._files[name], descriptor)
        for name, descriptor in _DESCRIPTORS.items():
            self._replaced.append(getattr(sys, name))
            undo.callback(setattr, sys, name, self._replaced[-1])
            setattr(sys, name, _stream(descriptor))
        undo.callback(self._finish)

    def _finish(self) -> None:
        self._final = {name: self._read(name) for name in self._files}

    def _end(self) -> None:
        with _lock:
            if self not in _active:
                raise CapturesOverlap(
                    self._thread.name,
                    "the block ended before the one inside it, whose output went astray.",
                )
            while self in _active:
                _active.pop()._undo.close()


@contextlib.contextmanager
def _appending_file() -> Iterator[int]:
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


def _restore(descriptor: int) -> Callable[[], None]:
    """What makes the descriptor again what it is now, which may be closed."""
    try:
        saved = _duplicate(descriptor)
    except OSError:
        return partial(os.close, descriptor)

    def restore() -> None:
        os.dup2(saved, descriptor)
        os.close(saved)

    return restore


def _stream(descriptor: int) -> TextIO:
    """A stream that never closes: a log handler may hold it, and go on, after the block."""
    raw = io.FileIO(descriptor, "w", closefd=False)
    return io.TextIOWrapper(raw, "utf-8", "backslashreplace", write_through=True)


def _flush(*streams: TextIO | None) -> None:
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__, *streams):
        # It may be missing, closed, of another kind, or on a descriptor that is closed.
        with contextlib.suppress(AttributeError, OSError, ValueError):
            stream.flush()  # type: ignore[union-attr]
    # These two only: fflush(NULL) waits for each stream that a thread reads from.
    libc = ctypes.CDLL(None)
    for name in _DESCRIPTORS:
        libc.fflush(ctypes.c_void_p.in_dll(libc, _symbol(name, sys.platform)))


def _symbol(name: str, platform: str) -> str:
    """The name by which the C library exports a stream."""
    return f"__{name}p" if platform == "darwin" else name
