"""gocept.testing's own tests pass with nothing but the imports changed."""

import importlib.util
import sys
import unittest
from pathlib import Path

import gocept.testing

FOLDER = Path(gocept.testing.__path__[0]) / "tests"

#: What a suite has to replace, as docs/howto/migrate-gocept-testing.rst says.
IMPORTS = {
    "from gocept.testing.mock import mock": "from unittest import mock",
    "gocept.testing.assertion": "underlay.assertions",
    "gocept.testing.mtime": "underlay.assertions",
    "gocept.testing.fixture": "underlay.fixtures",
    "gocept.testing.mock": "underlay.fixtures",
    "gocept.testing.patch": "underlay.fixtures",
}


def moved(file):
    """A module of theirs with other imports; tracebacks still show the file."""
    source = file.read_text("utf-8")
    for old, new in IMPORTS.items():
        source = source.replace(old, new)
    name = f"moved_{file.stem}"
    spec = importlib.util.spec_from_loader(name, loader=None, origin=str(file))
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    exec(compile(source, str(file), "exec"), vars(module))
    return module


MODULES = [moved(file) for file in sorted(FOLDER.glob("test_*.py"))]

CLASSES = {
    name: value
    for module in MODULES
    for name, value in vars(module).items()
    if isinstance(value, type) and value.__module__ == module.__name__
    if issubclass(value, unittest.TestCase)
}

# Every runner finds them here.
for each in CLASSES.values():
    each.__module__ = __name__
globals().update(CLASSES)


class TheirTests(unittest.TestCase):
    def test_all_of_them_are_there(self):
        load = unittest.TestLoader().loadTestsFromTestCase
        self.assertEqual(31, sum(load(each).countTestCases() for each in CLASSES.values()))

    def test_nothing_of_theirs_is_left(self):
        for module in MODULES:
            with self.subTest(module.__name__):
                self.assertNotIn("gocept", vars(module))
