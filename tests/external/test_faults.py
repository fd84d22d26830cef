"""Whatever goes wrong in a suite of JavaScript, with every runner: who gets the blame?"""

import functools
import os
import tempfile
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.external.faults import (
    DEVIATIONS,
    LAST,
    SITUATIONS,
    UNLISTED,
    Situation,
    deviation,
    expected,
)
from tests.external.runners import NEWEST, TOOLS, Verdicts, write_specs

TABLE = Path(__file__).parents[2] / "docs" / "reference" / "external-faults.inc"


@functools.cache
def runs() -> dict[tuple[str, str], Verdicts]:
    """What came of each situation, by its name, with each runner, by its name.

    They mostly wait, and the longest stand first.
    """
    every = [(each, runner) for each in SITUATIONS for runner in NEWEST]
    every.sort(key=lambda each: each[0].name not in ("breaks", "open"))
    with ThreadPoolExecutor(12) as pool:
        came = pool.map(lambda each: run(*each), every)
        return {(each.name, runner): of for (each, runner), of in zip(every, came, strict=True)}


def run(situation: Situation, runner: str) -> Verdicts:
    verdicts = Verdicts()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        write_specs(folder, TOOLS[runner], **situation.files)
        timeout = 12 if situation.name == "breaks" else 60
        TOOLS[runner].suite(folder, "*.test.js", timeout=timeout).run(verdicts)
    return verdicts


class EverySituation(unittest.TestCase):
    maxDiff = None

    def check(self, name):
        [situation] = [each for each in SITUATIONS if each.name == name]
        for runner in NEWEST:
            came = runs()[name, runner]
            with self.subTest(runner):
                self.assertEqual(expected(situation, runner), came.of, came.messages)

    def test_noise_disturbs_nothing(self):
        self.check("noise")

    def test_a_spec_that_breaks_its_process_is_named_and_the_others_run(self):
        self.check("breaks")

    def test_an_error_that_comes_late_is_told(self):
        self.check("late")

    def test_what_is_left_open_is_told(self):
        self.check("open")
        for runner in ("Mocha 12", "node:test", "Jest 30", "QUnit 3"):
            with self.subTest(runner):
                message = runs()["open", runner].messages[LAST]
                self.assertIn("does not end; still open: TCPServerWrap", message)

    def test_focused_specs_are_told(self):
        self.check("only")

    def test_specs_may_be_called_alike(self):
        self.check("twins")

    def test_a_file_that_cannot_be_loaded_is_told(self):
        self.check("syntax")

    def test_no_specs_are_an_error(self):
        self.check("zero")

    def test_what_a_broken_spec_did_is_told(self):
        for runner in NEWEST:
            came = runs()["breaks", runner]
            with self.subTest(runner):
                self.assertRegex(came.messages["Process spins"], "told nothing for 12 s while")
                self.assertRegex(came.messages["Process exits"], "exit")


class NoSuchTool(unittest.TestCase):
    """A tool that is missing or strange is one case that errs."""

    def check(self, program, pattern):
        for runner in NEWEST:
            tool = TOOLS[runner]
            kind = type(tool.make("x"))
            with self.subTest(runner), tempfile.TemporaryDirectory() as name:
                folder = Path(name).resolve()
                write_specs(folder, tool, zero="")
                (folder / "strange").write_text("#!/bin/sh\necho This is version 99\n")
                (folder / "strange").chmod(0o700)
                verdicts = Verdicts()
                strange = kind("*.test.js", program=program)
                type(tool)(lambda *_, it=strange: it, args=tool.args).suite(folder).run(verdicts)
                self.assertEqual({UNLISTED: "error"}, verdicts.of)
                self.assertRegex(verdicts.messages[UNLISTED], pattern)

    def test_a_missing_tool(self):
        self.check("nowhere", "is not installed")

    def test_a_tool_of_an_unknown_version(self):
        self.check("strange", "It exited with status .* without telling of any spec")


def cell(situation, runner):
    """What came of a situation, in few words, and a mark where the runner deviates."""
    came = runs()[situation.name, runner].of
    bad = [case for case in came if case != LAST and came[case] in ("failed", "error")]
    skipped = [case for case in came if came[case] == "skipped"]
    told = [f"{len(bad)} of {len(came) - (LAST in came)} red"]
    told += [f"{len(skipped)} skipped"] if skipped else []
    told += ["last case red"] if came.get(LAST) == "error" else []
    found = deviation(situation, runner)
    return ", ".join(told) + (f" [{DEVIATIONS.index(found) + 1}]_" if found else "")


def table():
    rows = [["In a suite", *NEWEST]]
    rows += [[each.title, *(cell(each, runner) for runner in NEWEST)] for each in SITUATIONS]
    lines = [".. list-table::", "   :header-rows: 1", ""]
    for first, *others in rows:
        lines += [f"   * - {first}", *(f"     - {other}" for other in others)]
    notes = [f".. [{number}] {each.reason}" for number, each in enumerate(DEVIATIONS, 1)]
    return "\n".join([*lines, "", *notes, ""])


class Manual(unittest.TestCase):
    maxDiff = None

    def test_it_shows_what_came_of_the_runs(self):
        """``UNDERLAY_WRITE_GOLDEN=1`` writes the table anew."""
        actual = table()
        if os.environ.get("UNDERLAY_WRITE_GOLDEN"):
            TABLE.write_text(actual, "utf-8")
        self.assertEqual(TABLE.read_text("utf-8"), actual)
