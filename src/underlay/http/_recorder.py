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
    :raises LayerError: if there is no folder for the file.
    :raises TypeError: if `scrub` is a single name.
    """

    def __init__(self, file: str | os.PathLike[str], scrub: Collection[str]) -> None:
        if isinstance(scrub, str):
            raise TypeError(f"scrub are names of headers, such as [{scrub!r}].")
        if not Path(file).absolute().parent.is_dir():
            raise LayerError(f"{os.fspath(file)} cannot be recorded: its folder does not exist.")
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
