"""The zc.buildout recipe ``underlay:npm``: npm packages by their lock, their tools in ``bin/``.

.. code-block:: ini

    [js]
    recipe = underlay:npm
    directory = frontend
    scripts = jasmine

``directory``
    The folder of ``package.json`` and ``package-lock.json``; the buildout's own by default.
``scripts``
    Commands of the installed packages to make scripts for.  They run in ``directory``, where these
    tools look for their configuration.
"""

from __future__ import annotations

import sys
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

from zc.buildout import UserError

from underlay._errors import LayerError
from underlay.external._node import find_node, find_script, npm_ci

SCRIPT = """\
#!{python}
import os
import sys

os.chdir({directory!r})
os.environ["PATH"] = {folder!r} + os.pathsep + os.environ.get("PATH", os.defpath)
os.execv({node!r}, [{node!r}, {script!r}, *sys.argv[1:]])
"""


class Npm:
    """Runs ``npm ci`` when the lock changed, and makes ``bin/NAME`` for each of ``scripts``.

    The arguments are those that zc.buildout gives to any recipe.
    """

    def __init__(self, buildout: Any, name: str, options: MutableMapping[str, str]) -> None:
        root = Path(buildout["buildout"]["directory"])
        self.bin = Path(buildout["buildout"]["bin-directory"])
        self.directory = root / options.get("directory", ".")
        self.scripts = options.get("scripts", "").split()

    def install(self) -> list[str]:
        """Install, and return the files that buildout may remove with the part.

        :raises UserError: when there is no node, no lock, no such command, or npm fails.
        """
        try:
            node = find_node()
            npm_ci(self.directory, node)
            return [self._script(node, name) for name in self.scripts]
        except LayerError as error:
            raise UserError(str(error)) from error

    update = install

    def _script(self, node: Path, name: str) -> str:
        target = self.bin / name
        text = SCRIPT.format(
            python=sys.executable,
            directory=str(self.directory),
            folder=str(node.parent),
            node=str(node),
            script=str(find_script(self.directory, name)),
        )
        target.write_text(text)
        target.chmod(0o755)
        return str(target)
