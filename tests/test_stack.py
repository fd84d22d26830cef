"""LayerStack: which layers go up and down between two tests."""

import itertools
import unittest

from tests.helpers import ByHand, Golden
from tests.test_layer import Logged, fail
from underlay import Layer, LayerError, NameTaken, SetUpFailed
from underlay._scopes import set_up_failed
from underlay._stack import LayerStack, Spent, in_order, layer_name, refuse_namesakes, union


class StackTest(ByHand):
    def setUp(self):
        super().setUp()
        self.log = []
        self.stack = LayerStack()
        self.base = Logged(self.log, name="BASE")
        self.left = Logged(self.log, [self.base], "LEFT")
        self.right = Logged(self.log, [self.base], "RIGHT")

    def tries(self, error, **kw):
        """A layer whose setUp raises, and the list of its attempts."""
        attempts = []

        class Faulty(Layer):
            def setUp(self):
                attempts.append(self)
                raise error

        return Faulty(**kw), attempts


class InterruptedTest(StackTest):
    def test_it_ends_before_its_layers_go_down(self):
        self.stack.require([self.left])
        self.stack.begin_test([self.left])
        self.stack.release()
        down = ["LEFT test down", "BASE test down", "LEFT down", "BASE down"]
        self.assertEqual(down, self.log[-4:])


class Require(StackTest):
    def test_what_is_needed_goes_up_bases_first(self):
        self.stack.require([self.left])
        self.assertEqual(["BASE up", "LEFT up"], self.log)

    def test_what_is_up_stays_up(self):
        self.stack.require([self.left])
        self.stack.require([self.left])
        self.assertEqual(["BASE up", "LEFT up"], self.log)

    def test_what_is_not_needed_goes_down_first(self):
        self.stack.require([self.left])
        self.stack.require([self.right])
        self.assertEqual(["LEFT down", "RIGHT up"], self.log[2:])

    def test_a_test_may_need_several_layers(self):
        self.stack.require([self.left, self.right])
        self.assertEqual(["BASE up", "LEFT up", "RIGHT up"], self.log)

    def test_a_test_may_need_none(self):
        self.stack.require([self.left])
        self.stack.require([])
        self.assertEqual(["LEFT down", "BASE down"], self.log[2:])

    def test_a_set_up_that_failed_is_not_tried_again(self):
        error = ValueError("boom")
        layer, attempts = self.tries(error)
        derived = Logged(self.log, [layer], "DERIVED")
        with self.assertRaises(ValueError) as caught:
            self.stack.require([layer])
        self.assertIs(error, caught.exception)
        for each in (layer, derived):
            with self.assertRaises(SetUpFailed):
                self.stack.require([each])
        self.assertEqual(([layer], []), (attempts, self.log))

    def test_a_skip_and_what_is_no_error_stay_what_they_are(self):
        class Outcome(BaseException):
            """As pytest.skip() raises it."""

        for error in (unittest.SkipTest("why"), Outcome("why")):
            layer, attempts = self.tries(error)
            for _ in range(2):
                with self.assertRaises(type(error)):
                    self.stack.require([layer])
            self.assertEqual([layer], attempts)

    def test_exit_does_not_end_the_run(self):
        layer, _ = self.tries(SystemExit(0))
        with self.assertRaises(LayerError) as caught:
            self.stack.require([layer])
        self.assertIsInstance(caught.exception.__cause__, SystemExit)

    def test_bases_of_a_layer_that_failed_serve_others(self):
        layer, _ = self.tries(ValueError(), bases=[self.base])
        with self.assertRaises(ValueError):
            self.stack.require([layer])
        self.stack.require([self.left])
        self.assertEqual(["BASE up", "LEFT up"], self.log)


