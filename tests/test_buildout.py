"""The recipe underlay:npm, as zc.buildout calls it."""

import subprocess
import unittest

from zc.buildout import UserError

from tests.external.test_node import package
from tests.helpers import temporary_folder
from underlay.buildout import Npm


class Recipe(unittest.TestCase):
    def setUp(self):
        self.folder = temporary_folder(self)
        (self.folder / "bin").mkdir()

    def part(self, **options):
        buildout = {"directory": str(self.folder), "bin-directory": str(self.folder / "bin")}
        return Npm({"buildout": buildout}, "js", {"directory": "frontend", **options})

    def test_a_script_runs_the_tool_in_the_folder_of_its_package(self):
        frontend = package(self.folder / "frontend")
        made = self.part(scripts="greet").install()
        self.assertEqual([str(self.folder / "bin" / "greet")], made)
        told = subprocess.check_output([*made, "you"], cwd="/", text=True)
        self.assertEqual(f"Hello you {frontend}\n", told)

    def test_without_scripts_the_packages_are_there_all_the_same(self):
        frontend = package(self.folder / "frontend")
        self.assertEqual([], self.part().install())
        self.assertTrue((frontend / "node_modules" / "greet").exists())

    def test_what_is_wrong_is_told_as_buildout_tells_it(self):
        package(self.folder / "frontend")
        with self.assertRaisesRegex(UserError, "^jasmine is not installed. Name its package in "):
            self.part(scripts="greet jasmine").install()
