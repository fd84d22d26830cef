"""The walls of the house: who may import whom."""

import ast
import subprocess
import sys
import unittest
from pathlib import Path

import underlay

HOUSE = Path(underlay.__file__).parent

#: What each module of the core may import of ours, and what each room may.
CORE = {
    "_errors": set(),
    "_undo": set(),
    "_graph": set(),
    "_following": set(),
    "_markup": set(),
    "_blame": set(),
    "_order": set(),
    "_waiting": {"_errors"},
    "_forking": set(),
    "_children": {"_errors", "_forking", "_waiting"},
    "_naming": {"_errors"},
    "_resources": {"_graph"},
    "_recording": set(),
    "_timeline": {"_errors", "_recording"},
    "_verifying": {"_graph", "_naming"},
    "_hooks": {"_blame", "_errors", "_timeline"},
    "_scopes": {
        *{"_blame", "_errors", "_following", "_graph", "_hooks", "_resources", "_timeline"},
        "_undo",
    },
    "_layer": {
        *{"_errors", "_graph", "_hooks", "_naming", "_scopes"},
        *{"_timeline", "_undo", "_verifying"},
    },
    "_as_layer": {"_hooks", "_layer", "_naming"},
    "_stack": {"_errors", "_graph", "_hooks", "_order", "_scopes", "_undo"},
    "__init__": {"_as_layer", "_errors", "_layer", "_resources", "_timeline"},
}
ROOM = {
    *{"_children", "_errors", "_forking", "_hooks", "_layer", "_resources", "_scopes", "_waiting"},
}
ADAPTERS = {
    "httpserver": {"_errors", "http"},
    "runners": {"_errors", "_hooks", "_naming", "_recording", "_stack", "_timeline"},
    "timeline": {"_errors", "_markup", "_recording", "_timeline"},
    "standalone": {"_errors", "_markup", "http"},
    "__main__": {"runners", "standalone", "timeline"},
    "testing": {"_errors", "_hooks", "_layer", "_stack", "_waiting"},
    "buildout": {"_errors", "external"},
}

#: Where a third-party module may be imported at the top: what only loads if that is there.  Those
#: with none import others of these.
NEEDS_AT_THE_TOP = {
    "buildout.py": {"zc"},
    "runners/_pytest_durations.py": {"pytest"},
    "runners/_pytest_layers.py": {"pytest"},
    "runners/_pytest_recording.py": {"pytest"},
    "runners/_pytest_running.py": {"pytest"},
    "runners/_pytest_selection.py": {"pytest"},
    "runners/_pytest_suites.py": {"pytest"},
    "runners/_pytest_teardown.py": {"pytest"},
    "runners/_pytest_terminating.py": {"pytest"},
    "runners/_pytest_timeline.py": {"pytest"},
    "runners/_pytest_times.py": {"pytest"},
    "runners/_scheduling.py": {"xdist"},
    "runners/_xdist.py": {"pytest"},
    "runners/pytest.py": {"pytest"},
    "wsgi/_testbrowser.py": {"zope"},
    "httpserver/__init__.py": set(),
    "httpserver/_base.py": {"werkzeug"},
    "httpserver/_errors.py": set(),
    "httpserver/_fake.py": set(),
    "httpserver/_handlers.py": {"werkzeug"},
    "httpserver/_matchers.py": {"werkzeug"},
    "httpserver/_replies.py": {"werkzeug"},
    "httpserver/_waits.py": set(),
    "httpserver/bake.py": set(),
    "httpserver/blocking_httpserver.py": {"werkzeug"},
    "httpserver/hooks.py": {"werkzeug"},
    "httpserver/httpserver.py": {"werkzeug"},
    "httpserver/pytest_plugin.py": {"pytest"},
    "http/_asgi.py": set(),
    "http/_http1.py": {"h11"},
    "http/_http1_exchange.py": {"h11"},
    "http/_http1_refusing.py": {"h11"},
    "http/_http2.py": {"h2"},
    "http/_http2_exchange.py": {"h2"},
    "http/_negotiating.py": set(),
    "http/_websocket.py": {"wsproto"},
}


def files():
    """Each Python file of the house, with its path inside as text."""
    for file in sorted(HOUSE.rglob("*.py")):
        yield file.relative_to(HOUSE).as_posix(), ast.parse(file.read_text("utf-8"))


def room(path):
    """``"http"`` for http/live.py, ``"_layer"`` for _layer.py."""
    return path.split("/")[0].removesuffix(".py")


def imported(nodes):
    """The full names of the modules (and of names in them) that are imported by some nodes."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, "Imports are absolute."
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def at_the_top(node):
    """The nodes that run when a module is imported; a TYPE_CHECKING block does not."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from at_the_top(child)


class Walls(unittest.TestCase):
    def test_every_arrow_between_modules_of_ours_is_on_the_plan(self):
        for path, tree in files():
            own = room(path)
            allowed = CORE.get(own) if own in CORE else ADAPTERS.get(own, ROOM) | {own}
            ours = (name for name in imported(ast.walk(tree)) if name.startswith("underlay."))
            with self.subTest(path):
                self.assertLessEqual({name.split(".")[1] for name in ours}, allowed)

    def test_the_core_imports_the_standard_library_alone(self):
        for path, tree in files():
            if room(path) in CORE:
                with self.subTest(path):
                    self.assertEqual(set(), third_party(ast.walk(tree)))

    def test_a_room_can_be_imported_without_its_third_party_libraries(self):
        for path, tree in files():
            with self.subTest(path):
                needed = third_party(at_the_top(tree))
                self.assertEqual(NEEDS_AT_THE_TOP.get(path, set()), needed)

    def test_every_other_module_loads_where_nothing_is_installed(self):
        paths = [path for path, _ in files() if path not in {*NEEDS_AT_THE_TOP, "__main__.py"}]
        names = [
            f"underlay/{path}"[:-3].replace("/", ".").removesuffix(".__init__") for path in paths
        ]
        done = import_alone(*names)
        self.assertEqual((0, ""), (done.returncode, done.stderr))

    def test_a_room_that_cannot_be_imported_without_its_extra_names_it(self):
        for name, extra in {"httpserver": "httpserver", "runners.pytest": "pytest"}.items():
            with self.subTest(name):
                told = import_alone(f"underlay.{name}").stderr.splitlines()[-1]
                self.assertIn(f"underlay.{name} needs ", told)
                self.assertIn(f": install underlay[{extra}]", told)

    def test_the_plan_has_no_module_that_is_gone(self):
        there = {room(path) for path, _ in files()}
        self.assertLessEqual({*CORE, *ADAPTERS}, there)

    def test_machinery_starts_with_an_underscore(self):
        """The names of the front door come from there; every other module is a topic to import."""
        public = {room(path) for path, _ in files() if not path.startswith("_")}
        self.assertTrue(all(name.isidentifier() and name.islower() for name in public), public)


def import_alone(*names):
    """Import modules where nothing but the standard library is installed."""
    code = f"import sys; sys.path.insert(0, {str(HOUSE.parent)!r}); import {', '.join(names)}"
    command = [sys.executable, "-I", "-S", "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def third_party(nodes):
    roots = {name.split(".")[0] for name in imported(nodes)}
    return roots - sys.stdlib_module_names - {"underlay"}
