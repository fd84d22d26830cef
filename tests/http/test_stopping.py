"""Servers stop in every state that clients and handlers can be in, and leave nothing behind.

How long that takes is a matter of ``python -m benchmarks.http``.
"""

import gc
import itertools
import os
import socket
import threading
import time
import tracemalloc
import unittest
import warnings

from tests.http.support import (
    GET,
    UPGRADE,
    ask,
    connected,
    everything,
    nothing_left,
    threads_and_descriptors,
    until,
    wait_for_threads,
)
from underlay import Layer, StillRunning
from underlay._errors import AnswerFailed
from underlay._waiting import wait_until
from underlay.http import FakeServer, LiveServer, close_connection, hang, websocket

UPLOAD = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n" + b"x" * 1000


class App(Layer):
    """A layer whose application is a function."""

    def __init__(self, application):
        super().__init__()
        self.application = application


class States(unittest.TestCase):
    """Each test brings a fake server into a state; it must stop, and its port must be free."""

    tls = False

    def setUp(self):
        wait_for_threads(self)
        self.before = threads_and_descriptors()
        self.server = FakeServer(tls=self.tls)
        self.server.setUp()
        self.port = self.server.port
        self.sockets = []

    def tearDown(self):
        self.server.tearDown()
        again = FakeServer(port=self.port)
        again.setUp()
        again.tearDown()
        for sock in self.sockets:
            sock.close()
        nothing_left(self, self.before)

    def connect(self, *sent):
        sock = socket.create_connection((self.server.host, self.port), timeout=10)
        self.sockets.append(sock)
        if self.tls:
            sock = self.server.ssl_context.wrap_socket(sock, server_hostname="localhost")
            self.sockets[-1] = sock
        for data in sent:
            sock.sendall(data)
        return sock

    def test_idle(self):
        pass

    def test_50_idle_keep_alive_connections(self):
        self.server.expect("GET", "/").then(text="Hello")
        for _each in range(50):
            until(self.connect(GET), b"Hello")

    def test_50_connections_that_never_said_a_word(self):
        for _each in range(50):
            self.connect()
        self.server._server.settle()

    def test_a_behaviour_that_hangs(self):
        self.server.expect("GET", "/").then(hang())
        self.connect(GET)
        self.server._server.settle()

    def test_a_handler_that_sleeps_as_it_should(self):
        asleep = threading.Event()
        self.server.expect("GET", "/").then(lambda request: (asleep.set(), request.sleep(60)))
        self.connect(GET)
        asleep.wait(10)

    def test_a_client_in_mid_upload(self):
        self.connect(UPLOAD)
        self.server._server.settle()

    def test_a_client_that_does_not_read(self):
        self.server.expect("GET", "/").then(data=b"x" * 50_000_000)
        self.connect(GET).recv(100)

    def test_an_open_websocket(self):
        self.server.expect("GET", "/ws").then(websocket())
        until(self.connect(UPGRADE), b"101 Switching Protocols")

    def test_an_endless_event_stream(self):
        class ticking:
            async def play(self, exchange):
                exchange.begin(200, [(b"Content-Type", b"text/event-stream")])
                while True:
                    await exchange.write(b"data: tick\n\n")

        self.server.expect("GET", "/").then(ticking())
        until(self.connect(GET), b"tick")


class StatesWithTLS(States):
    """The same over TLS."""

    tls = True

    def test_handshakes_that_never_finish(self):
        for _each in range(50):
            self.sockets.append(socket.create_connection((self.server.host, self.port)))
            self.sockets[-1].sendall(b"\x16\x03\x01")
        self.server._server.settle()


