"""TLS: whom clients trust, and whom the server."""

import asyncio
import contextlib
import os
import socket
import ssl
import struct
import subprocess
import threading
import unittest
import urllib.error
import urllib.request

from tests.http.support import (
    GET,
    UPGRADE,
    ask,
    nothing_left,
    program,
    reset,
    threads_and_descriptors,
    up,
)
from underlay import Layer, ResourceMissing
from underlay._waiting import wait_until
from underlay.http import TLS, FakeServer, LiveServer, close_connection


def ask_with(context, url):
    with urllib.request.urlopen(url, timeout=10, context=context) as answer:
        return answer.read().decode()


class Trust(unittest.TestCase):
    def serve(self, **options):
        server = up(self, FakeServer(**{"tls": True, **options}))
        server.expect("GET", "/", optional=True).then(text="Hello")
        return server

    def test_the_url_says_https(self):
        server = self.serve()
        self.assertEqual(f"https://127.0.0.1:{server.port}", server.url)

    def test_the_layer_s_context_trusts_the_server(self):
        server = self.serve()
        self.assertEqual("Hello", ask_with(server["ssl_context"], server.url))

    def test_localhost_is_a_name_of_it(self):
        server = self.serve()
        url = f"https://localhost:{server.port}"
        self.assertEqual("Hello", ask_with(server.ssl_context, url))

    def test_nobody_else_trusts_it(self):
        with self.assertRaisesRegex(urllib.error.URLError, "CERTIFICATE_VERIFY_FAILED"):
            ask(self.serve().url)

    def test_further_names_can_be_had(self):
        server = self.serve(tls=TLS(["shop.test"]))
        with socket.create_connection((server.host, server.port)) as sock:
            server.ssl_context.wrap_socket(sock, server_hostname="shop.test").close()

    def test_the_host_that_clients_use_is_a_name_of_it(self):
        for host in ("shop.test", "localhost"):
            server = self.serve(tls=True, url=f"https://{host}")
            with socket.create_connection((server.host, server.port)) as sock:
                server.ssl_context.wrap_socket(sock, server_hostname=host).close()

    def test_programs_trust_a_file(self):
        server = self.serve()
        said = subprocess.check_output(
            [program("curl"), "-sS", server.url], env={"SSL_CERT_FILE": server.ca_file}
        )
        self.assertEqual(b"Hello", said)

    def test_the_file_goes_with_the_layer(self):
        with FakeServer(tls=True) as server:
            path = server.ca_file
            self.assertTrue(os.path.exists(path))
        self.assertFalse(os.path.exists(path))

    def test_without_tls_there_is_nothing_to_trust(self):
        with FakeServer() as server:
            self.assertRaises(ResourceMissing, lambda: server.ssl_context)

    def test_servers_may_share_an_authority(self):
        shared = TLS()
        one, other = self.serve(tls=shared), self.serve(tls=shared)
        self.assertEqual("Hello", ask_with(one.ssl_context, other.url))

    def test_what_is_no_tls_is_refused(self):
        with self.assertRaisesRegex(TypeError, "True, False or a TLS, not 'yes'"):
            FakeServer(tls="yes")
        with self.assertRaisesRegex(ValueError, "one of 'none', 'optional', 'required', not 'no'"):
            TLS(client_certificate="no")
        with self.assertRaisesRegex(TypeError, "a list of names: \\['shop.test'\\]"):
            TLS("shop.test")

    def test_a_client_without_tls_is_turned_away(self):
        server = self.serve()
        with socket.create_connection((server.host, server.port), timeout=10) as sock:
            sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertNotIn(b"HTTP", sock.recv(100))

    def test_a_handshake_can_be_stalled(self):
        server = self.serve()
        with server.stalling():
            with socket.create_connection((server.host, server.port), timeout=0.1) as sock:
                self.assertRaises(
                    TimeoutError, server.ssl_context.wrap_socket, sock, server_hostname="localhost"
                )
        self.assertEqual("Hello", ask_with(server.ssl_context, server.url))


