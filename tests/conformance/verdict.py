"""What came of a situation, in the few words of a cell: the manual's tables."""

from __future__ import annotations

import collections
import re
from collections.abc import Callable, Collection, Iterable, Iterator

from tests.conformance.runs import Run
from tests.conformance.situations import SITUATIONS, Situation

#: How a runner ends that was not stopped half-way.
CLOSING = {
    "zope.testrunner": r"(?m)^(Total:|  Ran) \d+ tests",
    "pytest": r"(?m)^=+ .* in [\d.]+s.* =+$",
    "underlay unittest": r"(?m)^Ran \d+ test",
}

#: What may stay, by how `Run.left` tells of it.
KINDS = {
    "a process": r"left is b'",
    "a thread": r"left is <Thread",
    "a file": r"left is /",
}


def table(columns: Iterable[str], cell: Callable[[Situation, str], str]) -> str:
    """All situations under some runners, in reStructuredText."""
    rows = [["Situation", *columns]]
    rows += [[each.name, *(cell(each, column) for column in columns)] for each in SITUATIONS]
    lines = [".. list-table::", "   :header-rows: 1", "   :class: verdicts", ""]
    for first, *others in rows:
        lines += [f"   * - {first}", *(f"     - {other}" for other in others)]
    return "\n".join([*lines, ""])


def in_a_cell(wanted: Situation, runner: str, came: Run) -> str:
    """How many tests had which outcome, the colour of the status, and what is not as wanted."""
    outcomes = collections.Counter(came.outcomes.values())
    told = ", ".join(f"{count} {outcome}" for outcome, count in sorted(outcomes.items()))
    cell = (told or "stopped") + ("; red" if came.status else "; green")
    wrong = differences(wanted, runner, came)
    return cell + (f": **{', '.join(wrong)}**" if wrong else "")


def differences(wanted: Situation, runner: str, came: Run) -> list[str]:
    """What is not as the situation has it; nothing, if all is."""
    found = [*_about_the_run(wanted, runner, came), *_about_tests(wanted.outcomes, came.outcomes)]
    if wanted.outcomes.keys() <= came.outcomes.keys():  # else the set-ups of lost tests are missed
        found += _about_set_ups(wanted.log, came.log)
    found += _leaks(came.left)
    blocks, called = calls(wanted, came)
    if not found and sorted(blocks) != sorted(called):
        found.append("calls in another order")
    return found


def calls(wanted: Situation, came: Run) -> tuple[list[list[str]], list[list[str]]]:
    """What had to be called in a row, and what was called, cut where such a row begins."""
    blocks = [block for block in wanted.log if block]
    beginnings = {block[0] for block in blocks}
    called: list[list[str]] = []
    for log in came.log:
        for number, line in enumerate(log):
            if line in beginnings or not number:
                called.append([])
            called[-1].append(line)
    return blocks, called


def _about_the_run(wanted: Situation, runner: str, came: Run) -> Iterator[str]:
    if wanted.outcomes and not re.search(CLOSING[runner.partition(" -")[0]], came.output):
        yield "the run dies"
    if wanted.fails and not came.status:
        yield "not noticed"
    if came.status and not wanted.fails:
        yield "false alarm"
    if wanted.cause not in came.output:
        yield "cause not told"


def _about_tests(wanted: dict[str, str], came: dict[str, str]) -> Iterator[str]:
    lost = wanted.keys() - came.keys()
    if lost:
        yield _number(lost, "test") + " lost"
    wrong = [came[test] for test in wanted.keys() - lost if came[test] != wanted[test]]
    for outcome, count in sorted(collections.Counter(wrong).items()):
        yield f"{count} wrongly {outcome}"
    if surplus := came.keys() - wanted.keys():
        yield _number(surplus, "test") + " run all the same"


def _about_set_ups(wanted: list[list[str]], came: list[list[str]]) -> Iterator[str]:
    expected, counted = _set_ups(wanted), _set_ups(came)
    if missing := expected - counted:
        yield _number([*missing.elements()], "set-up") + " missing"
    if surplus := counted - expected:
        yield _number([*surplus.elements()], "set-up") + " too many"


def _set_ups(log: list[list[str]]) -> collections.Counter[str]:
    return collections.Counter(line for row in log for line in row if re.match(r"\w+ up$", line))


def _leaks(left: list[str]) -> Iterator[str]:
    """Which kinds of things stayed."""
    kinds = [kind for kind, begin in KINDS.items() if any(re.match(begin, each) for each in left)]
    if kinds:
        yield "leaks " + ", ".join(kinds)
    if others := [each for each in left if not re.match("|".join(KINDS.values()), each)]:
        yield "; ".join(others)


def _number(things: Collection[object], noun: str) -> str:
    return f"{len(things)} {noun}{'s' if len(things) > 1 else ''}"
