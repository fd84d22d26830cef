"""What a process records of its layers and tests."""

import json
import os
import subprocess
import sys
import unittest
from pathlib import Path
from unittest import mock

from tests.helpers import ByHand, Golden, temporary_folder
from underlay import Layer, _timeline
from underlay._recording import RecordedTest, Recorder


class Broken(Layer):
    def setUp(self):
        raise RuntimeError("boom")


class Foreign:
    """A layer of somebody else."""

    __bases__ = ()
    __name__ = "FOREIGN"

    def setUp(self):
        pass


class RecordingTest(ByHand):
    def setUp(self):
        super().setUp()
        self.folder = temporary_folder(self)
        recorder = Recorder(str(self.folder), "the run", ["bin/test"])
        patch = mock.patch.object(_timeline, "_recorder", recorder)
        patch.start()
        self.addCleanup(patch.stop)

    def files(self):
        """The lines of each file."""
        return [
            [json.loads(line) for line in file.read_text().splitlines()]
            for file in sorted(self.folder.iterdir())
        ]

    def events(self):
        """Those of the only process, without the one about it."""
        [[_, *events]] = self.files()
        return events

    def ends(self):
        return [event for event in self.events() if event["event"] == "end"]


class Layers(RecordingTest):
    def test_set_ups_and_tear_downs_have_a_start_and_an_end(self):
        with Layer(name="LIVE"):
            pass
        events = [(each["event"], each["id"], each.get("what")) for each in self.events()]
        expected = [("start", 1, "setUp"), ("end", 1, None)]
        expected += [("start", 2, "tearDown"), ("end", 2, None)]
        self.assertEqual(expected, events)
        times = [each["at"] for each in self.events()]
        self.assertEqual(sorted(times), times)

    def test_a_layer_is_named_in_full_and_by_its_kind(self):
        with Layer(name="LIVE"):
            pass
        started = self.events()[0]
        self.assertEqual(("tests.test_timeline.LIVE", "Layer"), (started["layer"], started["kind"]))

    def test_to_be_recorded_claims_no_name(self):
        for _ in range(2):
            Layer(name="SAME").setUp()
        self.assertEqual(2, len(self.ends()))

    def test_an_error_is_recorded_with_its_traceback(self):
        with self.assertRaises(RuntimeError):
            Broken().setUp()
        [end] = self.ends()
        self.assertEqual(("error", "RuntimeError: boom"), (end["outcome"], end["error"]))
        self.assertRegex(end["details"], r"(?s)^Traceback.*in setUp\n.*RuntimeError: boom\n$")

    def test_a_layer_that_is_not_ours_is_recorded_where_we_call_its_hooks(self):
        with Layer(bases=[Foreign()]):
            pass
        names = [each["layer"] for each in self.events() if each["event"] == "start"]
        self.assertEqual("tests.test_timeline.FOREIGN", names[0])
        self.assertEqual(names[0], names[-1])
        self.assertEqual(4, len(names))

    def test_what_a_layer_starts_is_a_note(self):
        layer = Layer(name="LIVE")
        layer.setUp()
        layer.addNote("http://127.0.0.1:1", "server.log")
        [note] = [each for each in self.events() if each["event"] == "note"]
        path = str(Path("server.log").absolute())
        self.assertEqual(("http://127.0.0.1:1", path), (note["text"], note["path"]))
        self.assertEqual("tests.test_timeline.LIVE", note["layer"])
        self.assertNotIn("test", note)


class Tests(RecordingTest):
    def run_test(self, body):
        """Run a test and return how it ended."""

        class Case(unittest.TestCase):
            test_it = body

        call = _timeline._recorded(unittest.TestCase.run)
        call(Case("test_it"), unittest.TestResult())
        return self.ends()[-1]

    def assertEnds(self, outcome, error, end):
        self.assertEqual((outcome, error), (end["outcome"], end.get("error")))

    def test_one_that_passes(self):
        self.assertEnds("passed", None, self.run_test(lambda case: None))
        name = "tests.test_timeline.Tests.run_test.<locals>.Case.test_it"
        self.assertEqual(name, self.events()[0]["test"])

    def test_one_that_fails(self):
        end = self.run_test(lambda case: case.assertEqual(1, 2))
        self.assertEnds("failed", "AssertionError: 1 != 2", end)
        self.assertIn("Traceback", end["details"])

    def test_one_with_an_error(self):
        end = self.run_test(lambda case: 1 / 0)
        self.assertEnds("error", "ZeroDivisionError: division by zero", end)

    def test_one_that_is_skipped(self):
        self.assertEnds("skipped", "no", self.run_test(lambda case: case.skipTest("no")))

    def test_one_that_is_expected_to_fail(self):
        end = self.run_test(unittest.expectedFailure(lambda case: case.fail()))
        self.assertEnds("passed", None, end)

    def test_one_that_passes_unexpectedly(self):
        end = self.run_test(unittest.expectedFailure(lambda case: None))
        self.assertEnds("failed", "Unexpected success", end)

    def test_one_whose_subtests_fail_has_failed_once(self):
        def body(case):
            for number in range(3):
                with case.subTest(number=number):
                    case.assertEqual(0, number)

        end = self.run_test(body)
        self.assertEnds("failed", "AssertionError: 0 != 1", end)
        self.assertIn("AssertionError: 0 != 2", end["details"])

    def test_one_with_a_subtest_that_is_skipped_has_passed(self):
        def body(case):
            with case.subTest():
                case.skipTest("no")

        self.assertEnds("passed", None, self.run_test(body))

    def test_a_test_inside_of_a_test_is_part_of_that(self):
        inner = unittest.FunctionTestCase(lambda: None)
        call = _timeline._recorded(unittest.TestCase.run)
        self.run_test(lambda case: call(inner, unittest.TestResult()) and None)
        self.assertEqual(1, len(self.ends()))

    def test_the_layers_that_began_it_are_named(self):
        layer = Layer(name="LIVE")
        layer.setUp()

        def body(case):
            layer.testSetUp()
            layer.addNote("screenshot", "page.png")
            layer.testTearDown()

        end = self.run_test(body)
        self.assertEqual(["tests.test_timeline.LIVE"], end["layers"])

    def test_hooks_that_are_called_in_a_test_say_so(self):
        self.run_test(lambda case: Layer(name="LIVE").setUp())
        [hook] = [each for each in self.events() if each.get("what") == "setUp"]
        self.assertRegex(hook["test"], "test_it$")

    def test_a_note_in_a_test_is_about_the_test(self):
        layer = Layer(name="LIVE")
        layer.setUp()

        def body(case):
            layer.testSetUp()
            layer.addNote("screenshot")

        self.run_test(body)
        [note] = [each for each in self.events() if each["event"] == "note"]
        self.assertRegex(note["test"], "test_it$")


