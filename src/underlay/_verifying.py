"""How layers get to verify() inside a test, where what they raise can still be its failure."""

from __future__ import annotations

import functools
import unittest
from collections.abc import Callable, Iterator, Sequence
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
    order = functools.cache(setup_order)

    @functools.wraps(do_cleanups)
    def doCleanups(case: Any) -> Any:
        done = do_cleanups(case)
        # Read now, not when the class was made: a subclass may have named another layer, or none.
        if case.layer is not None:
            for check in _checks(order(resolve(case.layer))):
                case.addCleanup(check)
        return do_cleanups(case) if case._cleanups else done

    doCleanups.verifies_layers = True  # type: ignore[attr-defined]
    case_class.doCleanups = doCleanups  # type: ignore[assignment,method-assign]


def _checks(order: Sequence[Any]) -> Iterator[Callable[[], None]]:
    """What has to be called at the end of a test on layers, each of it a clean-up that may fail.

    Clean-ups run in reverse: a derived layer verifies before its bases.
    """
    if getattr(order[-1], "_was_never_set_up", False):
        yield order[-1]._refuse
    for each in order:
        if getattr(each, "_verifies", False) and each._in_test:
            yield each.verify
