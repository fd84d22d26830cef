"""A child is gone when we are, with all that it has started."""

import os
import signal
import subprocess
import sys
import unittest
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from unittest import mock

import underlay
from tests.helpers import is_gone, processes_with, signals_heard, temporary_folder
from underlay._children import TAIL, Child, unused_folder
from underlay._waiting import wait_until

#: Starts a child that has a child of its own, does something, and says so.
PARENT = """
import multiprocessing, os, signal, sys, time
from underlay._children import Child, unused_folder

child = Child(["sh", "-c", {script!r}], unused_folder(), stop_signal=signal.SIGTERM, grace=0.1)
child.start()
{then}
print(child.pid, child.folder, flush=True)
time.sleep(60)
"""


class Children(unittest.TestCase):
    """Base: each test has a folder for temporary files, and a mark that its processes inherit."""

    def setUp(self):
        self.temporary = temporary_folder(self)
        self.mark = uuid.uuid4().hex
        self.env = {**os.environ, "MARK": self.mark, "TMPDIR": str(self.temporary)}

    def assertNothingLeft(self):
        wait_until(lambda: not processes_with(self.mark), "all processes to end", 5)
        wait_until(lambda: not any(self.temporary.iterdir()), "the temporary files to be gone", 5)


class Started(Children):
    def start(self, *command, **options):
        """Start a command; it has begun when it has printed something."""
        folder = self.temporary / unused_folder().name
        child = Child(command, folder, env=self.env, **options)
        self.addCleanup(child.stop)
        child.start()
        return child

    def started(self, script, **options):
        child = self.start("/bin/sh", "-c", script, **options)
        wait_until(lambda: "begun" in child.tail(), "the script to begin")
        return child


class Stopping(Started):
    def test_kills_it_at_once(self):
        child = self.started("trap '' TERM; echo begun; sleep 60")
        child.stop()
        self.assertEqual(-signal.SIGKILL, child.status)
        self.assertEqual("was killed by SIGKILL", child.ending)
        self.assertNothingLeft()

    def test_asks_it_to_end_and_waits(self):
        script = "trap 'exit 7' USR2; echo begun; while :; do sleep 0.01; done"
        child = self.started(script, stop_signal=signal.SIGUSR2, grace=10)
        child.stop()
        self.assertEqual("exited with status 7", child.ending)
        self.assertNothingLeft()

    def test_kills_what_does_not_heed_the_signal(self):
        child = self.started(
            "trap '' TERM; (trap '' TERM; sleep 60) & echo begun; sleep 60",
            **{"stop_signal": signal.SIGTERM, "grace": 0.1},
        )
        child.stop()
        self.assertEqual(-signal.SIGKILL, child.status)
        self.assertNothingLeft()

    def test_reaches_what_a_child_left_behind_when_it_ended(self):
        child = self.started("(setsid sleep 0; sleep 60) & echo begun")
        wait_until(lambda: child.status == 0, "the child to end")
        self.assertTrue(processes_with(self.mark))
        child.stop()
        self.assertNothingLeft()

    def test_works_without_the_guard(self):
        child = self.started("echo begun; exec sleep 60")
        [guard] = guards(child)
        os.kill(guard, signal.SIGKILL)
        wait_until(lambda: is_gone(guard), "the guard to be gone")
        child.stop()
        self.assertEqual(-signal.SIGKILL, child.status)
        self.assertNothingLeft()

    def test_works_if_the_child_has_killed_its_group(self):
        child = self.started("echo begun; kill -KILL 0")
        wait_until(lambda: child.status is not None, "the child to be gone")
        child.stop()
        self.assertNothingLeft()

    def test_works_before_the_start(self):
        child = Child(["true"], self.temporary / "it", env=self.env)
        child.stop()
        self.assertNothingLeft()

    def test_happens_once(self):
        child = self.started("echo begun; sleep 60")
        child.stop()
        child.stop()

    def test_a_child_that_is_forgotten_goes(self):
        child = Child(["sleep", "60"], self.temporary / "it", env=self.env)
        child.start()
        with self.assertWarns(ResourceWarning):
            del child
        self.assertNothingLeft()

    def test_signals_to_the_group_leave_the_guard_alone(self):
        child = self.started("trap '' HUP INT QUIT TERM USR1; echo begun; sleep 60; sleep 60")
        [guard] = guards(child)
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGUSR1):
            os.killpg(child.pid, number)
        self.assertFalse(is_gone(guard))
        child.stop()
        self.assertNothingLeft()


