"""The server core, with a protocol that is no HTTP: it starts at once, and it always stops."""

import asyncio
import contextlib
import errno
import resource
import socket
import threading
import time
import unittest
from unittest import mock

from tests.http.support import nothing_left, threads_and_descriptors, wait_for_threads
from underlay import NotReady
from underlay._waiting import wait_until
from underlay.http._connection import Connection
from underlay.http._listeners import TCPListener
from underlay.http._server import Server


class Echo(Connection):
    """Says what it hears; ``!`` makes it busy, ``@`` blocks its loop, ``#`` starts a thread."""

    busy = False

    def data_received(self, data):
        if data == b"!":
            self.busy = True
        if data == b"@":
            self.server.blocked.set()
            self.server.holding.wait()
        if data == b"#":
            self.server.run("a handler", print, self.hold)
        self.server.task(self.write(data))

    def hold(self):
        self.server.holding.wait()


class ServerCase(unittest.TestCase):
    def setUp(self):
        wait_for_threads(self)
        self.failures = []

    def start(self, **options):
        listener = TCPListener(**{"host": "127.0.0.1", "port": 0, **options})
        server = Server(listener, Echo, self.failures.append)
        server.blocked, server.holding = threading.Event(), threading.Event()
        server.start()
        self.addCleanup(server.stop)
        self.addCleanup(server.holding.set)
        return server

    def connect(self, server, data=b""):
        sock = socket.create_connection((server.listener.host, server.listener.port), timeout=5)
        self.addCleanup(sock.close)
        if data:
            sock.sendall(data)
            if data not in b"@":
                self.assertEqual(data, sock.recv(100))
        return sock

    def stop(self, server):
        began = time.perf_counter()
        left = server.stop()
        self.assertLess(time.perf_counter() - began, 1)
        return left


class Starting(ServerCase):
    def test_it_listens_when_start_returns(self):
        self.connect(self.start(), b"hello")

    def test_a_port_that_is_taken_is_an_error_in_the_caller(self):
        server = self.start()
        with self.assertRaises(OSError):
            self.start(port=server.listener.port)

    def test_the_port_is_free_again_at_once(self):
        server = self.start()
        self.connect(server, b"hello")
        server.stop()
        self.connect(self.start(port=server.listener.port), b"hello")

    def test_only_loopback_addresses_are_taken(self):
        for host in ("0.0.0.0", "::", "192.0.2.1", "", "example.com"):
            with self.subTest(host), self.assertRaisesRegex(ValueError, "not a loopback address"):
                self.start(host=host)

    def test_it_speaks_ipv6(self):
        with contextlib.suppress(OSError):  # a machine without
            server = self.start(host="::1")
            self.assertEqual(f"[::1]:{server.listener.port}", server.listener.address)
            self.connect(server, b"hello")

    def test_answers_do_not_wait_for_more_to_send(self):
        """Nagle's algorithm would cost 40 ms."""
        sock, took = self.connect(self.start()), []
        for _each in range(20):
            began = time.perf_counter()
            sock.sendall(b"hello")
            sock.recv(100)
            took.append(time.perf_counter() - began)
        self.assertLess(sorted(took)[10], 0.02)


class Accepting(ServerCase):
    @contextlib.contextmanager
    def last_descriptor(self):
        """A socket, after which this process may not open any more."""
        sock = socket.socket()
        self.addCleanup(sock.close)
        sock.settimeout(10)
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (sock.fileno() + 1, limits[1]))
        try:
            yield sock
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)

    @mock.patch("underlay.http._server.BREATH", 0.01)
    def test_who_cannot_be_accepted_is_told_of_and_waits(self):
        server = self.start()
        with self.last_descriptor() as sock:
            sock.connect((server.listener.host, server.listener.port))
            wait_until(lambda: self.failures, "the error")
        sock.sendall(b"hello")
        self.assertEqual(b"hello", sock.recv(100))
        self.assertEqual({errno.EMFILE}, {each.errno for each in self.failures})


