"""Every runner of JavaScript, in every version that counts: the same public behaviour."""

import os
import traceback
import unittest
from pathlib import Path

from tests.external.runners import NEWEST, TOOLS, Verdicts, write_specs
from tests.helpers import at_once, temporary_folder
from underlay import ExternalError, Layer
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

FAKES = """
const fs = require('fs');
const {openSync, writeSync, readFileSync} = fs;
const file = openSync(process.env.TRACE, 'a');

describe('Fakes', () => {
  it('one', () => {
    writeSync(file, 'one\\n');
    fs.writeSync = () => 0;
    fs.readFileSync = () => '[]';
    globalThis.setTimeout = globalThis.setImmediate = () => undefined;
  });
  it('two', () => { writeSync(file, 'two\\n'); });
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


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.root = temporary_folder(self)

    def folder(self, name):
        folder = self.root / name.replace(" ", "-").replace(":", "-")
        folder.mkdir(exist_ok=True)
        return folder

    def trace(self, name):
        """The file in which the specs of a runner note what they do."""
        return self.folder(name) / "trace"

    def suite(self, name, *sources, **options):
        files = {f"cart{number or ''}": source for number, source in enumerate(sources)}
        write_specs(self.folder(name), TOOLS[name], **files)
        env = {"TRACE": str(self.trace(name))}
        return TOOLS[name].suite(self.folder(name), "*.test.js", env=env, **options)

    def run_suites(self, names, *sources, **options):
        """Each runner's name, and what came of its suite."""

        def work(name):
            verdicts = Verdicts()
            self.suite(name, *sources, **options).run(verdicts)
            return verdicts

        return at_once(work, names).items()

    def traced(self, name):
        trace = self.trace(name)
        lines = trace.read_text().splitlines() if trace.exists() else []
        trace.unlink(missing_ok=True)
        return lines


class EveryTool(Case):
    def run_one(self, name, wanted):
        """What came of a single case, and what was noted."""
        suite = self.suite(name, TRACED)
        self.assertEqual(4, suite.countTestCases())
        [case] = [each for each in suite if wanted in str(each)]
        del suite
        verdicts = Verdicts()
        case.run(verdicts)
        return verdicts, self.traced(name)

    def test_only_the_selected_specs_run_and_the_hooks_that_they_need(self):
        for wanted, ran in {"two": ["two"], "three": ["three", "after inner"]}.items():
            came = at_once(lambda name, wanted=wanted: self.run_one(name, wanted), TOOLS)
            for name, (verdicts, noted) in came.items():
                with self.subTest(name, wanted=wanted):
                    self.assertEqual({"passed"}, set(verdicts.of.values()), verdicts.messages)
                    self.assertEqual(ran, noted)

    def test_a_failure_tells_the_difference_the_place_and_what_was_printed(self):
        for name, verdicts in self.run_suites(NEWEST, FAILS):
            with self.subTest(name):
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
        for name, suite in at_once(lambda name: self.suite(name, FAILS), NEWEST).items():
            with self.subTest(name):
                self.assertEqual("Cart adds items (cart.test.js)", str(next(iter(suite))))

    def run_on_layers(self, source):
        """What came of a suite with each runner, whose layer notes when a test begins."""
        trace = self.trace

        class Traced(Layer):
            def testSetUp(self):
                with trace(self.__name__).open("a") as file:
                    file.write("test begins\n")

        def work(name):
            verdicts = Verdicts()
            LayeredSuite([self.suite(name, source, layer=Traced(name=name))]).run(verdicts)
            return verdicts

        return at_once(work, NEWEST).items()

    def test_on_a_layer_each_spec_runs_inside_of_its_case(self):
        begin = "test begins"
        lines = [begin, "one", begin, "two", begin, "three"]
        for name, verdicts in self.run_on_layers(TRACED):
            with self.subTest(name):
                self.assertEqual({"passed"}, set(verdicts.of.values()), verdicts.messages)
                self.assertIn(
                    self.traced(name),
                    [
                        [*lines, begin, "after inner"],
                        [*lines, "after inner", begin],  # QUnit's hooks belong to the last test
                    ],
                )

    def test_fakes_that_specs_leave_in_place_disturb_nothing(self):
        lines = ["test begins", "one", "test begins", "two", "test begins"]
        for name, verdicts in self.run_on_layers(FAKES):
            with self.subTest(name):
                self.assertEqual({"passed"}, set(verdicts.of.values()), verdicts.messages)
                self.assertEqual(lines, self.traced(name))