class Handlers(unittest.TestCase):
    """What runs code that is not ours is named if it does not end."""

    def setUp(self):
        wait_for_threads(self)
        self.release = threading.Event()
        self.addCleanup(self.release.set)

    def live(self, application):
        server = LiveServer(App(application))
        server.setUp()
        return server

    def test_an_application_that_hangs_is_named_with_its_line(self):
        entered = threading.Event()

        def application(environ, start_response):
            entered.set()
            self.release.wait(60)

        server = self.live(application)
        with connected(server, GET) as sock:
            entered.wait(10)
            with self.assertRaisesRegex(StillRunning, r"GET /\n.*self.release.wait\(60\)"):
                server.tearDown()
            self.assertRaises(ConnectionResetError, sock.recv, 1)

    def test_an_application_that_goes_on_for_a_moment_is_waited_for(self):
        """It moves, so it is not stuck."""
        entered = threading.Event()

        def application(environ, start_response):
            entered.set()
            end = time.monotonic() + 0.01
            while time.monotonic() < end:
                pass
            start_response("200 OK", [])
            return []

        server = self.live(application)
        with connected(server, GET):
            entered.wait(10)
            server.tearDown()

    def test_what_is_raised_meanwhile_is_told(self):
        entered, stopping = threading.Event(), []

        def handler(*args):
            entered.set()
            wait_until(stopping[0].is_set, "the server to stop", 10)
            raise KeyError("id")

        for layer in (FakeServer(), LiveServer(App(handler))):
            with self.subTest(layer=layer):
                entered.clear()
                layer.setUp()
                stopping[:] = [layer._server.stopping]
                if isinstance(layer, FakeServer):
                    layer.expect("GET", "/").then(lambda request: handler())
                with connected(layer, GET):
                    entered.wait(10)
                    with self.assertRaisesRegex(AnswerFailed, "GET /: KeyError: 'id'"):
                        layer.tearDown()

    def test_handlers_use_the_threads_of_others_that_have_ended(self):
        seen = set()

        def application(environ, start_response):
            seen.add(threading.current_thread())
            start_response("200 OK", [])
            return []

        server = self.live(application)
        for _each in range(5):
            ask(server.url)
            server.verify()  # which waits until the handler has ended
        server.tearDown()
        self.assertEqual(1, len(seen))

    def test_no_thread_outlives_its_test(self):
        """zope.testrunner would tell of it."""
        server = self.live(lambda environ, start_response: (start_response("200 OK", []), [])[1])
        self.addCleanup(server.tearDown)
        before = set(threading.enumerate())
        server.testSetUp()
        ask(server.url)
        server.testTearDown()
        self.assertEqual(set(), set(threading.enumerate()) - before)


class Cycles(unittest.TestCase):
    def cycle(self):
        server = FakeServer()
        server.setUp()
        server.expect("GET", "/").then(lambda request: "Hello")
        with connected(server, GET) as sock:
            until(sock, b"Hello")
            server.tearDown()

    def test_1000_cycles_leave_no_thread_and_no_descriptor(self):
        before = threads_and_descriptors()
        for _each in range(1000):
            self.cycle()
        nothing_left(self, before)

    def test_memory_does_not_grow(self):
        """There are rounds that leave nothing to speak of; a leak would grow in each."""
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        sizes = []
        for cycles in (200, 50, 50, 50, 50):  # the first fill caches, such as that of urlsplit()
            for _each in range(cycles):
                self.cycle()
            gc.collect()
            sizes.append(tracemalloc.get_traced_memory()[0])
        growth = [after - before for before, after in itertools.pairwise(sizes)]
        self.assertLess(min(growth), 2500, growth)


