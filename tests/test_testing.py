"""check_layer() finds what a layer leaves behind, and says what it is."""

import os
import subprocess
import sys
import tempfile
import threading
import unittest

from underlay import CheckFailed, Layer
from underlay.testing import check_layer


class CheckLayer(unittest.TestCase):
    def assertFails(self, layer, *parts, **options):
        with self.assertRaises(CheckFailed) as raised:
            check_layer(layer, patience=0.01, **options)
        for part in parts:
            self.assertIn(part, str(raised.exception))

    def test_a_layer_that_does_nothing_passes(self):
        check_layer(Layer(), factory=Layer)

    def test_it_finds_a_thread(self):
        stop = threading.Event()
        worker = threading.Thread(target=stop.wait, name="worker")
        self.addCleanup(worker.join)
        self.addCleanup(stop.set)

        class Leaking(Layer):
            def setUp(self):
                worker.start()

        parts = ("Leaking", "first set-up", "the thread 'worker' at", "threading.py:")
        self.assertFails(Leaking(), *parts, "addCleanup()")

    def test_it_finds_a_descriptor(self):
        opened = []
        self.addCleanup(lambda: [os.close(each) for each in opened])

        class Leaking(Layer):
            def setUp(self):
                opened.append(os.open(os.devnull, os.O_RDONLY))

        self.assertFails(Leaking(), "left is the descriptor ")

    def test_it_finds_a_process_also_in_a_session_of_its_own(self):
        started = []
        self.addCleanup(lambda: [each.communicate() for each in started])

        class Leaking(Layer):
            def setUp(self):
                command = [sys.executable, "-c", "import sys; sys.stdin.read()"]
                pipe = subprocess.PIPE
                started.append(subprocess.Popen(command, stdin=pipe, start_new_session=True))

        self.assertFails(Leaking(), "left is the process ", "stdin.read()")

    def test_it_finds_a_temporary_file(self):
        class Leaking(Layer):
            def setUp(self):
                tempfile.mkdtemp(suffix="-forgotten")

        self.assertFails(Leaking(), "left is the temporary file or folder", "-forgotten")

    def test_it_finds_an_environment_variable(self):
        self.addCleanup(os.environ.pop, "FORGOTTEN", None)

        class Leaking(Layer):
            def setUp(self):
                os.environ["FORGOTTEN"] = "1"

        self.assertFails(Leaking(), "left is the environment variable FORGOTTEN=1")

    def test_it_finds_a_resource_that_outlives_its_test(self):
        class Unknown:
            __bases__, __module__, __name__ = (), __name__, "UNKNOWN"

            def __init__(self):
                self._resources = {}

            def testSetUp(self):
                self._resources["user"] = [["somebody", self]]

        self.assertFails(Unknown(), "at the first test", "left is the resource 'user'")

    def test_it_lets_setUp_fail_half_way(self):
        class Half(Layer):
            def setUp(self):
                self["folder"] = tempfile.mkdtemp(suffix="-half")
                self.addCleanup(os.rmdir, self["folder"])

        self.assertFails(Half(), "a setUp that failed after clean-up 1", "-half")

    def test_it_does_not_leave_the_layer_up_when_a_test_fails(self):
        class Failing(Layer):
            def testTearDown(self):
                raise RuntimeError("boom")

        layer = Failing()
        self.assertFails(layer, "RuntimeError: boom")
        layer.setUp()  # or it would be up already
        layer.tearDown()

    def test_two_of_its_kind_may_not_share_what_they_have(self):
        class Shared(Layer):
            ports = []

            def setUp(self):
                self.ports.append(1)

            def testSetUp(self):
                self.ports[0]

            def tearDown(self):
                self.ports.clear()

        self.assertFails(Shared(), "two of its kind at once", "IndexError", factory=Shared)

    def test_hooks_that_nobody_awaits_are_refused(self):
        class Awaiting:
            __bases__, __module__, __name__ = (), __name__, "AWAITING"

            async def setUp(self):
                """Never runs."""

        self.assertFails(Awaiting(), "its setUp is async")

    def test_a_layer_without_a_name_is_refused(self):
        self.assertFails(object(), "it has no __bases__", "it has no __name__")
