"""Layer: four hooks, clean-ups bound to the phase that added them, bases, with, verify."""

import contextlib
import dataclasses
import functools
import subprocess
import sys
import unittest

from tests.helpers import ByHand, Golden
from underlay import Layer, LayerError, SetUpFailed
from underlay._graph import setup_order


class Logged(Layer):
    """Writes down each of its hooks."""

    def __init__(self, log, bases=None, name=None, **kw):
        super().__init__(bases, name, **kw)
        self.log = log

    def note(self, text):
        self.log.append(f"{self.__name__} {text}")

    def setUp(self):
        self.note("up")

    def tearDown(self):
        self.note("down")

    def testSetUp(self):
        self.note("test up")

    def testTearDown(self):
        self.note("test down")


def fail(error):
    raise error


def run(*cases):
    """Run test cases as stock unittest does; return the result."""
    result = unittest.TestResult()
    unittest.TestSuite(cases).run(result)
    return result


class LayerTest(ByHand, Golden):
    def setUp(self):
        super().setUp()
        self.log = []


class CleanUps(LayerTest):
    def test_clean_ups_of_setUp_run_with_the_layer_after_tearDown(self):
        class Cleans(Logged):
            def setUp(self):
                self.addCleanup(self.log.append, "first")
                self.addCleanup(self.log.append, "second")

        layer = Cleans(self.log, name="L")
        layer.setUp()
        layer.testSetUp()
        layer.testTearDown()
        self.assertEqual(["L test up", "L test down"], self.log)
        layer.tearDown()
        self.assertEqual(["L down", "second", "first"], self.log[2:])

    def test_clean_ups_of_testSetUp_run_with_the_test(self):
        class Cleans(Logged):
            def testSetUp(self):
                self.addCleanup(self.log.append, "cleaned")

        layer = Cleans(self.log, name="L")
        layer.setUp()
        for _ in range(2):
            layer.testSetUp()
            layer.testTearDown()
        self.assertEqual(["L up", *["L test down", "cleaned"] * 2], self.log)

    def test_a_test_may_add_clean_ups(self):
        layer = Logged(self.log, name="L")
        layer.setUp()
        layer.testSetUp()
        layer.addCleanup(self.log.append, "cleaned")
        layer.testTearDown()
        self.assertEqual(["L test down", "cleaned"], self.log[-2:])
        layer.tearDown()

    def test_tearDown_may_add_clean_ups(self):
        class Late(Layer):
            def tearDown(self):
                self.addCleanup(log.append, "late")

        log = self.log
        with Late():
            pass
        self.assertEqual(["late"], log)

    def test_contexts_are_left_with_their_phase(self):
        @contextlib.contextmanager
        def context():
            self.log.append("in")
            yield 7
            self.log.append("out")

        class Enters(Layer):
            def setUp(self):
                self["seven"] = self.enterContext(context())

        with Enters() as layer:
            self.assertEqual((7, ["in"]), (layer["seven"], self.log))
        self.assertEqual(["in", "out"], self.log)

    def test_half_a_setUp_is_undone(self):
        class Half(Logged):
            def setUp(self):
                self["port"] = 1
                self.addCleanup(self.log.append, "undone")
                fail(ValueError("boom"))

        layer = Half(self.log)
        with self.assertRaisesRegex(ValueError, "boom"):
            layer.setUp()
        self.assertEqual(["undone"], self.log)
        self.assertNotIn("port", layer)

    def test_half_a_testSetUp_is_undone(self):
        class Half(Logged):
            def testSetUp(self):
                self["port"] = 1
                fail(ValueError("boom"))

        layer = Half(self.log, name="L")
        layer.setUp()
        with self.assertRaisesRegex(ValueError, "boom"):
            layer.testSetUp()
        self.assertNotIn("port", layer)
        layer.testTearDown()
        layer.tearDown()
        self.assertEqual(["L up", "L down"], self.log)

    def test_half_a_setUp_is_undone_when_it_is_interrupted(self):
        class Half(Layer):
            def setUp(self):
                self.addCleanup(log.append, "undone")
                raise interrupts.pop()

        log, interrupts = self.log, [KeyboardInterrupt, SystemExit]
        for interrupt in interrupts[::-1]:
            with self.assertRaises(interrupt):
                Half().setUp()
        self.assertEqual(["undone"] * 2, log)

    def test_an_interrupt_is_not_hidden_by_a_clean_up(self):
        class Half(Layer):
            def setUp(self):
                self.addCleanup(fail, ValueError("boom"))
                raise KeyboardInterrupt

        with self.assertRaises(KeyboardInterrupt) as caught:
            Half().setUp()
        self.assertIsInstance(caught.exception.__context__, ValueError)

    def test_the_clean_ups_run_although_tearDown_raises(self):
        class Faulty(Layer):
            def setUp(self):
                self.addCleanup(log.append, "cleaned")

            def tearDown(self):
                fail(ValueError("boom"))

        log, layer = self.log, Faulty()
        layer.setUp()
        with self.assertRaisesRegex(ValueError, "boom"):
            layer.tearDown()
        self.assertEqual(["cleaned"], log)
        layer.setUp()

    def test_thousands_of_clean_ups_are_no_problem(self):
        class Many(Layer):
            def setUp(self):
                for number in range(2000):
                    self.addCleanup(log.append, number)

        log = self.log
        with Many():
            pass
        self.assertEqual(list(reversed(range(2000))), log)

    def test_outside_of_any_phase_there_is_nobody_to_clean_up(self):
        layer = Layer(name="LAYER")
        with self.assertRaises(LayerError) as caught:
            layer.addCleanup(print)
        self.assertGolden("layer-no-phase", caught.exception)
        with self.assertRaises(LayerError):
            layer["port"] = 1


