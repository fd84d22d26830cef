"""The process of a runner: nothing of it is left behind, however the tests end."""

import os
import signal
import subprocess
import sys
import unittest
from unittest import mock

from tests.external.support import ROOT, SPECS, jasmine, run
from tests.helpers import is_gone, signals_heard, temporary_folder
from underlay._children import TAIL
from underlay._errors import NotReady
from underlay._waiting import wait_until
from underlay.external import makeSuite
from underlay.external._events import Pause, Plan, Started
from underlay.external._process import Launch, RunnerProcess

#: Runs a suite whose spec, or linter, writes its process id and spins.
PYTHON = """
import os, sys, unittest
from tests.external.support import SPECS, jasmine
from underlay.external import SARIF, makeSuite
LINTER = "echo $$ >$PIDS/running; sleep 99 & echo $! >$PIDS/child; wait"
if sys.argv[1] == "lint":
    suite = makeSuite(SARIF(["/bin/sh", "-c", LINTER], "*.js"), cwd=SPECS)
else:
    suite = makeSuite(jasmine("spinning_spec.js"), cwd=SPECS)
if sys.argv[1] == "fork":
    if not (child := os.fork()):
        sys.exit()
    os.waitpid(child, 0)
print("listed", flush=True)
if sys.argv[1] in ("run", "lint"):
    suite.run(unittest.TestResult())
sys.stdin.read()
"""


class Folders(unittest.TestCase):
    """Base: each test has a folder for the temporary files of what it runs."""

    def setUp(self):
        self.folder = temporary_folder(self)

    def pid(self, name):
        """What a spec has written into a file."""
        path = self.folder / name
        return int(wait_until(lambda: path.exists() and path.read_text(), f"{name} to be written"))

    def left(self):
        return [path.name for path in self.folder.glob("underlay-*")]


class Endings(Folders):
    def start(self, mode):
        with signals_heard():
            python = subprocess.Popen(
                [sys.executable, "-c", PYTHON, mode],
                cwd=ROOT,
                env={
                    **os.environ,
                    "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]),
                    "PIDS": str(self.folder),
                    "TMPDIR": str(self.folder),
                },
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        self.addCleanup(python.__exit__, None, None, None)
        self.addCleanup(python.kill)
        self.assertEqual(b"listed\n", python.stdout.readline())
        return python

    def assertNothingLeft(self):
        pids = [self.pid(path.name) for path in self.folder.glob("*") if path.is_file()]
        wait_until(lambda: all(map(is_gone, pids)), "all processes to be gone")
        wait_until(lambda: not self.left(), "the temporary files to be gone")

    def test_a_killed_test_run_leaves_nothing(self):
        for mode in ("run", "lint"):
            with self.subTest(mode):
                python = self.start(mode)
                self.assertFalse(is_gone(self.pid("running")))
                self.assertFalse(is_gone(self.pid("child")))
                python.kill()
                self.assertNothingLeft()
                for path in self.folder.iterdir():
                    path.unlink()

    def test_a_killed_test_run_that_has_only_listed_leaves_nothing(self):
        python = self.start("list")
        self.assertFalse(is_gone(self.pid("loaded")))
        python.kill()
        self.assertNothingLeft()

    def test_an_interrupted_test_run_leaves_nothing(self):
        python = self.start("run")
        self.pid("child")
        python.send_signal(signal.SIGINT)
        python.communicate()
        self.assertNothingLeft()

    def test_a_test_run_that_ends_without_running_the_suite_leaves_nothing(self):
        python = self.start("list")
        python.communicate()
        self.assertTrue(is_gone(self.pid("loaded")))
        self.assertEqual([], self.left())

    def test_a_fork_of_the_test_run_that_ends_leaves_all_as_it_is(self):
        self.start("fork")
        self.assertFalse(is_gone(self.pid("loaded")))
        self.assertEqual(1, len(self.left()))

    def test_children_of_a_hanging_spec_are_killed_with_it(self):
        env = {"PIDS": str(self.folder)}
        suite = makeSuite(jasmine("spinning_spec.js"), cwd=SPECS, env=env, timeout=6)
        report = run(suite)
        self.assertEqual("error", report.verdicts["spins"])
        self.assertTrue(is_gone(self.pid("running")))
        wait_until(lambda: is_gone(self.pid("child")), "the child to be gone")


class Processes(Folders):
    def process(self, script):
        """A process of a shell script."""
        process = RunnerProcess(Launch(("/bin/sh", "-c", script), self.folder, dict(os.environ)))
        self.addCleanup(process.stop)
        return process

    def test_tells_events_and_waits_for_the_selection(self):
        process = self.process(
            """
            printf '{"event": "plan", "specs": []}\n' >> "$UNDERLAY_EVENTS"
            printf '{"event": "start", "id": "%s"}\n' $(tr -d '[]"' < "$UNDERLAY_COMMANDS") \
                >> "$UNDERLAY_EVENTS"
            exit 7
            """
        )
        self.assertEqual([Plan(())], process.wait(10))
        process.select({"one"})
        self.assertEqual([Started("one")], process.wait(10))
        self.assertEqual([], process.wait(10))
        self.assertEqual(7, process.status)

    def test_is_told_when_to_go_on(self):
        process = self.process(
            """
            read -r _ < "$UNDERLAY_COMMANDS"
            printf '{"event": "pause"}\n' >> "$UNDERLAY_EVENTS"
            cat "$UNDERLAY_COMMANDS"
            """
        )
        process.select({"one"})
        self.assertEqual([Pause()], process.wait(10))
        with self.assertRaises(NotReady):
            process.wait(0.05)
        process.go_on()
        self.assertEqual([], process.wait(10))
        self.assertEqual('"go on"', process.tail())

    def test_leaves_nothing_behind_if_it_can_not_be_started(self):
        for launch in (
            Launch(("true",), self.folder / "nowhere", {}),
            Launch(("true\0",), self.folder, {}),
            Launch(("true",), self.folder, {"A": 1}),
        ):
            before = os.listdir("/dev/fd")
            with self.subTest(launch), mock.patch("tempfile.tempdir", str(self.folder)):
                with self.assertRaises((OSError, ValueError, TypeError)):
                    RunnerProcess(launch)
                self.assertEqual([], self.left())
                self.assertEqual(before, os.listdir("/dev/fd"))

    def test_a_selection_may_be_longer_than_a_pipe(self):
        process = self.process('wc -c < "$UNDERLAY_COMMANDS"')
        process.select(["x" * 100] * 1000)
        self.assertEqual([], process.wait(10))
        self.assertEqual("104000", process.tail().strip())

    def test_silence_ends_with_the_time(self):
        with self.assertRaises(NotReady):
            self.process("sleep 60").wait(0.05)

    def test_stdin_is_empty_and_both_outputs_are_kept(self):
        process = self.process("cat; echo out; echo err >&2")
        process.wait(10)
        self.assertEqual("out\nerr\n", process.tail())

    def test_only_the_end_of_a_long_output_is_told(self):
        process = self.process("yes | head -c 100000; echo end")
        process.wait(10)
        self.assertEqual(TAIL, len(process.tail()))
        self.assertTrue(process.tail().endswith("y\nend\n"))
