import unittest
from pathlib import Path

from underlay.external import Jasmine, makeSuite

SHOP = Path(__file__).parents[1]


def test_suite():
    return unittest.TestSuite(
        [
            makeSuite(Jasmine("spec/*_spec.js"), cwd=SHOP),
            makeSuite(
                "node_modules/.bin/jasmine",
                "--coffee",
                "--json",
                "spec/legacy",
                cwd=SHOP,
                name="CoffeeScript",
            ),
        ]
    )
