"""makeSuite(): the tests of an external tool as unittest cases."""

from __future__ import annotations

import os
import sys
import unittest
from collections.abc import Callable, Sequence
from pathlib import Path
from types import MappingProxyType, NoneType

from underlay.external._checks import (
    Environment,
    check_coverage,
    check_environment,
    check_texts,
    check_timeout,
    check_workers,
)
from underlay.external._suite import Runner, build_suite
from underlay.external.browser import JasmineBrowser
from underlay.external.inlets import TAP, Command, JUnit, ListAndRun
from underlay.external.javascript import Jasmine, Jest, Mocha, NodeTest, QUnit, Vitest
from underlay.external.linters import SARIF, Biome, ESLint, Hygiene, JSHint, Oxlint, Ruff

__all__ = [
    "SARIF",
    "TAP",
    "Biome",
    "Command",
    "ESLint",
    "Hygiene",
    "JSHint",
    "JUnit",
    "Jasmine",
    "JasmineBrowser",
    "Jest",
    "Mocha",
    "NodeTest",
    "Oxlint",
    "QUnit",
    "Ruff",
    "Runner",
    "Vitest",
    "makeSuite",
]

#: What a command line means, by the name of its program.
COMMANDS = {"jasmine": Jasmine.from_command}


def makeSuite(
    runner: Runner | str,
    *arguments: str,
    cwd: str | os.PathLike[str] = "",
    name: str | None = None,
    timeout: float = 60.0,
    args: Sequence[str] = (),
    env: Environment | Callable[[], Environment] = MappingProxyType({}),
    layer: object | None = None,
    workers: int = 1,
    coverage: str | None = None,
) -> unittest.TestSuite:
    """The specs of an external runner, one unittest case for each.

    The runner is started at once to learn which specs there are, and waits until a case runs; then
    it goes on with those specs whose cases still exist, as test runners drop what is not selected.
    One case more, the last, fails if something fails beside the specs.  If the specs can't be
    listed, the suite has a single case, which fails and says why.

    :param runner: such as ``Jasmine("spec/**/*_spec.js")``; or, as in gocept.exttest, the path of
        its command, with `arguments` for its command line: if its program is not one of a runner
        that is known, it is asked with ``--list`` and ``--run``.
    :param cwd: the folder in which it runs and where its patterns start, relative to that of the
        module that calls; with a command, as in gocept.exttest, relative to the current one.
    :param name: of the test class; by default the runner's.
    :param timeout: after how many seconds without any sign of life a spec counts as hung.
    :param args: more arguments for the runner's command line.
    :param env: more environment variables for the runner; a callable is called when the first
        case runs, with layers set up.
    :param layer: the layer of all cases; with one, specs run one by one, each inside its case.
    :param workers: among how many processes the spec files are dealt; not with a layer.
    :param coverage: ``"lcov"`` writes which lines ran to ``coverage/NAME.lcov`` in the folder.
    :raises TypeError: if an argument is of the wrong type.
    :raises ValueError: if the timeout is not above 0, there are no workers, or an argument for the
        command line is one that underlay needs for itself.
    """
    _check(runner, arguments, name, timeout, args, env)
    check_workers(workers, layer)
    check_coverage(coverage)
    caller = sys._getframe(1).f_globals
    folder = Path.cwd()
    if isinstance(runner, str):
        runner, options = _from_command(runner, arguments, folder / cwd)
        args = (*options, *args)
    elif "__file__" in caller:
        folder = Path(caller["__file__"]).absolute().parent
    return build_suite(
        runner,
        cwd=folder / cwd,
        module=caller.get("__name__", "__main__"),
        name=name or runner.name,
        timeout=timeout,
        args=args,
        env=env,
        layer=layer,
        workers=workers,
        coverage=coverage,
    )


def _check(
    runner: object,
    arguments: Sequence[str],
    name: object,
    timeout: object,
    args: object,
    env: object,
) -> None:
    if isinstance(runner, type) or not isinstance(runner, (str, Runner)):
        raise TypeError(
            f"The runner is {runner!r}, neither an object such as Jasmine('spec/**/*_spec.js') "
            "nor the path of a command."
        )
    if arguments and not isinstance(runner, str):
        raise TypeError(f"{arguments!r} is for a command; patterns belong into {runner!r}.")
    if not isinstance(name, (str, NoneType)):
        raise TypeError(f"name is {name!r}, not a str.")
    check_texts("the arguments of the command", arguments)
    check_texts("args", args)
    check_timeout(timeout)
    if not callable(env):
        check_environment(env)


def _from_command(program: str, arguments: Sequence[str], cwd: Path) -> tuple[Runner, list[str]]:
    if known := COMMANDS.get(Path(program).stem):
        return known(program, arguments, cwd)
    return ListAndRun([program, *arguments]), []
