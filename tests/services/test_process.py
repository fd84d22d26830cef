"""Process: up when it is ready, gone when it is taken down, and no end of it is kept quiet."""

import contextlib
import os
import signal
import socket
import sys
import tempfile
import unittest
from pathlib import Path
from urllib.request import urlopen

from tests.helpers import ByHand, Golden, is_gone
from tests.runners.project import ProjectTest
from underlay import Layer, LayerError, NotReady, ProcessEnded, ResourceMissing, SetUpFailed
from underlay._stack import LayerStack
from underlay._waiting import wait_until
from underlay.services import Process, ready

HTTP = [sys.executable, "-u", "-m", "http.server", "--bind", "127.0.0.1", "{port}"]


def shell(script, **options):
    """A process of a shell script, which is ready when it prints that it has begun."""
    return Process(["/bin/sh", "-c", script], **{"ready": ready.log("^begun$"), **options})


def without_numbers(error, layer):
    """The message, without what differs from run to run."""
    message = str(error).replace(sys.executable, "python")
    for name in ("folder", "port"):
        message = message.replace(str(layer.get(name)), f"<{name}>")
    return message


class Ready(Golden):
    def test_by_default_when_its_port_is_open(self):
        with Process(HTTP) as layer:
            self.assertEqual(200, urlopen(layer.url).status)

    def test_when_it_answers_over_http(self):
        with Process(HTTP, ready=ready.http("/")) as layer:
            self.assertIn('"GET / HTTP/1.1" 200', layer.log.read_text())

    def test_not_by_an_answer_that_tells_of_a_problem(self):
        layer = Process(HTTP, ready=ready.http("/nowhere"), timeout=0.5, name="API")
        with self.assertRaisesRegex(NotReady, "It answered 404 File not found"), layer:
            pass

    def test_when_it_answers_with_a_status_that_is_good_enough(self):
        with Process(HTTP, ready=ready.http("/nowhere", status=[404])):
            pass

    def test_when_its_unix_socket_is_open(self):
        code = """
import socket, sys
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
while True:
    connection, _ = listener.accept()
    try:
        connection.sendall(b"hello")
    except BrokenPipeError:
        pass
"""
        path = "{folder}/socket"
        with Process([sys.executable, "-c", code, path], ready=ready.unix(path)) as layer:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.connect(str(layer.folder / "socket"))
                self.assertEqual(b"hello", connection.recv(5))

    def test_when_it_has_printed_something(self):
        with shell("echo starting; echo begun; exec sleep 60") as layer:
            self.assertEqual("starting\nbegun\n", layer.log.read_text())

    def test_when_a_function_says_so(self):
        asked = []

        def is_ready(layer):
            asked.append(layer)
            if len(asked) < 3:
                raise RuntimeError("not yet")
            return True

        with shell("exec sleep 60", ready=is_ready) as layer:
            self.assertEqual([layer] * 3, asked)

    def test_however_much_it_prints_before(self):
        with shell("yes | head -c 200000; echo begun; exec sleep 60") as layer:
            self.assertEqual(200006, layer.log.stat().st_size)

    def test_never_is_an_error_that_tells_why(self):
        layer = shell("echo hello; exec sleep 60", ready=ready.http(), timeout=0.2, name="API")
        with self.assertRaises(NotReady) as caught, layer:
            pass
        self.assertGolden("process-not-ready", caught.exception)

    def test_an_early_end_is_an_error_at_once(self):
        layer = shell("echo no configuration >&2; exit 3", name="API")
        with self.assertRaises(ProcessEnded) as caught, layer:
            pass
        self.assertGolden("process-early-end", caught.exception)

    def test_a_program_that_is_not_there_is_named(self):
        with self.assertRaises(ProcessEnded) as caught, Process(["underlay-nowhere"], name="API"):
            pass
        self.assertIn("underlay-nowhere: not found", str(caught.exception))

    def test_an_answer_of_somebody_else_does_not_count(self):
        """The port was taken meanwhile: the process ends, but there is an answer."""
        layer = shell("exit 1", ready=lambda layer: not wait_for_end(layer), name="API")
        with self.assertRaises(ProcessEnded), layer:
            pass

    def test_a_pattern_that_is_none_is_told_where_it_is_made(self):
        with self.assertRaises(Exception) as caught:
            ready.log("(")
        self.assertIn("unterminated subpattern", str(caught.exception))


