"""In which order layers and their bases are walked."""

import unittest

from underlay import Layer
from underlay._graph import resolution_order, setup_order


class Orders(unittest.TestCase):
    def setUp(self):
        self.root = Layer()
        self.left, self.right = Layer(bases=[self.root]), Layer(bases=[self.root])
        self.bottom = Layer(bases=[self.left, self.right])

    def test_set_up_is_base_before_derived(self):
        expected = [self.root, self.left, self.right, self.bottom]
        self.assertEqual(expected, setup_order(self.bottom))

    def test_resolution_is_derived_before_base(self):
        expected = [self.bottom, self.left, self.right, self.root]
        self.assertEqual(expected, resolution_order(self.bottom))

    def test_a_layer_that_is_a_class_stands_on_classes(self):
        class Base:
            pass

        class Derived(Base):
            pass

        self.assertEqual([Base, Derived], setup_order(Derived))

    def test_a_tower_of_diamonds_takes_no_longer_than_its_height(self):
        """With a visit for each way down, this would take for ever."""
        top = self.bottom
        for _ in range(60):
            top = Layer(bases=[Layer(bases=[top]), Layer(bases=[top])])
        self.assertEqual(4 + 3 * 60, len(setup_order(top)))
        self.assertEqual(4 + 3 * 60, len(resolution_order(top)))
