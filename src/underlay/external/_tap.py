"""The Test Anything Protocol, versions 13 and 14, line by line: https://testanything.org"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from underlay.external._drive import Ids, Report, problem
from underlay.external._events import Done, Failure, Problem

POINT = re.compile(r"(?P<bad>not )?ok\b *(?P<number>\d+)? *(?:- )?(?P<title>.*)$")
DIRECTIVE = re.compile(r"(?<!\\)#\s*(?P<kind>skip|todo)\b\S*\s*(?P<reason>.*)$", re.IGNORECASE)
PLAN = re.compile(r"(?P<first>\d+)\.\.(?P<last>\d+)\s*(?:#\s*(?P<reason>.*))?$")
BAIL = re.compile(r"Bail out!\s*(?P<reason>.*)$", re.IGNORECASE)


#: What became of a test, by its titles from the level on which it is told.
Told: TypeAlias = tuple[list[str], Done]


@dataclass
class Level:
    """One TAP document: the whole, or a subtest in it, which is indented by four spaces.

    :param points: how many tests it had so far.
    :param plan: how many it is to have.
    """

    points: int = 0
    plan: int | None = None
    told: list[Told] = field(default_factory=list)


class Parser:
    """Takes lines; at the `end` it has a report of what they said.

    A test with subtests is a group: these are the specs, and it is one itself only if it fails for
    another reason than theirs.
    """

    def __init__(self) -> None:
        self._problems: list[Problem] = []
        self._levels = [Level()]
        self._block: list[str] | None = None
        self._last: list[Told] = []  # ends with the test of which the next block of YAML tells

    def feed(self, line: str) -> bool:
        """Take one line.

        :returns: whether it was a test's result.
        """
        text = line.strip()
        depth = (len(line) - len(line.lstrip(" "))) // 4
        if self._block is not None:
            self._take_block(text)
        elif text == "---":
            self._block = []
        elif found := BAIL.match(text):
            self._problems.append(problem(f"Bail out! {found['reason']}".strip()))
        elif found := PLAN.match(text):
            self._level(depth).plan = int(found["last"]) - int(found["first"]) + 1
        elif found := POINT.match(text):
            self._point(self._level(depth), self._leave(depth), found)
            return True
        return False

    def _level(self, depth: int) -> Level:
        while len(self._levels) <= depth:
            self._levels.append(Level())
        return self._levels[depth]

    def _leave(self, depth: int) -> list[Told]:
        """What was told in the subtests that end here."""
        inner: list[Told] = []
        while len(self._levels) > depth + 1:
            level = self._levels.pop()
            self._check(level)
            inner = level.told + inner
        return inner

    def _point(self, level: Level, inner: list[Told], found: re.Match[str]) -> None:
        title, directive = found["title"], DIRECTIVE.search(found["title"])
        if directive:
            title = title[: directive.start()]
        title = re.sub(r"\\([\\#])", r"\1", title).strip()
        done = _done(bool(found["bad"]), directive)
        level.points += 1
        level.told += [([title, *titles], each) for titles, each in inner]
        self._last = []
        theirs = any(each.status == "failed" for _, each in inner)
        if not inner or (done.status == "failed" and not theirs):
            level.told.append(([title], done))
            self._last = level.told

    def _check(self, level: Level) -> None:
        if level.plan is None:
            self._problems.append(problem("There is no plan (1..N) in the TAP output."))
        elif level.plan != level.points:
            told = f"The TAP plan was 1..{level.plan}, but {level.points} came."
            self._problems.append(problem(told))

    def _take_block(self, text: str) -> None:
        """Lines of YAML, which are shown as they are."""
        assert self._block is not None
        if text != "...":
            self._block.append(text)
            return
        told = "\n".join(self._block)
        self._block = None
        if self._last and self._last[-1][1].status == "failed":
            titles, done = self._last[-1]
            failure = Failure(f"not ok\n{told}", "")
            self._last[-1] = (titles, replace(done, failures=(failure,)))

    def end(self) -> Report:
        """When all lines were taken."""
        inner = self._leave(0)
        self._check(self._levels[0])
        ids = Ids()
        results = []
        for titles, done in [*self._levels[0].told, *inner]:
            spec = ids.spec("", titles)
            results.append((spec, replace(done, id=spec.id)))
        return Report(tuple(results), tuple(self._problems))


def _done(is_bad: bool, directive: re.Match[str] | None) -> Done:
    if directive:
        return Done("", "skipped", directive["reason"] or directive["kind"], ())
    if is_bad:
        return Done("", "failed", "", (Failure("not ok", ""),))
    return Done("", "passed", "", ())
