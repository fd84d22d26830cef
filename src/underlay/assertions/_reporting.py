"""How an assertion fails: what the mixins use of a test case, and a user's own words."""

from __future__ import annotations

from typing import Any, Protocol


class TestCase(Protocol):
    """What the mixins use of unittest.TestCase."""

    failureException: type[BaseException]

    def _formatMessage(self, msg: Any, standardMsg: Any) -> Any: ...


def with_message(msg: object, standard: str) -> str:
    """A message and what a user adds to it, as unittest puts them together."""
    return standard if msg is None else f"{standard} : {msg}"