class Release(StackTest):
    def test_all_goes_down_newest_first(self):
        self.stack.require([self.left, self.right])
        self.log.clear()
        self.stack.release()
        self.assertEqual(["RIGHT down", "LEFT down", "BASE down"], self.log)

    def test_what_is_kept_stays_up(self):
        self.stack.require([self.left, self.right])
        self.log.clear()
        self.stack.release(keep=iter([self.base, self.left]))
        self.assertEqual(["RIGHT down"], self.log)

    def test_one_that_raises_is_down_and_does_not_keep_others_up(self):
        class Faulty(Logged):
            def tearDown(self):
                fail(ValueError(self.__name__))

        first, second = Faulty(self.log, name="FIRST"), Faulty(self.log, name="SECOND")
        self.stack.require([self.base, first, second])
        with self.assertRaisesRegex(ValueError, "FIRST") as caught:
            self.stack.release()
        self.assertEqual("SECOND", str(caught.exception.__context__))
        self.assertEqual("BASE down", self.log[-1])
        self.stack.release()


class AroundTest(StackTest):
    def setUp(self):
        super().setUp()
        self.stack.require([self.left])
        self.log.clear()

    def test_hooks_run_bases_first_and_back(self):
        with self.stack.around_test([self.left]):
            self.log.append("test")
        self.assertEqual(
            ["BASE test up", "LEFT test up", "test", "LEFT test down", "BASE test down"], self.log
        )

    def test_what_began_ends_if_the_rest_does_not_begin(self):
        class Faulty(Logged):
            def testSetUp(self):
                fail(ValueError("boom"))

        layer = Faulty(self.log, [self.base], "FAULTY")
        self.stack.require([layer])
        self.log.clear()
        with self.assertRaisesRegex(ValueError, "boom"), self.stack.around_test([layer]):
            self.fail("This test must not begin.")
        self.assertEqual(["BASE test up", "BASE test down"], self.log)

    def test_an_error_of_the_test_stays(self):
        with self.assertRaisesRegex(ValueError, "boom"), self.stack.around_test([self.left]):
            fail(ValueError("boom"))
        self.assertEqual(["LEFT test down", "BASE test down"], self.log[-2:])

    def test_layers_that_have_not_all_hooks_are_fine(self):
        class Old:
            """A layer as zope.testrunner knows them: a class."""

        self.stack.require([Old])
        with self.stack.around_test([Old]):
            self.log.append("test")
        self.assertIn("test", self.log)


class Times(StackTest):
    def test_the_calls_of_each_hook_are_added_up_also_of_those_that_fail(self):
        stack = LayerStack(clock=itertools.count().__next__, times_tests=True)
        for _ in range(2):
            stack.require([self.base])
            with stack.around_test([self.base]):
                pass
            stack.release()
        layer, _ = self.tries(ValueError("boom"), name="FAULTY")
        with self.assertRaises(ValueError):
            stack.require([layer])
        base = dict.fromkeys(("setUp", "testSetUp", "testTearDown", "tearDown"), Spent(2, 2))
        self.assertEqual(
            {
                **{("tests.test_stack.BASE", hook): spent for hook, spent in base.items()},
                ("tests.test_stack.FAULTY", "setUp"): Spent(1, 1),
            },
            stack.times(),
        )


class Order(StackTest):
    def test_union_names_each_layer_once_base_before_derived(self):
        layers = [self.base, self.left, self.right]
        self.assertEqual(layers, union([self.left, self.right, self.left]))

    def test_groups_on_shared_bases_stand_together_after_those_without_layers(self):
        other = Logged(self.log, name="CENTRE")
        groups = [(self.right,), (other,), (), (self.left,), (self.base,)]
        self.assertEqual(
            [(), (self.base,), (self.left,), (self.right,), (other,)], in_order(groups)
        )

    def test_a_name_has_module_and_variable(self):
        self.assertEqual("tests.test_stack.BASE", layer_name(self.base))


class Namesakes(Golden):
    def test_layers_of_any_kind_with_one_name_are_refused(self):
        class Old:
            __module__ = "app.testing"

        again = type("Old", (), {"__module__": "app.testing"})
        refuse_namesakes([Old, Old])
        with self.assertRaises(NameTaken) as caught:
            refuse_namesakes([Old, again])
        self.assertEqual("app.testing.Old", caught.exception.name)

    def test_what_a_layer_failed_with_is_told_in_one_line(self):
        error = set_up_failed(Layer(name="LAYER"), ValueError("boom"))
        self.assertEqual("ValueError: boom", error.cause)
        self.assertIs(error, set_up_failed(Layer(), error))
