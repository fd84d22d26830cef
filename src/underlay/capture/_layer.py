"""Output: each test's output goes to files of its own, and on to where it would have gone."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

from underlay._hooks import AnyLayer
from underlay._layer import Layer
from underlay._resources import Resource
from underlay.capture._captured import Captured
from underlay.capture._streams import pass_on


class Output(Layer):
    """Captures what is written while a test runs, and keeps it in a folder.

    Once the test is over, its output goes on to where it would have gone, so that the runner still
    shows it.  The timeline has links to the files.

    Under pytest, run with ``-s``: without it pytest takes standard output over when a test begins,
    and keeps itself what is written; the test then fails with `CapturesOverlap`.

    :param folder: where the files are, ``PID-NUMBER-stdout.txt``; made if it is not there.
    :param bases: layers that the tests need as well.
    """

    captured = Resource[Captured]("What the running test has written so far")

    def __init__(
        self, folder: str | os.PathLike[str], *bases: AnyLayer, name: str | None = None
    ) -> None:
        super().__init__(bases, name=name)
        self.folder = Path(folder).absolute()

    def setUp(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._numbers = itertools.count(1)

    def testSetUp(self) -> None:
        self.captured = Captured()
        self.captured.begin()
        self.addCleanup(self._keep, self.captured, next(self._numbers))
        self.addCleanup(self.captured.end)

    def _keep(self, captured: Captured, number: int) -> None:
        written = {"stdout": captured.stdout_bytes, "stderr": captured.stderr_bytes}
        for name, data in written.items():
            if data:
                path = self.folder / f"{os.getpid()}-{number:04}-{name}.txt"
                path.write_bytes(data)
                self.addNote(name, path)
                pass_on(name, data)