BROKEN = """
describe('Broken HOOK', () => {
  HOOK(() => { throw new Error('no disk for HOOK'); });
  it('one', () => {});
  it('two', () => {});
});

describe('Whole HOOK', () => it('three', () => {}));
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

    kinds = ("beforeAll", "beforeEach", "afterEach", "afterAll")

    def run_broken(self, name):
        sources = [self.names.get(name, "") + BROKEN.replace("HOOK", kind) for kind in self.kinds]
        verdicts = Verdicts()
        self.suite(name, *sources).run(verdicts)
        return verdicts

    def test_of_every_kind_are_heard_with_every_runner(self):
        for name, verdicts in at_once(self.run_broken, NEWEST).items():
            for kind in self.kinds:
                with self.subTest(name, kind=kind):
                    self.assertEqual("passed", verdicts.of[f"Whole {kind} three"])
                    self.assertIn(f"no disk for {kind}", "".join(verdicts.messages.values()))
                    own = {case: of for case, of in verdicts.of.items() if kind in case}
                    red = {case for case, verdict in own.items() if verdict != "passed"}
                    if kind.endswith("Each"):
                        self.assertEqual({f"Broken {kind} one", f"Broken {kind} two"}, red)
                    elif kind == "beforeAll":
                        self.assertIn(f"Broken {kind} one", red)

    def test_whatever_is_thrown_is_told(self):
        source = """
        describe('Throws', () => {
          it('nothing', () => { throw undefined; });
          it('a text', () => { throw 'the text'; });
          it('null', () => Promise.reject(null));
        });
        """
        for name, verdicts in self.run_suites(NEWEST, source):
            with self.subTest(name):
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
    own = {"Mocha": "this.retries(2);", "Jest": "jest.retryTimes(2);"}

    def run_flaky(self, name):
        source = FLAKY.replace("RETRIES", self.own.get(name.split()[0], ""))
        if name.startswith("Vitest"):
            source = source.replace("'adds', ", "'adds', {retry: 2}, ")
        verdicts = Verdicts()
        self.suite(name, source).run(verdicts)
        return verdicts

    def test_a_spec_that_passes_when_it_is_tried_again_is_told_by_the_last_case(self):
        names = [name for name in TOOLS if name.startswith(("Mocha", "Jest", "Vitest"))]
        for name, verdicts in at_once(self.run_flaky, names).items():
            with self.subTest(name):
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
        names = ("Jasmine 7", "Mocha 12", "node:test", "Vitest 5")
        for name, verdicts in at_once(lambda name: self.run_typed(name, source), names).items():
            with self.subTest(name):
                self.assertEqual("failed", verdicts.of["Cart adds items"], verdicts.messages)
                self.assertRegex(verdicts.messages["Cart adds items"], r"cart\.test\.ts:8:\d+")

    def run_typed(self, name, source):
        folder, tool, verdicts = self.folder(name), TOOLS[name], Verdicts()
        (folder / "package.json").write_text("{}")
        (folder / "cart.test.ts").write_text(tool.prelude + source)
        (folder / "node_modules").symlink_to(Path(__file__).with_name("node_modules"))
        tool.suite(folder, "*.test.ts").run(verdicts)
        return verdicts


MODULE = """
import {createRequire} from 'node:module';
const require = createRequire(import.meta.url);
PRELUDE
describe('Cart', () => { it('adds items', () => { throw new Error('is told'); }); });
"""


class Paths(Case):
    """Stacks show the files of modules as URLs, and folders may be called anything."""

    names = ("Jasmine 7", "Jasmine 5", "Mocha 12", "node:test", "QUnit 3")

    def place(self, name):
        """Where the only spec is, as its case and the last frame of its failure have it."""
        folder, tool = self.folder(f"{name} (ü)"), TOOLS[name]
        (folder / "package.json").write_text("{}")
        (folder / "a b.test.mjs").write_text(MODULE.replace("PRELUDE", tool.prelude))
        case, *_ = tool.suite(folder, "*.test.mjs")
        [spec] = case.specs.values()
        self.assertTrue(spec.line)
        try:
            case.debug()
        except ExternalError as error:
            *_, frame = traceback.extract_tb(error.__traceback__)
        return str(case), spec.file, frame.filename, frame.line

    def test_are_those_of_the_file_system(self):
        for name, (title, *files, line) in at_once(self.place, self.names).items():
            with self.subTest(name):
                self.assertEqual("Cart adds items (a b.test.mjs)", title)
                self.assertEqual([str(self.folder(f"{name} (ü)") / "a b.test.mjs")] * 2, files)
                self.assertIn("is told", line)


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
                    self.assertEqual(["two"], self.traced("node:test"))

    def second(self, file):
        """The case of the second test; the others are dropped."""
        suite = makeSuite(
            NodeTest(file), cwd=self.root, env={"TRACE": str(self.trace("node:test"))}
        )
        [case] = [each for each in suite if "two" in str(each)]
        return case


class NodeTestFiles(Case):
    def test_a_file_that_changes_what_all_share_does_not_disturb_the_others(self):
        runs = "require('node:test').it('runs', () => {});"
        (self.root / "a.test.js").write_text(f"Array.prototype[7] = 0; {runs}")
        (self.root / "b.test.js").write_text(
            f"for (n in [0]) if (n > 0) throw new Error(n); {runs}"
        )
        (self.root / "c.test.js").write_text("throw new Error('is broken')")
        verdicts = Verdicts()
        makeSuite(NodeTest("*.test.js"), cwd=self.root).run(verdicts)
        last = "zz runner finished"
        self.assertEqual({"runs": "passed", "runs 2": "passed", last: "error"}, verdicts.of)
        self.assertRegex(verdicts.messages[last], r"\AError: is broken\n.*\n.*c\.test\.js\Z")


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
