"""``docs/explanation/compared.rst``: what it says of underlay is shown by tests that exist."""

import pkgutil
import re
import unittest
from pathlib import Path

PAGE = Path(__file__).resolve().parents[1] / "docs" / "explanation" / "compared.rst"
TEST = re.compile(r"``([a-z]\w*(?:\.\w+)*\.test_\w+\.[A-Z]\w*\.test_\w+)``")


def rows():
    """The cells of each row that compares underlay with its peers, without the heads."""
    for table in re.split(r"^\.\. list-table::", PAGE.read_text("utf-8"), flags=re.MULTILINE)[1:]:
        body = re.split(r"^\S", table, flags=re.MULTILINE)[0]
        head, *others = [
            [" ".join(cell.split()) for cell in re.split(r"^     -", row, flags=re.MULTILINE)]
            for row in re.split(r"^   \* -", body, flags=re.MULTILINE)[1:]
        ]
        if head[-1] == "shown by":
            yield from others


class Compared(unittest.TestCase):
    def test_every_test_that_is_named_exists(self):
        names = TEST.findall(PAGE.read_text("utf-8"))
        self.assertGreater(len(names), 50)
        for name in names:
            with self.subTest(name):
                self.assertTrue(callable(pkgutil.resolve_name(f"tests.{name}")))

    def test_every_feature_of_underlay_names_a_test_and_no_lack_of_one_does(self):
        marks = []
        for feature, *_peers, ours, shown in rows():
            with self.subTest(feature):
                self.assertEqual(ours != "○", bool(TEST.search(shown)))
                marks.append(ours)
        self.assertIn("○", marks)
        self.assertGreater(len(marks), 40)
