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

        If the runner tells of a failure until then, what was captured is passed on in the end.

        With `function` all that is captured is what this writes, in the call.  The parameters are
        those of `underlay.capture.capture`.
        """
        captured = Captured(merge=merge, logs=logs, level=level)
        if function is not None:
            captured.call(function, *args)
        else:
            captured.begin()
            self.addCleanup(self._end, captured, self._told())
        return captured

    def _end(self, captured: Captured, told: int) -> None:
        """End a capture; pass on what it has got if a problem was told meanwhile.

        The runner's report may be part of that: since Python 3.11 a failure is told at once, before
        the clean-ups.
        """
        if not captured.ended:
            captured.end()
            if self._told() > told:
                captured.pass_on()

    def _told(self) -> int:
        """How many problems the runner knows of; pytest, which reports later, has no such lists."""
        result = getattr(self._outcome, "result", None)  # type: ignore[attr-defined]
        return sum(len(getattr(result, kind, ())) for kind in ("errors", "failures", "skipped"))
