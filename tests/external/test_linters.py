"""Linters: a case for each file, one process for all that are selected."""

import json
import sys
import unittest
import warnings
from unittest import mock

from tests.external.runners import PACKAGES, Verdicts
from tests.helpers import temporary_folder
from underlay.external import SARIF, Biome, ESLint, Hygiene, JSHint, Oxlint, Ruff, makeSuite

LAST = "zz runner finished"
UNLISTED = "specs are listed"

FILES = {
    "good.js": "export const good = 1;\n",
    "with space é.js": "export const spaced = 1;\n",
    "bad.js": "export const bad = 1;\n\ndebugger;\n",
    "broken.js": "const x = ;\n",
    "vendor/bad.js": "debugger;\n",
}

CONFIG = """
export default [{files: ["**/*.js"], rules: {"no-debugger": "error"}}];
"""

VERDICTS = {
    "good js": "passed",
    "with space é js": "passed",
    "bad js": "failed",
    "broken js": "failed",
    LAST: "passed",
}


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.folder = temporary_folder(self)

    def write(self, **files):
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def suite(self, linter):
        return makeSuite(linter, cwd=self.folder)

    def run_suite(self, linter):
        verdicts = Verdicts()
        self.suite(linter).run(verdicts)
        return verdicts


class ForJavaScript(Case):
    def setUp(self):
        super().setUp()
        self.write(**FILES, **{"eslint.config.mjs": CONFIG})
        (self.folder / "node_modules").symlink_to(PACKAGES)

    def check(self, kind, *patterns, **options):
        came = self.run_suite(kind(*patterns or ["."], exclude=["vendor/*", "*.mjs"], **options))
        self.assertEqual(VERDICTS, came.of, came.messages)
        self.assertRegex(came.messages["bad js"], r"3:1: \w+ .*debugger")
        self.assertIn("at bad.js:3:1", came.messages["bad js"])
        self.assertIn("at broken.js:1:", came.messages["broken js"])
        return came

    def test_eslint(self):
        self.check(ESLint)

    def test_files_that_eslint_leaves_out_by_its_configuration_are_skipped(self):
        self.write(**{"eslint.config.mjs": 'export default [{ignores: ["vendor/*"]}];', "a.ts": ""})
        for level in ("error", "warning"):
            came = self.run_suite(ESLint("vendor", "good.js", "a.ts", level=level))
            kinds = {"vendor bad js": "skipped", "a ts": "skipped", "good js": "passed"}
            self.assertEqual({**kinds, LAST: "passed"}, came.of)
            self.assertIn("matching ignore pattern", came.messages["vendor bad js"])

    def test_biome(self):
        self.check(Biome)

    def test_oxlint(self):
        self.check(Oxlint)

    def test_jshint(self):
        came = self.check(JSHint, "*.js", options=["esversion: 6", "module"])
        self.assertIn("E030", came.messages["broken js"])

    def test_jshint_has_the_options_of_gocept_jslint(self):
        self.write(**{"old.js": "used(1)\nother(2);\n"})
        options = {"options": ["undef"], "predefined": ["used"]}
        came = self.run_suite(JSHint("old.js", ignore=["W033"], **options))
        self.assertNotIn("semicolon", came.messages["old js"])
        self.assertIn("'other' is not defined", came.messages["old js"])
        self.assertNotIn("'used' is not defined", came.messages["old js"])
        came = self.run_suite(JSHint("old.js", ignore=["W033", "other"], **options))
        self.assertEqual("passed", came.of["old js"])

    def test_only_the_selected_files_are_looked_at(self):
        [case] = [each for each in self.suite(ESLint("*.js")) if "good" in str(each)]
        came = Verdicts()
        case.run(came)
        self.assertEqual({"good js": "passed"}, came.of)


class ForPython(Case):
    def test_ruff(self):
        self.write(**{"good.py": "print()\n", "bad.py": "import os\n", "broken.py": "def f(:\n"})
        came = self.run_suite(Ruff("*.py"))
        verdicts = {"good py": "passed", "bad py": "failed", "broken py": "failed"}
        self.assertEqual({**verdicts, LAST: "passed"}, came.of, came.messages)
        self.assertIn("1:8: error F401", came.messages["bad py"])


