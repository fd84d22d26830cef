"""as_layer: a generator function becomes a layer, for the small ones."""

import unittest

from underlay import Layer, as_layer

LOG = []


@as_layer
def DATABASE():
    """A database."""
    LOG.append("up")
    yield {"dsn": "db:1"}
    LOG.append("down")


@as_layer(bases=[DATABASE])
def CUSTOMERS(layer):
    yield {"customers": f"customers of {layer['dsn']}"}


@as_layer
def NOTHING_TO_OFFER():
    yield


class AsLayer(unittest.TestCase):
    def setUp(self):
        LOG.clear()

    def test_what_stands_before_yield_sets_up_and_what_follows_takes_down(self):
        with DATABASE:
            self.assertEqual(["up"], LOG)
        self.assertEqual(["up", "down"], LOG)

    def test_what_is_yielded_are_the_resources(self):
        with DATABASE:
            self.assertEqual("db:1", DATABASE["dsn"])
        self.assertNotIn("dsn", DATABASE)

    def test_a_parameter_is_the_layer_itself(self):
        with CUSTOMERS:
            self.assertEqual("customers of db:1", CUSTOMERS["customers"])
        self.assertEqual(["up", "down"], LOG)

    def test_nothing_has_to_be_yielded(self):
        with NOTHING_TO_OFFER as layer:
            self.assertIsInstance(layer, Layer)

    def test_name_module_and_documentation_are_those_of_the_function(self):
        self.assertEqual("<GeneratorLayer tests.test_as_layer.DATABASE>", repr(DATABASE))
        self.assertEqual("A database.", DATABASE.__doc__)

    def test_it_can_be_set_up_again(self):
        for _ in range(2):
            with DATABASE:
                pass
        self.assertEqual(["up", "down"] * 2, LOG)

    def test_an_error_before_yield_is_the_error_of_the_set_up(self):
        @as_layer
        def broken():
            raise ValueError("boom")
            yield

        with self.assertRaisesRegex(ValueError, "boom"), broken:
            self.fail("This layer is not up.")

    def test_an_error_after_yield_is_the_error_of_taking_down(self):
        @as_layer
        def broken():
            yield
            raise ValueError("boom")

        with self.assertRaisesRegex(ValueError, "boom"), broken:
            LOG.append("body")
        self.assertEqual(["body"], LOG)

    def test_a_function_without_yield_is_refused(self):
        def no_generator():
            return {}

        async def asynchronous():
            yield {}

        for function in (no_generator, asynchronous):
            with self.assertRaisesRegex(TypeError, "function with a yield in it"):
                as_layer(function)
