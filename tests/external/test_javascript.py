"""Every runner of JavaScript, in every version that counts: the same public behaviour."""

import os
import tempfile
import unittest
from pathlib import Path

from tests.external.runners import NEWEST, TOOLS, Verdicts, write_specs
from underlay import Layer
from underlay.external import Jest, Mocha, NodeTest, QUnit, Vitest, makeSuite
from underlay.runners.unittest import LayeredSuite

TRACED = """
const fs = require('fs');
const trace = what => fs.appendFileSync(process.env.TRACE, `${what}\\n`);

describe('Outer', () => {
  it('one', () => trace('one'));
  it('two', () => trace('two'));

  describe('inner', () => {
    afterAll(() => trace('after inner'));
    it('three', () => trace('three'));
  });
});
"""

FAILS = """
const assert = require('assert');

const compare = () => {
  assert.deepStrictEqual({a: [1, 2]}, {a: [1, 3]}, 'carts differ');
};

describe('Cart', () => {
  it('adds items', () => {
    console.log('the cart is here');
    compare();
  });
  it('throws', () => {
    throw new TypeError('no cart');
  });
});
"""

WAITS = """
const fs = require('fs');

const passed = () => fs.existsSync(process.env.TRACE);

describe('Order', () => {
  it('first', () => {});
  it('second', async () => {
    while (!passed()) await new Promise(resolve => setTimeout(resolve, 5));
  });
});
"""


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = Path(folder.name).resolve()
        self.trace = self.root / "trace"

    def suite(self, name, source, **options):
        folder = self.root / name.replace(" ", "-").replace(":", "-")
        folder.mkdir(exist_ok=True)
        write_specs(folder, TOOLS[name], cart=source)
        env = {"TRACE": str(self.trace)}
        return TOOLS[name].suite(folder, "*.test.js", env=env, **options)

    def traced(self):
        lines = self.trace.read_text().splitlines() if self.trace.exists() else []
        self.trace.unlink(missing_ok=True)
        return lines


class EveryTool(Case):
    def test_only_the_selected_specs_run_and_the_hooks_that_they_need(self):
        for name in TOOLS:
            with self.subTest(name):
                suite = self.suite(name, TRACED)
                self.assertEqual(4, suite.countTestCases())
                for wanted, ran in {"two": ["two"], "three": ["three", "after inner"]}.items():
                    [case] = [each for each in self.suite(name, TRACED) if wanted in str(each)]
                    verdicts = Verdicts()
                    case.run(verdicts)
                    self.assertEqual({"passed"}, set(verdicts.of.values()), verdicts.messages)
                    self.assertEqual(ran, self.traced())

    def test_a_failure_tells_the_difference_the_place_and_what_was_printed(self):
        for name in NEWEST:
            with self.subTest(name):
                verdicts = Verdicts()
                self.suite(name, FAILS).run(verdicts)
                message = verdicts.messages["Cart adds items"]
                self.assertIn("carts differ", message)
                self.assertRegex(message, r"- +3\D")
                self.assertRegex(message, r"\+ +2\D")
                self.assertRegex(message, r"at (\S+ \()?cart\.test\.js:\d+")
                self.assertIn("the cart is here", message)
                self.assertEqual("error", verdicts.of["Cart throws"])
                self.assertIn("no cart", verdicts.messages["Cart throws"])
                self.assertNotIn("the cart is here", verdicts.messages["Cart throws"])

    def test_a_case_knows_its_file(self):
        for name in NEWEST:
            with self.subTest(name):
                first = next(iter(self.suite(name, FAILS)))
                self.assertEqual("Cart adds items (cart.test.js)", str(first))

    def test_results_come_while_later_specs_run(self):
        for name in NEWEST:
            with self.subTest(name):
                verdicts = Verdicts()
                first, second, _ = self.suite(name, WAITS)
                first.run(verdicts)
                self.trace.touch()
                second.run(verdicts)
                self.assertEqual({"Order first": "passed", "Order second": "passed"}, verdicts.of)
                self.trace.unlink()

    def test_on_a_layer_each_spec_runs_inside_of_its_case(self):
        trace = self.trace

        class Traced(Layer):
            def testSetUp(self):
                with trace.open("a") as file:
                    file.write("test begins\n")

        for name in NEWEST:
            with self.subTest(name):
                verdicts = Verdicts()
                LayeredSuite([self.suite(name, TRACED, layer=Traced(name=name))]).run(verdicts)
                begin = "test begins"
                lines = [begin, "one", begin, "two", begin, "three"]
                self.assertEqual({"passed"}, set(verdicts.of.values()), verdicts.messages)
                self.assertIn(
                    self.traced(),
                    [
                        [*lines, begin, "after inner"],
                        [*lines, "after inner", begin],  # QUnit's hooks belong to the last test
                    ],
                )