class Running(Started):
    def test_its_descriptors_are_empty_and_its_log(self):
        child = self.started("echo begun; sleep 60")
        wanted = {0: "/dev/null", 1: str(child.log), 2: str(child.log)}
        for process in processes_with(self.mark):
            found = {
                int(each.name): os.readlink(each) for each in Path(f"/proc/{process}/fd").iterdir()
            }
            if process in guards(child):
                self.assertEqual({"/dev/null", found[3]}, {*found.values()})
                self.assertTrue(found[3].startswith("socket:"))
            else:
                self.assertEqual(wanted, found)

    def test_it_has_no_children_that_it_did_not_start(self):
        code = "import os\ntry: os.wait()\nexcept ChildProcessError: print('begun: none')"
        child = self.start(sys.executable, "-c", code)
        wait_until(lambda: child.status is not None, "the child to end")
        self.assertEqual("begun: none\n", child.tail())

    def test_it_has_a_session_of_its_own(self):
        child = self.started("echo begun; sleep 60")
        self.assertEqual(child.pid, os.getsid(child.pid))
        self.assertEqual(child.pid, os.getpgid(guards(child)[0]))

    def test_it_needs_no_path(self):
        self.env.pop("PATH")
        child = self.started("echo begun; /bin/sleep 60")
        child.stop()
        self.assertNothingLeft()

    def test_arguments_arrive_as_they_are(self):
        arguments = ["a b", "$HOME", "'", '"', "*", "", "-n", "ü\n"]
        code = "import sys; print(sys.argv[1:])"
        child = self.start(sys.executable, "-c", code, *arguments)
        wait_until(lambda: child.status is not None, "the child to end")
        self.assertEqual(f"{arguments}\n", child.tail())

    def test_variables_arrive_as_they_are(self):
        odd = {"app.port": "a b", "npm_config_@x:y": "$HOME", "-i": "", "PLAIN": "ü"}
        self.env.update(odd)
        code = "import os, sys; print({name: os.environ.get(name) for name in sys.argv[1:]})"
        child = self.start(sys.executable, "-c", code, *odd)
        wait_until(lambda: child.status is not None, "the child to end")
        self.assertEqual(f"{odd}\n", child.tail())

    def test_the_end_of_its_output_is_told(self):
        child = self.start("/bin/sh", "-c", "echo first; yes | head -c 100000; echo end")
        wait_until(lambda: child.status is not None, "the child to end")
        self.assertEqual(TAIL, len(child.tail()))
        self.assertEqual("end\n", child.tail(since=100006))

    def test_its_stdout_may_have_a_file_of_its_own(self):
        child = self.started("echo report; echo begun >&2; sleep 60", stdout="report")
        self.assertEqual("begun\n", child.tail())
        self.assertEqual("report\n", (child.folder / "report").read_text())

    def test_a_program_that_is_not_there_is_told_of(self):
        child = self.start("underlay-nowhere")
        wait_until(lambda: child.status is not None, "the child to end")
        self.assertEqual("exited with status 127", child.ending)
        self.assertIn("underlay-nowhere: not found", child.tail())

    def test_threads_may_start_children_at_once(self):
        with ThreadPoolExecutor(8) as pool:
            children = list(pool.map(lambda _: self.started("echo begun; sleep 60"), range(16)))
            list(pool.map(Child.stop, children))
        self.assertNothingLeft()

    def test_nothing_is_left_if_there_can_be_no_child(self):
        before = os.listdir("/dev/fd")
        with self.assertRaises(TypeError):
            Child(["true"], self.temporary / "it", env={"A": 1})
        with self.assertRaises(ValueError):
            Child(["true\0"], self.temporary / "it")
        with self.assertRaises(FileNotFoundError):
            Child(["true"], self.temporary / "nowhere" / "it", env=self.env)
        child = Child(["true"], self.temporary / "it", cwd=self.temporary / "nowhere")
        with self.assertRaises(FileNotFoundError):
            child.start()
        child.stop()
        self.assertEqual(before, os.listdir("/dev/fd"))
        self.assertNothingLeft()