def wait_for_end(layer):
    wait_until(lambda: is_gone(layer.pid), "the process to end")


class Told(Golden):
    """What the process is told, and what the tests are."""

    def test_resources_stand_in_for_names_in_braces(self):
        base = Database(name="DATABASE")
        layer = Process(
            ["/bin/sh", "-c", "echo $0 $DSN $PORT $PWD; echo begun; exec sleep 60", "{port} {{}}"],
            **{"bases": [base], "env": {"DSN": "{dsn}"}, "cwd": "{folder}"},
            ready=ready.log("begun"),
        )
        with layer:
            port, folder = layer.port, layer.folder
            wanted = f"{port} {{}} db://here {port} {folder}\nbegun\n"
            self.assertEqual(wanted, layer.log.read_text())

    def test_the_environment_of_the_tests_is_there_too(self):
        with shell("echo $HOME $PORT; echo begun; exec sleep 60", env={"PORT": "mine"}) as layer:
            self.assertEqual(f"{os.environ['HOME']} mine\nbegun\n", layer.log.read_text())

    def test_a_name_that_is_no_resource_is_an_error(self):
        with self.assertRaises(ResourceMissing), shell("echo {prot}", name="API"):
            pass

    def test_a_single_brace_is_an_error_that_says_what_to_write(self):
        with self.assertRaises(LayerError) as caught, shell("awk {", name="API"):
            pass
        self.assertGolden("process-braces", caught.exception)

    def test_a_command_is_a_list(self):
        for command in ("redis-server --port 1", []):
            with self.subTest(command), self.assertRaisesRegex(TypeError, "A command is a list"):
                Process(command)

    def test_a_stop_signal_is_one(self):
        with self.assertRaises(ValueError):
            Process(["true"], stop_signal=1000)

    def test_its_folder_can_be_prepared(self):
        class Configured(Process):
            def prepare(self):
                (self.folder / "it.conf").write_text(f"port {self.port}\nbegun\n")

        command = ["/bin/sh", "-c", "cat {folder}/it.conf; exec sleep 60"]
        with Configured(command, ready=ready.log("begun")) as layer:
            self.assertEqual(f"port {layer.port}\nbegun\n", layer.log.read_text())
            self.assertEqual(0o700, layer.folder.stat().st_mode & 0o777)

    def test_two_of_it_do_not_meet(self):
        with Process(HTTP) as first, Process(HTTP) as second:
            self.assertNotEqual((first.port, first.pid), (second.port, second.pid))


class Database(Layer):
    def setUp(self):
        self["dsn"] = "db://here"


class Stopping(unittest.TestCase):
    def test_leaves_nothing(self):
        script = "sleep 60 & echo $!; (trap '' TERM; sleep 60) & echo begun; wait"
        with shell(script) as layer:
            pid, folder = layer.pid, layer.folder
            child = int(layer.log.read_text().split()[0])
        self.assertTrue(is_gone(pid))
        wait_until(lambda: is_gone(child), "its child to be gone")
        self.assertFalse(folder.exists())
        self.assertNotIn("pid", layer)

    def test_asks_first(self):
        """Else it would not say goodbye."""
        with open_fifo() as (path, told):
            trap = f"trap 'echo bye > {path}; exit' USR1"
            script = f"{trap}; echo begun; while :; do sleep 0.01; done"
            with shell(script, stop_signal=signal.SIGUSR1):
                pass
            self.assertEqual(b"bye\n", os.read(told, 9))

    def test_kills_what_does_not_listen(self):
        with shell("trap '' TERM; echo begun; sleep 60; sleep 60", grace=0.1) as layer:
            pid = layer.pid
        self.assertTrue(is_gone(pid))

    def test_kills_at_once_if_that_is_the_signal(self):
        with shell("echo begun; exec sleep 60", stop_signal=signal.SIGKILL) as layer:
            pid = layer.pid
        self.assertTrue(is_gone(pid))


