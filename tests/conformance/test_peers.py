"""The manual tells the truth about layers of plone.testing; what it shows is run here in part."""

import re
import sys
import unittest

from tests.conformance import peers
from tests.conformance.situations import SITUATIONS


def rows():
    """The cells of the table, by the name of the situation."""
    first, *others = re.split(r"\n   \* - ", peers.TABLE.read_text("utf-8"))[1:]
    found = {}
    for row in [first, *others]:
        name, *cells = row.strip().split("\n     - ")
        found[name] = cells
    return found


class Table(unittest.TestCase):
    def test_it_has_our_situations_and_their_runners(self):
        names = [each.name for each in SITUATIONS]
        self.assertEqual(["Situation", *names], list(rows()))
        self.assertEqual(list(peers.COLUMNS), rows()["Situation"])

    def check(self, name):
        """zope.testrunner comes to what the table says."""
        [situation] = [each for each in SITUATIONS if each.name == name]
        for column, runner in enumerate(("zope.testrunner", "zope.testrunner -j2")):
            with self.subTest(runner=runner):
                came = peers.cell(situation, runner, sys.executable)
                self.assertEqual(rows()[name][column], came)

    def test_all_well(self):
        self.check("all well")

    def test_half_a_setUp(self):
        self.check("half a setUp")

    def test_error_in_testSetUp(self):
        self.check("error in testSetUp")


class UnderOurRunners(unittest.TestCase):
    def test_errors_in_the_hooks_of_a_test_are_its_own(self):
        """Also with layers of plone.testing, which stay as they are."""
        for situation in SITUATIONS:
            if situation.name in ("error in testSetUp", "error in testTearDown"):
                for runner in ("pytest", "pytest -n2", "underlay unittest"):
                    came = peers.cell(situation, runner, sys.executable)
                    self.assertEqual("1 failed, 2 passed; red", came, runner)