class Hooks(LayerTest):
    def test_without_any_hook_a_layer_works(self):
        with Layer():
            self.log.append("body")
        self.assertEqual(["body"], self.log)

    def test_super_may_be_called(self):
        class Derived(Logged):
            def setUp(self):
                self.addCleanup(self.log.append, "cleaned")
                super().setUp()
                self.note("derived")

        with Derived(self.log, name="L"):
            self.log.append("body")
        self.assertEqual(
            ["L up", "L derived", "L test up", "body", "L test down", "L down", "cleaned"], self.log
        )

    def test_what_was_not_set_up_is_not_taken_down(self):
        layer = Logged(self.log)
        layer.testTearDown()
        layer.tearDown()
        self.assertEqual([], self.log)

    def test_a_test_that_was_interrupted_ends_before_its_layer_goes_down(self):
        """A debugger under zope.testrunner ends the run without testTearDown."""
        layer = Logged(self.log, name="L")
        layer.setUp()
        layer.testSetUp()
        layer.tearDown()
        self.assertEqual(["L up", "L test up", "L test down", "L down"], self.log)

    def test_a_layer_can_be_set_up_again(self):
        layer = Logged(self.log, name="L")
        for _ in range(2):
            layer.setUp()
            layer.tearDown()
        self.assertEqual(["L up", "L down"] * 2, self.log)

    def test_a_layer_that_is_up_is_not_set_up_once_more(self):
        layer = Logged(self.log, name="LAYER")
        layer.setUp()
        with self.assertRaises(LayerError) as caught:
            layer.setUp()
        self.assertGolden("layer-set-up-twice", caught.exception)
        layer.tearDown()
        self.assertEqual(["LAYER up", "LAYER down"], self.log)

    def test_a_test_does_not_begin_on_a_layer_that_is_not_up(self):
        layer = Logged(self.log, name="LAYER")
        with self.assertRaises(LayerError) as caught:
            layer.testSetUp()
        self.assertGolden("layer-test-not-set-up", caught.exception)
        self.assertEqual([], self.log)

    def test_a_test_does_not_begin_where_it_failed_to_begin_on_a_base(self):
        """zope.testrunner goes on with the derived layers after an error in a base."""
        base = Logged(self.log, name="BASE")
        derived = Logged(self.log, [base], name="DERIVED")
        base.setUp()
        derived.setUp()
        derived.testSetUp()
        derived.testTearDown()
        self.assertEqual(["BASE up", "DERIVED up"], self.log)

    def test_hooks_may_come_from_a_mixin_that_is_no_layer(self):
        class Mixin:
            def setUp(self):
                super().setUp()
                self["port"] = 1
                self.addCleanup(self.log.append, "cleaned")

        class Mixed(Mixin, Logged):
            pass

        with Mixed(self.log, name="L") as layer:
            self.assertEqual(1, layer["port"])
        self.assertEqual(["L up", "L test up", "L test down", "L down", "cleaned"], self.log)

    def test_hooks_may_be_any_callables(self):
        def decorated(hook):
            return lambda self: hook(self)

        class Unusual(Layer):
            log = self.log
            tearDown = lambda self: self.log.append("down")  # noqa: E731

            @decorated
            def setUp(self):
                self.addCleanup(self.log.append, "cleaned")

            @functools.wraps(tearDown)
            def testSetUp(self):
                self.log.append("test")

        with Unusual():
            pass
        self.assertEqual(["test", "down", "cleaned"], self.log)

    def test_hooks_that_are_no_methods_are_refused(self):
        async def coroutine(self):
            pass

        async def asynchronous_generator(self):
            yield

        def generator(self):
            yield

        for name, hook in {
            "async": coroutine,
            "generator": generator,
            "classmethod": classmethod(print),
        }.items():
            with self.assertRaises(LayerError) as caught:
                type("Mailbox", (Layer,), {"setUp": hook})
            self.assertGolden(f"layer-hook-{name}", caught.exception)
        for hook in (asynchronous_generator, staticmethod(print), property(print), None):
            with self.assertRaises(LayerError):
                type("Mailbox", (Layer,), {"testTearDown": hook})


