"""Recorder: collects what a real server answers, and writes it to a file in the end."""

from __future__ import annotations

import os
from collections.abc import Collection
from pathlib import Path

from underlay._errors import LayerError
from underlay.http import _har
from underlay.http._har import Recording


class Recorder:
    """Requests and answers on their way to a file.

    :param file: where they go; one that is there is replaced.
    :param scrub: names of headers whose values are not recorded.
    :raises LayerError: if the file could not be written in the end.
    :raises TypeError: if `scrub` is a single name.
    """

    def __init__(self, file: str | os.PathLike[str], scrub: Collection[str]) -> None:
        if isinstance(scrub, str):
            raise TypeError(f"scrub are names of headers, such as [{scrub!r}].")
        if obstacle := _obstacle(Path(file).absolute()):
            raise LayerError(f"{os.fspath(file)} cannot be recorded: {obstacle}.")
        self.recordings: list[Recording] = []
        self._file = file
        self._scrub = scrub

    def write(self) -> None:
        """Write the file.

        :raises LayerError: if there is nothing to be written; the file stays as it was.
        """
        if not self.recordings:
            raise LayerError(f"Nothing came to be recorded in {os.fspath(self._file)}.")
        _har.write(self._file, tuple(self.recordings), self._scrub)


def _obstacle(file: Path) -> str:
    """What would keep a file from being written, if anything."""
    if not file.parent.is_dir():
        return "its folder does not exist"
    if file.is_dir():
        return "it is a folder"
    return "" if os.access(file.parent, os.W_OK) else "its folder cannot be written to"
