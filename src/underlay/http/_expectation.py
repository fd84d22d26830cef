"""Expectation: a request that is expected, how often, and the answers to it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from underlay._errors import UnmetExpectation
from underlay.http._arguments import NOT_GIVEN, check_number
from underlay.http._conditions import InOrder, NotUsedUp, Sequence, Times, When
from underlay.http._criteria import Criterion, PathTemplate
from underlay.http._matching import Comparison, matches, similarity
from underlay.http._messages import Request
from underlay.http.behaviours import Behaviour, Headers, as_behaviour, respond

if TYPE_CHECKING:
    from underlay.http._playbook import Playbook


class Expectation:
    """A request that is expected, and its answers; made by `FakeServer.expect`."""

    def __init__(
        self, title: str, wanted: list[Criterion], times: Times, place: str, playbook: Playbook
    ) -> None:
        self._headline = f"{title} ({place})"
        self._title = title
        self._place = place
        self._playbook = playbook
        self._path = next((each for each in wanted if isinstance(each, PathTemplate)), None)
        self._wanted = [*wanted, NotUsedUp(self)]
        self._given = times
        self._sequence: Sequence | None = None
        self._becomes: dict[str, str] = {}
        self._answers: list[tuple[Behaviour, ...]] = []
        self._requests: list[Request] = []
        self._told = False

    # -- what to do

    def then(
        self,
        *behaviours: Behaviour | Callable[..., Any],
        status: int | None = None,
        data: bytes | None = None,
        text: str | None = None,
        json: Any = NOT_GIVEN,
        headers: Headers | None = None,
    ) -> Expectation:
        """Add an answer: for the next request, and if it is the last one, for all that follow.

        Without any parameter it is 200 with an empty body.

        :param behaviours: what to do, in this order, such as ``delay(0.2)``; a function of the
            request (see `call`) or a WSGI application (see `wsgi`) may come last.
        :param status: the status code to answer with in the end; 200 if only others of these
            parameters are given.
        :param data: the answer's body as bytes.
        :param text: the answer's body as text, sent as UTF-8.
        :param json: the answer's body as what ``json.dumps`` takes; ``None`` is sent as ``null``.
        :param headers: the answer's headers, besides or instead of those that come with a body: a
            mapping, with a list where a name comes more than once, or pairs.
        :raises TypeError: if something comes after the end of an answer, for more than one body,
            and for arguments of another type.
        :raises ValueError: if there are more answers than requests to come, and for a status or a
            header that is none.
        """
        steps = tuple(map(as_behaviour, behaviours))
        given = any(each is not None for each in (status, data, text, headers))
        if given or json is not NOT_GIVEN:
            status = 200 if status is None else status
            answer = respond(status, data=data, text=text, json=json, headers=headers)
            steps = (*steps, answer)
        for step in steps[:-1]:
            if getattr(step, "final", False):
                raise TypeError(f"Nothing can come after {step!r} in one answer.")
        with self._playbook.lock:
            most = self._given.most
            if most is not None and len(self._answers) >= most:
                raise ValueError(f"{self!r} has more answers than requests to come: {self._given}.")
            self._answers.append(steps)
        return self

    def when(self, **states: str) -> Expectation:
        """Match only while scenarios are in these states.

        :param states: the state of each of some scenarios that `FakeServer.scenario` has begun.
        :raises ValueError: for a scenario that has not begun.
        """
        self._playbook.scenarios.check(states)
        self._wanted.append(When(self._playbook.scenarios, states))
        return self

    def becomes(self, **states: str) -> Expectation:
        """With each request that matches, bring scenarios into these states.

        :param states: the new state of each of some scenarios.
        :raises ValueError: for a scenario that has not begun.
        """
        self._playbook.scenarios.check(states)
        self._becomes.update(states)
        return self

    # -- what came

    @property
    def requests(self) -> list[Request]:
        """The requests that matched, in this test so far."""
        with self._playbook.lock:
            return list(self._requests)

    @property
    def calls(self) -> int:
        """How many requests matched, in this test so far."""
        return len(self._requests)

    def assert_called(self, times: int | None = None) -> None:
        """Check how many requests have matched so far.

        :param times: exactly as many; at least one if it is left out.
        :raises UnmetExpectation: if others came; it tells what came.
        """
        if times is not None:
            check_number("times", times, 0)
        self._assert(Times(1) if times is None else Times(times, times))

    def assert_not_called(self) -> None:
        """Check that no request has matched so far.

        :raises UnmetExpectation: if any did.
        """
        self._assert(Times(0, 0))

    def wait_for(self, number: int = 1, timeout: float = 5.0) -> list[Request]:
        """Wait until as many requests have matched, and return them.

        :param number: how many, at least 1.
        :param timeout: for how many seconds.
        :raises NotReady: if they do not come; it tells what came.
        """
        about = f" for {self._title}"
        return self._playbook.journal.wait_for(number, timeout, lambda: self.requests, about)

    def __repr__(self) -> str:
        return f"<Expectation {self._title} at {self._place}>"

    # -- for the playbook

    @property
    def _times(self) -> Times:
        """How many requests are to come, as far as the answers are known."""
        least, most = self._given.least, self._given.most
        if least is None:
            least = max(1, len(self._answers))
            most = least if most is None and self._sequence else most
        return Times(least, most)

    @property
    def _missing(self) -> bool:
        least = self._times.least
        return least is not None and self.calls < least

    def _join(self, sequence: Sequence) -> None:
        self._sequence = sequence
        sequence.expectations.append(self)
        self._wanted.append(InOrder(sequence, self))

    def _matches(self, request: Request) -> bool:
        return matches(self._wanted, request)

    def _compare(self, request: Request) -> Comparison:
        return Comparison.of(self._wanted, request)

    def _similarity(self, request: Request) -> float:
        return similarity(self._wanted, request)

    def _take(self, request: Request) -> tuple[Behaviour, ...]:
        """Count the request and return what to do."""
        self._requests.append(request)
        self._playbook.scenarios.states.update(self._becomes)
        if self._path:
            request.path_params = self._path.template.values(request.path) or {}
        if not self._answers:
            return ()
        return self._answers[min(len(self._requests), len(self._answers)) - 1]

    def _forget_requests(self) -> None:
        self._requests.clear()

    def _unmet(self) -> list[UnmetExpectation]:
        """The error if too few requests have come; once."""
        if self._told or not self._missing:
            return []
        self._told = True
        return [self._error(self._times)]

    def _assert(self, times: Times) -> None:
        with self._playbook.lock:
            most = self.calls if times.most is None else times.most
            if not (times.least or 0) <= self.calls <= most:
                raise self._error(times)

    def _error(self, times: Times) -> UnmetExpectation:
        report = (f"expected at {self._place}", f"what came: {self._playbook.journal}")
        layer = repr(self._playbook.layer)
        return UnmetExpectation(layer, self._title, str(times), self.calls, report)


def title(method: str | None, path: str | re.Pattern[str] | None) -> str:
    """What an expectation of such requests is called."""
    if method is None and path is None:
        return "any request"
    told = path.pattern if isinstance(path, re.Pattern) else path
    return f"{method.upper() if method else 'any method'} {told or 'any path'}"