class Ends(ByHand):
    """A process ends behind the back of the tests."""

    def setUp(self):
        super().setUp()
        self.stack = LayerStack()
        self.addCleanup(self.stack.release)

    def up(self, script="echo before; echo begun; echo in it; exec sleep 60", **options):
        layer = shell(script, name="API", **options)
        self.stack.require([layer])
        return layer

    def kill(self, layer):
        os.kill(layer.pid, signal.SIGKILL)
        wait_for_end(layer)

    def test_the_test_is_told_once_and_then_there_is_a_new_one(self):
        layer = self.up()
        port, pid, log = layer.port, layer.pid, layer.log
        self.stack.begin_test([layer])
        with log.open("a") as file:
            file.write("in the test\n")
        self.kill(layer)
        with self.assertRaises(ProcessEnded) as caught:
            layer.verify()
        self.assertEqual(("was killed by SIGKILL", "in the test\n"), ended(caught.exception))
        self.stack.end_test()
        self.assertEqual(port, layer.port)
        self.assertNotEqual(pid, layer.pid)
        self.assertFalse(log.exists())
        with self.stack.around_test([layer]):
            self.assertFalse(is_gone(layer.pid))

    def test_an_end_between_two_tests_is_told_to_the_second(self):
        layer = self.up()
        self.kill(layer)
        with self.assertRaises(ProcessEnded), self.stack.around_test([layer]):
            pass
        with self.stack.around_test([layer]):
            self.assertFalse(is_gone(layer.pid))

    def test_an_end_after_the_last_test_is_told_when_it_is_taken_down(self):
        layer = self.up()
        self.kill(layer)
        with self.assertRaises(ProcessEnded):
            self.stack.release()

    def test_one_that_does_not_come_up_again_is_tried_once(self):
        layer = self.up("test -e {folder}/../it && exit 1; echo begun; exec sleep 60")
        marker = layer.folder.parent / "it"
        self.addCleanup(marker.unlink)
        marker.touch()
        self.stack.begin_test([layer])
        self.kill(layer)
        with self.assertRaises(ProcessEnded):
            self.stack.end_test()
        for _ in range(2):
            with self.assertRaisesRegex(SetUpFailed, "exited with status 1"):
                self.stack.begin_test([layer])


def ended(error):
    return error.ending, error.output


@contextlib.contextmanager
def open_fifo():
    """A named pipe: its path, and a descriptor to read from it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "fifo")
        os.mkfifo(path)
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        yield path, descriptor
        os.close(descriptor)


class EveryRunner(ProjectTest):
    def test_a_process_that_ends_fails_the_guilty_test_alone(self):
        server = """
            import http.server, os, sys

            class Handler(http.server.SimpleHTTPRequestHandler):
                def do_GET(self):
                    print("asked for", self.path, flush=True)
                    if self.path == "/crash":
                        os._exit(7)
                    super().do_GET()

            http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
        """
        module = """
            import sys, unittest
            from urllib.request import urlopen
            from underlay.services import Process, ready

            SERVER = Process([sys.executable, "server.py"], ready=ready.http())

            class Visitors(unittest.TestCase):
                layer = SERVER
                def test_1(self):
                    urlopen(self.layer.url + "/?first").close()
                def test_2(self):
                    with self.assertRaises(OSError):
                        urlopen(self.layer.url + "/crash")
                def test_3(self):
                    urlopen(self.layer.url + "/?third").close()
        """
        runs = self.run_everywhere(server=server, test_it=module)
        self.assertRuns(runs, guilty={"test_2"}, ran=3)
        for run in runs:
            self.assertIn("<Process test_it.SERVER> exited with status 7.", run.output)
            self.assertIn("asked for /crash", run.output)
            self.assertNotIn("asked for /?first", run.output)
