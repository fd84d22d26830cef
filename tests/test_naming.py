"""How layers get their names, and how names lead to layers."""

import functools
import gc
import importlib
import inspect
import sys
import tempfile
import textwrap
import types
import unittest
from pathlib import Path

from tests.helpers import Golden
from underlay import Layer, LayerError, NameTaken, as_layer
from underlay._naming import resolve

HELD = Layer()
ALIAS = HELD


def make():
    return Layer()


class Subclass(Layer):
    def __init__(self):
        super().__init__()


class WithoutSelf(Layer):
    @classmethod
    def make(cls):
        return cls()


SUBCLASS = Subclass()
BY_FACTORY = make()
BY_CLASS_METHOD = WithoutSelf.make()


class OnALayerOfItsOwn(unittest.TestCase):
    layer = Subclass()


class Names(unittest.TestCase):
    def test_a_layer_is_named_after_the_variable_that_holds_it(self):
        self.assertEqual(("tests.test_naming", "HELD"), (HELD.__module__, HELD.__name__))

    def test_repr_shows_class_and_name(self):
        self.assertEqual("<Subclass tests.test_naming.SUBCLASS>", repr(SUBCLASS))

    def test_a_factory_and_a_subclass_do_not_hide_the_variable(self):
        names = [each.__name__ for each in (SUBCLASS, BY_FACTORY, BY_CLASS_METHOD)]
        self.assertEqual(["SUBCLASS", "BY_FACTORY", "BY_CLASS_METHOD"], names)

    def test_a_layer_in_a_test_class_is_named_after_that(self):
        layer = OnALayerOfItsOwn.layer
        self.assertEqual("OnALayerOfItsOwn.layer", layer.__name__)

    def test_else_a_layer_is_named_after_its_class_and_the_line_where_it_was_made(self):
        line = inspect.currentframe().f_lineno + 1
        self.assertEqual(f"Subclass:{line}", Subclass().__name__)

    def test_two_layers_without_a_name_may_be_the_bases_of_others(self):
        names = {
            Layer([Layer()], name="ONE").__bases__[0].__name__,
            Layer([Layer()], name="TWO").__bases__[0].__name__,
        }
        self.assertEqual(2, len(names))

    def test_name_and_module_can_be_given(self):
        layer = Layer(name="MINE", module="app.testing")
        self.assertEqual("<Layer app.testing.MINE>", repr(layer))

    def test_a_name_is_found_as_soon_as_there_is_a_variable(self):
        layer = Layer()
        self.addCleanup(globals().pop, "LATE")
        self.assertNotEqual("LATE", layer.__name__)
        globals()["LATE"] = layer
        self.assertEqual("LATE", layer.__name__)

    def test_a_layer_from_code_without_a_module_has_a_name(self):
        namespace = {"Layer": Layer}
        exec("layer = Layer()", namespace)
        self.assertEqual("__main__", namespace["layer"].__module__)


class NamesAreUnique(Golden):
    def name_all(self, layers):
        return [each.__name__ for each in layers]

    def test_a_name_that_is_taken_is_refused(self):
        first = Layer(name="TWICE")
        second = Layer(name="TWICE")
        self.name_all([first])
        with self.assertRaises(NameTaken) as caught:
            self.name_all([second])
        self.assertEqual("tests.test_naming.TWICE", caught.exception.name)
        self.assertRegex(caught.exception.second, r"test_naming\.py:\d+$")

    def test_layers_made_in_a_loop_need_names(self):
        with self.assertRaises(NameTaken):
            self.name_all([Layer() for _ in range(2)])
        self.name_all([Layer(name=f"LOOP_{number}") for number in range(2)])

    def test_layers_made_by_a_factory_need_names(self):
        with self.assertRaises(NameTaken):
            self.name_all([make(), make()])

    def test_functions_of_one_name_are_refused(self):
        def make_another():
            @as_layer
            def SAME():
                yield

            return SAME

        with self.assertRaises(NameTaken):
            self.name_all([make_another(), make_another()])

    def test_a_layer_out_of_use_frees_its_name_at_once(self):
        gc.disable()
        self.addCleanup(gc.enable)
        first = Layer(name="FREED", bases=[HELD])
        with first:
            self.name_all([first])
        del first
        self.name_all([Layer(name="FREED")])

    def test_a_name_that_its_owner_no_longer_has_is_free(self):
        early, later = Subclass(), Subclass()
        self.addCleanup(globals().pop, "EARLY")
        [name] = self.name_all([early])
        globals()["EARLY"] = early
        self.assertEqual([name], self.name_all([later]))

    def test_a_module_that_is_loaded_again_takes_its_names_over(self):
        text = """
            from underlay import Layer, as_layer
            VARIABLE = Layer()
            LIST = [Layer(name="GIVEN")]
            @as_layer
            def FUNCTION():
                yield
        """
        module = self.module("reloaded_layers", text)
        held = [module.VARIABLE, *module.LIST, module.FUNCTION]
        names = self.name_all(held)
        importlib.reload(module)
        again = [module.VARIABLE, *module.LIST, module.FUNCTION]
        self.assertEqual(names, self.name_all(again))
        self.assertFalse(set(held) & set(again))

    def module(self, name, text):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        Path(folder.name, f"{name}.py").write_text(textwrap.dedent(text))
        sys.path.insert(0, folder.name)
        self.addCleanup(sys.path.remove, folder.name)
        self.addCleanup(sys.modules.pop, name)
        return importlib.import_module(name)


class Resolve(Golden):
    def test_a_layer_is_itself(self):
        self.assertIs(HELD, resolve(HELD))

    def test_a_full_name_leads_to_the_layer(self):
        self.assertIs(HELD, resolve("tests.test_naming.HELD"))

    def test_classes_and_modules_may_be_layers(self):
        class OldStyle:
            @classmethod
            def setUp(cls): ...

        module = types.ModuleType("layer")
        module.__bases__ = ()
        for each in (OldStyle, module):
            self.assertIs(each, resolve(each))

    def test_a_name_that_leads_nowhere_is_an_error(self):
        for name in ("nowhere.at.all", "tests.test_naming.NOTHING", "word", ""):
            with self.subTest(name), self.assertRaisesRegex(LayerError, "There is no layer"):
                resolve(name)

    def test_what_is_no_layer_is_an_error(self):
        for name, each in (("value", 5), ("name", "tests.test_naming.GOLDEN_NUMBER")):
            with self.assertRaises(LayerError) as caught:
                resolve(each)
            self.assertGolden(f"naming-no-layer-{name}", caught.exception)

    def test_a_class_of_layers_is_an_error(self):
        with self.assertRaises(LayerError) as caught:
            resolve(Layer)
        self.assertGolden("naming-class-of-layers", caught.exception)

    def test_the_reason_is_the_cause(self):
        name = "tests.test_naming.HELD.nothing"
        with self.assertRaises(LayerError) as caught:
            resolve(name)
        self.assertIsInstance(caught.exception.__cause__, ImportError)


GOLDEN_NUMBER = functools.partial(print)