class Making(LayerTest):
    def test_default_bases_are_those_of_the_class(self):
        class WithBase(Layer):
            defaultBases = (Logged(self.log, name="BASE"),)

        self.assertEqual(WithBase.defaultBases, WithBase().__bases__)
        self.assertEqual((), WithBase(bases=()).__bases__)

    def test_a_base_that_is_no_layer_is_refused(self):
        for base in ("app.testing.BASE", None, Layer):
            with self.assertRaisesRegex(TypeError, "A base of Layer is no layer: "):
                Layer(bases=[base])

    def test_layers_differ_by_identity(self):
        @dataclasses.dataclass(eq=False)
        class Server(Layer):
            port: int = 0

            def __post_init__(self):
                super().__init__()

        @dataclasses.dataclass(unsafe_hash=True)
        class Comparable(Server):
            pass

        self.assertNotEqual(Server(), Server())
        with self.assertRaisesRegex(TypeError, "Comparable defines =="):
            Comparable()

    def test_a_layer_may_have_slots_and_a_length(self):
        class Mailbox(Layer):
            __slots__ = ("letters",)

            def setUp(self):
                self.letters = []

            def __len__(self):
                return len(self.letters)

        with Mailbox() as layer:
            self.assertEqual(0, len(layer))

    def test_the_order_of_set_up_is_base_before_derived_each_once(self):
        root = Layer()
        left, right = Layer([root]), Layer([root])
        bottom = Layer([left, right])
        self.assertEqual([root, left, right, bottom], setup_order(bottom))


class With(LayerTest):
    def test_it_sets_up_bases_first_and_begins_a_test(self):
        base = Logged(self.log, name="BASE")
        with Logged(self.log, [base], "LAYER") as layer:
            self.log.append(type(layer).__name__)
        self.assertEqual(
            [
                *("BASE up", "LAYER up", "BASE test up", "LAYER test up", "Logged"),
                *("LAYER test down", "BASE test down", "LAYER down", "BASE down"),
            ],
            self.log,
        )

    def test_a_base_shared_in_a_diamond_is_set_up_once(self):
        root = Logged(self.log, name="ROOT")
        left, right = Logged(self.log, [root], "LEFT"), Logged(self.log, [root], "RIGHT")
        with Layer([left, right]):
            self.assertEqual(["ROOT up", "LEFT up", "RIGHT up"], self.log[:3])
        self.assertEqual(["RIGHT down", "LEFT down", "ROOT down"], self.log[-3:])

    def test_it_shares_what_is_up_already(self):
        base = Logged(self.log, name="BASE")
        derived = Logged(self.log, [base], "DERIVED")
        with base, derived, derived:
            self.log.append("body")
        self.assertEqual(
            [
                *("BASE up", "BASE test up", "DERIVED up", "DERIVED test up", "body"),
                *("DERIVED test down", "DERIVED down", "BASE test down", "BASE down"),
            ],
            self.log,
        )

    def test_between_tests_it_begins_a_test_alone(self):
        layer = Logged(self.log, name="L")
        layer.setUp()
        with layer:
            self.assertEqual(["L up", "L test up"], self.log)
        self.assertEqual(["L up", "L test up", "L test down"], self.log)
        layer.tearDown()

    def test_bases_of_other_kinds_are_set_up_once_too(self):
        class Old:
            """A layer as zope.testrunner knows them: a class with some of the hooks."""

            @classmethod
            def setUp(cls):
                log.append("old up")

            @classmethod
            def testTearDown(cls):
                log.append("old test down")

        log, layer = self.log, Logged(self.log, [Old], "L")
        with layer, layer:
            log.append("body")
        self.assertEqual(
            ["old up", "L up", "L test up", "body", "L test down", "old test down", "L down"], log
        )

    def test_what_came_up_goes_down_if_the_rest_does_not_come_up(self):
        class Faulty(Logged):
            def testSetUp(self):
                fail(ValueError("boom"))

        layer = Faulty(self.log, [Logged(self.log, name="BASE")], "L")
        with self.assertRaisesRegex(ValueError, "boom"), layer:
            self.fail("This layer is not up.")
        self.assertEqual(
            ["BASE up", "L up", "BASE test up", "BASE test down", "L down", "BASE down"], self.log
        )

    def test_an_error_in_the_body_stays(self):
        class Faulty(Layer):
            def tearDown(self):
                fail(KeyError("second"))

        with self.assertRaises(KeyError) as caught, Faulty():
            raise ValueError("first")
        self.assertIsInstance(caught.exception.__context__, ValueError)

    def test_it_verifies(self):
        class Verifies(Layer):
            def verify(self):
                fail(AssertionError("unmet"))

        with self.assertRaisesRegex(AssertionError, "unmet"), Verifies():
            pass

    def test_a_hook_that_calls_exit_does_not_end_the_run(self):
        class Exits(Layer):
            def setUp(self):
                raise SystemExit(0)

        with self.assertRaises(LayerError) as caught, Exits(name="LAYER"):
            self.fail("This layer is not up.")
        self.assertGolden("layer-exit", caught.exception)


