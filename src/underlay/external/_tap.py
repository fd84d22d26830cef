"""The Test Anything Protocol, versions 13 and 14, line by line: https://testanything.org"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from underlay.external._drive import Ids, Result, problem
from underlay.external._events import Done, Failure, Problem

POINT = re.compile(r"(?P<bad>not )?ok\b *(?P<number>\d+)? *(?:- )?(?P<title>.*)$")
DIRECTIVE = re.compile(r"(?<!\\)#\s*(?P<kind>skip|todo)\b\S*\s*(?P<reason>.*)$", re.IGNORECASE)
PLAN = re.compile(r"(?P<first>\d+)\.\.(?P<last>\d+)\s*(?:#\s*(?P<reason>.*))?$")
BAIL = re.compile(r"Bail out!\s*(?P<reason>.*)$", re.IGNORECASE)
GROUP = re.compile(r"# Subtest: (?P<title>.*)$")
COMMENT = re.compile(r"^ *# ?")
SKIP = re.compile(r"skip\S*\s*(?P<reason>.*)$", re.IGNORECASE)

#: All that is known of a test that has failed and is not followed by an explanation.
UNEXPLAINED = (Failure("not ok", ""),)

#: By how many spaces a subtest is indented.
INDENT = 4

#: What became of a test, by its titles from the level on which it is told.
Told: TypeAlias = tuple[tuple[str, ...], Done]


@dataclass
class Level:
    """One TAP document: the whole, or a subtest in it.

    :param path: the titles of the groups it is in, if a comment before each has told them; else
        they are known when it ends.
    :param group: the title of the subtest that begins with the next line, if a comment tells it.
    :param points: how many tests it had so far.
    :param plan: how many it is to have.
    :param reason: why it has none.
    :param has_failed: whether one of them has.
    :param kept: the results that have to wait for the path, with their titles from here on.
    """

    path: tuple[str, ...] | None
    group: str | None = None
    points: int = 0
    plan: int | None = None
    reason: str | None = None
    has_failed: bool = False
    kept: list[Told] = field(default_factory=list)

    def inner(self) -> Level:
        """A subtest in it."""
        if self.path is None or self.group is None:
            return Level(None)
        return Level((*self.path, self.group))


@dataclass
class Point:
    """The line of a test, and what may follow it: a block of YAML, or comments."""

    indent: int
    title: str
    number: str
    done: Done
    margin: int | None = None  # of the block, once it has begun
    block: list[str] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    is_whole: bool = False
    is_told: bool = False

    def takes(self, indent: int, line: str) -> bool:
        """Whether the next line is of the block."""
        text = line.strip()
        if self.margin is None:
            if text == "---" and indent > self.indent:
                self.margin = indent
        elif self.is_whole or (text and indent < self.margin):
            return False
        elif (indent, text) == (self.margin, "..."):
            self.is_whole = True
        else:
            self.block.append(line[self.margin :].rstrip())
        return self.margin is not None

    def outcome(self) -> Done:
        """The block is shown as it is, and so are comments."""
        if self.done.status != "failed":
            return self.done
        told = "\n".join(["not ok", *self.block, *self.comments])
        return replace(self.done, failures=(Failure(told, ""),))


class Parser:
    """Takes lines, and tells each result as soon as it is whole.

    One that is good is so with its line, another with the block or the comments that follow, and
    one in a subtest whose title no comment has told, with the test that ends this.  A test with
    subtests is a group: these are the specs, and it is one itself only if it fails for another
    reason than theirs.
    """

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._ids = Ids()
        self._levels = [Level(())]
        self._last: Point | None = None  # which a block may follow

    def feed(self, line: str) -> Iterator[Result]:
        """Take one line: the results that are whole by it."""
        indent = len(line) - len(line.lstrip(" "))
        if self._last:
            if self._last.takes(indent, line):
                if self._last.is_whole:
                    yield from self._settle()
                return
            if not self._last.is_told and COMMENT.match(line) and not GROUP.match(line.strip()):
                self._last.comments.append(COMMENT.sub("", line))
                return
        yield from self._settle()
        self._last = None
        depth, rest = divmod(indent, INDENT)
        if not rest:
            yield from self._take(depth, line.strip())

    def _take(self, depth: int, text: str) -> Iterator[Result]:
        if found := POINT.match(text):
            self._last = _point(depth, found, self._level(depth).points + 1)
            if self._last.done.status != "failed":
                yield from self._settle()
        elif found := GROUP.match(text):
            self._level(depth).group = _unescaped(found["title"])
        elif found := PLAN.match(text):
            level = self._level(depth)
            level.plan, level.reason = int(found["last"]) - int(found["first"]) + 1, found["reason"]
        elif found := BAIL.match(text):
            self.problems.append(problem(f"Bail out! {found['reason']}".strip()))

    def end(self) -> Iterator[Result]:
        """When all lines were taken."""
        yield from self._settle()
        root = self._levels[0]
        if inner := self._leave(0):
            yield from self._tell(root, inner.kept)
        if root.plan == 0 and root.reason and (found := SKIP.match(root.reason)):
            yield from self._tell(
                root, [(("all tests",), Done("", "skipped", found["reason"], ()))]
            )
        self._check(root)

    def _level(self, depth: int) -> Level:
        while len(self._levels) <= depth:
            self._levels.append(self._levels[-1].inner())
        return self._levels[depth]

    def _leave(self, depth: int) -> Level | None:
        """End the subtests of a level: the one that was directly in it."""
        inner: Level | None = None
        while len(self._levels) > depth + 1:
            level = self._levels.pop()
            self._check(level)
            if inner:  # ended without a test that says so
                level.kept += inner.kept
                level.has_failed |= inner.has_failed
            inner = level
        return inner

    def _check(self, level: Level) -> None:
        if level.plan is None:
            self.problems.append(problem("There is no plan (1..N) in the TAP output."))
        elif level.plan != level.points:
            told = f"The TAP plan was 1..{level.plan}, but {level.points} came."
            self.problems.append(problem(told))

    def _settle(self) -> Iterator[Result]:
        """Tell the last test, if that is still to be done."""
        if self._last and not self._last.is_told:
            self._last.is_told = True
            yield from self._results(self._last)

    def _results(self, point: Point) -> Iterator[Result]:
        depth = point.indent // INDENT
        level, inner, done = self._level(depth), self._leave(depth), point.outcome()
        announced, level.group = level.group, None
        title = point.title or announced or point.number
        level.points += 1
        is_bad = done.status == "failed"
        if inner and (inner.points or inner.kept):
            level.has_failed |= inner.has_failed
            if inner.path is not None and announced != title:
                told = f"The subtest {announced!r} has ended as {title!r}."
                self.problems.append(problem(told))
            yield from self._tell(level, [((title, *path), each) for path, each in inner.kept])
            if not is_bad or inner.has_failed:
                return
        level.has_failed |= is_bad
        yield from self._tell(level, [((title,), done)])

    def _tell(self, level: Level, told: Sequence[Told]) -> Iterator[Result]:
        """Results, with their titles from this level on; kept, if those before are not known."""
        if level.path is None:
            level.kept += told
            return
        for titles, done in told:
            spec = self._ids.spec("", [*level.path, *titles])
            yield spec, replace(done, id=spec.id)


def _unescaped(text: str) -> str:
    return re.sub(r"\\([\\#])", r"\1", text).strip()


def _point(depth: int, found: re.Match[str], place: int) -> Point:
    title, number = found["title"], found["number"] or str(place)
    if directive := DIRECTIVE.search(title):
        title = title[: directive.start()]
    return Point(depth * INDENT, _unescaped(title), number, _done(bool(found["bad"]), directive))


def _done(is_bad: bool, directive: re.Match[str] | None) -> Done:
    if directive:
        return Done("", "skipped", directive["reason"] or directive["kind"], ())
    return Done("", "failed" if is_bad else "passed", "", ())