class Listening(unittest.TestCase):
    def test_ipv6(self):
        if not socket.has_ipv6:
            self.skipTest("This machine has no IPv6.")
        with FakeServer(host="::1") as server:
            server.expect("GET", "/").then(text="Hello")
            self.assertEqual((200, "Hello"), ask(server.url))

    def unix(self, server):
        with socket.socket(socket.AF_UNIX) as sock:
            sock.settimeout(10)
            sock.connect(server.unix_path)
            sock.sendall(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
            return everything(sock)

    def test_a_unix_socket_of_its_own(self):
        with FakeServer(unix=True) as server:
            server.expect("GET", "/").then(text="Hello")
            self.assertIn(b"Hello", self.unix(server))
            path = server.unix_path
            self.assertEqual("http+unix://" + path.replace("/", "%2F"), server.url)
        self.assertFalse(os.path.exists(os.path.dirname(path)))

    def test_a_unix_socket_at_a_place_that_is_given(self):
        with FakeServer(unix=True) as other:
            path = other.unix_path + "2"
            for _each in range(2):
                with FakeServer(unix=path) as server:
                    server.expect("GET", "/").then(text="Hello")
                    self.assertIn(b"Hello", self.unix(server))
                self.assertFalse(os.path.exists(path))

    def test_a_unix_socket_in_use_is_an_error_a_dead_one_is_not(self):
        with FakeServer(unix=True) as server:
            with self.assertRaises(OSError):
                FakeServer(unix=server.unix_path).__enter__()
            dead = server.unix_path + "2"
            with socket.socket(socket.AF_UNIX) as sock:
                sock.bind(dead)
            FakeServer(unix=dead).__enter__().__exit__(None, None, None)

    def test_a_path_that_is_too_long_is_refused(self):
        with self.assertRaisesRegex(ValueError, "too long for a unix socket"):
            FakeServer(unix="/" + "x" * 200).__enter__()


def listening(port):
    """Whether somebody does."""
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


class Ports(unittest.TestCase):
    def test_after_the_end_nobody_listens(self):
        with FakeServer() as server:
            port = server.port
            self.assertTrue(listening(port))
        wait_until(lambda: not listening(port), "the port to be free")

    def test_one_that_is_taken_is_named(self):
        with FakeServer() as server:
            with self.assertRaisesRegex(OSError, f"in use: '127.0.0.1:{server.port}'"):
                FakeServer(port=server.port).setUp()


class ForkedChildren(unittest.TestCase):
    """What a server closes is closed, whoever was forked from its process meanwhile."""

    def fork(self):
        """Have a child until the test ends."""
        read, write = os.pipe()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # there are other threads
            child = os.fork()
        if not child:
            os.close(write)
            os.read(read, 1)
            os._exit(0)
        os.close(read)
        self.addCleanup(os.waitpid, child, 0)
        self.addCleanup(os.close, write)

    def test_a_client_sees_the_end_of_its_connection(self):
        with FakeServer() as server:
            server.expect("GET", "/").then(close_connection())
            with connected(server) as sock:
                server._server.settle()
                self.fork()
                sock.sendall(GET)
                self.assertEqual(b"", everything(sock))

    def test_nobody_listens_and_the_port_is_free(self):
        with FakeServer() as server:
            port = server.port
            self.fork()
        self.assertFalse(listening(port))
        with FakeServer(port=port):
            self.assertTrue(listening(port))

    def test_connections_can_be_refused(self):
        with FakeServer() as server:
            self.fork()
            with server.refusing():
                self.assertFalse(listening(server.port))
            self.assertTrue(listening(server.port))


class Names(unittest.TestCase):
    """A server may be called otherwise than where it listens."""

    def test_the_url_is_what_it_is_called(self):
        with FakeServer(url="http://shop.test") as server:
            self.assertEqual("http://shop.test", server.url)
            self.assertEqual(f"MAP shop.test:80 127.0.0.1:{server.port}", server.host_rules)
            self.assertEqual(f"127.0.0.1:{server.port}", server.http_address)

    def test_its_port_goes_without_saying(self):
        for url, name in (("https://a.test", "a.test:443"), ("http://a.test:81", "a.test:81")):
            with self.subTest(url), FakeServer(url=url, tls=True) as server:
                self.assertTrue(server.host_rules.startswith(f"MAP {name} "))

    def test_it_is_a_whole_server_s(self):
        for url in ("shop.test", "http://", "http://shop.test/", "http://a/b", "ftp://a", ""):
            with self.subTest(url), self.assertRaisesRegex(ValueError, "the URL of a whole server"):
                FakeServer(url=url)
        self.assertRaises(TypeError, FakeServer, url=1)
