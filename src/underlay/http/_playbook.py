"""Playbook: which requests are expected, how they are answered, and what became of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Coroutine
from typing import Any

from underlay._errors import LayerError, UnexpectedRequest, UnmetExpectation
from underlay.http._answering import Exchange
from underlay.http._conditions import Scenarios, Sequence
from underlay.http._expectation import Expectation
from underlay.http._failing import OVER, answer_failed, in_short, tell
from underlay.http._journal import Entry, Journal, Noting
from underlay.http._messages import Answer, Request, Response, plain
from underlay.http.behaviours import Behaviour, perform


class Playbook:
    """Matches requests with expectations, plays the answers, keeps a journal.

    :param layer: who is told to have been asked.
    :param lock: guards all of it: requests come in the server's thread.
    :param note: takes the problems.
    :param unmatched_status: of the answer to a request that no expectation matches.
    """

    early = False

    def __init__(
        self,
        layer: object,
        lock: threading.RLock,
        note: Callable[[LayerError], None],
        unmatched_status: int = 500,
    ) -> None:
        self.promised: list[Expectation] = []  # by the test that is running
        self.standing: list[Expectation] = []  # for the life of the layer
        self.recorded: list[Expectation] = []  # what recordings answer, or the real server
        self.faults: list[tuple[Behaviour, ...]] = []  # of whatever is asked
        self.sequence: Sequence | None = None  # of the expectations that are being made
        self.scenarios = Scenarios()
        self.journal = Journal()
        self.layer = layer
        self.lock = lock
        self.unmatched_status = unmatched_status
        self._note = note

    def restart(self) -> None:
        """Forget what came."""
        with self.lock:
            self.journal.entries.clear()
            self.scenarios.restart()
            for expectation in (*self.standing, *self.recorded):
                expectation._forget_requests()

    def unmet(self) -> list[UnmetExpectation]:
        """The promised requests that did not come, each told once."""
        with self.lock:
            return [error for expectation in self.promised for error in expectation._unmet()]

    def answer(self, exchange: Exchange) -> Response | Coroutine[Any, Any, None]:
        with self.lock:
            entry = self.journal.enter(exchange.request)
            faults = tuple(each for faults in self.faults for each in faults)
            if faults:  # the request gets to the expectations only if they let it
                return self._play(entry, exchange, lambda: faults, lambda: self._take(entry))
            steps = self._take(entry)
        if len(steps) == 1 and isinstance(steps[0], Response):
            entry.status, entry.ended = steps[0].status, self.journal.clock()
            return steps[0]
        return self._play(entry, exchange, lambda: steps)

    def failed(self, request: Request, error: BaseException) -> None:
        if entry := self.journal.entry_of(request):
            entry.error = in_short(error)
        self._note(answer_failed(self.layer, request, error))

    def malformed(self, request: Request) -> None:
        self.broken_off(request)
        self._note(UnexpectedRequest(repr(self.layer), str(request), (request.problem,)))

    def broken_off(self, request: Request) -> None:
        with self.lock:
            entry = self.journal.enter(request)
            entry.ended = entry.began

    async def _play(
        self, entry: Entry, exchange: Exchange, *acts: Callable[[], tuple[Behaviour, ...]]
    ) -> None:
        stage: Exchange = Noting(exchange, entry)
        try:
            for act in acts:
                if not stage.ended:
                    steps = act()
                    entry.behaviours += tuple(one for one in steps if not isinstance(one, Answer))
                    stage = await perform(steps, stage)
            if not stage.ended:
                await stage.send(Response())
        except BaseException as error:
            if isinstance(error, OVER) and exchange.ended:
                entry.error = entry.error or "the connection ended before the answer"
                raise
            self.failed(exchange.request, error)
            if not exchange.ended:
                await tell(stage, error)
        finally:
            entry.ended = self.journal.clock()

    @property
    def _expectations(self) -> tuple[Expectation, ...]:
        """All of them; the first one that matches counts."""
        return (*self.promised, *self.standing, *self.recorded)

    def _take(self, entry: Entry) -> tuple[Behaviour, ...]:
        """What to do for a request, now that it counts."""
        request = entry.request
        with self.lock:
            for expectation in self._expectations:
                if expectation._matches(request):
                    entry.expectation = expectation
                    return expectation._take(request)
            entry.report = self._report(request)
        entry.error = "no expectation matches"
        return self._refuse(entry)

    def _refuse(self, entry: Entry) -> tuple[Behaviour, ...]:
        """What to do for a request that no expectation matches."""
        problem = UnexpectedRequest(repr(self.layer), str(entry.request), entry.report)
        self._note(problem)
        return (plain(self.unmatched_status, f"{problem}\n"),)

    def _report(self, request: Request) -> tuple[str, ...]:
        """The nearest expectation, and how the request differs from it."""
        expectations = self._expectations
        if not expectations:
            return ("there are no expectations: make one with expect(method, path).then(...)",)
        compared = [(each, each._compare(request)) for each in expectations]
        nearest, differences = min(
            compared, key=lambda pair: (pair[1].missed, -pair[0]._similarity(request))
        )
        lines = [f"  {line}" for line in differences.lines]
        return (f"closest: {nearest._headline}", *lines, *self.journal.chances_told())
