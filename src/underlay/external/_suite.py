"""The specs of an external runner as unittest cases: what makeSuite() is made of."""

from __future__ import annotations

import os
import re
import sys
import unittest
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol, runtime_checkable

from underlay._errors import LayerError, RunnerNotStarted
from underlay.external._checks import Environment, check_environment
from underlay.external._coverage import Coverage
from underlay.external._events import Spec, printable
from underlay.external._process import Launch
from underlay.external._report import relative, report, report_problems
from underlay.external._run import Run

__unittest = True  # unittest and pytest leave the frames of this module out of tracebacks

#: Not handed on: colours have no place in reports, and pytest names the running test here, so that
#: no process that waits would be like one started now.  The others are for processes of ours, which
#: may have started this one.
NOT_HANDED_ON = {
    *{"FORCE_COLOR", "PYTEST_CURRENT_TEST"},
    *{"UNDERLAY_SELECTION", "UNDERLAY_COVERAGE", "UNDERLAY_STEPWISE"},
}

#: What unittest makes of a module that could not be loaded.
FailedTest: Any = unittest.loader._FailedTest  # type: ignore[attr-defined]


@runtime_checkable
class Runner(Protocol):
    """What there is to know about an external runner; ``str()`` of it stands in messages.

    If ``UNDERLAY_STEPWISE`` is in its environment, our reporter keeps the specs in the order of the
    plan and pauses before the first and after each.
    """

    @property
    def name(self) -> str:
        """What its test class is called by default, as in ``"Jasmine"``."""

    def launch(self, cwd: Path, args: Sequence[str], env: Environment) -> Launch:
        """How to start it with our reporter.

        :param cwd: the folder it is to run in.
        :param args: more arguments for its command line.
        :param env: the environment, to be extended.
        :raises RunnerMissing: if it is not installed.
        """


class ExternalCase(unittest.TestCase):
    """The specs of a suite, a method for each; `build_suite` makes a subclass of it.

    The run belongs to the instances alone: when a test runner has dropped them all, its process
    ends.
    """

    specs: ClassVar[Mapping[str, Spec]]
    root: ClassVar[Path]

    def __init__(self, methodName: str, run: Run) -> None:
        super().__init__(methodName)
        spec = self.specs.get(methodName)
        self._run = run
        self._run.add(self, spec.id if spec else None)

    def __str__(self) -> str:
        if spec := self.specs.get(self._testMethodName):
            place = relative(spec.file, self.root) or type(self).__module__
            return f"{spec.title} ({printable(place)})"
        return f"{type(self).__name__} finished ({type(self).__module__})"

    def shortDescription(self) -> None:
        """None, so that test runners show the title."""

    def run_spec(self) -> None:
        """The body of each test method; the last to run looks after the end of the process too."""
        self.addCleanup(self._check_end)
        spec = self.specs[self._testMethodName]
        report(self._run.outcome(spec.id), spec, self.root)

    def _check_end(self) -> None:
        report_problems(self._run.finish_after_last(), self.root)

    def test_zz_runner_finished(self) -> None:
        problems = self._run.finish()
        if problems is None:
            self.skipTest("Specs are still to come; the case of the last one tells.")
        report_problems(problems, self.root)


class UnlistedCase(FailedTest):  # type: ignore[misc]
    """Stands for the specs of a suite if they could not be listed, and fails.

    It belongs to the classes that test runners use for modules which they could not load.  They
    select these whatever they are asked for, as nobody knows what would have been in there:
    ``python -m underlay unittest`` those of unittest, zope.testrunner its own.
    """

    def __init__(self, methodName: str, error: LayerError) -> None:
        unittest.TestCase.__init__(self, methodName)
        self._error = error
        self.module, self.exc_info = type(self).__module__, (type(error), error, None)

    def shortDescription(self) -> None:
        """None, so that test runners show the name."""

    def test_specs_are_listed(self) -> None:
        raise self._error.with_traceback(None)


def unlisted(error: LayerError, place: Mapping[str, Any]) -> unittest.TestSuite:
    """A suite of one case, which fails with the error.

    :param place: module and name of its class.
    """
    finding = sys.modules.get("zope.testrunner.find")  # its __main__ has imported it, if it runs
    bases = (UnlistedCase, *([finding.StartUpFailure] if finding else []))
    kind = type(place["__qualname__"], bases, dict(place))
    return unittest.TestSuite([kind("test_specs_are_listed", error)])


def build_suite(
    runner: Runner,
    *,
    cwd: Path,
    module: str,
    name: str,
    timeout: float,
    args: Sequence[str],
    env: Environment | Callable[[], Environment],
    layer: object | None,
    workers: int,
    coverage: str | None,
) -> unittest.TestSuite:
    """See `underlay.external.makeSuite`.

    The specs of a suite on a layer run one by one, each inside its case, because the layer finds
    out in each test what went wrong in that, and begins afresh with the next.

    :param module: the module in which the class of the cases claims to be.
    """
    title = f"{runner} in {cwd}"
    stepwise = {} if layer is None else {"UNDERLAY_STEPWISE": "1"}
    measuring = {} if coverage is None else {"UNDERLAY_COVERAGE": "1"}

    def launch(env: Environment) -> Launch:
        if not cwd.is_dir():
            raise RunnerNotStarted(str(runner), f"The folder {cwd} does not exist.")
        ours = {**stepwise, **measuring}
        return runner.launch(cwd, args, {**_inherited(), **check_environment(env), **ours})

    run = Run(
        title,
        lambda: launch(env() if callable(env) else env),
        timeout,
        bool(stepwise),
        workers,
        Coverage(cwd, cwd / "coverage" / f"{name}.{coverage}") if coverage else None,
    )
    place: dict[str, Any] = {"__module__": module, "__qualname__": name}
    try:
        run.learn(launch({} if callable(env) else env))
    except LayerError as error:
        return unlisted(error, place)
    except OSError as error:
        return unlisted(RunnerNotStarted(title, str(error)), place)
    specs = _by_method(run.specs.values())
    root = Path(os.path.normpath(cwd))
    members = {**place, "specs": specs, "root": root, **dict.fromkeys(specs, ExternalCase.run_spec)}
    if layer is not None:
        members["layer"] = layer
    cases = type(name, (ExternalCase,), members)
    return unittest.TestSuite(cases(each, run) for each in (*specs, "test_zz_runner_finished"))


def _inherited() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key not in NOT_HANDED_ON}
    return {**kept, "NO_COLOR": "1"}


def _by_method(specs: Iterable[Spec]) -> dict[str, Spec]:
    """The specs by the names of their methods, which are numbered where they are alike."""
    named: dict[str, Spec] = {}
    for spec in specs:
        stem = name = "test_" + re.sub(r"\W+", "_", spec.title).strip("_")
        number = 1
        while name in named:
            number += 1
            name = f"{stem}_{number}"
        named[name] = spec
    return named
