"""capture(): what a block of code writes to standard output and standard error, whoever writes it.

Descriptors 1 and 2 belong to the process, not to whoever redirects them.  So the captures that are
under way are a property of the process as well: the one list in this module.  It lets blocks nest
in one thread and refuses a second thread, because two blocks that overlap in time would leave the
descriptors on a deleted file, and all later output of the run would be lost.

Files, not pipes: a pipe is full after some 64 KB, and whoever writes more waits for a reader.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, TextIO

from underlay._errors import CapturesOverlap
from underlay.capture._records import Records
from underlay.capture._streams import (
    DESCRIPTORS,
    Stream,
    appending_file,
    flush,
    pass_on,
    replace,
    restore,
)

_active: list[Captured] = []
_lock = threading.RLock()


@contextlib.contextmanager
def capture(
    function: Callable[..., object] | None = None,
    /,
    *args: Any,
    merge: bool = False,
    logs: str | None = None,
    level: int | str = logging.INFO,
) -> Iterator[Captured]:
    """Capture what is written to standard output and standard error inside the block.

    This includes what C code, child processes and other threads write.  Wait inside the block for
    the children: what they write after it is lost.

    :param function: call this with `args`, and capture what it writes, not what the block does.
    :param merge: capture both as one text, in the order in which they were written.
    :param logs: the name of a logger whose records are captured, too; ``""`` is the root.
    :param level: the lowest level of such records.
    :raises CapturesOverlap: if another thread captures, or if the block around this one ends first.
    """
    captured = Captured(merge=merge, logs=logs, level=level)
    if function is None:
        with captured:
            yield captured
        return
    captured.call(function, *args)
    yield captured


class Captured:
    """What was captured so far, or in all once the block has ended.

    As text it is read as UTF-8; bytes that are not UTF-8 appear as ``\\xff``.  The parameters are
    those of `capture`.
    """

    #: What the function returned that was called.
    result: object = None

    def __init__(
        self, *, merge: bool = False, logs: str | None = None, level: int | str = logging.INFO
    ) -> None:
        self._merge = merge
        self._records = None if logs is None else Records(logs, level)
        self._thread = threading.current_thread()
        self._undo = contextlib.ExitStack()
        self._files: dict[str, int] = {}
        self._replaced: list[TextIO] = []
        self._final: dict[str, bytes] = {}
        self._ended = False

    def call(self, function: Callable[..., object], /, *args: Any) -> None:
        """Capture what a function writes; keep its `result`."""
        with self:
            self.result = function(*args)

    def __enter__(self) -> Captured:
        self.begin()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()

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

    @property
    def records(self) -> list[logging.LogRecord]:
        """The records of the logger that was named.

        :raises ValueError: if none was.
        """
        if self._records is None:
            raise ValueError("capture() was not told of a logger: capture(logs='shop')")
        return self._records.records

    @property
    def log(self) -> str:
        """The records as text, a line each: ``LEVEL:name:message``."""
        formatter = logging.Formatter(logging.BASIC_FORMAT)
        return "".join(f"{formatter.format(each)}\n" for each in self.records)

    def _read(self, name: str) -> bytes:
        with _lock:
            if name in self._final:
                return self._final[name]
            self._refuse_if_displaced(name)
            return self._written(name)

    def _refuse_if_displaced(self, name: str) -> None:
        if self is _active[-1] and not self._holds(name):
            raise CapturesOverlap(
                self._thread.name,
                f"something else has redirected {name} since.\n"
                "  pytest does so when a test's set-up is over, unless it is run with -s.",
            )

    def _holds(self, name: str) -> bool:
        """Whether the descriptor still leads to our file."""
        there, ours = os.fstat(DESCRIPTORS[name]), os.fstat(self._files[name])
        return os.path.samestat(there, ours)

    def _written(self, name: str) -> bytes:
        flush(*self._replaced)
        return os.pread(self._files[name], os.fstat(self._files[name]).st_size, 0)

    def begin(self) -> None:
        """Capture from now on; nothing, if that was begun before."""
        if self._files:
            return
        with _lock:
            if _active and _active[-1]._thread is not self._thread:
                raise CapturesOverlap(
                    _active[-1]._thread.name, "another thread cannot capture before this one ends."
                )
            flush()
            with contextlib.ExitStack() as undo:
                self._redirect(undo)
                self._undo = undo.pop_all()
            _active.append(self)

    def _redirect(self, undo: contextlib.ExitStack) -> None:
        out = undo.enter_context(appending_file())
        error = out if self._merge else undo.enter_context(appending_file())
        self._files = {"stdout": out, "stderr": error}
        for name, descriptor in DESCRIPTORS.items():
            undo.callback(restore(descriptor))
            os.dup2(self._files[name], descriptor)
        if self._records is not None:
            undo.enter_context(self._records)
        for name, descriptor in DESCRIPTORS.items():
            self._replaced.append(getattr(sys, name))
            undo.callback(replace(name, Stream(descriptor)))
        undo.callback(self._finish)

    def _finish(self) -> None:
        self._final = {name: self._written(name) for name in self._files}

    def pass_on(self) -> None:
        """Write what was captured to the streams that are there now."""
        for name in ("stdout",) if self._merge else DESCRIPTORS:
            pass_on(name, self._read(name))

    @property
    def ended(self) -> bool:
        """Whether nothing is captured any more."""
        return self._ended

    def end(self) -> None:
        """Give back what was there before; nothing, if that was done before.

        :raises CapturesOverlap: if what was written went astray.
        """
        if self._ended:
            return
        with _lock:
            self._ended = True
            if self not in _active:
                raise CapturesOverlap(
                    self._thread.name,
                    "the block ended before the one inside it, whose output went astray.",
                )
            try:
                for name in DESCRIPTORS:
                    self._refuse_if_displaced(name)
            finally:
                while self in _active:
                    _active.pop()._undo.close()
