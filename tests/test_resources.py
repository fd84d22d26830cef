"""What layers offer to tests: a stack of values per name, gone with the phase that set them."""

import unittest

import plone.testing

from tests.helpers import ByHand, Golden
from underlay import Layer, Resource, ResourceMissing


class Offers(Layer):
    """Sets resources in either phase."""

    def __init__(self, layer=(), test=(), **kw):
        super().__init__(**kw)
        self.for_layer, self.for_test = dict(layer), dict(test)

    def setUp(self):
        for name, value in self.for_layer.items():
            self[name] = value

    def testSetUp(self):
        for name, value in self.for_test.items():
            self[name] = value


class Server(Layer):
    url = Resource[str]("Where it answers")

    def setUp(self):
        self.url = "http://localhost"


class AskedToCompare:
    """Cannot be compared, as the arrays of numpy."""

    def __eq__(self, other):
        raise ValueError("The truth value is ambiguous.")

    __hash__ = None


class Store(ByHand):
    def test_a_resource_lasts_as_long_as_the_layer(self):
        layer = Offers({"port": 1})
        with layer:
            self.assertEqual(1, layer["port"])
        self.assertNotIn("port", layer)

    def test_a_resource_of_a_test_lasts_as_long_as_the_test(self):
        layer = Offers({}, {"port": 2})
        layer.setUp()
        layer.testSetUp()
        self.assertEqual(2, layer["port"])
        layer.testTearDown()
        self.assertNotIn("port", layer)
        layer.tearDown()

    def test_after_a_test_the_value_of_the_layer_shows_again(self):
        layer = Offers({"port": 1}, {"port": 2})
        layer.setUp()
        for _ in range(2):
            layer.testSetUp()
            self.assertEqual(2, layer["port"])
            layer.testTearDown()
            self.assertEqual(1, layer["port"])
        layer.tearDown()

    def test_a_test_may_set_resources(self):
        layer = Offers({"port": 1})
        with layer:
            layer["port"] = 2
            layer["extra"] = 3
            self.assertEqual((2, 3), (layer["port"], layer["extra"]))
        self.assertNotIn("extra", layer)

    def test_get_and_in_do_not_raise(self):
        layer = Offers({"none": None})
        with layer:
            self.assertEqual((None, 7), (layer.get("none", 7), layer.get("nothing", 7)))
            self.assertTrue("none" in layer and "nothing" not in layer)

    def test_the_newest_value_can_be_deleted(self):
        layer = Offers({"port": 1})
        with layer:
            layer["port"] = 2
            del layer["port"]
            self.assertEqual(1, layer["port"])
            del layer["port"]
            self.assertNotIn("port", layer)
            with self.assertRaises(ResourceMissing):
                del layer["port"]

    def test_what_was_deleted_and_set_again_goes_in_the_end(self):
        layer = Offers({"port": 1})
        with layer:
            del layer["port"]
            layer["port"] = 2
            self.assertEqual(2, layer["port"])
        self.assertNotIn("port", layer)

    def test_values_are_never_compared(self):
        layer = Offers({"array": AskedToCompare()}, {"array": AskedToCompare()})
        with layer:
            layer["array"] = AskedToCompare()
            del layer["array"]
            self.assertIn("array", layer)
        self.assertNotIn("array", layer)

    def test_a_layer_is_not_iterated_by_way_of_its_resources(self):
        with self.assertRaisesRegex(TypeError, "The bases of Layer are a list of layers"):
            Layer(bases=Layer())


