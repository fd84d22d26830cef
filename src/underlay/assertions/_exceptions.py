"""assertNothingRaised: what a call raises is a failure, not an error."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol, overload

# unittest leaves frames of modules with this name out of tracebacks, pytest frames of functions
# with a local variable __tracebackhide__.
__unittest = True


class _TestCase(Protocol):
    """What the mixin uses of unittest.TestCase."""

    failureException: type[BaseException]


class Exceptions:
    """Mixin for a TestCase: `assertNothingRaised`."""

    if TYPE_CHECKING:  # see `Resource`

        @overload
        def assertNothingRaised(self: _TestCase) -> NothingRaised: ...

        @overload
        def assertNothingRaised(
            self: _TestCase, callable: Callable[..., object], *args: Any, **kw: Any
        ) -> None: ...

    def assertNothingRaised(
        self: _TestCase, callable: Callable[..., object] | None = None, *args: Any, **kw: Any
    ) -> NothingRaised | None:
        """Check that a call raises nothing: what it does raise is a failure, not an error.

        :param callable: what to call with the other arguments; without it, a context manager is
            returned that checks the block below it.
        """
        __tracebackhide__ = True
        context = NothingRaised(self.failureException)
        if callable is None:
            return context
        with context:
            callable(*args, **kw)
        return None


class NothingRaised:
    """Context manager: what is raised inside becomes a failure that shows the traceback.

    A Ctrl-C is not the code's doing and passes through.

    :param failure: the exception that the runner takes for a failure.
    """

    def __init__(self, failure: type[BaseException]) -> None:
        self.failure = failure

    def __enter__(self) -> NothingRaised:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        __tracebackhide__ = True
        if error is None or isinstance(error, KeyboardInterrupt):
            return
        name = type(error).__name__
        _, *stack, _ = traceback.format_exception(error)
        raise self.failure(
            f"Unexpectedly raised {name}, original traceback follows:\n"
            f"{''.join(stack)}Unexpected {name}: {error}"
        ) from None
