"""How layers get to verify() inside a test, where what they raise can still be its failure."""

from __future__ import annotations

import functools
import unittest
from typing import Any

from underlay._graph import setup_order
from underlay._naming import resolve

__unittest = True  # unittest leaves our frames out of tracebacks


def verify_in(case_class: type[unittest.TestCase]) -> None:
    """Let the layers of a TestCase verify() inside the test, after the test's own clean-ups.

    Those come first because they may still talk to what a layer offers.
    """
    do_cleanups = case_class.doCleanups
    if hasattr(do_cleanups, "verifies_layers"):
        return

    @functools.wraps(do_cleanups)
    def doCleanups(case: Any) -> Any:
        do_cleanups(case)
        # Read now, not when the class was made: a subclass may have named another layer, or none.
        if case.layer is not None:
            layer = resolve(case.layer)
            case.addCleanup(getattr(layer, "_refuse_if_never_set_up", bool))
            # Clean-ups run in reverse: a derived layer verifies before its bases.
            for each in setup_order(layer):
                case.addCleanup(getattr(each, "_verify_in_test", bool))
        return do_cleanups(case)

    doCleanups.verifies_layers = True  # type: ignore[attr-defined]
    case_class.doCleanups = doCleanups  # type: ignore[assignment,method-assign]