class Bases(unittest.TestCase):
    def test_a_derived_layer_offers_what_its_bases_offer(self):
        derived = Layer(bases=[Layer(bases=[Offers({"port": 1})])])
        with derived:
            self.assertEqual(1, derived["port"])

    def test_a_base_sees_what_a_derived_layer_overrides(self):
        base = Offers({"port": 1})
        derived = Offers({"port": 2}, bases=[base])
        with base:
            with derived:
                self.assertEqual((2, 2), (base["port"], derived["port"]))
            self.assertEqual(1, base["port"])

    def test_what_a_layer_declares_is_its_own(self):
        base = Server()
        derived = Server(bases=[Layer(bases=[base])])
        with derived:
            derived.url = "http://derived"
            self.assertEqual(("http://derived", "http://localhost"), (derived.url, base.url))
        self.assertFalse(hasattr(base, "url"))

    def test_a_base_does_not_see_what_only_a_derived_layer_has(self):
        base = Layer()
        with Offers({"port": 2}, bases=[base]):
            self.assertNotIn("port", base)

    def test_only_what_the_layer_itself_has_set_can_be_deleted(self):
        base = Offers({"port": 1})
        derived = Offers({}, bases=[base])
        with derived:
            with self.assertRaises(ResourceMissing):
                del derived["port"]
            derived["port"] = 2
            del derived["port"]
            self.assertEqual((1, 1), (base["port"], derived["port"]))

    def test_derived_comes_before_base_in_a_diamond(self):
        root = Layer()
        left, right = Layer(bases=[root]), Layer(bases=[root])
        bottom = Layer(bases=[left, right])
        self.assertEqual((bottom, left, right, root), bottom.baseResolutionOrder)

    def test_the_first_base_wins(self):
        layer = Layer(bases=[Offers({"port": 1}), Offers({"port": 2})])
        with layer:
            self.assertEqual(1, layer["port"])

    def test_layers_of_plone_testing_are_bases_and_derived(self):
        class Plone(plone.testing.Layer):
            def setUp(self):
                self["port"] = self.get("port", 0) + 1

            def tearDown(self):
                del self["port"]

        base = Plone(name="BASE")
        middle = Offers({"port": 10}, bases=[base])
        derived = Plone(name="DERIVED", bases=[middle])
        base.setUp()
        with middle:
            derived.setUp()
            self.assertEqual([11] * 3, [each["port"] for each in (base, middle, derived)])
            derived.tearDown()
            self.assertEqual([10] * 2, [each["port"] for each in (base, middle)])

    def test_a_base_without_resources_is_no_problem(self):
        class Old:
            """A layer as zope.testrunner knows them: a class."""

        layer = Offers({"port": 1}, bases=[Old])
        with layer:
            self.assertEqual(1, layer["port"])
            self.assertNotIn("nothing", layer)


class Declared(unittest.TestCase):
    def test_the_attribute_is_the_resource(self):
        layer = Server()
        with layer:
            self.assertEqual(("http://localhost",) * 2, (layer.url, layer["url"]))
            layer["url"] = "http://127.0.0.1"
            self.assertEqual("http://127.0.0.1", layer.url)
            del layer.url
            self.assertEqual("http://localhost", layer.url)

    def test_without_a_value_there_is_no_attribute(self):
        self.assertFalse(hasattr(Server(), "url"))
        self.assertEqual("default", getattr(Server(), "url", "default"))

    def test_the_class_tells_what_it_is(self):
        self.assertEqual("<Resource url: Where it answers>", repr(Server.url))
        self.assertEqual("Where it answers", Server.url.__doc__)

    def test_two_layers_of_one_class_have_values_of_their_own(self):
        first, second = Server(), Server()
        with first, second:
            first.url = "http://first"
            self.assertEqual("http://localhost", second.url)


class Missing(Golden):
    def test_the_error_says_what_the_layer_has_and_what_to_do(self):
        layer = Server(bases=[Offers({"port": 1}, name="BASE")], name="SERVER")
        with layer, self.assertRaises(ResourceMissing) as caught:
            layer["host"]
        self.assertGolden("resource-missing", caught.exception)

    def test_before_the_layer_is_set_up_it_says_so(self):
        with self.assertRaises(ResourceMissing) as caught:
            Server(name="SERVER").url  # noqa: B018
        self.assertGolden("resource-missing-not-set-up", caught.exception)

    def test_between_tests_it_does_not_speak_of_one(self):
        layer = Server(name="SERVER")
        layer.setUp()
        with self.assertRaises(ResourceMissing) as caught:
            layer["host"]
        self.assertEqual("set up", caught.exception.state)
        layer.tearDown()

    def test_it_is_a_KeyError_and_an_AttributeError(self):
        for kind in (KeyError, AttributeError):
            with self.assertRaises(kind):
                Server().url  # noqa: B018
