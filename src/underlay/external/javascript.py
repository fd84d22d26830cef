"""Runners of JavaScript tests: their command lines; their side of it is in ``reporters/``."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from underlay._errors import RunnerMissing
from underlay.external._checks import Environment, check_texts
from underlay.external._node import find_node
from underlay.external._process import Launch

REPORTERS = Path(__file__).with_name("reporters")

#: Options of jasmine-node, which gocept.exttest's users pass.
HISTORIC = ("--coffee", "--json")


class Jasmine:
    """Specs for Jasmine (https://jasmine.github.io), in JavaScript or CoffeeScript.

    CoffeeScript is compiled on the fly if a pattern ends with ``.coffee`` or ``.{js,coffee}``.

    :param patterns: the spec files, as paths or glob patterns that start in the suite's folder;
        with ``!`` in front, files to leave out.  None: those that the project's
        ``spec/support/jasmine.*`` names.
    :param program: the path of the command ``jasmine``, relative to the suite's folder; by default
        the one of the nearest ``node_modules``.
    :raises TypeError: if a pattern is no text.
    """

    name = "Jasmine"

    #: Options that would take the specs or the results away from our reporter.
    reserved = ("--filter", "--parallel", "--reporter")

    def __init__(self, *patterns: str, program: str | None = None) -> None:
        check_texts("the patterns of Jasmine", patterns)
        self.patterns = patterns
        self.program = program

    @classmethod
    def from_command(
        cls, program: str, arguments: Sequence[str], cwd: Path
    ) -> tuple[Jasmine, list[str]]:
        """What a command line of gocept.exttest's days means, and the options that are left.

        ``--json`` is what we do anyway, ``--coffee`` adds a file ending, and a folder stands for
        all the files in it that are called like ``cart_spec.js``.
        """
        endings = ["{js,mjs,cjs}", *(["coffee"] if "--coffee" in arguments else [])]
        patterns = []
        for argument in arguments:
            path = (cwd / argument).absolute()
            if path.is_dir():
                folder = glob.escape(str(path))
                patterns += [f"{folder}/**/*[sS]pec.{ending}" for ending in endings]
            elif not argument.startswith("-"):
                patterns.append(str(path))
        options = [arg for arg in arguments if arg.startswith("-") and arg not in HISTORIC]
        return cls(*patterns, program=program), options

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(map(repr, self.patterns))})"

    def launch(self, cwd: Path, args: Sequence[str], env: Environment) -> Launch:
        """See `Runner.launch`.

        :raises ValueError: if an argument is one that underlay needs for itself.
        """
        for arg in args:
            if arg.startswith(self.reserved):
                raise ValueError(f"{self}: underlay itself needs the option {arg}")
        node = find_node()
        env = {**env, "PATH": f"{node.parent}{os.pathsep}{env.get('PATH', os.defpath)}"}
        command = [*self._command(cwd, node), f"--reporter={REPORTERS / 'jasmine.cjs'}", *args]
        if any("coffee" in Path(pattern).suffix for pattern in self.patterns):
            register = find_installed("coffeescript", "register.js", self._places(cwd))
            command.append(f"--require={register}")
            env["NODE_OPTIONS"] = f"{env.get('NODE_OPTIONS', '')} --enable-source-maps".strip()
        return Launch((*command, *self.patterns), cwd, env)

    def _command(self, cwd: Path, node: Path) -> list[str]:
        if self.program is None:
            return [str(node), str(find_installed("jasmine", "bin/jasmine.js", [cwd]))]
        program = cwd / self.program
        if not os.access(program, os.X_OK):
            raise RunnerMissing("jasmine", (str(program),), "Check the path of its command.")
        return [str(program)]

    def _places(self, cwd: Path) -> Iterator[Path]:
        """Where CoffeeScript may be: beside the suite, beside Jasmine, beside the specs."""
        yield cwd
        if self.program:
            yield (cwd / self.program).parent
        for pattern in self.patterns:
            yield Path(cwd, pattern.partition("*")[0]).parent


def find_installed(package: str, file: str, places: Sequence[Path] | Iterator[Path]) -> Path:
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
