"""Random expressions and texts: is the verdict gocept.testing's?

    python -m tests.assertions.verdicts 1000000 [seed]

It prints the seed, and ends with 1 at the first difference.
"""

from __future__ import annotations

import random
import sys
import unittest
from collections.abc import Callable

import gocept.testing.assertion

from underlay.assertions import Ellipsis

#: Letters that repeat, dots, and all kinds of white space: nbsp, a separator, a line separator.
PARTS = ["a", "b", "aa", "ab", ".", "...", " ", "\n", "\xa0", "\x1c", "\u2028", "ä", "{a}"]
IN_EXPECTED = [4, 3, 1, 2, 2, 5, 3, 1, 1, 1, 1, 1, 0]
IN_ACTUAL = [5, 4, 2, 3, 2, 1, 3, 1, 1, 1, 1, 1, 1]


class Ours(Ellipsis, unittest.TestCase):
    pass


class Theirs(gocept.testing.assertion.Ellipsis, unittest.TestCase):
    pass


OURS, THEIRS = Ours("assertEllipsis"), Theirs("assertEllipsis")


def case(rng: random.Random) -> tuple[str | bytes, str | bytes]:
    """An expression and a text, now and then as bytes."""
    expected = "".join(rng.choices(PARTS, IN_EXPECTED, k=rng.randrange(8)))
    actual = "".join(rng.choices(PARTS, IN_ACTUAL, k=rng.randrange(10)))
    kind = rng.randrange(8)
    return (
        expected.encode() if kind in (1, 2) else expected,
        actual.encode() if kind in (2, 3) else actual,
    )


def passes(assertion: Callable[..., object], *values: str | bytes) -> bool:
    try:
        assertion(*values)
    except AssertionError:
        return False
    return True


def verdicts(test: Ours | Theirs, *values: str | bytes) -> tuple[bool, bool]:
    """What both assertions say."""
    return passes(test.assertEllipsis, *values), passes(test.assertNotEllipsis, *values)


def compare(count: int, seed: int) -> int:
    """Compare that many cases; return how many of them match.

    :raises AssertionError: with the first case in which the verdicts differ.
    """
    rng, matches = random.Random(seed), 0
    for _ in range(count):
        expected, actual = case(rng)
        ours, theirs = verdicts(OURS, expected, actual), their_verdicts(expected, actual)
        if ours != theirs:
            raise AssertionError(
                f"{expected!r} and {actual!r}: ours {ours}, theirs {theirs} (seed {seed})"
            )
        matches += ours[0]
    return matches


def their_verdicts(expected: str | bytes, actual: str | bytes) -> tuple[bool, bool]:
    """They fail to report about bytes, so these are given as text once the verdict is known."""
    matches = gocept.testing.assertion.ellipsis_match(expected, actual)
    texts = (gocept.testing.assertion.text(each) for each in (expected, actual))
    found = verdicts(THEIRS, *texts)
    assert found == (matches, not matches)
    return found


def main(count: str = "1000000", seed: str | None = None) -> None:
    chosen = random.randrange(2**32) if seed is None else int(seed)
    print(f"seed {chosen}", flush=True)
    print(f"{count} cases, {compare(int(count), chosen)} of them match, no difference")


if __name__ == "__main__":
    import warnings

    warnings.simplefilter("ignore")  # assertNotEllipsis without a hole
    main(*sys.argv[1:])
