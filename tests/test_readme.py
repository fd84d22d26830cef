"""The samples of the README, as the modules that they are, run under every runner."""

import os
import re
import shutil
import textwrap
from pathlib import Path
from unittest import mock

from tests.runners.project import ProjectTest

ROOT = Path(__file__).resolve().parents[1]
SHOP = ROOT / "examples" / "shop"
BLOCK = re.compile(r"^\.\. code-block:: python\n\n((?:    .*\n|\n)+)", re.MULTILINE)


def samples():
    """The code of the README, by the module that each block names in its first line."""
    blocks = map(textwrap.dedent, BLOCK.findall((ROOT / "README.rst").read_text()))
    return {re.match(r"# (\w+)\.py\n", block).group(1): block for block in blocks}


class Readme(ProjectTest):
    def setUp(self):
        self.folder = self.project(**samples())
        self.enterContext_(mock.patch.dict(os.environ, PYTHONPATH=str(SHOP.parent)))
        (self.folder / "node_modules").symlink_to(SHOP / "node_modules")
        shutil.copytree(
            SHOP / "spec", self.folder / "spec", ignore=shutil.ignore_patterns("legacy")
        )
        (self.folder / "js").symlink_to(SHOP / "js")

    def test_every_sample_passes_under_every_runner(self):
        specs = len(re.findall(r"^  it\(", self.text_of("spec/*.js"), re.MULTILINE))
        python = len(re.findall(r"def test_\w+\(self", self.text_of("test_*.py")))
        self.assertEqual((4, 9), (python, specs))
        runner_finished = 1
        runs = self.run_under_each(self.folder)
        self.assertRuns(runs, guilty=set(), ran=python + specs + runner_finished)

    def text_of(self, pattern):
        return "".join(path.read_text() for path in sorted(self.folder.glob(pattern)))
