"""``docs/reference`` has every public name."""

import importlib
import inspect
import re
import unittest
from pathlib import Path

REFERENCE = Path(__file__).resolve().parents[1] / "docs" / "reference"
MODULES = (
    *("underlay", "underlay.assertions", "underlay.capture", "underlay.external"),
    *("underlay.fixtures", "underlay.http", "underlay.services", "underlay.testing"),
    *("underlay.httpserver", "underlay.httpserver.httpserver", "underlay.wsgi"),
)


class Reference(unittest.TestCase):
    def setUp(self):
        self.text = "\n".join(page.read_text("utf-8") for page in sorted(REFERENCE.glob("*.rst")))

    def is_told(self, name):
        """Whether a name is written somewhere as code, or as what a directive documents."""
        return re.search(rf"``[^`]*\b{name}\b[^`]*``|^\.\. \w+:: {name}\b", self.text, re.MULTILINE)

    def tells_all_of(self, module):
        """Whether a directive documents all of a module's names from their docstrings."""
        return f".. automodule:: {module}\n   :members:\n" in self.text

    def test_every_public_name_is_told(self):
        for module in map(importlib.import_module, MODULES):
            for name in module.__all__:
                with self.subTest(module=module.__name__, name=name):
                    self.assertTrue(self.tells_all_of(module.__name__) or self.is_told(name))

    def test_every_public_name_has_a_docstring(self):
        for module in map(importlib.import_module, MODULES):
            for name in module.__all__:
                with self.subTest(module=module.__name__, name=name):
                    self.assertTrue(inspect.getdoc(getattr(module, name)))
