"""assertEllipsis and assertNotEllipsis, as functions and as a mixin."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from underlay.assertions._contents import Contents
from underlay.assertions._matching import Match, compare
from underlay.assertions._report import agreement, difference
from underlay.assertions._reporting import TestCase, with_message

# unittest leaves frames of modules with this name out of tracebacks, pytest frames of functions
# with a local variable __tracebackhide__.
__unittest = True


def assertEllipsis(
    expected: Contents, actual: Contents, msg: object = None, *, hole: str = "..."
) -> Match:
    """Check that a text matches an expression with holes.

    :param expected: the expression.  ``...{name}...`` is a hole with a name.
    :param actual: the text, or what has it as its contents: a browser, a response, a page, a
        captured stream.  Bytes are read as UTF-8.
    :param msg: what to say about the failure, in addition to where the two differ.
    :param hole: another marker for a hole, for texts in which ``...`` itself stands.
    :return: a true object that knows where the pieces stand and, by name, what is in the holes.
    :raises AssertionError: if it does not match.
    :raises TypeError: if one of the two has no contents that are text or bytes.
    """
    __tracebackhide__ = True
    comparison = compare(expected, actual, hole)
    if match := comparison.match:
        return match
    raise AssertionError(with_message(msg, difference(comparison)))


def assertNotEllipsis(
    expected: Contents, actual: Contents, msg: object = None, *, hole: str = "..."
) -> None:
    """Check that a text does not match an expression; parameters as in `assertEllipsis`.

    Warns about an expression without a hole: it can only match the whole text.
    """
    __tracebackhide__ = True
    comparison = compare(expected, actual, hole)
    if comparison.match:
        raise AssertionError(with_message(msg, agreement(comparison)))
    _warn_without_hole(comparison.pieces, hole)


class Ellipsis:
    """Mixin for a TestCase: `assertEllipsis` and `assertNotEllipsis` as methods.

    They honour the test case's ``longMessage`` and ``failureException``.
    """

    def assertEllipsis(
        self: TestCase,
        expected: Contents,
        actual: Contents,
        msg: object = None,
        *,
        hole: str = "...",
    ) -> Match:
        """Check that a text matches an expression with holes; see the function of this name."""
        __tracebackhide__ = True
        comparison = compare(expected, actual, hole)
        if match := comparison.match:
            return match
        raise self.failureException(self._formatMessage(msg, difference(comparison)))

    def assertNotEllipsis(
        self: TestCase,
        expected: Contents,
        actual: Contents,
        msg: object = None,
        *,
        hole: str = "...",
    ) -> None:
        """Check that a text does not match an expression; see the function of this name."""
        __tracebackhide__ = True
        comparison = compare(expected, actual, hole)
        if comparison.match:
            raise self.failureException(self._formatMessage(msg, agreement(comparison)))
        _warn_without_hole(comparison.pieces, hole)


def _warn_without_hole(pieces: Sequence[str], hole: str) -> None:
    if len(pieces) == 1:
        warnings.warn(
            f"assertNotEllipsis without a hole fails only if the whole text is {pieces[0]!r};"
            f" {hole + pieces[0] + hole!r} looks for it anywhere.",
            stacklevel=3,
        )
