"""The Test Anything Protocol, versions 13 and 14, line by line: https://testanything.org"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace

from underlay.external._drive import Ids, Report, problem
from underlay.external._events import Done, Failure, Problem, Spec

POINT = re.compile(r"(?P<bad>not )?ok\b *(?P<number>\d+)? *(?:- )?(?P<title>.*)$")
DIRECTIVE = re.compile(r"(?<!\\)#\s*(?P<kind>skip|todo)\b\S*\s*(?P<reason>.*)$", re.IGNORECASE)
PLAN = re.compile(r"(?P<first>\d+)\.\.(?P<last>\d+)\s*(?:#\s*(?P<reason>.*))?$")
BAIL = re.compile(r"Bail out!\s*(?P<reason>.*)$", re.IGNORECASE)


@dataclass
class Level:
    """One TAP document: the whole, or a subtest in it, which is indented by four spaces."""

    points: list[int] = field(default_factory=list)
    plan: int | None = None
    titles: list[str] = field(default_factory=list)


class Parser:
    """Takes lines; has `results` and `problems` of what they say so far.

    A test with subtests is a group: these are the specs, and it is one itself only if it fails for
    another reason than theirs.
    """

    def __init__(self, ids: Ids) -> None:
        self.results: list[tuple[Spec, Done]] = []
        self.problems: list[Problem] = []
        self._ids = ids
        self._levels = [Level()]
        self._open: list[list[tuple[list[str], Done]]] = [
            []
        ]  # results of each level, not named yet
        self._block: list[str] | None = None
        self._told: list[tuple[list[str], Done]] | None = (
            None  # the list that ends with the last one
        )

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
            self.problems.append(problem(f"Bail out! {found['reason']}".strip()))
        elif found := PLAN.match(text):
            self._enter(depth)
            self._levels[depth].plan = int(found["last"]) - int(found["first"]) + 1
        elif found := POINT.match(text):
            self._enter(depth)
            self._point(depth, found)
            return True
        return False

    def _enter(self, depth: int) -> None:
        while len(self._levels) <= depth:
            self._levels.append(Level())
            self._open.append([])

    def _point(self, depth: int, found: re.Match[str]) -> None:
        inner = self._leave(depth)
        title, directive = found["title"], DIRECTIVE.search(found["title"])
        if directive:
            title = title[: directive.start()]
        title = re.sub(r"\\([\\#])", r"\1", title).strip()
        self._levels[depth].points.append(int(found["number"] or 0))
        done = _done(bool(found["bad"]), directive)
        self._open[depth] += [([title, *titles], each) for titles, each in inner]
        self._told = None
        theirs = any(each.status == "failed" for _, each in inner)
        if not inner or (done.status == "failed" and not theirs):
            self._told = self._open[depth]
            self._told.append(([title], done))

    def _leave(self, depth: int) -> list[tuple[list[str], Done]]:
        """The results of the subtests that end here."""
        inner: list[tuple[list[str], Done]] = []
        while len(self._levels) > depth + 1:
            self._check(self._levels.pop())
            inner = self._open.pop() + inner
        return inner

    def _check(self, level: Level) -> None:
        if level.plan is None:
            self.problems.append(
                problem("There is no plan (1..N) for the tests in the TAP output.")
            )
        elif level.plan != len(level.points):
            count = len(level.points)
            self.problems.append(problem(f"The TAP plan was 1..{level.plan}, but {count} came."))

    def _take_block(self, text: str) -> None:
        """Lines of YAML, which are shown as they are."""
        assert self._block is not None
        if text != "...":
            self._block.append(text)
            return
        told = "\n".join(self._block)
        self._block = None
        if self._told and self._told[-1][1].status == "failed":
            titles, done = self._told[-1]
            failure = Failure(f"not ok\n{told}", "")
            self._told[-1] = (titles, replace(done, failures=(failure,)))

    def end(self) -> Report:
        """When all lines were taken."""
        inner = self._leave(0)
        self._check(self._levels[0])
        for titles, done in [*self._open[0], *inner]:
            spec = self._ids.spec("", titles)
            self.results.append((spec, replace(done, id=spec.id)))
        return Report(tuple(self.results), tuple(self.problems))


def _done(is_bad: bool, directive: re.Match[str] | None) -> Done:
    if directive:
        return Done("", "skipped", directive["reason"] or directive["kind"], ())
    if is_bad:
        return Done("", "failed", "", (Failure("not ok", ""),))
    return Done("", "passed", "", ())
