"""NodeRunner: what the runners of JavaScript share."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import ClassVar

from underlay._errors import RunnerMissing
from underlay.external._checks import Environment, check_texts
from underlay.external._files import find_files
from underlay.external._node import find_node
from underlay.external._process import Launch

REPORTERS = Path(__file__).with_name("reporters")


class NodeRunner:
    """A runner of JavaScript that comes as an npm package.

    Files in CoffeeScript are compiled on the fly; so are those in TypeScript where ``tsx`` is
    installed, else by Node itself, from version 22.18 on.

    :param patterns: the spec files, as paths or glob patterns that start in the suite's folder;
        with ``!`` in front, files to leave out.  None: those that the project's own configuration
        names.
    :param program: the path of its command, relative to the suite's folder; by default the one of
        the nearest ``node_modules``.
    :raises TypeError: if a pattern is no text.
    """

    #: What its test class is called by default.
    name: ClassVar[str]

    #: The npm package that brings it, and the script in there that its command runs.
    package: ClassVar[str]
    script: ClassVar[str]

    #: What stands before files on the command line.
    before_files: ClassVar[tuple[str, ...]] = ()

    #: Whether it can't wait between listing specs and running them, and is started for each.
    is_listed_first: ClassVar[bool] = False

    #: Options that would take the specs or the results away from our reporter.
    reserved: ClassVar[tuple[str, ...]]

    #: Whether V8 sees the text of files as it is, so that it can tell which of their lines ran.
    measurable: ClassVar[bool] = True

    def __init__(self, *patterns: str, program: str | None = None) -> None:
        check_texts(f"the patterns of {self.name}", patterns)
        self.patterns = patterns
        self.program = program

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(map(repr, self.patterns))})"

    def launch(self, cwd: Path, args: Sequence[str], env: Environment) -> Launch:
        """See `Runner.launch`.

        :raises ValueError: if an argument is one that underlay needs for itself, or coverage can't
            be measured.
        """
        for arg in args:
            if arg.startswith(self.reserved):
                raise ValueError(f"{self}: underlay itself needs the option {arg}")
        if "UNDERLAY_COVERAGE" in env and not self.measurable:
            raise ValueError(f"{self} runs other code than that of the files; it has --coverage.")
        node = find_node()
        env = {**env, "PATH": f"{node.parent}{os.pathsep}{env.get('PATH', os.defpath)}"}
        if compilers := [*self._compilers(cwd)]:
            env["NODE_OPTIONS"] = " ".join([env.get("NODE_OPTIONS", ""), *compilers]).strip()
        tool = self._tool(cwd, node)
        env["UNDERLAY_TOOL"] = tool[-1]
        bare = tuple(map(str, self.command(node, tool, args)))
        before = (*bare, *self.before_files)
        files = self.files(cwd)
        command = (*before, *files) if files else bare
        runs = before if self.is_listed_first else ()
        return Launch(command, cwd, env, plan_is_kept=True, runs=runs)

    def command(self, node: Path, tool: list[str], args: Sequence[str]) -> Iterable[str | Path]:
        """The command line with our reporter, but without files.

        :param tool: the one without arguments.
        :param args: those of the user.
        """
        raise NotImplementedError

    def files(self, cwd: Path) -> Sequence[str]:
        """Those that the patterns name; none if there are no patterns."""
        return find_files(self, self.patterns, cwd) if self.patterns else ()

    def _tool(self, cwd: Path, node: Path) -> list[str]:
        if self.program is None:
            return [str(node), str(find_installed(self.package, self.script, [cwd]))]
        program = cwd / self.program
        if not os.access(program, os.X_OK):
            raise RunnerMissing(self.package, (str(program),), "Check the path of its command.")
        return [str(program)]

    def _compilers(self, cwd: Path) -> Iterator[str]:
        """Options of Node for languages that it does not know."""
        endings = {word for each in self.patterns for word in re.findall(r"\w+", Path(each).suffix)}
        if "coffee" in endings:
            register = find_installed("coffeescript", "register.js", self._places(cwd))
            yield f'--require "{register}" --enable-source-maps'
        if endings & {"ts", "mts", "cts", "tsx"}:
            try:
                loader = find_installed("tsx", "dist/loader.mjs", self._places(cwd))
            except RunnerMissing:
                return
            yield f'--import "{loader.as_uri()}"'

    def _places(self, cwd: Path) -> Iterator[Path]:
        """Where a compiler may be: beside the suite, beside the runner, beside the specs."""
        yield cwd
        if self.program:
            yield (cwd / self.program).parent
        for pattern in self.patterns:
            yield Path(cwd, pattern.partition("*")[0]).parent


def find_installed(package: str, file: str, places: Iterable[Path]) -> Path:
    """A file of an npm package, from the nearest ``node_modules`` at or above one of the places.

    :raises RunnerMissing: if none has it.
    """
    searched = []
    for place in places:
        for folder in (place.absolute(), *place.absolute().parents):
            found = folder / "node_modules" / package / file
            if found.exists():
                return found
        searched.append(f"node_modules of {place.absolute()} and the folders above")
    remedy = f"Install it with: npm install --save-dev {package}"
    raise RunnerMissing(package, tuple(searched), remedy)
