"""What a source distribution has in it."""

import fnmatch
import os
import subprocess
import sys
import unittest
from pathlib import Path

from tests.helpers import temporary_folder

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = (".ci", "benchmarks", "docs", "examples", "src", "tests")
FILES = {
    *(".gitignore", "CHANGES.rst", "CONTRIBUTING.rst", "LICENSE.txt", "MANIFEST.in", "README.rst"),
    *("bootstrap.py", "buildout.cfg", "pyproject.toml", "requirements.txt", "setup.py"),
    "versions.cfg",
}

#: Names of what tools make.
MADE = [line.rstrip("/") for line in (ROOT / ".gitignore").read_text("utf-8").splitlines()]


def is_written(name):
    """Whether a file, or what is in a folder, is somebody's work."""
    return not any(fnmatch.fnmatch(name, each) for each in MADE)


class SourceDistribution(unittest.TestCase):
    def test_it_has_every_file_of_ours(self):
        """What its tests and its manual need is in MANIFEST.in, whatever kind of file that is."""
        folder = temporary_folder(self)
        command = [sys.executable, "setup.py", "-q", "egg_info", "--egg-base", str(folder)]
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
        listed = (folder / "underlay.egg-info" / "SOURCES.txt").read_text("utf-8").splitlines()
        self.assertEqual(set(), self.written() - {*listed})

    def written(self):
        found = {*FILES}
        for top in FOLDERS:
            for place, folders, files in os.walk(ROOT / top):
                folders[:] = filter(is_written, folders)
                paths = [Path(place, each).relative_to(ROOT) for each in filter(is_written, files)]
                found.update(map(Path.as_posix, paths))
        return found
