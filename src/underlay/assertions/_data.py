"""assertJSON, as a function and as a mixin."""

from __future__ import annotations

import json
from typing import Any

from underlay.assertions._contents import contents
from underlay.assertions._json import differences
from underlay.assertions._reporting import TestCase, with_message

__unittest = True  # unittest leaves our frames out of tracebacks


def assertJSON(expected: Any, actual: Any, msg: object = None, *, hole: str = "...") -> None:
    """Check that JSON matches an expression with holes.

    In the expression the value ``"..."`` stands for any value, as an item of an array for any
    number of items, as a key for any other keys; inside of a text it stands for any text.  In
    Python's values ``...`` does the same.

    :param expected: JSON as text, or the value of it.
    :param actual: JSON as text, or what has it as its contents, such as a response; or the value.
    :param msg: what to say about the failure, in addition to where the two differ.
    :param hole: another marker for a hole.
    :raises AssertionError: with the path of the first difference; or if `actual` is not JSON.
    """
    __tracebackhide__ = True
    if problem := _problem(expected, actual, hole):
        raise AssertionError(with_message(msg, problem))


class JSON:
    """Mixin for a TestCase: `assertJSON` as a method."""

    def assertJSON(
        self: TestCase, expected: Any, actual: Any, msg: object = None, *, hole: str = "..."
    ) -> None:
        """Check that JSON matches an expression with holes; see the function of this name."""
        __tracebackhide__ = True
        if problem := _problem(expected, actual, hole):
            raise self.failureException(self._formatMessage(msg, problem))


def _problem(expected: Any, actual: Any, hole: str) -> str | None:
    wanted = json.loads(expected) if isinstance(expected, str | bytes | bytearray) else expected
    found = contents(actual)
    if isinstance(found, str | bytes | bytearray):
        try:
            found = json.loads(found)
        except ValueError as error:
            return f"This is not JSON: {error}\n    {found[:200]!r}"
    difference = next(differences(wanted, found, hole), None)
    return None if difference is None else str(difference)
