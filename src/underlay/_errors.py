"""LayerError and its children: every message says what happened, where, and what to do next.

Each error is made from plain values only (text, numbers, tuples of text) and hands exactly these to
``Exception.__init__``, so that ``repr()`` and ``pickle`` work (pytest-xdist, logging and
multiprocessing need both).  The values are attributes as well: they are the evidence.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator


class LayerError(Exception):
    """Something about a layer is wrong; the base of every error that underlay raises itself."""


class SetUpFailed(LayerError):
    """A layer that a test needs did not come up; raised for each test but the first to meet it.

    :param layer: the layer that failed, as text.
    :param cause: what its ``setUp`` raised, as ``"Type: message"``.
    """

    def __init__(self, layer: str, cause: str) -> None:
        super().__init__(layer, cause)
        self.layer = layer
        self.cause = cause

    def __str__(self) -> str:
        return (
            f"{self.layer} failed in setUp: {self.cause}\n"
            "  The full traceback stands at the first test that needed this layer."
        )


class NameTaken(LayerError):
    """Two layers have one name, so that a runner would take the second for the first.

    :param name: the full name, such as ``"app.testing.LIVE"``.
    :param first: where the layer was made that has it, as ``"file:line"``.
    :param second: where the other one was made.
    """

    def __init__(self, name: str, first: str, second: str) -> None:
        super().__init__(name, first, second)
        self.name = name
        self.first = first
        self.second = second

    def __str__(self) -> str:
        return (
            f"Two layers are named {self.name}: one made at {self.first}, one at {self.second}.\n"
            "  Keep each in a module variable of its own, or give it a name: Layer(name=...)."
        )


class TimesUnusable(LayerError):
    """The file that ``--layer-times`` names cannot be used.

    :param file: the file, as it was given.
    :param problem: what is wrong with it, a sentence.
    :param remedy: what to do, a sentence.
    """

    def __init__(self, file: str, problem: str, remedy: str) -> None:
        super().__init__(file, problem, remedy)
        self.file = file
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        return f"--layer-times {self.file} cannot be used. {self.problem}\n  {self.remedy}"


class ResourceMissing(LayerError, KeyError, AttributeError):
    """A layer was asked for a resource which neither it nor its bases have.

    :param layer: the layer, as text.
    :param name: the resource that was asked for.
    :param state: ``"not set up"``, ``"set up"`` or ``"set up, in a test"``.
    :param bases: its bases, as text.
    :param resources: the names of the resources that there are.
    """

    def __init__(
        self,
        layer: str,
        name: str,
        state: str,
        bases: tuple[str, ...],
        resources: tuple[str, ...],
    ) -> None:
        super().__init__(layer, name, state, bases, resources)
        self.layer = layer
        self.name = name
        self.state = state
        self.bases = bases
        self.resources = resources

    def __str__(self) -> str:
        bases = ", ".join(self.bases) or "none"
        resources = ", ".join(self.resources) or "none"
        return (
            f"{self.layer} has no resource {self.name!r}.\n"
            f"  layer: {self.state}; bases: {bases}; resources: {resources}\n"
            f"  Set it in setUp() as self.{self.name} = ..., or pass the layer that provides it."
        )


class NotReady(LayerError):
    """A condition did not come true before its deadline.

    :param awaited: what was waited for, as in ``"the server to answer"``.
    :param seconds: for how long.
    :param detail: what is known about why, may be empty.
    """

    def __init__(self, awaited: str, seconds: float, detail: str = "") -> None:
        super().__init__(awaited, seconds, detail)
        self.awaited = awaited
        self.seconds = seconds
        self.detail = detail

    def __str__(self) -> str:
        detail = f"\n  {self.detail}" if self.detail else ""
        return f"Waited {self.seconds:g} s for {self.awaited}.{detail}"


class StillRunning(LayerError):
    """A layer was taken down, but something it started did not stop in time.

    :param layer: the layer, as text.
    :param what: a line for each thing that runs on: what it is and where it is.
    """

    def __init__(self, layer: str, what: tuple[str, ...]) -> None:
        super().__init__(layer, what)
        self.layer = layer
        self.what = what

    def __str__(self) -> str:
        listed = "".join(f"\n  {line}" for line in self.what)
        return f"{self.layer} was taken down, but these still run:{listed}"


class ExtraMissing(LayerError):
    """A room was used whose third-party library is not installed.

    :param what: the public name that was used, such as ``"Browser"``.
    :param module: the module that could not be imported.
    :param extra: the extra of underlay that brings it.
    """

    def __init__(self, what: str, module: str, extra: str) -> None:
        super().__init__(what, module, extra)
        self.what = what
        self.module = module
        self.extra = extra

    def __str__(self) -> str:
        return f"{self.what} needs {self.module}: install underlay[{self.extra}]"


class UnexpectedRequest(LayerError, AssertionError):
    """A fake server was asked something that no expectation matches.

    :param layer: the fake server, as text.
    :param request: what it was asked, as in ``"GET /refund"``.
    :param report: the closest expectation and how it differs, a line each.
    """

    def __init__(self, layer: str, request: str, report: tuple[str, ...]) -> None:
        super().__init__(layer, request, report)
        self.layer = layer
        self.request = request
        self.report = report

    def __str__(self) -> str:
        listed = "".join(f"\n  {line}" for line in self.report)
        return f"{self.layer} was asked for {self.request}, which no expectation matches.{listed}"


class UnmetExpectation(LayerError, AssertionError):
    """A fake server was not asked what a test promised that it would be.

    :param layer: the fake server, as text.
    :param expectation: what was expected, as in ``"POST /pay"``.
    :param wanted: how many requests were to come, as text, such as ``"1"`` or ``"at least 1"``.
    :param got: how many came.
    :param report: where it was expected and what came instead, a line each.
    """

    def __init__(
        self, layer: str, expectation: str, wanted: str, got: int, report: tuple[str, ...]
    ) -> None:
        super().__init__(layer, expectation, wanted, got, report)
        self.layer = layer
        self.expectation = expectation
        self.wanted = wanted
        self.got = got
        self.report = report

    def __str__(self) -> str:
        listed = "".join(f"\n  {line}" for line in self.report)
        return (
            f"{self.layer} expected {self.expectation}: "
            f"wanted {self.wanted} request(s), got {self.got}.{listed}"
        )


class AnswerFailed(LayerError):
    """A server of ours could not answer a request, because of what the test gave it to answer with.

    Raised from what a handler raised, or from what was wrong with its answer.

    :param layer: the server, as text.
    :param request: the request, as in ``"GET /pay"``.
    :param problem: what was raised, as ``"Type: message"``.
    :param where: the place that raised it, may be empty.
    """

    def __init__(self, layer: str, request: str, problem: str, where: str = "") -> None:
        super().__init__(layer, request, problem, where)
        self.layer = layer
        self.request = request
        self.problem = problem
        self.where = where

    def __str__(self) -> str:
        where = f"\n  {self.where}" if self.where else ""
        return f"{self.layer} could not answer {self.request}: {self.problem}{where}"


class SeveralProblems(LayerError, AssertionError):
    """More than one thing went wrong behind a test's back.

    :param layer: the layer that tells, as text.
    :param problems: the messages of the errors that each of them would have been.
    """

    def __init__(self, layer: str, problems: tuple[str, ...]) -> None:
        super().__init__(layer, problems)
        self.layer = layer
        self.problems = problems

    def __str__(self) -> str:
        listed = "".join(
            f"\n{number}. " + problem.replace("\n", "\n   ")
            for number, problem in enumerate(self.problems, 1)
        )
        return f"{self.layer} has {len(self.problems)} problems:{listed}"


class ApplicationError(LayerError):
    """A web application failed to answer, and no client has told the test why.

    Raised with the traceback of what the application itself raised.

    :param layer: the application's layer, as text.
    :param request: the request, as in ``"GET /pay"``.
    :param cause: what the application raised, as ``"Type: message"``.
    :param others: request and cause of further failures.
    """

    def __init__(
        self, layer: str, request: str, cause: str, others: tuple[tuple[str, str], ...] = ()
    ) -> None:
        super().__init__(layer, request, cause, others)
        self.layer = layer
        self.request = request
        self.cause = cause
        self.others = others

    def __str__(self) -> str:
        listed = "".join(f"\n  also {request}: {cause}" for request, cause in self.others)
        return (
            f"{self.layer} failed to answer {self.request}: {self.cause}{listed}\n"
            "  If that is wanted, make the request inside `with layer.expect_errors():`."
        )


class EndlessAnswer(LayerError):
    """An application's answer has no end, and the client in the test's own process waits for it.

    :param layer: the layer of the application, as text.
    :param request: method, path and query.
    :param seconds: how long was waited.
    :param size: bytes of the body that came.
    """

    def __init__(self, layer: str, request: str, seconds: float, size: int) -> None:
        super().__init__(layer, request, seconds, size)
        self.layer = layer
        self.request = request
        self.seconds = seconds
        self.size = size

    def __str__(self) -> str:
        return (
            f"{self.layer} has not ended its answer to {self.request}\n"
            f"  within {self.seconds:g} s and {self.size} bytes.\n"
            "  Streams without end need a real client: LiveServer."
        )


class NoApplicationError(LayerError, AssertionError):
    """A web application was meant to fail, but it did not.

    :param layer: the application's layer, as text.
    :param answers: what it was asked and how it answered, such as ``"GET /pay: 200 OK"``.
    """

    def __init__(self, layer: str, answers: tuple[str, ...]) -> None:
        super().__init__(layer, answers)
        self.layer = layer
        self.answers = answers

    def __str__(self) -> str:
        listed = "".join(f"\n  {answer}" for answer in self.answers) or " It was asked nothing."
        return f"{self.layer} was expected to fail, but did not.{listed}"


class RunnerMissing(LayerError):
    """An external tool, or the node that runs it, is not installed.

    :param tool: the tool, such as ``"node"`` or ``"jasmine"``.
    :param searched: the places that were looked at, in this order.
    :param remedy: what to do, a sentence.
    """

    def __init__(self, tool: str, searched: tuple[str, ...], remedy: str) -> None:
        super().__init__(tool, searched, remedy)
        self.tool = tool
        self.searched = searched
        self.remedy = remedy

    def __str__(self) -> str:
        listed = "".join(f"\n  {place}" for place in self.searched)
        return f"{self.tool} is not installed. {self.remedy}\n  Looked for it in:{listed}"


class RunnerNotStarted(LayerError):
    """An external tool is there, but the system could not start it.

    :param runner: the runner, as text.
    :param problem: why, a sentence.
    """

    def __init__(self, runner: str, problem: str) -> None:
        super().__init__(runner, problem)
        self.runner = runner
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.runner} could not be started. {self.problem}"


class InstallFailed(LayerError):
    """npm could not install what a package-lock.json names.

    :param directory: the folder of the package-lock.json.
    :param problem: what went wrong, a sentence.
    :param output: the end of what npm printed, may be empty.
    """

    def __init__(self, directory: str, problem: str, output: str = "") -> None:
        super().__init__(directory, problem, output)
        self.directory = directory
        self.problem = problem
        self.output = output

    def __str__(self) -> str:
        listed = "".join(f"\n  {line}" for line in self.output.strip().splitlines())
        return (
            f"The JavaScript packages of {self.directory} are not installed. {self.problem}{listed}"
        )


class NoTestsReported(LayerError):
    """An external runner ended without telling of any test, or of one that was asked for.

    :param runner: the runner, as text.
    :param problem: what is missing, a sentence.
    :param output: the end of what the runner printed.
    """

    def __init__(self, runner: str, problem: str, output: str) -> None:
        super().__init__(runner, problem, output)
        self.runner = runner
        self.problem = problem
        self.output = output

    def __str__(self) -> str:
        output = self.output.rstrip() or "(nothing)"
        return f"{self.runner}: {self.problem}\n  It printed:\n{output}"


class ExternalError(LayerError):
    """An external runner tells of an error: a spec raised one, or something beside the specs did.

    :param report: what happened, where in the runner's language, and to what, a line each.
    """

    def __init__(self, report: tuple[str, ...]) -> None:
        super().__init__(report)
        self.report = report

    def __str__(self) -> str:
        return "\n".join(self.report)


def evidence(command: str, output: str) -> str:
    """What a process was started by, and what it has printed."""
    return f"command: {command}\n  It printed:\n{output.rstrip() or '(nothing)'}"


class ProcessEnded(LayerError):
    """A process that tests need has ended, though nobody has stopped it.

    :param layer: the layer, as text.
    :param ending: how it ended, such as ``"exited with status 1"``.
    :param command: the command that it was started by.
    :param output: the end of what it has printed, since the test began if one was going on.
    """

    def __init__(self, layer: str, ending: str, command: str, output: str) -> None:
        super().__init__(layer, ending, command, output)
        self.layer = layer
        self.ending = ending
        self.command = command
        self.output = output

    def __str__(self) -> str:
        return f"{self.layer} {self.ending}.\n  {evidence(self.command, self.output)}"


class CapturesOverlap(LayerError):
    """Two ``capture()`` blocks overlap in time, where one must be inside the other.

    :param thread: the name of the thread that captures.
    :param problem: what is wrong, a sentence.
    """

    def __init__(self, thread: str, problem: str) -> None:
        super().__init__(thread, problem)
        self.thread = thread
        self.problem = problem

    def __str__(self) -> str:
        return (
            f"capture() in thread {self.thread!r}: {self.problem}\n"
            "  Descriptors 1 and 2 belong to the whole process: blocks nest, in one thread."
        )


class CheckFailed(LayerError, AssertionError):
    """A layer does not do what every layer has to do; `underlay.testing.check_layer` says so.

    :param layer: the layer, as text.
    :param moment: what was done to it, a phrase.
    :param problems: what is wrong, a line each.
    :param remedy: what to do, a sentence.
    """

    def __init__(self, layer: str, moment: str, problems: tuple[str, ...], remedy: str) -> None:
        super().__init__(layer, moment, problems, remedy)
        self.layer = layer
        self.moment = moment
        self.problems = problems
        self.remedy = remedy

    def __str__(self) -> str:
        listed = "".join(f"\n  {problem}" for problem in self.problems)
        return f"{self.layer} failed at {self.moment}:{listed}\n  {self.remedy}"


class TimelineUnreadable(LayerError):
    """There is no timeline to be read, or something else stands in its place.

    :param place: a folder, or a file, with the number of the line as in ``"1-2.jsonl:7"``.
    :param problem: what is wrong with it, a sentence.
    """

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(place, problem)
        self.place = place
        self.problem = problem

    def __str__(self) -> str:
        return (
            f"{self.place}: {self.problem}\n"
            "  Run the tests with UNDERLAY_TIMELINE=DIR, then give DIR to underlay timeline."
        )


class ExpectationsUnreadable(LayerError):
    """A file that says what a fake server is to answer, or holds recordings, is not as it must be.

    :param place: the file, with the line or the place in it that is wrong, as in
        ``"api.har: log.entries[3].request"`` or ``"api.yaml:7"``.
    :param problem: what is wrong there, a sentence.
    """

    def __init__(self, place: str, problem: str) -> None:
        super().__init__(place, problem)
        self.place = place
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}"


@contextlib.contextmanager
def needs_extra(what: str, extra: str) -> Iterator[None]:
    """Imports inside the block belong to an extra; a missing one becomes ExtraMissing.

    Raised from the ImportError, so that an installation that is there but broken stays visible.
    """
    try:
        yield
    except ImportError as error:
        raise ExtraMissing(what, error.name or str(error), extra) from error
