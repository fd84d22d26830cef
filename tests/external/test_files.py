"""The files that patterns name."""

import unittest
from pathlib import Path

from tests.helpers import temporary_folder
from underlay._errors import NoTestsReported
from underlay.external._files import expand_braces, find_files


class Files(unittest.TestCase):
    def setUp(self):
        self.folder = temporary_folder(self)
        for name in ("a.js", "b.ts", "in/c.js", "in/node_modules/x/d.js", "[e].js"):
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()

    def found(self, *patterns):
        return [str(Path(each).relative_to(self.folder)) for each in self.find(*patterns)]

    def find(self, *patterns):
        return find_files("Mocha", patterns, self.folder)

    def test_are_found_once_and_sorted(self):
        self.assertEqual(["[e].js", "a.js", "b.ts", "in/c.js"], self.found("**/*.{js,ts}", "a.js"))

    def test_are_left_out_by_patterns_with_an_exclamation_mark(self):
        self.assertEqual(["[e].js", "a.js"], self.found("**/*.js", "!in/*"))

    def test_installed_packages_count_only_where_they_are_named(self):
        self.assertEqual(["in/node_modules/x/d.js"], self.found("in/node_modules/x/*.js"))

    def test_a_pattern_may_be_longer_than_a_name(self):
        names = ",".join(f"name{number}" for number in range(100))
        self.assertEqual(["a.js"], self.found(f"{{{names},a}}.js"))

    def test_none_are_an_error(self):
        with self.assertRaisesRegex(NoTestsReported, "Mocha: No file in .* matches its patterns"):
            self.find("*.py")

    def test_several_braces_stand_for_all_that_they_can_mean(self):
        self.assertEqual(["a.js", "a.ts", "b.js", "b.ts"], expand_braces("{a,b}.{js,ts}"))
