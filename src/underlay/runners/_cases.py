"""The cases of a suite: which layer each is on, and which never run."""

from __future__ import annotations

import unittest
from collections.abc import Iterator
from typing import Any

from underlay._hooks import AnyLayer
from underlay._naming import resolve

LayeredTest = tuple[AnyLayer, unittest.TestCase]

#: The class of the tests that stand for what could not be loaded.
FailedTest: Any = unittest.loader._FailedTest  # type: ignore[attr-defined]


def flatten(
    tests: unittest.TestSuite | unittest.TestCase, layer: AnyLayer = None
) -> Iterator[LayeredTest]:
    """Each case of a suite with its layer, or None: the innermost that is named counts."""
    named = getattr(tests, "layer", None)
    layer = layer if named is None else resolve(named)
    if isinstance(tests, unittest.TestSuite):
        for each in tests:
            yield from flatten(each, layer)
    else:
        yield layer, tests


def skip_reason(*decorated: object) -> str | None:
    """Why a test is skipped, if a decorator of unittest says so of its class or its method."""
    for each in decorated:
        if getattr(each, "__unittest_skip__", False):
            return str(getattr(each, "__unittest_skip_why__", ""))
    return None


def is_skipped(test: unittest.TestCase) -> bool:
    """Whether a decorator of unittest says so."""
    method = getattr(test, getattr(test, "_testMethodName", ""), None)
    return skip_reason(type(test), method) is not None
