"""The same suite of an external runner under every test runner."""

from tests.external.support import jasmine
from tests.runners.project import ProjectTest

MODULE = f"""
from underlay.external import Jasmine, makeSuite

def test_suite():
    return makeSuite(Jasmine("spec/**/*_spec.js", program={jasmine().program!r}))

def load_tests(loader, tests, pattern):
    return test_suite()
"""

ON_A_LAYER = f"""
from hooks import Logged
from underlay.external import Jasmine, makeSuite

class Greeting(Logged):
    def setUp(self):
        super().setUp()
        self["greeting"] = "hello"

GREETING = Greeting()

def test_suite():
    return makeSuite(
        Jasmine("spec/**/*_spec.js", program={jasmine().program!r}),
        layer=GREETING,
        env=lambda: {{"GREETING": GREETING["greeting"]}},
    )

def load_tests(loader, tests, pattern):
    return test_suite()
"""

SPEC = """
const fs = require('fs');
const log = text => fs.appendFileSync(process.env.PROJECT_LOG, `${text}\\n`);

log('load');

describe('Cart', () => {
  it('adds items', () => {
    log(`adds ${process.env.GREETING}`);
  });

  it('removes items', () => {
    log(`removes ${process.env.GREETING}`);
    expect(1).toBe(2);
  });
});
"""

OTHERS = """
import unittest
from hooks import log

class Others(unittest.TestCase):
    def test_another(self):
        log("another")
"""

#: How one spec is selected.
SELECTION = {
    "zope.testrunner": ["-t", "Cart adds items"],
    "pytest": ["-k", "test_Cart_adds_items"],
    "unittest": ["-k", "*test_Cart_adds_items"],
}


class Everywhere(ProjectTest):
    def project(self, **modules):
        folder = super().project(**modules)
        (folder / "spec").mkdir()
        (folder / "spec" / "cart_spec.js").write_text(SPEC)
        return folder

    def test_the_guilty_spec_fails_and_its_line_is_shown(self):
        for run in self.run_everywhere(test_cart=MODULE):
            with self.subTest(run.runner):
                self.assertEqual(3, run.ran, run.output)
                self.assertNotEqual(0, run.status)
                self.assertIn("Expected 1 to be 2.", run.output)
                self.assertIn("expect(1).toBe(2);", run.output)
                self.assertIn("cart_spec.js", run.output)
                self.assertEqual(
                    ["adds undefined", "load", "removes undefined"], sorted(run.log), run.output
                )

    def test_a_selected_spec_runs_alone(self):
        for runner, selection in SELECTION.items():
            with self.subTest(runner):
                run = self.run_project(runner, self.project(test_cart=MODULE), *selection)
                self.assertEqual(0, run.status, run.output)
                self.assertEqual(["load", "adds undefined"], run.log, run.output)

    def test_a_suite_is_on_its_layer_and_gets_its_resources(self):
        for run in self.run_everywhere(test_cart=ON_A_LAYER):
            with self.subTest(run.runner):
                self.assertEqual(3, run.ran, run.output)
                self.assertEqual(1, run.log.count("GREETING up"), run.output)
                self.assertIn("adds hello", run.log)
                self.assertIn("removes hello", run.log)

    def test_broken_specs_are_never_green_whatever_is_selected(self):
        folder = self.project(test_cart=MODULE, test_others=OTHERS)
        (folder / "spec" / "cart_spec.js").write_text("describe(")
        for runner in self.runners:
            run = self.run_project(runner, folder)
            with self.subTest(runner):
                self.assertNotEqual(0, run.status, run.output)
                self.assertIn("SyntaxError", run.output)
                self.assertEqual(["another"], run.log, run.output)
            run = self.run_project(runner, folder, *SELECTION[runner])
            with self.subTest(runner, selected=True):
                self.assertNotEqual(0, run.status, run.output)
                self.assertEqual([], run.log, run.output)
