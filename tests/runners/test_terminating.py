"""SIGTERM: layers go down where the command line is ours, and the parent is told the signal."""

import signal

from tests.runners.project import ProjectTest

TERMINATED = """
    import os, signal, subprocess, sys, time, unittest
    from hooks import Logged, log
    from underlay.services import Process, ready

    class Told(Process):
        def setUp(self):
            log(f"{self.folder} {self.pid}")

    PROCESS = Told(["sleep", "60"], ready=lambda layer: True)
    LAYER = Logged([PROCESS])

    class OnLayer(unittest.TestCase):
        layer = LAYER
        def test_1(self):
            log("test_1")
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(9)
        def test_2(self):
            log("test_2")
"""

HOOKS = ["LAYER up", "LAYER test up", "test_1", "LAYER test down", "LAYER down"]


class Sigterm(ProjectTest):
    def test_takes_layers_down_and_ends_the_run(self):
        folder = self.project(test_it=TERMINATED)
        for runner in ("pytest", "unittest"):
            with self.subTest(runner):
                run = self.run_project(runner, folder)
                self.assertEqual(HOOKS, run.log[1:], run.output)
                self.assertEqual(-signal.SIGTERM, run.status, run.output)
                self.assertIn("Terminated", run.output)

    def test_under_zope_testrunner_ends_the_process_at_once(self):
        run = self.run_project("zope.testrunner", self.project(test_it=TERMINATED))
        self.assertEqual(HOOKS[:3], run.log[1:], run.output)
        self.assertEqual(-signal.SIGTERM, run.status, run.output)

    def test_in_a_worker_of_xdist_ends_the_run(self):
        folder = self.project(test_it=TERMINATED)
        run = self.run_project("pytest", folder, "-n2", "-p", "xdist")
        self.assertEqual(HOOKS, run.log[1:], run.output)
        self.assertNotEqual(0, run.status, run.output)

    def test_a_handler_that_is_there_stays(self):
        module = """
            import os, signal, unittest
            from hooks import Logged

            came = []
            signal.signal(signal.SIGTERM, lambda *_: came.append(1))
            LAYER = Logged()

            class OnLayer(unittest.TestCase):
                layer = LAYER
                def test_1(self):
                    os.kill(os.getpid(), signal.SIGTERM)
                    self.assertEqual([1], came)
        """
        self.assertRuns(self.run_everywhere(test_it=module), guilty=set(), ran=1)

    def test_in_a_fork_ends_the_fork_alone(self):
        module = """
            import multiprocessing, signal, time, unittest
            from hooks import Logged, log

            LAYER = Logged()

            class OnLayer(unittest.TestCase):
                layer = LAYER
                def test_1(self):
                    context = multiprocessing.get_context("fork")
                    process = context.Process(target=time.sleep, args=(60,))
                    process.start()
                    process.terminate()
                    process.join()
                    self.assertEqual(-signal.SIGTERM, process.exitcode)
        """
        log = ["LAYER up", "LAYER test up", "LAYER test down", "LAYER down"]
        self.assertRuns(self.run_everywhere(test_it=module), guilty=set(), ran=1, log=log)

    def test_means_nothing_to_us_without_layers(self):
        module = """
            import signal, unittest

            class Plain(unittest.TestCase):
                def test_1(self):
                    self.assertIs(signal.SIG_DFL, signal.getsignal(signal.SIGTERM))
        """
        run = self.run_project("pytest", self.project(test_it=module))
        self.assertRuns([run], guilty=set(), ran=1)