BROKEN = """
describe('Broken', () => {
  BREAK
  it('one', () => {});
  it('two', () => {});
});

describe('Whole', () => it('three', () => {}));
"""


class Hooks(Case):
    """What a hook throws is told, and no spec is green that could not run for it."""

    names = {
        "Mocha 12": "const beforeAll = before;",
        "node:test": "const {before: beforeAll, beforeEach, afterEach} = require('node:test');",
        "QUnit 3": """
            const beforeAll = work => hooks.at(-1).before(work);
            const beforeEach = work => hooks.at(-1).beforeEach(work);
            const afterEach = work => hooks.at(-1).afterEach(work);
        """,
    }

    def test_of_every_kind_are_heard_with_every_runner(self):
        for hook in ("beforeAll", "beforeEach", "afterEach", "afterAll"):
            breaks = BROKEN.replace("BREAK", f"{hook}(() => {{ throw new Error('no disk'); }});")
            for name in NEWEST:
                with self.subTest(name, hook=hook):
                    verdicts = Verdicts()
                    self.suite(name, self.names.get(name, "") + breaks).run(verdicts)
                    self.assertEqual("passed", verdicts.of["Whole three"])
                    self.assertIn("no disk", "".join(verdicts.messages.values()))
                    red = {case for case, verdict in verdicts.of.items() if verdict != "passed"}
                    if hook.endswith("Each"):
                        self.assertEqual({"Broken one", "Broken two"}, red)
                    elif hook == "beforeAll":
                        self.assertIn("Broken one", red)

    def test_whatever_is_thrown_is_told(self):
        source = """
        describe('Throws', () => {
          it('nothing', () => { throw undefined; });
          it('a text', () => { throw 'the text'; });
          it('null', () => Promise.reject(null));
        });
        """
        for name in NEWEST:
            with self.subTest(name):
                verdicts = Verdicts()
                self.suite(name, source).run(verdicts)
                cases = ("Throws nothing", "Throws a text", "Throws null")
                self.assertEqual({"error"}, {verdicts.of[case] for case in cases})
                self.assertIn("text", verdicts.messages["Throws a text"])


FLAKY = """
let tries = 0;
describe('Flaky', function () {
  RETRIES
  it('adds', () => { if (tries++ < 1) throw new Error('no network'); });
});
"""


class Flaky(Case):
    def test_a_spec_that_passes_when_it_is_tried_again_is_told_by_the_last_case(self):
        own = {"Mocha": "this.retries(2);", "Jest": "jest.retryTimes(2);"}
        for name in TOOLS:
            if name.startswith(("Mocha", "Jest", "Vitest")):
                with self.subTest(name):
                    source = FLAKY.replace("RETRIES", own.get(name.split()[0], ""))
                    if name.startswith("Vitest"):
                        source = source.replace("'adds', ", "'adds', {retry: 2}, ")
                    verdicts = Verdicts()
                    self.suite(name, source).run(verdicts)
                    self.assertEqual(
                        {"Flaky adds": "passed", "zz runner finished": "error"}, verdicts.of
                    )
                    message = verdicts.messages["zz runner finished"]
                    self.assertIn("It passed, but only when tried again: ", message)
                    self.assertIn("no network", message)


class Typed(Case):
    """Specs in TypeScript, compiled by tsx where it is installed, or by the runner itself."""

    def test_are_compiled_and_failures_show_their_lines(self):
        source = "\ninterface Cart { items: number }\n\n" + FAILS.replace(
            "const compare = () => {", "const compare = (cart?: Cart): void => {"
        )
        for name in ("Jasmine 7", "Mocha 12", "node:test", "Vitest 5"):
            with self.subTest(name), tempfile.TemporaryDirectory() as folder:
                tool = TOOLS[name]
                Path(folder, "package.json").write_text("{}")
                Path(folder, "cart.test.ts").write_text(tool.prelude + source)
                Path(folder, "node_modules").symlink_to(Path(__file__).with_name("node_modules"))
                verdicts = Verdicts()
                tool.suite(Path(folder).resolve(), "*.test.ts").run(verdicts)
                self.assertEqual("failed", verdicts.of["Cart adds items"], verdicts.messages)
                self.assertRegex(verdicts.messages["Cart adds items"], r"cart\.test\.ts:8:\d+")