class ForHygiene(Case):
    def test_what_must_not_be_committed_is_found_in_code(self):
        for name, text, lines in (
            ("a.js", "it('x');\nit.only('y');\n", [2]),
            ("b.ts", "fdescribe('x', () => {\n  debugger; console.log(1);\n});\n", [1, 2, 2]),
            ("c.js", "// debugger\n'it.only'; /* console.log()\n fit( */ `fit(`;\nx.fit(1)\n", []),
            ("d.py", "import os\nimport pdb\n\nbreakpoint()\n", [2, 4]),
            ("e.py", "from ipdb import set_trace\n'import pdb'  # breakpoint()\n", [1]),
            ("f.py", "def f(:\n", [1]),
            (
                "g.js",
                "x = /`/g;\ndebugger;\ny = a => /[/'`]\"/.test(a);\nconsole.log(6 / 2 / 1);",
                [2, 4],
            ),
        ):
            with self.subTest(name):
                self.write(**{name: text})
                came = self.run_suite(Hygiene(name))
                message = came.messages[name.replace(".", " ")]
                found = [line for line in message.splitlines() if ": error: " in line]
                self.assertEqual(lines, [int(line.partition(":")[0]) for line in found])

    def test_a_file_that_cannot_be_read_fails_and_the_others_are_looked_at(self):
        self.write(**{"a.py": "x = '\\d'\n", "b.py": "\0", "c.py": "breakpoint()"})
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            came = self.run_suite(Hygiene("."))
        self.assertEqual(
            {"a py": "passed", "b py": "failed", "c py": "failed", LAST: "passed"}, came.of
        )
        self.assertIn("breakpoint()", came.messages["c py"])

    def test_a_folder_stands_for_its_files_also_where_they_are_left_out(self):
        self.write(**{"[in]/a.py": "", "[in]/b.js": "", "[in]/[out]/c.py": "", "[in]/c.txt": ""})
        came = self.run_suite(Hygiene("[in]", exclude=["[in]/[out]"]))
        self.assertEqual({"in a py": "passed", "in b js": "passed", LAST: "passed"}, came.of)

    def test_a_folder_stands_for_its_files(self):
        self.write(**{"src/a.py": "", "src/b.tsx": "", "src/c.txt": "debugger"})
        came = self.run_suite(Hygiene("src"))
        self.assertEqual({"src a py", "src b tsx", LAST}, set(came.of))


#: Writes what is in a file, whatever it is asked.
TELLS = """\
import pathlib, sys
print(pathlib.Path("told").read_text())
sys.exit(int(pathlib.Path("status").read_text()))
"""


def sarif(*results, **run):
    driver = {"driver": {"rules": [{"id": "R2", "defaultConfiguration": {"level": "note"}}]}}
    return json.dumps({"runs": [{"tool": driver, "results": results, **run}]})


def result(uri, **others):
    place = {"artifactLocation": {"uri": uri}, "region": {"startLine": 2}}
    locations = [{"physicalLocation": place}]
    return {"message": {"text": "is bad"}, "locations": locations, "ruleId": "R1", **others}


#: Notes of how many files it is asked; the last of all is bad.
COUNTS = """\
import json, sys
*_, last = files = sys.argv[1:]
open("counts", "a").write(f"{len(files)} ")
found = [{"message": {"text": "bad"}, "locations": [
    {"physicalLocation": {"artifactLocation": {"uri": last}}}]}]
results = found if last.endswith("4.y") else []
print(json.dumps({"runs": [{"tool": {"driver": {}}, "results": results}]}))
sys.exit(len(results))
"""


