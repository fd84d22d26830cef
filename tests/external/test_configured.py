"""Projects with a configuration of their own: all specs run, in every project, and are told of."""

import json
import tempfile
import unittest
from pathlib import Path
from types import MappingProxyType

from tests.external.runners import NEWEST, TOOLS, Verdicts, write_specs
from tests.helpers import at_once, temporary_folder

LAST = "zz runner finished"

FAILS_FIRST = """
describe('Cart', () => {
  it('adds items', () => { throw new Error('no cart'); });
  it('removes items', () => {});
});
"""

#: Green where there is no document, as the first project has none.
IN_PROJECTS = """
describe('Page', () => it('is none', () => {
  if (globalThis.where !== undefined) throw new Error(`there is one in ${where}`);
}));
"""

JEST_PROJECTS = """
const project = (name, where) => ({NAME testMatch: ['**/*.test.js'], globals: {where}});
module.exports = {projects: [project('first'), project('second', 'second')]};
"""

#: Vite treats the modules of such an environment as those of jsdom.
VITEST_WEB = """
export default {
  name: 'web', transformMode: 'web', viteEnvironment: 'client',
  setup(global) { global.where = 'web'; return {teardown() { delete global.where; }}; },
};
"""

VITEST_PROJECTS = """
const project = (name, environment) =>
  ({test: {name, environment, globals: true, include: ['*.test.js']}});
export default {test: {projects: [project('first', 'node'), project('second', './web.mjs')]}};
"""

VITESTS = ("Vitest 5", "Vitest 4", "Vitest 3")


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.root = temporary_folder(self)

    def folder(self, name, source, files=MappingProxyType({})):
        """A project of a runner, in a folder of its own."""
        folder = Path(tempfile.mkdtemp(dir=self.root))
        write_specs(folder, TOOLS[name], **{"[cart]": source})
        for file, text in files.items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_text(text)
        return folder

    def run_suite(self, name, folder, *patterns):
        verdicts = Verdicts()
        TOOLS[name].suite(folder, *patterns).run(verdicts)
        return verdicts


class Configured(Case):
    def test_a_wish_to_stop_early_or_to_run_in_parallel_takes_no_result_away(self):
        jasmine = json.dumps(
            {"spec_dir": ".", "spec_files": ["*.test.js"], "env": {"stopOnSpecFailure": True}}
        )
        vitest = "export default {test: {bail: 1, include: ['*.test.js']}};"
        files = {
            "Jasmine 7": {"spec/support/jasmine.json": jasmine},
            "Jasmine 5": {"spec/support/jasmine.json": jasmine},
            "Jest 30": {"jest.config.js": "module.exports = {bail: 1};"},
            **{name: {"vitest.config.mjs": vitest} for name in VITESTS},
        }
        mocha = {"spec": ["*.test.js"]}
        for wish in ("bail", "parallel", "dry-run"):
            for name in ("Mocha 12", "Mocha 11"):
                files[name, wish] = {".mocharc.json": json.dumps({**mocha, wish: True})}
        for key, verdicts in at_once(
            lambda key: self.run_configured(key, files[key]), files
        ).items():
            with self.subTest(key):
                self.assertEqual(
                    {"Cart adds items": "error", "Cart removes items": "passed", LAST: "passed"},
                    verdicts.of,
                    verdicts.messages,
                )

    def run_configured(self, key, files):
        name = key if isinstance(key, str) else key[0]
        return self.run_suite(name, self.folder(name, FAILS_FIRST, files))


class Projects(Case):
    """Several projects run the same file."""

    expected = {"first Page is none": "passed", "second Page is none": "error", LAST: "passed"}

    def test_of_jest_have_specs_of_their_own(self):
        config = JEST_PROJECTS.replace("NAME", "displayName: name,")
        came = self.run_suite(
            "Jest 30", self.folder("Jest 30", IN_PROJECTS, {"jest.config.js": config})
        )
        self.assertEqual(self.expected, came.of, came.messages)

    def test_of_jest_without_names_are_refused_as_one_result_would_hide_the_other(self):
        config = JEST_PROJECTS.replace("NAME", "")
        came = self.run_suite(
            "Jest 30", self.folder("Jest 30", IN_PROJECTS, {"jest.config.js": config})
        )
        self.assertEqual("error", came.of[LAST])
        self.assertRegex(came.messages[LAST], r"Several projects run .*/\[cart\]\.test\.js: give")

    def test_of_vitest_have_specs_of_their_own(self):
        for name, came in at_once(self.run_projects, VITESTS).items():
            with self.subTest(name):
                self.assertEqual(self.expected, came.of, came.messages)
                self.assertIn("there is one in web", came.messages["second Page is none"])

    def run_projects(self, name):
        files = {"vitest.config.mjs": VITEST_PROJECTS, "web.mjs": VITEST_WEB}
        return self.run_suite(name, self.folder(name, IN_PROJECTS, files))


class Paths(Case):
    def test_a_name_in_brackets_is_that_of_a_file(self):
        names = [name for name in NEWEST if name != "Jasmine 7"]  # resolves patterns by itself
        for name, came in at_once(self.run_named, names).items():
            with self.subTest(name):
                self.assertEqual("passed", came.of.get("Cart removes items"), came.messages)

    def run_named(self, name):
        return self.run_suite(name, self.folder(name, FAILS_FIRST), "[cart].test.js")
