"""Run: what is known about the specs of one suite, and the process that tells more."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import TypeAlias
from weakref import WeakKeyDictionary

from underlay._errors import NoTestsReported, NotReady
from underlay.external._events import Done, End, Event, Failure, Plan, Problem, Spec, Started
from underlay.external._process import Launch, RunnerProcess

#: How often a run is taken up again after a process that broke.
RESTARTS = 3

#: How long a process may take to exit after its last spec, in seconds: Jasmine gives its
#: globalTeardown 5 of them (https://jasmine.github.io/api/7.0/Configuration.html).
LINGER = 10.0

#: What became of a spec: what its runner told, or why it told nothing.
Outcome: TypeAlias = Done | NoTestsReported


class Attempt:
    """One process and how far it got.

    :param launch: how to start it.
    """

    def __init__(self, launch: Launch) -> None:
        self.process = RunnerProcess(launch)
        self.running: str | None = None
        self.told_a_result = False
        self.end: End | None = None

    @property
    def exit(self) -> str:
        """How the process ended, to stand behind "it"."""
        status = self.process.status or 0
        if status < 0:
            return f"was killed by {signal.Signals(-status).name}"
        return f"exited with status {status}"


class Run:
    """Asks one process for the plan, then for the results of the specs that are wanted.

    The process that told the plan is kept and, when the first result is asked for, runs the specs
    that are wanted by then: one process per suite.  It is replaced only if it would be started
    differently by now, or when it breaks: then the spec that ran gets the blame, and the others run
    again without it.

    :param name: the runner, for messages.
    :param launch: tells how a process is to be started now.
    :param timeout: how long a process may tell nothing, in seconds.
    """

    def __init__(self, name: str, launch: Callable[[], Launch], timeout: float) -> None:
        self.specs: dict[str, Spec] = {}
        self._name = name
        self._launch = launch
        self._timeout = timeout
        self._cases: WeakKeyDictionary[object, str | None] = WeakKeyDictionary()
        self._waiting: Attempt | None = None
        self._attempt: Attempt | None = None
        self._restarts = 0
        self._unasked: set[str | None] = set()
        self._open: set[str] = set()
        self._outcomes: dict[str, Outcome] = {}
        self._problems: list[Problem] = []

    def learn(self, launch: Launch) -> None:
        """Learn which specs there are; the process that tells them then waits.

        :raises NoTestsReported: if there are none.
        """
        attempt = self._waiting = Attempt(launch)
        try:
            while not self.specs and (events := attempt.process.wait(self._timeout)):
                for event in events:
                    if isinstance(event, Plan):
                        self.specs = {spec.id: spec for spec in event.specs}
                    self._note(attempt, event)
        except NotReady:
            problem = f"It told of no spec within {self._timeout:g} s."
        else:
            problem = f"It {attempt.exit} without telling of any spec."
        if not self.specs:
            found = "".join(f"\n  {each.failure.message}" for each in self._problems)
            raise NoTestsReported(self._name, problem + found, self._stop(attempt))

    def add(self, case: object, spec_id: str | None) -> None:
        """Remember that a case wants the result of a spec; None stands for the end of the run.

        Weakly: test runners drop the cases that are not selected before they run the others, and
        those that are left are what `_begin` runs.
        """
        self._cases[case] = spec_id

    def outcome(self, spec_id: str) -> Outcome:
        """What became of a spec; waits for it.  Whoever asks again has it run again."""
        if spec_id not in self._open and spec_id not in self._outcomes:
            self._begin(spec_id)
        self._unasked.discard(spec_id)
        while spec_id in self._open:
            self._advance()
        return self._outcomes.pop(spec_id)

    def finish(self) -> list[Problem]:
        """Wait for the process to exit: what went wrong beside the specs, told once."""
        if not self._attempt and None not in self._unasked:
            self._begin(None)
        return self._settle()

    def finish_after_last(self) -> list[Problem]:
        """The same if nobody is left to ask for anything, else nothing."""
        return [] if self._unasked else self._settle()

    def _settle(self) -> list[Problem]:
        self._unasked.discard(None)
        while self._attempt:
            self._advance()
        problems, self._problems = self._problems, []
        return problems

    def _begin(self, asked: str | None) -> None:
        """Run all specs that are wanted; all that there are if only the end is wanted."""
        if self._attempt:
            self._attempt.process.stop()
        self._attempt = self._fitting_attempt(self._launch())
        self._restarts = RESTARTS
        self._problems = []
        self._outcomes = {}
        self._unasked = {asked, *self._cases.values()}
        self._open = {spec_id for spec_id in self._unasked if spec_id} or set(self.specs)
        self._attempt.process.select(self._open)

    def _fitting_attempt(self, launch: Launch) -> Attempt:
        """That which waits, if it is what would be started now."""
        waiting, self._waiting = self._waiting, None
        if waiting and waiting.process.status is None and waiting.process.launch == launch:
            return waiting
        return Attempt(launch)

    def _advance(self) -> None:
        """Take in the next events, or find out that no more will come."""
        attempt = self._attempt
        assert attempt is not None
        try:
            events = attempt.process.wait(LINGER if attempt.end else self._timeout)
        except NotReady as error:
            self._ended(attempt, f"told nothing for {error.seconds:g} s")
            return
        for event in events:
            self._note(attempt, event)
        if not events:
            self._ended(attempt, attempt.exit)

    def _note(self, attempt: Attempt, event: Event) -> None:
        match event:
            case Started(spec_id):
                attempt.running = spec_id
            case Done(spec_id):
                attempt.running = None
                attempt.told_a_result = True
                self._close(spec_id, event)
            case Problem():
                self._problems.append(event)
            case End():
                attempt.end = event

    def _close(self, spec_id: str, outcome: Outcome) -> None:
        """The first outcome of a spec that is open counts."""
        if spec_id in self._open:
            self._open.remove(spec_id)
            self._outcomes[spec_id] = outcome

    def _ended(self, attempt: Attempt, what: str) -> None:
        """The process has exited or is stuck: who is to blame, and what is to run again?"""
        self._attempt = None
        as_it_should = attempt.end is not None and attempt.process.status == attempt.end.status
        blamed = attempt.running if attempt.running in self._open else None
        output = self._stop(attempt)
        if blamed:
            self._blame(blamed, f"It {what} while {{}} ran.", output)
        elif not as_it_should:
            self._problems.append(self._beside(attempt, what, output))
        if self._open and self._restarts and not attempt.end and (blamed or attempt.told_a_result):
            self._restarts -= 1
            self._attempt = Attempt(attempt.process.launch)
            self._attempt.process.select(self._open)
            return
        for spec_id in tuple(self._open):
            self._blame(spec_id, f"It {what} without a result of {{}}.", output)

    def _blame(self, spec_id: str, problem: str, output: str) -> None:
        title = repr(self.specs[spec_id].title)
        self._close(spec_id, NoTestsReported(self._name, problem.format(title), output))

    def _beside(self, attempt: Attempt, what: str, output: str) -> Problem:
        when = "after its last spec" if attempt.end else "while no spec ran"
        error = NoTestsReported(self._name, f"It {what} {when}.", output)
        return Problem("", Failure(str(error), ""))

    def _stop(self, attempt: Attempt) -> str:
        """Kill what is left of it; the end of its output."""
        output = attempt.process.tail()
        attempt.process.stop()
        return output
