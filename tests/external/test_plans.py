"""The plan of a suite is kept between runs, and never believed when something may have changed."""

import os
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from tests.external.runners import NEWEST, TOOLS, Verdicts, write_specs

SPECS = """
describe('Kept', () => {
  it('one', () => {});
  it('two', () => {});
});
"""

MORE = SPECS.replace("it('two'", "it('three', () => {});\n  it('two'")

GENERATED = """
describe('Generated', () => {
  for (const name of require('NAMES')) it(name, () => {});
});
"""


class Plans(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.cache = Path(folder.name, "cache")
        self.folder = Path(folder.name).resolve() / "project"
        self.outside = Path(folder.name).resolve() / "outside"
        for each in (self.folder, self.outside):
            each.mkdir()
        patch = mock.patch.dict(os.environ, UNDERLAY_PLANS=str(self.cache))
        patch.start()
        self.addCleanup(patch.stop)

    def write(self, runner="Jasmine 7", **files):
        write_specs(self.folder, TOOLS[runner], **files)

    def suite(self, runner="Jasmine 7", **options):
        return TOOLS[runner].suite(self.folder, "*.test.js", **options)

    def cases(self, **options):
        return [str(case).partition(" (")[0] for case in self.suite(**options)][:-1]

    def run_it(self, suite):
        verdicts = Verdicts()
        suite.run(verdicts)
        return verdicts

    def list_without_processes(self, runner="Jasmine 7", **options):
        with mock.patch("subprocess.Popen", side_effect=AssertionError("starts a process")):
            return self.suite(runner, **options)

    def kept(self):
        return list(self.cache.glob("*")) if self.cache.exists() else []


class Keeping(Plans):
    def test_a_plan_that_is_kept_needs_no_process_to_list_and_one_to_run(self):
        for runner in NEWEST:
            with self.subTest(runner):
                self.write(runner, a=SPECS, b=SPECS.replace("Kept", "Other"))
                self.suite(runner)
                self.assertEqual(
                    {
                        "Kept one": "passed",
                        "Kept two": "passed",
                        "Other one": "passed",
                        "Other two": "passed",
                        "zz runner finished": "passed",
                    },
                    self.run_it(self.list_without_processes(runner)).of,
                )
                self.check_one(runner)

    def check_one(self, runner):
        """One spec of such a plan runs alone."""
        suite = self.list_without_processes(runner)
        [case] = [case for case in suite if "Other two" in str(case)]
        del suite
        self.assertEqual({"Other two": "passed"}, self.run_it(case).of)

    def test_it_is_nowhere_else(self):
        self.write(a=SPECS)
        before = sorted(self.folder.iterdir())
        self.suite()
        self.assertEqual(1, len(self.kept()))
        self.assertEqual(before, sorted(self.folder.iterdir()))

    def test_an_empty_variable_keeps_nothing(self):
        self.write(a=SPECS)
        with mock.patch.dict(os.environ, UNDERLAY_PLANS=""):
            self.suite()
        self.assertEqual([], self.kept())

    def test_a_user_without_a_home_has_none(self):
        self.write(a=SPECS)
        home = mock.patch("os.path.expanduser", side_effect=str)  # as it does where there is none
        with mock.patch.dict(os.environ), home:
            os.environ.pop("UNDERLAY_PLANS")
            os.environ.pop("XDG_CACHE_HOME", None)
            self.assertEqual(self.cases(), self.cases())

    def test_what_was_not_used_for_long_is_removed(self):
        self.cache.mkdir()
        old = self.cache / "old.json"
        old.touch()
        os.utime(old, (0, 0))
        self.write(a=SPECS)
        self.suite()
        self.assertFalse(old.exists())
        self.assertEqual(1, len(self.kept()))

    def test_a_cache_that_cannot_be_written_is_done_without(self):
        self.cache.write_text("no folder")
        self.write(a=SPECS)
        self.assertEqual(["Kept one", "Kept two"], self.cases())


class Doubting(Plans):
    def assertListedAnew(self, **options):
        """Nothing of the kept plan is used."""
        with self.assertRaisesRegex(AssertionError, "starts a process"):
            self.list_without_processes(**options)

    def test_after_a_change_of_a_spec_file(self):
        self.write(a=SPECS)
        self.assertEqual(["Kept one", "Kept two"], self.cases())
        state = (self.folder / "a.test.js").stat()
        self.write(a=MORE)
        os.utime(self.folder / "a.test.js", ns=(state.st_atime_ns, state.st_mtime_ns))
        self.assertEqual(["Kept one", "Kept three", "Kept two"], self.cases())

    def test_after_any_other_change(self):
        """New files, helpers, configuration, lock file, options, environment."""
        self.write(a=SPECS)
        for change in (
            lambda: self.write(b=SPECS),
            lambda: (self.folder / "helper.js").write_text("1"),
            lambda: (self.folder / "jasmine.json").write_text("{}"),
            lambda: (self.folder / "package-lock.json").write_text("{}"),
        ):
            self.suite()
            change()
            self.assertListedAnew()
        self.suite()
        self.assertListedAnew(env={"SLOW": "1"})

    def test_after_an_installation(self):
        installed = self.folder / "node_modules" / ".package-lock.json"
        installed.parent.mkdir()
        installed.write_text('{"version": 1}')
        self.write(a=SPECS)
        self.suite()
        installed.write_text('{"version": 2}')
        self.assertListedAnew()

    def test_if_it_is_corrupt(self):
        self.write(a=SPECS)
        for content in (b"", b"\xff", b"[]", b"{}", b'{"event": "end", "status": 0}', b'{"event"'):
            self.suite()
            [file] = self.kept()
            file.write_bytes(content)
            with self.subTest(content):
                self.assertEqual(["Kept one", "Kept two"], self.cases())
        [file] = self.kept()
        self.assertIn(b"Kept", file.read_bytes())

    def test_if_something_could_not_be_loaded(self):
        self.write("Vitest 5", a=SPECS, broken="describe(")
        self.suite("Vitest 5")
        self.assertEqual([], self.kept())

    def test_if_the_patterns_lead_out_of_the_project(self):
        self.write(a=SPECS)
        TOOLS["Jasmine 7"].suite(self.folder, "../project/*.test.js")
        self.assertEqual([], self.kept())

    def test_if_the_project_is_large(self):
        self.write(a=SPECS)
        with mock.patch("underlay.external._plans.MOST_FILES", 1):
            self.suite()
        self.assertEqual([], self.kept())


class Surprises(Plans):
    """What decides which specs there are is outside of the project, where no change is seen."""

    def check(self, runner, names):
        """List with some names, change them, run with the plan that is kept: it is forgotten."""
        data = self.outside / "names.json"
        data.write_text('["one", "gone"]')
        self.write(runner, a=GENERATED.replace("NAMES", str(data)))
        self.suite(runner)
        suite = self.list_without_processes(runner)
        data.write_text(names)
        verdicts = self.run_it(suite)
        self.assertEqual([], self.kept())
        return verdicts

    def test_a_spec_that_is_new_is_told_and_one_that_is_gone_errs(self):
        for runner in NEWEST:
            with self.subTest(runner):
                verdicts = self.check(runner, '["one", "new"]')
                self.assertEqual("passed", verdicts.of["Generated one"])
                self.assertEqual("error", verdicts.of["Generated gone"])
                self.assertEqual("error", verdicts.of["zz runner finished"])
                message = verdicts.messages["zz runner finished"]
                self.assertIn("specs that were not listed: 'Generated new'", message)

    def test_either_alone_is_a_reason_to_forget_the_plan(self):
        for names in ('["one", "gone", "new"]', '["one"]'):
            with self.subTest(names):
                self.check("Jasmine 7", names)


class Children(Plans):
    def test_a_process_that_was_asked_twice_reads_the_same_plan(self):
        """As the children of zope.testrunner -j do."""
        self.write(a=SPECS)
        code = (
            "import sys; from pathlib import Path; from tests.external.runners import TOOLS; "
            "import os; os.environ['UNDERLAY_PLANS'] = sys.argv[2]; "
            "print(TOOLS['Jasmine 7'].suite(Path(sys.argv[1]), '*.test.js').countTestCases())"
        )
        for _ in range(2):
            command = [sys.executable, "-c", code, str(self.folder), str(self.cache)]
            self.assertEqual(b"3\n", subprocess.check_output(command))
        self.assertEqual(1, len(self.kept()))