class Verify(LayerTest):
    """A layer is asked inside each test whether all is well behind the test's back."""

    def case(self, layer, base=unittest.TestCase, **members):
        members.setdefault("test", lambda case: None)
        return type("Case", (base,), {"layer": layer, **members})("test")

    def verifying(self, *problems, name="LAYER", bases=()):
        log = self.log

        class Verifies(Layer):
            def verify(self):
                log.append(self.__name__)
                if problems:
                    fail(AssertionError(problems[0]))

        layer = Verifies(bases, name)
        for hook in ("setUp", "testSetUp"):
            getattr(layer, hook)()
        return layer

    def test_what_verify_raises_is_the_failure_of_the_test(self):
        result = run(self.case(self.verifying("unmet")))
        self.assertIn("AssertionError: unmet", result.failures[0][1])

    def test_it_runs_after_the_clean_ups_of_the_test(self):
        def test(case):
            case.addCleanup(self.log.append, "clean-up")

        self.assertTrue(run(self.case(self.verifying(), test=test)).wasSuccessful())
        self.assertEqual(["clean-up", "LAYER"], self.log)

    def test_a_derived_layer_verifies_before_its_bases_and_all_do(self):
        base = self.verifying("base", name="BASE")
        result = run(self.case(self.verifying("derived", name="DERIVED", bases=[base])))
        self.assertEqual(["DERIVED", "BASE"], self.log)
        self.assertEqual(2, len(result.failures))

    def test_a_subclass_may_be_on_another_layer(self):
        inherited, own = self.verifying(name="INHERITED"), self.verifying(name="OWN")
        case = self.case(inherited)
        run(self.case(own, base=type(case)))
        self.assertEqual(["OWN"], self.log)

    def test_a_subclass_may_be_on_a_layer_by_name_or_on_none(self):
        case = self.case(self.verifying())
        self.assertTrue(run(self.case(None, base=type(case))).wasSuccessful())
        by_name = run(self.case(f"{__name__}.NEVER_UP", base=type(case)))
        self.assertIn("NEVER_UP> was never set up", by_name.errors[0][1])
        self.assertEqual([], self.log)

    def test_a_subclass_verifies_once(self):
        case = self.case(self.verifying())
        run(type("Sub", (type(case),), {})("test"))
        self.assertEqual(["LAYER"], self.log)

    def test_async_cases_verify_too(self):
        async def test(case):
            self.log.append("test")

        run(self.case(self.verifying(), base=unittest.IsolatedAsyncioTestCase, test=test))
        self.assertEqual(["test", "LAYER"], self.log)

    def test_a_runner_that_knows_no_layers_turns_red(self):
        result = run(self.case(NEVER_UP))
        self.assertEqual(1, len(result.errors))
        with self.assertRaises(LayerError) as caught:
            NEVER_UP._refuse()
        self.assertIn(str(caught.exception), result.errors[0][1])
        self.assertGolden("layer-never-set-up", caught.exception)

    def test_other_attributes_and_classes_are_left_alone(self):
        class NoTest:
            layer = NEVER_UP

        class Other(unittest.TestCase):
            helper = NEVER_UP

            def test(self):
                pass

        self.assertEqual("NEVER_UP", NoTest.layer.__name__)
        self.assertTrue(run(Other("test")).wasSuccessful())