COFFEE = """
assert = require 'assert'
GROUP 'Cart', ->
  SPEC 'adds items', (ASSERT) ->
    assert.strictEqual 1, 2
"""


class Coffee(Case):
    """Specs in CoffeeScript, compiled by its own package."""

    words = {
        "node:test": {"assert =": "{describe, it} = require 'node:test'; assert ="},
        "QUnit 3": {"GROUP": "QUnit.module", "SPEC": "QUnit.test", "(ASSERT) ": "(assert) "},
    }

    def test_are_compiled_and_failures_show_their_lines(self):
        (self.root / "package.json").write_text("{}")
        (self.root / "node_modules").symlink_to(Path(__file__).with_name("node_modules"))
        for name in ("Jasmine 7", "Mocha 12", "node:test", "QUnit 3"):
            with self.subTest(name):
                words = {"GROUP": "describe", "SPEC": "it", "(ASSERT) ": ""}
                text = COFFEE
                for word, meaning in {**words, **self.words.get(name, {})}.items():
                    text = text.replace(word, meaning)
                (self.root / "cart.test.coffee").write_text(text)
                verdicts = Verdicts()
                TOOLS[name].suite(self.root, "*.test.coffee").run(verdicts)
                self.assertEqual("failed", verdicts.of.get("Cart adds items"), verdicts.messages)
                message = verdicts.messages["Cart adds items"]
                self.assertRegex(message, r"cart\.test\.coffee:5:\d+")


class NodeTestImports(Case):
    """However a file gets hold of node:test, only the selected tests run."""

    SOURCES = {
        "named.test.mjs": "import {it} from 'node:test'; TESTS",
        "default.test.mjs": "import it from 'node:test'; TESTS",
        "late.test.js": """
            const {describe} = require('node:test');
            describe('Late', async () => { const {it} = await import('node:test'); TESTS });
        """,
        "later.test.js": """
            const {describe} = require('node:test');
            describe('Later', () => require('./declares.cjs'));
        """,
        "declares.cjs": "module.exports = import('node:test').then(({it}) => { TESTS });",
    }

    def test_all_kinds_are_heeded(self):
        trace = "process.getBuiltinModule('fs').appendFileSync(process.env.TRACE, '"
        tests = "".join(f"it('{name}', () => {trace}{name}\\n'));" for name in ("one", "two"))
        for name, source in self.SOURCES.items():
            (self.root / name).write_text(source.replace("TESTS", tests))
        for file in self.SOURCES:
            if ".test." in file:
                with self.subTest(file):
                    verdicts = Verdicts()
                    self.second(file).run(verdicts)
                    self.assertEqual({"passed"}, set(verdicts.of.values()), verdicts.messages)
                    self.assertEqual(["two"], self.traced())

    def second(self, file):
        """The case of the second test; the others are dropped."""
        suite = makeSuite(NodeTest(file), cwd=self.root, env={"TRACE": str(self.trace)})
        [case] = [each for each in suite if "two" in str(each)]
        return case


class Arguments(unittest.TestCase):
    def test_options_that_would_take_the_specs_or_results_away_are_refused(self):
        for runner, option in {
            Mocha("x.js"): "--reporter=dot",
            Jest("x.js"): "--testRunner=x",
            Vitest("x.js"): "-t",
            QUnit("x.js"): "--filter",
            NodeTest("x.js"): "--test-only",
        }.items():
            with self.subTest(option), self.assertRaisesRegex(ValueError, option):
                makeSuite(runner, args=[option])

    def test_no_files_are_an_error(self):
        for kind in (Mocha, Jest, Vitest, QUnit, NodeTest):
            with self.subTest(kind.__name__):
                verdicts = Verdicts()
                program = os.devnull if kind is NodeTest else None
                makeSuite(kind("nowhere-*.js", program=program)).run(verdicts)
                self.assertEqual({"specs are listed": "error"}, verdicts.of)
