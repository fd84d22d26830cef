import json
import types
import unittest

from tests.helpers import Golden
from underlay.assertions import JSON, assertJSON

ORDER = {
    "id": 4711,
    "customer": {"name": "Bob", "mail": "bob@example.com"},
    "items": [
        {"name": "Tea", "price": 7},
        {"name": "Cup", "price": 8},
        {"name": "Pot", "price": 9},
    ],
    "paid": True,
    "note": None,
}


class Values(unittest.TestCase, JSON):
    def refuses(self, expected, actual):
        with self.assertRaises(AssertionError):
            self.assertJSON(expected, actual)

    def test_text_bytes_responses_and_values(self):
        text = json.dumps(ORDER)
        for actual in (text, text.encode(), types.SimpleNamespace(text=text), ORDER):
            self.assertJSON(text, actual)
            self.assertJSON(ORDER, actual)

    def test_a_hole_is_any_value(self):
        for value in (7, None, [], {"a": 1}):
            self.assertJSON({"id": "..."}, {"id": value})
            self.assertJSON({"id": ...}, {"id": value})

    def test_a_hole_inside_of_a_text(self):
        self.assertJSON('{"mail": "...@example.com"}', {"mail": "bob@example.com"})
        self.refuses('"...@example.com"', '"bob@example.org"')

    def test_a_hole_among_items(self):
        self.assertJSON('[1, "...", 4]', [1, 2, 3, 4])
        self.assertJSON([..., 2, 3, ...], [1, 2, 3])
        self.assertJSON([1, ..., 1], [1, 1])
        self.refuses([1, ..., 1], [1])
        self.refuses([..., 3, ..., 2, ...], [1, 2, 3])

    def test_a_hole_among_keys(self):
        self.assertJSON({"id": 4711, "...": "..."}, ORDER)
        self.assertJSON({"id": 4711, ...: ...}, ORDER)
        self.refuses({"id": 4711}, ORDER)

    def test_true_is_not_one(self):
        self.refuses("true", "1")
        self.refuses("0", "false")

    def test_another_marker(self):
        self.assertJSON(["...", "*"], ["...", 1, 2], hole="*")


class Report(Golden):
    def check(self, name, expected, actual):
        with self.assertRaises(AssertionError) as caught:
            assertJSON(expected, actual)
        self.assertGolden(f"json-{name}", caught.exception)

    def test_a_value(self):
        self.check("value", {**ORDER, "customer": {"name": "Eve", ...: ...}}, ORDER)

    def test_an_item(self):
        self.check("item", {"items": [..., {"name": "Pot", "price": 7}], ...: ...}, ORDER)

    def test_items_that_are_not_found(self):
        self.check("items", {"items": [..., {"name": "Jug", ...: ...}, ...], ...: ...}, ORDER)

    def test_a_missing_key(self):
        self.check("key", {"total": 24, ...: ...}, ORDER)

    def test_a_key_too_many(self):
        self.check("extra", {**ORDER, "items": ...}, {**ORDER, "tax": 4})

    def test_no_json(self):
        self.check("none", {}, "<html>Oh</html>")