class AnyLinter(Case):
    """SARIF(command, *patterns)"""

    def look(self, told, status=1, **options):
        self.write(**{"tool.py": TELLS, "told": told, "status": str(status)})
        self.write(**{"a.x": "", "b c.x": ""})
        return self.run_suite(SARIF([sys.executable, "tool.py"], "*.x", **options))

    def test_findings_belong_to_files_however_their_paths_are_written(self):
        for uri in ("b c.x", f"{self.folder}/b c.x", f"file://{self.folder}/b%20c.x"):
            with self.subTest(uri):
                came = self.look(sarif(result(uri)))
                self.assertEqual({"a x": "passed", "b c x": "failed", LAST: "passed"}, came.of)
                self.assertIn("2:1: warning R1: is bad", came.messages["b c x"])

    def test_what_counts_is_from_a_level_on(self):
        for level, verdict in {"error": "passed", "warning": "failed"}.items():
            with self.subTest(level):
                self.assertEqual(verdict, self.look(sarif(result("a.x")), level=level).of["a x"])
        self.assertEqual("passed", self.look(sarif(result("a.x", ruleId="R2"))).of["a x"])

    def test_what_the_tool_could_not_read_is_a_finding(self):
        told = {"toolConfigurationNotifications": [result("a.x", level="error")]}
        self.assertEqual("failed", self.look(sarif(invocations=[told])).of["a x"])

    def test_what_was_suppressed_is_none(self):
        suppressed = result("a.x", suppressions=[{"kind": "inSource"}])
        self.assertEqual("passed", self.look(sarif(suppressed), 0).of["a x"])

    def test_what_was_not_to_be_suppressed_after_all_counts(self):
        refused = result("a.x", suppressions=[{"kind": "external", "status": "rejected"}])
        self.assertEqual("failed", self.look(sarif(refused)).of["a x"])

    def test_a_result_that_says_that_all_is_well_is_none(self):
        self.assertEqual("passed", self.look(sarif(result("a.x", kind="pass")), 0).of["a x"])

    def test_a_finding_of_another_file_is_told_at_the_end(self):
        came = self.look(sarif(result("other.x")))
        self.assertEqual({"a x": "passed", "b c x": "passed", LAST: "error"}, came.of)
        self.assertIn("other.x", came.messages[LAST])

    def test_a_linter_that_is_in_trouble_fails_each_file(self):
        strange = sarif(result("a.x", level="odd"))
        for told, status in (
            (strange, 0),
            ("no JSON", 0),
            (sarif(), 1),
            (sarif(), 2),
            (sarif(invocations=[{"executionSuccessful": False}]), 0),
            ('{"runs": []}', 0),
            ("{}", 0),
            ("", 127),
        ):
            with self.subTest(told, status=status):
                came = self.look(told, status)
                self.assertEqual({"a x": "error", "b c x": "error", LAST: "passed"}, came.of)
                self.assertIn(f"exited with status {status}", came.messages["a x"])

    def test_a_linter_that_hangs_is_ended_and_fails_each_file(self):
        self.write(**{"a.x": "", "b.x": ""})
        hanging = SARIF(["/bin/sh", "-c", "echo so far >&2; sleep 99"], "*.x")
        came = Verdicts()
        makeSuite(hanging, cwd=self.folder, timeout=3).run(came)
        self.assertEqual({"error"}, {came.of["a x"], came.of["b x"]})
        self.assertIn("told nothing for 3 s", came.messages["a x"])
        self.assertIn("so far", came.messages["a x"])

    def test_a_linter_in_trouble_tells_what_it_printed(self):
        self.write(**{"a.x": ""})
        came = self.run_suite(SARIF(["/bin/sh", "-c", "echo no disk >&2; exit 2"], "*.x"))
        self.assertIn("no disk", came.messages["a x"])

    def test_more_files_than_a_command_line_takes_are_looked_at_in_turn(self):
        self.write(**{f"{number}.y": "" for number in range(5)}, tool=COUNTS)
        linter = SARIF([sys.executable, "tool"], "*.y")
        size = len(str(self.folder / "0.y")) + 1 + 8
        with mock.patch("underlay.external._linting.MOST_BYTES", 2 * size):
            came = self.run_suite(linter)
        verdicts = {f"{number} y": "passed" for number in range(4)}
        self.assertEqual({**verdicts, "4 y": "failed", LAST: "passed"}, came.of, came.messages)
        self.assertEqual("2 2 1 ", (self.folder / "counts").read_text())

    def test_no_files_are_an_error(self):
        came = self.run_suite(Hygiene("nowhere/*.js"))
        self.assertEqual({UNLISTED: "error"}, came.of)
        self.assertIn("No file", came.messages[UNLISTED])

    def test_an_unknown_level_is_refused(self):
        with self.assertRaisesRegex(ValueError, "level is 'bad', none of note, warning, error"):
            Hygiene("src", level="bad")
