"""Run: what is known about the specs of one suite, and the process that tells more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import TypeAlias
from weakref import WeakKeyDictionary

from underlay._errors import NoTestsReported, NotReady
from underlay.external._coverage import Coverage
from underlay.external._events import Done, End, Event, Failure, Pause, Plan, Problem, Spec, Started
from underlay.external._plans import KeptPlan
from underlay.external._process import Launch

#: How often a run is taken up again after a process that broke.
RESTARTS = 3

#: How long a process may take to exit after its last spec, in seconds: Jasmine gives its
#: globalTeardown 5 of them (https://jasmine.github.io/api/7.0/Configuration.html).
LINGER = 10.0

NOTHING_MEASURED = "Its processes have measured no file of the suite's folder."

#: What became of a spec: what its runner told, or why it told nothing.
Outcome: TypeAlias = Done | NoTestsReported


class Attempt:
    """One process and how far it got.

    :param launch: how to start it.
    :param ids: the specs to run, if they are known already.
    :param restarts: how often another one may go on after it, if it breaks.
    """

    def __init__(self, launch: Launch, ids: Iterable[str] = (), restarts: int = RESTARTS) -> None:
        self.ahead = dict.fromkeys(ids)  # an ordered set: the specs it has still to tell of
        self.process = launch.start(self.ahead)
        self.restarts = restarts if launch.selects else 0
        self.running: dict[str, None] = {}  # several, where a runner has workers
        self.pauses = False
        self.told_a_result = False
        self.end: End | None = None

    def select(self, ids: Iterable[str]) -> None:
        self.ahead = dict.fromkeys(ids)
        self.process.select(self.ahead)

    def go_on(self) -> None:
        """End a pause, if there is one."""
        if self.pauses:
            self.pauses = False
            self.process.go_on()


class Run:
    """Asks one process for the plan, then for the results of the specs that are wanted.

    The process that told the plan is kept and, when the first result is asked for, runs the specs
    that are wanted by then: one process per suite.  It is replaced if it would be started
    differently by now, or when it breaks: then the spec that ran gets the blame, and the others run
    again without it.  If the plan is known from an earlier run, there is no process before that;
    what it then finds must be in the plan.

    By default the process runs ahead of those who ask.  Stepwise, it runs a spec only when that is
    asked for, and is replaced as well if that is not the spec which it would run next.

    :param name: the runner, for messages.
    :param launch: tells how a process is to be started now.
    :param timeout: how long a process may tell nothing, in seconds.
    :param stepwise: whether the processes pause between specs.
    :param workers: among how many processes the files are dealt.
    :param coverage: gets what the processes have measured.
    """

    def __init__(
        self,
        name: str,
        launch: Callable[[], Launch],
        timeout: float,
        stepwise: bool,
        workers: int = 1,
        coverage: Coverage | None = None,
    ) -> None:
        self.specs: dict[str, Spec] = {}
        self._name = name
        self._launch = launch
        self._timeout = timeout
        self._stepwise = stepwise
        self._workers = workers
        self._coverage = coverage
        self._cases: WeakKeyDictionary[object, str | None] = WeakKeyDictionary()
        self._unasked: set[str | None] = set()
        self._kept: KeptPlan | None = None
        self._waiting: Attempt | None = None
        self._attempts: list[Attempt] = []
        self._has_started = False
        self._outcomes: dict[str, Outcome] = {}
        self._found: tuple[Problem, ...] = ()  # by listing
        self._problems: list[Problem] = []

    def learn(self, launch: Launch) -> None:
        """Learn which specs there are, from the plan that is kept, or else from a process, which
        then waits.

        :raises NoTestsReported: if there are none.
        :raises OSError: if there is no process.
        """
        self._kept = KeptPlan(launch)
        self.specs = {spec.id: spec for spec in self._kept.read()}
        if not self.specs:
            self._list(launch)
            self._found = tuple(self._problems)
            if not self._found:
                self._kept.write(self.specs.values())

    def _list(self, launch: Launch) -> None:
        attempt = Attempt(launch)
        try:
            plans = self._plans(attempt)
            problem = f"It {attempt.process.ending} without telling of any spec."
        except NotReady:
            plans = []
            problem = f"It told of no spec within {self._timeout:g} s."
        self.specs = {spec.id: spec for plan in plans for spec in plan.specs}
        if not self.specs:
            found = "".join(f"\n  {each.failure.message}" for each in self._problems)
            raise NoTestsReported(self._name, problem + found, self._stop(attempt))
        self._check_twins(plans)
        if launch.runs:
            self._settle_listing(attempt)
        else:
            self._waiting = attempt

    def _plans(self, attempt: Attempt) -> list[Plan]:
        """One from a process that waits then, else one for each file, sorted by these."""
        plans: list[Plan] = []
        waits = not attempt.process.launch.runs
        while not (waits and plans) and (events := attempt.process.wait(self._timeout)):
            for event in events:
                if not isinstance(event, Plan):
                    self._note(attempt, event)
                elif event.specs:
                    plans.append(event)
        return sorted(plans, key=lambda plan: (plan.specs[0].file, plan.specs[0].titles))

    def _check_twins(self, plans: Iterable[Plan]) -> None:
        """Two specs of one id would be one case, which tells of the first result only."""
        count = Counter(spec for plan in plans for spec in plan.specs)
        if files := sorted({spec.file for spec in count if count[spec] > 1}):
            text = f"Several projects run {', '.join(files)}: give each of them a name."
            self._add(Problem("", Failure(text, "")))

    def _settle_listing(self, attempt: Attempt) -> None:
        if not attempt.end:
            text = f"It {attempt.process.ending} while it listed specs."
            self._add(Problem("", Failure(text, "")))
        attempt.process.stop()

    def add(self, case: object, spec_id: str | None) -> None:
        """Remember that a case wants the result of a spec; None stands for the end of the run.

        Weakly: test runners drop the cases that are not selected before they run the others, and
        those that are left say what is to run.
        """
        self._cases[case] = spec_id

    def outcome(self, spec_id: str) -> Outcome:
        """What became of a spec; waits for it.  Whoever asks again has it run again."""
        self._ask(spec_id)
        while spec_id not in self._outcomes:
            if attempt := self._teller(spec_id):
                self._advance(attempt)
            else:
                self._start(self._selection(spec_id))
        return self._outcomes.pop(spec_id)

    def finish(self) -> list[Problem] | None:
        """Wait for the process to exit: what went wrong beside the specs, told once.

        None, if the specs run one by one and others are still to be asked for.
        """
        again = self._has_started and not self._unasked
        self._ask(None)
        if self._stepwise and self._unasked and not again:
            return None
        if not self._has_started:
            self._start([each for each in self.specs if each in self._unasked] or self.specs)
        return self._settle()

    def finish_after_last(self) -> list[Problem]:
        """What went wrong beside the specs if nobody is left to ask for anything, else nothing."""
        return [] if self._unasked else self._settle()

    def _ask(self, wanted: str | None) -> None:
        """Note that a case asks; when all have asked, a new round begins."""
        if not self._unasked:
            self._unasked = set(self._cases.values())
            self._outcomes = {}
            self._problems = [*self._found]
            self._has_started = False
            if self._coverage:
                self._coverage.clear()
        self._unasked.discard(wanted)

    def _teller(self, spec_id: str) -> Attempt | None:
        """The process that will tell of a spec; stepwise, that will do it next."""
        for attempt in self._attempts:
            coming = [*attempt.ahead][:1] if self._stepwise else attempt.ahead
            if spec_id in coming:
                return attempt
        return None

    def _selection(self, asked: str) -> list[str]:
        """What is to run if a spec is asked for, in the plan's order; stepwise, it is first."""
        wanted = {asked, *self._unasked} - self._outcomes.keys()
        ids = [each for each in self.specs if each in wanted]
        return ids[ids.index(asked) :] if self._stepwise else ids

    def _start(self, ids: Iterable[str]) -> None:
        while self._attempts:
            self._attempts.pop().process.stop()
        launch = self._launch()
        for dealt in self._deal(ids):
            self._attempts.append(self._fitting_attempt(launch, dealt))
        self._has_started = True

    def _deal(self, ids: Iterable[str]) -> list[list[str]]:
        """About as many specs for each worker, those of a file for one; in the plan's order."""
        files: dict[str, list[str]] = {}
        for each in ids:
            files.setdefault(self.specs[each].file, []).append(each)
        hands: list[list[str]] = [[] for _ in range(self._workers)]
        for file in sorted(files.values(), key=len, reverse=True):
            min(hands, key=len).extend(file)
        place = {each: number for number, each in enumerate(self.specs)}
        return [sorted(hand, key=place.__getitem__) for hand in hands if hand]

    def _fitting_attempt(self, launch: Launch, ids: Iterable[str]) -> Attempt:
        """That which waits, if it is what would be started now."""
        waiting, self._waiting = self._waiting, None
        if waiting and waiting.process.status is None and waiting.process.launch == launch:
            waiting.select(ids)
            return waiting
        return Attempt(launch, ids)

    def _settle(self) -> list[Problem]:
        while self._attempts:
            self._advance(self._attempts[0])
        if self._coverage and self._has_started and not self._coverage.write():
            self._add(Problem("", Failure(NOTHING_MEASURED, "")))
        problems, self._problems = self._problems, []
        return problems

    def _advance(self, attempt: Attempt) -> None:
        """Take in the next events, or find out that no more will come."""
        attempt.go_on()
        try:
            events = attempt.process.wait(LINGER if attempt.end else self._timeout)
        except NotReady as error:
            self._ended(attempt, f"told nothing for {error.seconds:g} s")
            return
        for event in events:
            self._note(attempt, event)
        if not events:
            self._ended(attempt, attempt.process.ending)

    def _note(self, attempt: Attempt, event: Event) -> None:
        match event:
            case Plan(specs):
                self._compare(specs)
            case Started(spec_id):
                attempt.running[spec_id] = None
            case Done(spec_id):
                attempt.running.pop(spec_id, None)
                attempt.told_a_result = True
                self._close(attempt, spec_id, event)
            case Problem():
                self._add(event)
            case Pause():
                attempt.pauses = True
            case End():
                attempt.end = event

    def _compare(self, specs: Iterable[Spec]) -> None:
        """Specs that have no case are told, so that they are not left out in silence."""
        unknown = [repr(spec.title) for spec in specs if spec.id not in self.specs]
        if unknown:
            self._forget()
            text = f"It has specs that were not listed: {', '.join(unknown)}."
            self._add(Problem("", Failure(text, "")))

    def _add(self, problem: Problem) -> None:
        if problem not in self._problems:
            self._problems.append(problem)

    def _forget(self) -> None:
        if self._kept:
            self._kept.forget()

    def _close(self, attempt: Attempt, spec_id: str, outcome: Outcome) -> None:
        """The first outcome of a spec that is to be told counts."""
        if spec_id in attempt.ahead:
            del attempt.ahead[spec_id]
            self._outcomes[spec_id] = outcome

    def _ended(self, attempt: Attempt, what: str) -> None:
        """The process has exited or is stuck: who is to blame, and what is to run again?"""
        self._attempts.remove(attempt)
        status = attempt.process.status
        as_it_should = attempt.end is not None and status == attempt.end.status
        blamed = [each for each in attempt.running if each in attempt.ahead]
        output = self._stop(attempt)
        for spec_id in blamed:
            self._blame(attempt, spec_id, f"It {what} while {{}} ran.", output)
        if not blamed and not as_it_should:
            self._add(self._beside(attempt, what, output))
        broke_in_a_spec = bool(blamed or attempt.told_a_result)
        if attempt.ahead and attempt.restarts and not attempt.end and broke_in_a_spec:
            again = Attempt(attempt.process.launch, attempt.ahead, attempt.restarts - 1)
            self._attempts.append(again)
            return
        if attempt.ahead and status is not None:  # one that is stuck says nothing of the plan
            self._forget()
        for spec_id in tuple(attempt.ahead):
            self._blame(attempt, spec_id, f"It {what} without a result of {{}}.", output)

    def _blame(self, attempt: Attempt, spec_id: str, problem: str, output: str) -> None:
        title = repr(self.specs[spec_id].title)
        self._close(attempt, spec_id, NoTestsReported(self._name, problem.format(title), output))

    def _beside(self, attempt: Attempt, what: str, output: str) -> Problem:
        when = "after its last spec" if attempt.end else "while no spec ran"
        error = NoTestsReported(self._name, f"It {what} {when}.", output)
        return Problem("", Failure(str(error), ""))

    def _stop(self, attempt: Attempt) -> str:
        """Kill what is left of it, and keep what it has measured; the end of its output."""
        if self._coverage:
            self._coverage.collect(attempt.process.coverage)
        output = attempt.process.tail()
        attempt.process.stop()
        return output
