"""Tools that report in ways which many know: JUnit XML, TAP, --list and --run, an exit status."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import underlay
from underlay.external import _junit, _tap
from underlay.external._checks import Environment, check_texts
from underlay.external._drive import (
    OUTPUT,
    Channel,
    Ids,
    Log,
    Result,
    Results,
    ask,
    refuse,
    run,
    stream,
)
from underlay.external._events import Done, Failure, Spec, Started
from underlay.external._files import find_files
from underlay.external._process import Launch
from underlay.external._programs import program_path

#: What the process in between runs, with underlay from where we have it.
BOOT = (
    "import sys; sys.path.insert(0, sys.argv.pop(1)); "
    "from underlay.external.inlets import drive; drive(*sys.argv[1:])"
)


class Inlet:
    """A tool that is started by a process of ours, which tells events in its place.

    :param command: the tool's program and its arguments.
    """

    #: What its test class is called by default.
    name: ClassVar[str]

    def __init__(self, command: Sequence[str]) -> None:
        check_texts(f"the command of {self.name}", command)
        self.command = list(command)

    def __repr__(self) -> str:
        return f"{self.name}({self.command!r})"

    def launch(self, cwd: Path, args: Sequence[str], env: Environment) -> Launch:
        """See `Runner.launch`."""
        root = str(Path(underlay.__file__).parents[1])
        kind = f"{type(self).__module__}.{type(self).__qualname__}"
        boot = [sys.executable, "-I", "-X", "utf8", "-c", BOOT, root, kind]
        return Launch((*boot, json.dumps(self.state(cwd, args))), cwd, env)

    def state(self, cwd: Path, args: Sequence[str]) -> dict[str, Any]:
        """What the process in between has to know, as JSON."""
        return {"command": [program_path(self.command[0], cwd), *self.command[1:], *args]}

    @classmethod
    def serve(cls, channel: Channel, state: Mapping[str, Any]) -> None:
        """What the process in between does; it gets the `state`."""
        raise NotImplementedError


class RunsToBeListed(Inlet):
    """A tool that can't say which tests there are, but by running them.

    It runs at once, unless it has done so before and named them, and nothing has changed since.

    :param files: patterns of the files that decide which tests there are, relative to the suite's
        folder; without them nothing is known of earlier runs.
    """

    def __init__(self, command: Sequence[str], *, files: Sequence[str] = ()) -> None:
        super().__init__(command)
        check_texts(f"the files of {self.name}", files)
        self.files = list(files)

    def launch(self, cwd: Path, args: Sequence[str], env: Environment) -> Launch:
        """See `Runner.launch`.

        :raises ValueError: for a suite on a layer, which is not set up by then.
        """
        if "UNDERLAY_STEPWISE" in env:
            raise ValueError(
                f"{self} must run to be listed, before a layer is set up; on a layer use Command."
            )
        program = program_path(self.command[0], cwd)
        tool = shutil.which(program, path=env.get("PATH")) or program
        return replace(
            super().launch(cwd, args, {**env, "UNDERLAY_TOOL": tool}),
            plan_is_kept=bool(self.files),
            plan_files=tuple(find_files(self, self.files, cwd)) if self.files else (),
            selects=False,
        )


class JUnit(RunsToBeListed):
    """A tool that writes a JUnit XML report; see `RunsToBeListed`.

    A report with a document type is refused, so that no entity can do harm.

    :param report: its path, relative to the suite's folder.
    """

    name = "JUnit"

    def __init__(self, command: Sequence[str], report: str, *, files: Sequence[str] = ()) -> None:
        super().__init__(command, files=files)
        check_texts("the report of JUnit", [report])
        self.report = report

    def state(self, cwd: Path, args: Sequence[str]) -> dict[str, Any]:
        return {**super().state(cwd, args), "report": str(cwd / self.report)}

    @classmethod
    def serve(cls, channel: Channel, state: Mapping[str, Any]) -> None:
        path = Path(state["report"])
        path.unlink(missing_ok=True)  # that of an earlier run proves nothing
        status, _ = run(state["command"])
        if not path.exists():
            refuse(f"It exited with status {status} and wrote no {path}.")
        try:
            came, problems = _junit.read(path.read_bytes())
        except ValueError as error:
            refuse(f"{path} can't be read: {error}")
        results = Results(channel)
        results.add(came)
        results.end(status, problems)


class TAP(RunsToBeListed):
    """A tool that writes TAP, version 13 or 14, to stdout; see `RunsToBeListed`.

    Subtests are specs of their own.
    """

    name = "TAP"

    @classmethod
    def serve(cls, channel: Channel, state: Mapping[str, Any]) -> None:
        parser, results, log = _tap.Parser(), Results(channel), Log()

        def add(told: Iterable[Result]) -> None:
            results.add((spec, _explained(done, log)) for spec, done in told)

        status = stream(state["command"], lambda line: add(parser.feed(line)))
        add(parser.end())
        results.end(status, parser.problems)


def _explained(done: Done, log: Log) -> Done:
    """Tools may say on stderr why a test has failed; its place among others is lost there."""
    return replace(done, output=log.tail()) if done.failures == _tap.UNEXPLAINED else done


class Command(Inlet):
    """Any command: one case, which passes if the exit status is 0."""

    name = "Command"

    @classmethod
    def serve(cls, channel: Channel, state: Mapping[str, Any]) -> None:
        command = state["command"]
        title = " ".join([os.path.basename(command[0]), *command[1:]])
        for spec in channel.offer([Ids().spec("", [title])]):
            channel.pause()
            channel.tell(Started(spec.id))
            status, output = run(command)
            failures = () if status == 0 else (Failure(f"exit status {status}", ""),)
            result = "failed" if status else "passed"
            channel.tell(Done(spec.id, result, "", failures, output=output))
        channel.end()


class ListAndRun(Inlet):
    """A tool that speaks gocept.exttest's protocol: ``--list``, and ``--run CASE.TEST``."""

    name = "ListAndRun"

    def __repr__(self) -> str:
        return repr(self.command[0])

    @classmethod
    def serve(cls, channel: Channel, state: Mapping[str, Any]) -> None:
        program, *args = state["command"]
        status, output, _ = ask([program, "--list", *args])
        try:
            ids = Ids()
            specs = [
                ids.spec("", [case["case"], test])
                for case in json.loads(output)
                for test in case["tests"]
            ]
        except (ValueError, LookupError, TypeError) as error:
            refuse(f"--list exited with status {status}: {error!r}", output)
        for spec in channel.offer(specs):
            channel.pause()
            channel.tell(Started(spec.id))
            channel.tell(_one(spec, *ask([program, *args, "--run", ".".join(spec.titles)])))
        channel.end()


def _one(spec: Spec, status: int, answer: str, aside: str) -> Done:
    """What ``--run`` tells of a test; anything else than one answer about it is an error."""
    try:
        [told] = [each for each in json.loads(answer) if each["name"] == ".".join(spec.titles)]
        result = {"SUCCESS": "passed", "FAIL": "failed", "ERROR": "error"}[told["status"]]
    except (ValueError, LookupError, TypeError) as error:
        message = f"--run exited with status {status}, without a result that can be read: {error!r}"
        output = f"{answer}{aside}"[-OUTPUT:]
        return Done(spec.id, "error", "", (Failure(message, ""),), output=output)
    if result == "passed":
        return Done(spec.id, result, "", ())
    texts = [str(told.get("message", "")), str(told.get("traceback", ""))]
    return Done(spec.id, result, "", (Failure("\n".join(filter(None, texts)), ""),))


def drive(kind: str, state: str, *files: str) -> None:
    """The main function of the process in between: such a tool by the names of module and class.

    The files of a selection (`Launch.runs`) are not needed: its state names all there are.
    """
    module, _, name = kind.rpartition(".")
    served: type[Inlet] = getattr(importlib.import_module(module), name)
    served.serve(Channel(), json.loads(state))