class Stopping(ServerCase):
    def test_an_idle_connection_is_closed(self):
        server = self.start()
        sock = self.connect(server, b"hello")
        self.assertEqual([], self.stop(server))
        self.assertEqual(b"", sock.recv(100))

    def test_a_busy_connection_is_reset(self):
        server = self.start()
        sock = self.connect(server, b"!")
        self.assertEqual([], self.stop(server))
        with self.assertRaises(ConnectionResetError):
            sock.recv(100)

    def test_connections_that_never_spoke_do_not_matter(self):
        server = self.start()
        for _each in range(50):
            self.connect(server)
        self.assertEqual([], self.stop(server))

    def test_a_handler_that_blocks_is_named_with_its_line(self):
        server = self.start()
        self.connect(server, b"#")
        (left,) = self.stop(server)
        self.assertRegex(left, r"^a handler\n    .*test_server.py:\d+ in hold: ")

    def test_a_blocked_loop_is_named_and_its_sockets_are_cut(self):
        server = self.start()
        sock = self.connect(server, b"@")
        server.blocked.wait(5)
        (left,) = self.stop(server)
        self.assertIn("event loop, blocked", left)
        self.assertIn("in data_received: self.server.holding.wait()", left)
        self.assertEqual(b"", sock.recv(100))
        with self.assertRaises(OSError):
            self.connect(server)

    def test_a_task_that_ignores_its_cancellation_is_named(self):
        server = self.start()

        async def stubborn():
            while not server.holding.is_set():
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.sleep(0)

        async def begin():
            server.task(stubborn())

        server.call(begin)
        (left,) = self.stop(server)
        self.assertIn("ignores its cancellation", left)
        self.assertIn("in stubborn: ", left)

    def test_tasks_that_others_have_begun_are_cancelled_as_well(self):
        server, ended = self.start(), []

        async def begin():
            ended.append(asyncio.create_task(asyncio.sleep(3600)))

        server.call(begin)
        self.assertEqual([], self.stop(server))
        self.assertTrue(ended[0].cancelled())

    def test_to_stop_twice_is_to_stop(self):
        server = self.start()
        server.stop()
        self.assertEqual([], server.stop())

    def test_it_stops_within_milliseconds(self):
        """The median counts: any stop may lose a slice of the scheduler."""
        took = []
        for _each in range(9):
            server = self.start()
            self.connect(server, b"hello")
            began = time.perf_counter()
            server.stop()
            took.append(time.perf_counter() - began)
        self.assertLess(sorted(took)[4], 0.02)

    def test_200_cycles_leave_nothing(self):
        before = threads_and_descriptors()
        for _cycle in range(200):
            server = Server(TCPListener("127.0.0.1", 0), Echo, self.failures.append)
            server.start()
            with socket.create_connection((server.listener.host, server.listener.port)) as sock:
                sock.sendall(b"x")
                sock.recv(1)
                server.stop()
        nothing_left(self, before)
        self.assertEqual([], self.failures)


class Calling(ServerCase):
    async def fail(self):
        raise TimeoutError("of its own")

    def test_what_a_coroutine_raises_reaches_the_caller(self):
        with self.assertRaisesRegex(TimeoutError, "of its own"):
            self.start().call(self.fail)

    def test_a_call_that_comes_too_late_is_aborted(self):
        server = self.start()
        server.stop()
        with self.assertRaises(ConnectionAbortedError):
            server.call(self.fail)

    def test_a_call_that_the_stop_overtakes_is_aborted(self):
        server = self.start()
        outcome = []

        def call():
            try:
                server.call(asyncio.sleep, 3600)
            except ConnectionAbortedError as error:
                outcome.append(error)

        thread = threading.Thread(target=call)
        thread.start()
        wait_until(lambda: server.tasks, "the call")
        server.stop()
        thread.join(5)
        self.assertEqual(1, len(outcome))

    def test_no_call_waits_for_a_loop_that_has_ended(self):
        """Whether it comes before, during or after the last turn."""
        for _each in range(50):
            server = self.start()
            outcome = []

            def call(server=server, outcome=outcome):
                try:
                    while True:
                        server.call(asyncio.sleep, 0)
                except ConnectionAbortedError as error:
                    outcome.append(error)

            thread = threading.Thread(target=call)
            thread.start()
            server.stop()
            thread.join(5)
            self.assertEqual(1, len(outcome))

    def test_no_call_of_a_test_waits_for_a_loop_that_is_blocked(self):
        server = self.start()
        self.connect(server, b"@")
        server.blocked.wait(5)
        with self.assertRaisesRegex(NotReady, r"in data_received: self.server.holding.wait\(\)"):
            server.call(self.fail, patience=0.01)
        server.holding.set()
        server.settle()
        self.assertEqual([], self.failures)

    def test_an_exit_is_told_and_ends_nothing(self):
        server = self.start()

        async def leave():
            raise SystemExit("bye")

        async def begin():
            server.task(leave())

        server.call(begin)
        server.settle()
        self.assertEqual(["bye"], list(map(str, self.failures)))
        self.connect(server, b"hello")

    def test_an_error_in_the_loop_is_told(self):
        server = self.start()
        server.loop.call_soon_threadsafe(lambda: 1 / 0)
        server.settle()
        self.assertEqual(["ZeroDivisionError"], [type(each).__name__ for each in self.failures])

    def test_an_error_of_a_handler_is_told_even_if_the_loop_ends_before(self):
        async def begin():
            server.run("a handler", self.failures.append, fail)

        def fail():
            raise ValueError("oops")

        server = self.start()
        with mock.patch.object(server, "post"):
            server.call(begin)
            server.stop()
        self.assertEqual(["oops"], list(map(str, self.failures)))

    def test_any_kind_of_exception_leaves_a_handler(self):
        server = self.start()

        async def run(error):
            def handler():
                raise error

            await server.run("a handler", print, handler)

        for error in (SystemExit("bye"), StopIteration(), KeyboardInterrupt()):
            with self.subTest(error), self.assertRaises(RuntimeError) as raised:
                server.call(run, error)
            self.assertIs(error, raised.exception.__cause__)

    def test_an_overdue_handler_is_told_of_once(self):
        server = self.start()
        self.connect(server, b"#")
        self.assertEqual(1, len(server.workers.overdue(0.01)))
        self.assertEqual([], server.workers.overdue(0.01))
