"""What gocept.testing's own tests (assertions/test_moving.py) do not ask."""

import os
import types
import unittest
from unittest import mock

from underlay.fixtures import Dict, Patches, PatchHelper, TempDir


class Patching(unittest.TestCase):
    def test_the_newest_change_is_undone_first(self):
        subject = types.SimpleNamespace(price=1)
        with Patches() as patches:
            patches.set(subject, "price", 2)
            patches.set(subject, "price", 3)
        self.assertEqual(1, subject.price)

    def test_what_a_class_has_is_not_left_on_its_instance(self):
        class Shop:
            open = True

        shop, patches = Shop(), Patches()
        patches.set(shop, "open", False)
        patches.reset()
        self.assertEqual(({}, True), (vars(shop), shop.open))

    def test_an_attribute_that_is_missing_is_refused(self):
        with self.assertRaises(AttributeError):
            Patches().set(types.SimpleNamespace(), "price", 2)

    def test_a_call_that_fails_is_undone_too(self):
        values = []
        subject = types.SimpleNamespace(set=lambda value: values.append(1 / value))
        with self.assertRaises(ZeroDivisionError), Patches() as patches:
            patches.call(subject, "set", 1, 0)
        self.assertEqual([1], values)

    def test_a_dict_may_have_any_keys(self):
        found = {"values": 1}
        with Dict(found, values=2, clear=3, dict=4):
            self.assertEqual({"values": 2, "clear": 3, "dict": 4}, found)
        self.assertEqual({"values": 1}, found)


class HalfASetUp(unittest.TestCase):
    """What the mixins have set up is undone even if the test's own set-up fails."""

    def test_patches_and_folder(self):
        subject = mock.Mock(foo=1)
        folders = []

        class Case(PatchHelper, TempDir):
            def setUp(self):
                super().setUp()
                self.patches.set(subject, "foo", 2)
                folders.append(self.tmpdir)
                raise RuntimeError("provoked")

            def runTest(self):
                pass

        result = unittest.TestResult()
        Case().run(result)
        self.assertEqual(1, len(result.errors))
        self.assertEqual((1, False), (subject.foo, os.path.exists(folders[0])))