class Files(RecordingTest):
    def test_the_first_line_tells_of_the_process_and_the_run(self):
        with Layer():
            pass
        [[process, *_]] = self.files()
        expected = {"event": "process", "at": 0.0, "format": 1, "run": "the run"}
        self.assertLessEqual(expected.items(), process.items())
        self.assertEqual((os.getpid(), ["bin/test"]), (process["pid"], process["command"]))

    def test_a_forked_child_has_a_file_of_its_own(self):
        with Layer(name="PARENT"):
            child = os.fork()
            if not child:
                Layer(name="CHILD").setUp()
                os._exit(0)
            os.waitpid(child, 0)
        names = [
            {each["layer"][-6:] for each in lines if "layer" in each} for lines in self.files()
        ]
        self.assertCountEqual([{"PARENT"}, {".CHILD"}], names)

    def test_whatever_a_test_is_called_is_written(self):
        RecordedTest(_timeline.recorder(), "\udcff\n\u2028").end("passed")
        self.assertEqual("\udcff\n\u2028", self.events()[0]["test"])


SCRIPT = """
import os, signal, underlay
class Started(underlay.Layer):
    def setUp(self):
        self.addNote("a server")
        os.kill(os.getpid(), signal.SIGKILL)
Started().setUp()
"""

FULL = """
import resource, underlay
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
for number in range(9):
    with underlay.Layer(name=f"L{number}"):
        print("up")
"""


class Environment(Golden):
    def run_python(self, script, **environment):
        """Run a script where these variables are set, in a folder of its own."""
        self.folder = temporary_folder(self)
        inherited = {key: os.environ[key] for key in os.environ if "TIMELINE" not in key}
        return subprocess.run(
            [sys.executable, "-c", script],
            cwd=self.folder,
            env={**inherited, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )

    def test_a_run_that_is_killed_leaves_what_it_did(self):
        self.run_python(SCRIPT, UNDERLAY_TIMELINE="here/there")
        [file] = (self.folder / "here" / "there").iterdir()
        events = [json.loads(line)["event"] for line in file.read_text().splitlines()]
        self.assertEqual(["process", "start", "note"], events)

    def test_without_the_variable_nothing_is_recorded_nor_wrapped(self):
        script = (
            "import unittest as u; c = u.TestCase.__call__; import underlay as l\nwith l.Layer():"
        )
        process = self.run_python(f"{script} assert c is u.TestCase.__call__")
        self.assertEqual("", process.stderr)
        self.assertEqual([], [*self.folder.iterdir()])

    def test_a_process_that_does_nothing_leaves_no_file(self):
        self.run_python("import underlay", UNDERLAY_TIMELINE="here")
        self.assertEqual([], [*(self.folder / "here").iterdir()])

    def test_a_folder_that_cannot_be_is_an_error(self):
        process = self.run_python("import underlay", UNDERLAY_TIMELINE="/dev/null/here")
        self.assertGolden("timeline-no-folder", process.stderr.partition("LayerError: ")[2][:-1])

    def test_a_folder_that_cannot_be_written_to_is_an_error(self):
        process = self.run_python("import underlay", UNDERLAY_TIMELINE="/proc/self")
        self.assertIn("LayerError: No timeline can be written to /proc/self: ", process.stderr)

    def test_a_full_disk_is_told_at_the_end_and_the_tests_go_on(self):
        process = self.run_python(FULL, UNDERLAY_TIMELINE="here")
        self.assertEqual((0, "up\n" * 9), (process.returncode, process.stdout))
        folder = self.folder.resolve() / "here"
        text = f"underlay: the timeline in {folder} is not complete: No space left on device.\n"
        self.assertEqual(text, process.stderr)
        [file] = folder.iterdir()
        *whole, _ = file.read_text().split("\n")
        events = [json.loads(line)["event"] for line in whole]
        self.assertEqual(["process", "start"], events[:2])

    def test_the_processes_that_a_run_starts_belong_to_it(self):
        child = "import os, underlay; print(os.environ['UNDERLAY_TIMELINE_RUN'])"
        script = (
            f"import subprocess, sys; {child}; subprocess.run([sys.executable, '-c', {child!r}])"
        )
        process = self.run_python(script, UNDERLAY_TIMELINE="here", PYTHONUNBUFFERED="1")
        first, second = process.stdout.split()
        self.assertEqual(first, second)
