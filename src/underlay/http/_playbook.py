"""Playbook: which requests are expected and how they are answered; Expectation: one line of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Coroutine, Mapping
from typing import Any

from underlay._errors import LayerError, UnexpectedRequest, UnmetExpectation
from underlay.http._arguments import NOT_GIVEN
from underlay.http._failing import OVER, answer_failed, tell
from underlay.http._matching import Comparison, Criterion, similarity
from underlay.http._messages import Exchange, Request, Response, plain
from underlay.http.behaviours import FINAL, Behaviour, call, respond

#: Requests that are listed in the report of one that did not come.
LISTED = 10


class Expectation:
    """A request that is expected, and its answers; made by `FakeServer.expect`."""

    def __init__(
        self,
        title: str,
        wanted: list[Criterion],
        times: int | None,
        optional: bool,
        place: str,
        lock: threading.RLock,
    ) -> None:
        self._title = title
        self._wanted = wanted
        self._times = times
        self._optional = optional
        self._place = place
        self._lock = lock
        self._answers: list[tuple[Behaviour, ...]] = []
        self._requests: list[Request] = []
        self._told = False

    def then(
        self,
        *behaviours: Behaviour | Callable[[Request], Any],
        status: int | None = None,
        data: bytes | None = None,
        text: str | None = None,
        json: Any = NOT_GIVEN,
        headers: Mapping[str, str] | None = None,
    ) -> Expectation:
        """Add an answer: for the next request, and if it is the last one, for all that follow.

        Without any parameter it is 200 with an empty body.

        :param behaviours: what to do, in this order, such as ``delay(0.2)``; a function of the
            request may come last and return the answer (see `call`).
        :param status: the status code to answer with in the end; 200 if only others of these
            parameters are given.
        :param data: the answer's body as bytes.
        :param text: the answer's body as text, sent as UTF-8.
        :param json: the answer's body as what ``json.dumps`` takes; ``None`` is sent as ``null``.
        :param headers: the answer's headers, besides or instead of those that come with a body.
        :raises TypeError: if something comes after the connection's end, for more than one body,
            and for arguments of another type.
        :raises ValueError: if there are more answers than requests to come, and for a status or a
            header that is none.
        """
        steps = tuple(_as_behaviour(each) for each in behaviours)
        given = any(each is not None for each in (status, data, text, headers))
        if given or json is not NOT_GIVEN:
            status = 200 if status is None else status
            answer = respond(status, data=data, text=text, json=json, headers=headers)
            steps = (*steps, answer)
        for step in steps[:-1]:
            if isinstance(step, FINAL):
                raise TypeError(f"Nothing can come after {step!r} in one answer.")
        with self._lock:
            if self._times is not None and len(self._answers) >= self._times:
                raise ValueError(f"{self!r} has more answers than times={self._times}.")
            self._answers.append(steps)
        return self

    @property
    def requests(self) -> list[Request]:
        """The requests that matched, in this test so far."""
        with self._lock:
            return list(self._requests)

    @property
    def calls(self) -> int:
        """How many requests matched, in this test so far."""
        return len(self._requests)

    def __repr__(self) -> str:
        return f"<Expectation {self._title} at {self._place}>"

    # -- for the playbook

    def _differences(self, request: Request) -> Comparison:
        compared = Comparison.of(self._wanted, request)
        if self._times is None or self.calls < self._times:
            return compared
        line = f"times: wanted {self._times}, this is one more"
        return Comparison(compared.missed + 1, (*compared.lines, line))

    def _similarity(self, request: Request) -> float:
        return similarity(self._wanted, request)

    def _take(self, request: Request) -> tuple[Behaviour, ...]:
        """Count the request and return what to do."""
        self._requests.append(request)
        if not self._answers:
            return ()
        return self._answers[min(len(self._requests), len(self._answers)) - 1]

    def _forget_requests(self) -> None:
        self._requests.clear()

    def _unmet(self, layer: str, came: list[Request]) -> list[UnmetExpectation]:
        """The error if too few requests have come; once."""
        wanted = max(1, len(self._answers)) if self._times is None else self._times
        if self._told or self._optional or self.calls >= wanted:
            return []
        self._told = True
        least = "at least " if self._times is None else ""
        report = (f"expected at {self._place}", f"what came: {_listed(came)}")
        return [UnmetExpectation(layer, self._title, f"{least}{wanted}", self.calls, report)]

    def _headline(self) -> str:
        return f"closest: {self._title} ({self._place})"


class Playbook:
    """Matches requests with expectations, plays the answers, keeps a journal.

    :param layer: who is told to have been asked.
    :param lock: guards all of it: requests come in the server's thread.
    :param note: takes the problems.
    """

    def __init__(
        self, layer: object, lock: threading.RLock, note: Callable[[LayerError], None]
    ) -> None:
        self.promised: list[Expectation] = []  # by the test that is running
        self.standing: list[Expectation] = []  # for the life of the layer
        self.requests: list[Request] = []
        self._layer = layer
        self._lock = lock
        self._note = note

    def restart(self) -> None:
        """Forget what came."""
        with self._lock:
            self.requests.clear()
            for expectation in self.standing:
                expectation._forget_requests()

    def unmet(self) -> list[UnmetExpectation]:
        """The promised requests that did not come, each told once."""
        with self._lock:
            layer = repr(self._layer)
            return [
                error
                for expectation in self.promised
                for error in expectation._unmet(layer, self.requests)
            ]

    def answer(self, exchange: Exchange) -> Response | Coroutine[Any, Any, None]:
        steps = self._take(exchange.request)
        if isinstance(steps, UnexpectedRequest):
            return plain(500, f"{steps}\n")
        if len(steps) == 1 and isinstance(steps[0], respond):
            return steps[0].response
        return self._play(steps, exchange)

    def failed(self, request: Request, error: BaseException) -> None:
        self._note(answer_failed(self._layer, request, error))

    def malformed(self, request: Request) -> None:
        self.broken_off(request)
        self._note(UnexpectedRequest(repr(self._layer), str(request), (request.problem,)))

    def broken_off(self, request: Request) -> None:
        with self._lock:
            self.requests.append(request)

    async def _play(self, steps: tuple[Behaviour, ...], exchange: Exchange) -> None:
        try:
            for step in steps:
                await step.play(exchange)
            if not exchange.ended:
                await exchange.send(Response())
        except BaseException as error:
            if isinstance(error, OVER) and exchange.ended:
                raise  # the client has not waited for the end
            self.failed(exchange.request, error)
            await tell(exchange, error)

    def _take(self, request: Request) -> tuple[Behaviour, ...] | UnexpectedRequest:
        with self._lock:
            self.requests.append(request)
            compared = []
            for expectation in (*self.promised, *self.standing):
                differences = expectation._differences(request)
                if not differences.lines:
                    return expectation._take(request)
                compared.append((expectation, differences))
            problem = UnexpectedRequest(repr(self._layer), str(request), _report(compared, request))
            self._note(problem)
            return problem


def _as_behaviour(given: Behaviour | Callable[[Request], Any]) -> Behaviour:
    if not isinstance(given, type):  # hang instead of hang()
        if isinstance(given, Behaviour):
            return given
        if callable(given):
            return call(given)
    raise TypeError(f"{given!r} is neither a behaviour nor a function of the request.")


def _report(compared: list[tuple[Expectation, Comparison]], request: Request) -> tuple[str, ...]:
    if not compared:
        return ("there are no expectations: make one with expect(method, path).then(...)",)
    nearest, differences = min(
        compared, key=lambda pair: (pair[1].missed, -pair[0]._similarity(request))
    )
    return (nearest._headline(), *(f"  {line}" for line in differences.lines))


def _listed(requests: list[Request]) -> str:
    shown = ", ".join(map(str, requests[:LISTED])) or "nothing"
    return shown + (f" and {len(requests) - LISTED} more" if len(requests) > LISTED else "")
