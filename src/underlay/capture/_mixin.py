"""self.capture(): until the test ends, or for a block."""

from __future__ import annotations

import logging
import unittest
from collections.abc import Callable
from typing import Any

from underlay.capture._captured import Captured


class Capture(unittest.TestCase):
    """Mixin for a TestCase: `capture` as a method."""

    def capture(
        self,
        function: Callable[..., object] | None = None,
        /,
        *args: Any,
        merge: bool = False,
        logs: str | None = None,
        level: int | str = logging.INFO,
    ) -> Captured:
        """Capture from now on, until the test ends; or for a block, in a ``with`` statement.

        With `function` all that is captured is what this writes, in the call.  The parameters are
        those of `underlay.capture.capture`.
        """
        captured = Captured(merge=merge, logs=logs, level=level)
        if function is not None:
            captured.call(function, *args)
        else:
            captured.begin()
            self.addCleanup(captured.end)
        return captured