class AtExit(Golden):
    """Whoever is interrupted, or forgets it: what was set up is taken down with the process."""

    SCRIPT = """
import os
from underlay import Layer

class Loud(Layer):
    def tearDown(self):
        print(self.__name__, "down", flush=True)
    def testTearDown(self):
        print(self.__name__, "test down", flush=True)

BASE = Loud()
DERIVED = Loud(bases=[BASE])
for layer in (BASE, DERIVED):
    layer.setUp()
for layer in (BASE, DERIVED):
    layer.testSetUp()
"""

    def output(self, script):
        command = [sys.executable, "-c", script]
        return subprocess.run(command, stdout=subprocess.PIPE, text=True).stdout.splitlines()

    def test_layers_are_taken_down_derived_before_base_and_tests_first(self):
        self.assertEqual(
            ["DERIVED test down", "DERIVED down", "BASE test down", "BASE down"],
            self.output(self.SCRIPT),
        )

    def test_what_is_down_already_is_left_alone(self):
        self.assertEqual(
            ["DERIVED test down", "DERIVED down", "BASE test down", "BASE down"],
            self.output(f"{self.SCRIPT}\nDERIVED.testTearDown()\nDERIVED.tearDown()"),
        )

    def test_a_forked_child_takes_nothing_down(self):
        script = f"{self.SCRIPT}\nif child := os.fork(): os.waitpid(child, 0)"
        self.assertEqual(4, len(self.output(script)))


class InZopeTestrunner(LayerTest):
    """Tests of a layer that does not come up shall tell of it, where zope.testrunner drops them."""

    def set_up(self, layer):
        """Call setUp from a frame that looks like zope.testrunner's."""
        namespace = {"__name__": "zope.testrunner.runner"}
        exec("def setup_layer(layer, output): layer.setUp()", namespace)
        namespace["setup_layer"](layer, self)

    def info(self, text):
        """Stands for zope.testrunner's output."""
        self.log.append(text)

    def error_of_test(self, layer):
        with self.assertRaises(Exception) as caught:
            layer.testSetUp()
        return caught.exception

    def faulty(self, error, **kw):
        class Faulty(Layer):
            def setUp(self):
                fail(error)

        return Faulty(**kw)

    def test_the_first_test_is_told_all_and_the_others_one_line(self):
        error = ValueError("boom")
        layer = self.faulty(error)
        self.set_up(layer)
        self.assertIs(error, self.error_of_test(layer))
        for _ in range(2):
            self.assertIsInstance(self.error_of_test(layer), SetUpFailed)

    def test_derived_layers_do_not_come_up_either(self):
        base = self.faulty(ValueError("boom"), name="BASE")
        derived = Logged(self.log, [Layer([base])])
        for layer in setup_order(derived):
            self.set_up(layer)
        self.assertEqual("ValueError: boom", self.error_of_test(derived).cause)
        self.assertEqual([], self.log)

    def test_a_skip_stays_a_skip(self):
        base = self.faulty(unittest.SkipTest("no database"))
        derived = Layer([base])
        self.set_up(base)
        self.set_up(derived)
        for layer in (base, base, derived, derived):
            self.assertIsInstance(self.error_of_test(layer), unittest.SkipTest)
        self.assertEqual([f"{base!r} skips its tests: no database"], self.log)

    def test_exit_is_kept_and_an_interrupt_is_not(self):
        self.set_up(self.faulty(SystemExit(0)))
        with self.assertRaises(KeyboardInterrupt):
            self.set_up(self.faulty(KeyboardInterrupt()))

    def test_after_tearDown_it_is_tried_again(self):
        layer = self.faulty(ValueError("boom"))
        self.set_up(layer)
        layer.tearDown()
        with self.assertRaisesRegex(ValueError, "boom"):
            layer.setUp()


NEVER_UP = Layer()
