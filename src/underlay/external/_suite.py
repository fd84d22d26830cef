"""The specs of an external runner as unittest cases: what makeSuite() is made of."""

from __future__ import annotations

import os
import re
import unittest
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeAlias

from underlay._errors import LayerError
from underlay.external._events import Spec
from underlay.external._process import Launch
from underlay.external._report import relative, report, report_problems
from underlay.external._run import Run

__unittest = True  # unittest and pytest leave the frames of this module out of tracebacks

Environment: TypeAlias = Mapping[str, str]

#: Not handed on: colours have no place in reports, and pytest names the running test here, so that
#: no process that waits would be like one started now.
NOT_HANDED_ON = {"FORCE_COLOR", "PYTEST_CURRENT_TEST"}


class Runner(Protocol):
    """What there is to know about an external runner; ``str()`` of it stands in messages."""

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
            return f"{spec.title} ({relative(spec.file, self.root)})"
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
        report_problems(self._run.finish(), self.root)


class UnlistedCase(unittest.TestCase):
    """Stands for the specs of a suite if they could not be listed, and fails."""

    def __init__(self, methodName: str, error: LayerError) -> None:
        super().__init__(methodName)
        self._error = error

    def test_specs_are_listed(self) -> None:
        raise self._error.with_traceback(None)


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
) -> unittest.TestSuite:
    """See `underlay.external.makeSuite`.

    :param module: the module in which the class of the cases claims to be.
    """

    def launch(env: Environment) -> Launch:
        return runner.launch(cwd, args, {**_inherited(), **env})

    run = Run(f"{runner} in {cwd}", lambda: launch(env() if callable(env) else env), timeout)
    place: dict[str, Any] = {"__module__": module, "__qualname__": name}
    try:
        run.learn(launch({} if callable(env) else env))
    except LayerError as error:
        unlisted = type(name, (UnlistedCase,), place)
        return unittest.TestSuite([unlisted("test_specs_are_listed", error)])
    specs = _by_method(run.specs.values())
    members = {**place, "specs": specs, "root": cwd, **dict.fromkeys(specs, ExternalCase.run_spec)}
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
