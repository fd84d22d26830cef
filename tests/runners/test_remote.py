"""pytest-xdist on several machines: two of execnet's socket servers, each with its own checkout."""

import os
import re
import subprocess
import sys
import textwrap
import unittest
from pathlib import Path

from tests.runners.project import HOOKS, ProjectTest
from underlay.runners._times import read

LAYERS = """
    from shopping.hooks import Logged
    L0, L1, L2, L3 = (Logged() for _ in range(4))
"""

TESTS = """
    import unittest
    from shopping import layers

    def case(number):
        def test_passes(self): pass
        def test_fails(self): self.assertNotEqual(2, number)
        members = {"layer": getattr(layers, f"L{number}"), "test_passes": test_passes}
        members |= {"test_fails_on_2": test_fails} if number == 2 else {"test_too": test_fails}
        return type(f"On{number}", (unittest.TestCase,), members)

    On0, On1, On2, On3 = map(case, range(4))
"""


def checkout(folder: Path) -> None:
    """Put a package with tests into a folder."""
    package = folder / "shopping"
    package.mkdir()
    texts = {"__init__": "", "hooks": HOOKS, "layers": LAYERS, "test_a": TESTS, "test_b": TESTS}
    for name, text in texts.items():
        (package / f"{name}.py").write_text(textwrap.dedent(text))


@unittest.skipUnless(sys.platform == "linux", "needs several addresses for loopback")
class Remote(ProjectTest):
    def machine(self, host: str) -> Path:
        """A folder with a checkout, in which a server runs; its address stands in ``address``."""
        folder = self.project()
        checkout(folder)
        paths = [str(folder), *filter(None, [os.environ.get("PYTHONPATH")])]
        server = subprocess.Popen(
            [sys.executable, "-u", "-m", "execnet.script.socketserver", f"{host}:0"],
            cwd=folder,
            env={
                **os.environ,
                "PROJECT_LOG": str(folder / "log"),
                "PYTHONPATH": os.pathsep.join(paths),
                "PYTHONDONTWRITEBYTECODE": "1",
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.kill)
        _, port = re.search(r"\('(.+)', (\d+)\)", server.stdout.readline()).groups()
        (folder / "address").write_text(f"socket={host}:{port}")
        return folder

    def run_on(self, machines, *arguments):
        addresses = [f"--tx={(machine / 'address').read_text()}" for machine in machines]
        distribution = ("-p", "xdist", "--dist=load", *addresses)
        return self.run_project("pytest", self.here, *distribution, "--pyargs", *arguments)

    def setUp(self):
        self.here = self.project()  # without a checkout, to tell which one is used

    def test_layers_stay_together_and_the_verdict_and_the_figures_are_those_of_a_local_run(self):
        machines = [self.machine("127.0.0.2"), self.machine("127.0.0.3")]
        figures = ("--layer-times=times.json", "--layer-durations=0", "-vv")
        run = self.run_on(machines, "shopping", *figures)
        self.assertEqual((1, {"test_fails_on_2"}), (run.status, run.guilty), run.output)
        self.assertIn("2 failed, 14 passed", run.output.splitlines()[-1])
        logs = [(machine / "log").read_text().splitlines() for machine in machines]
        up = [[line for line in log if re.fullmatch(r"L\d up", line)] for log in logs]
        self.assertEqual([f"L{number} up" for number in range(4)], sorted(up[0] + up[1]))
        self.assertTrue(up[0] and up[1], logs)
        for number in range(4):
            self.assertRegex(run.output, rf"s setUp +shopping.layers.L{number}\n")
        record = read(str(self.here / "times.json"))
        self.assertEqual(
            {f"shopping.layers.L{number}": 4 for number in range(4)},
            {name: spent.calls for name, spent in record.tests.items()},
        )

    def test_shards_and_usage_errors_are_those_of_the_controller(self):
        machines = [self.machine("127.0.0.2"), self.machine("127.0.0.3")]
        run = self.run_on(machines, "shopping", "--shard=1/4")
        self.assertRegex(run.output.splitlines()[-1], r"= 4 passed in")
        run = self.run_on(machines, "nowhere")
        self.assertEqual(4, run.status, run.output)
        self.assertIn("ERROR: module or package not found: nowhere", run.output)