class Endings(Children):
    """Whatever becomes of the process that has started the child."""

    script = "sleep 61 & (trap '' TERM; exec sleep 62) & exec sleep 63"

    def start(self, then="", script=script):
        """A process that has started a child and done something; what the child has as pid."""
        with signals_heard():
            parent = subprocess.Popen(
                [sys.executable, "-c", PARENT.format(script=script, then=then)],
                env={**self.env, "PYTHONPATH": str(Path(underlay.__file__).parents[1])},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                start_new_session=True,
            )
        self.addCleanup(parent.__exit__, None, None, None)
        self.addCleanup(parent.kill)
        pid, folder = parent.stdout.readline().split()
        self.assertTrue(Path(folder).exists())
        return parent, int(pid)

    def test_killed(self):
        for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            with self.subTest(number):
                parent, _ = self.start()
                parent.send_signal(number)
                parent.wait()
                self.assertNothingLeft()

    def test_killed_with_its_whole_group(self):
        parent, _ = self.start()
        os.killpg(parent.pid, signal.SIGKILL)
        self.assertNothingLeft()

    def test_killed_before_the_start(self):
        code = PARENT.replace("child.start()", "").format(script="sleep 60", then="")
        with mock.patch(f"{__name__}.PARENT", code):
            parent, _ = self.start()
        parent.kill()
        self.assertNothingLeft()

    def test_killed_with_a_child_that_ignores_what_it_is_asked(self):
        parent, _ = self.start(script="trap '' TERM; sleep 60; sleep 60")
        parent.kill()
        self.assertNothingLeft()

    def test_killed_while_a_fork_of_it_lives_on(self):
        """The fork outlives its parent, but is not what the child is to wait for."""
        for then in (
            "if not os.fork(): time.sleep(60)",
            "multiprocessing.get_context('fork').Process(target=time.sleep, args=(60,)).start()",
        ):
            with self.subTest(then):
                parent, _ = self.start(then)
                parent.kill()
                # A process has no environment while it becomes another one, as the child may now.
                wait_until(lambda: not any(self.temporary.iterdir()), "the child to be stopped")
                wait_until(lambda: len(processes_with(self.mark)) == 1, "the fork to be alone")
                os.kill(*processes_with(self.mark), signal.SIGKILL)
                self.assertNothingLeft()

    def test_a_fork_that_ends_or_stops_it_leaves_it_alone(self):
        for then in (
            "if not (fork := os.fork()): sys.exit()\nos.waitpid(fork, 0)",
            "if not (fork := os.fork()): child.stop(); sys.exit()\nos.waitpid(fork, 0)",
        ):
            with self.subTest(then):
                parent, child = self.start(then)
                self.assertFalse(is_gone(child))
                parent.kill()
                self.assertNothingLeft()

    def test_the_child_ends_before_its_parent_does(self):
        parent, child = self.start("child._process.wait()", script="sleep 60 &")
        self.assertTrue(is_gone(child))
        self.assertEqual(3, len(processes_with(self.mark)))
        parent.kill()
        self.assertNothingLeft()


def guards(child):
    """The processes of a child's group that are neither the child nor its children."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            _, parent, group = process.joinpath("stat").read_text().rpartition(")")[2].split()[:3]
        except OSError:
            continue
        if int(group) == child.pid and int(parent) != child.pid and int(process.name) != child.pid:
            found.append(int(process.name))
    return found