class Gone(unittest.TestCase):
    """A client that resets the connection is no failure, at whichever turn of the event loop."""

    def test_while_the_answer_ends(self):
        for turns in range(5):  # at 1 Python 3.10's transport has lost its socket and not said so
            app = EndingLate(turns)
            server = up(self, LiveServer(app, tls=True))
            sock = secured(self, server)
            sock.sendall(GET)
            app.begun.wait(10)
            reset(sock)
            app.go_on.set()
            wait_until(lambda server=server: not server._server.connections, "the connection's end")
            server.verify()

    def test_while_a_websocket_is_read(self):
        for turns in range(5):
            app = Reading(turns)
            server = up(self, LiveServer(app, tls=True))
            sock = secured(self, server)
            sock.sendall(UPGRADE + message(bytes(150_000)))
            app.agreed.wait(10)
            (connection,) = server._server.connections
            wait_until(lambda it=connection: not it.transport.is_reading(), "more than is read")
            reset(sock)
            app.go_on.set()
            wait_until(lambda app=app: app.seen, "the application")
            server.verify()


class Silent(unittest.TestCase):
    """A client that does not answer a farewell keeps nobody waiting, though TLS waits for it."""

    def farewell(self, server):
        """Let a client have one."""
        server.expect("GET", "/").then(close_connection())
        sock = secured(self, server)
        sock.sendall(GET)
        server.wait_for()
        server._server.settle()
        return sock

    def test_the_server_stops(self):
        before = threads_and_descriptors()
        with FakeServer(tls=True) as server:
            sock = self.farewell(server)
        sock.close()
        nothing_left(self, before)

    def test_the_server_refuses(self):
        server = up(self, FakeServer(tls=True))
        sock = self.farewell(server)
        with server.refusing():
            wait_until(lambda: not server._server.connections, "the connection's end")
        sock.close()


def secured(case, server):
    """A socket that is connected over TLS."""
    plain = socket.create_connection((server.host, server.port), timeout=10)
    sock = server.ssl_context.wrap_socket(plain, server_hostname="localhost")
    case.addCleanup(sock.close)
    return sock


def message(data):
    """Bytes on a WebSocket, from a client (RFC 6455, 5.2)."""
    return b"\x82\xff" + struct.pack("!Q", len(data)) + bytes(4) + data


class Reading(Layer):
    """Its application reads a WebSocket that is lost, so many turns after it has noticed."""

    def __init__(self, turns):
        super().__init__()
        self._turns = turns
        self.agreed, self.go_on = threading.Event(), threading.Event()
        self.seen = []

    async def asgi_application(self, scope, receive, send):
        await receive()
        await send({"type": "websocket.accept"})
        self.agreed.set()
        while not self.go_on.is_set():
            await asyncio.sleep(0.001)
        with contextlib.suppress(OSError):
            await send({"type": "websocket.send", "text": "lost"})
            for _ in range(self._turns):
                await asyncio.sleep(0)
        self.seen.append(await receive())


class EndingLate(Layer):
    """Its application has its event loop sleep between body and end, and lets some turns pass."""

    def __init__(self, turns):
        super().__init__()
        self._turns = turns
        self.begun, self.go_on = threading.Event(), threading.Event()

    async def asgi_application(self, scope, receive, send):
        headers = [(b"content-length", b"1")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
        self.begun.set()
        self.go_on.wait(10)
        for _ in range(self._turns):
            await asyncio.sleep(0)
        await send({"type": "http.response.body"})


class ClientCertificates(unittest.TestCase):
    def setUp(self):
        self.tls = TLS(client_certificate="required")
        self.server = up(self, FakeServer(tls=self.tls))
        self.server.expect("GET", "/", optional=True).then(text="Hello")

    def test_the_layer_s_context_has_one(self):
        self.assertEqual("Hello", ask_with(self.server.ssl_context, self.server.url))

    def test_a_program_s_is_in_a_file(self):
        trust = ["--cacert", self.server.ca_file, "--cert", self.server.client_file]
        said = subprocess.check_output([program("curl"), "-sS", *trust, self.server.url])
        self.assertEqual(b"Hello", said)

    def test_without_one_nobody_is_served_and_is_told_so(self):
        with self.assertRaisesRegex(ssl.SSLError, "(?i)alert.certificate.required"):
            ask_with(self.tls.client_context(), self.server.url)

    def test_one_of_another_authority_is_refused(self):
        stranger = TLS().client_context("mallory@shop.test")
        stranger.load_verify_locations(self.server.ca_file)
        with self.assertRaisesRegex(ssl.SSLError, "(?i)alert.unknown.ca"):
            ask_with(stranger, self.server.url)

    def test_it_may_be_optional(self):
        tls = TLS(client_certificate="optional")
        server = up(self, FakeServer(tls=tls))
        server.expect("GET", "/").then(text="Hello")
        self.assertEqual("Hello", ask_with(tls.client_context(), server.url))
        self.assertEqual(ssl.CERT_OPTIONAL, tls.server_context().verify_mode)
