"""Forwarding and recording: the real server answers, and it is kept."""

import gzip
import socket
import ssl
import unittest
import urllib.request
import zlib

from tests.helpers import temporary_folder
from tests.http.support import GET, Golden, ask, connected, reset, up, wait_for_threads
from underlay import LayerError
from underlay.http import FakeServer, forward, hang, redirect, reset_connection, respond
from underlay.http._forwarding import decoded
from underlay.http._har import read


class ForwardTest(Golden):
    def setUp(self):
        wait_for_threads(self)
        self.file = temporary_folder(self) / "api.har"
        self.real = up(self, FakeServer(name="REAL"))
        self.server = up(self, FakeServer(name="PAYMENTS"))

    def ask(self, path="/", body=None, **options):
        return ask(self.server.url + path, body, **options)

    def problem(self):
        with self.assertRaises(LayerError) as raised:
            self.server.verify()
        return str(raised.exception).replace(self.real.url, "http://REAL")


class Recording(ForwardTest):
    def test_the_real_server_answers_and_the_file_replays_it(self):
        self.real.expect("POST", "/pay", query={"now": 1}, json={"amount": 10}).then(
            status=201, json={"id": 7}, headers={"X-Kind": ["a", "b"]}
        )
        with self.server.record(self.real.url, self.file):
            live = self.ask("/pay?now=1", b'{"amount": 10}')
        self.server.replay(self.file)
        self.assertEqual((201, '{"id": 7}'), live)
        self.assertEqual(live, self.ask("/pay?now=1", b'{"amount": 10}'))

    def test_the_file_has_what_was_said(self):
        self.real.expect().then(data=b"\xff\0", headers={"X-Kind": ["a", "b"]})
        with self.server.record(self.real.url, self.file):
            request = urllib.request.Request(f"{self.server.url}/a%20b?c", method="DELETE")
            request.add_header("X-Key", "1")
            urllib.request.urlopen(request, timeout=10).close()
        (recording,) = read(self.file)
        self.assertEqual(("DELETE", f"{self.real.url}/a%20b?c"), (recording.method, recording.url))
        self.assertIn(("X-Key", "1"), [(n.title(), v) for n, v in recording.headers])
        self.assertEqual(b"\xff\0", recording.content)
        kinds = [value for name, value in recording.answer_headers if name == "X-Kind"]
        self.assertEqual(["a", "b"], kinds)

    def test_the_real_server_is_asked_as_we_were(self):
        real = self.real.expect("POST", "/pay", headers={"X-Key": "abc"}, body="42")
        real.then()
        with self.server.record(self.real.url, self.file):
            self.ask("/pay", b"42", headers={"X-Key": "abc", "Connection": "close"})
        (came,) = real.requests
        self.assertEqual(f"127.0.0.1:{self.real.port}", came.headers["host"])
        self.assertEqual("identity", came.headers["accept-encoding"])

    def test_secrets_get_to_the_real_server_but_not_into_the_file(self):
        self.real.expect(headers={"Authorization": "Bearer s3cret"}).then(
            headers={"Set-Cookie": "sid=s3cret"}
        )
        with self.server.record(self.real.url, self.file):
            self.ask(headers={"Authorization": "Bearer s3cret"})
        self.assertNotIn("s3cret", self.file.read_text())

    def test_other_secrets_can_be_named(self):
        self.real.expect().then()
        with self.server.record(self.real.url, self.file, scrub=["X-Key"]):
            self.ask(headers={"X-Key": "s3cret", "Authorization": "shown"})
        self.assertNotIn("s3cret", self.file.read_text())
        self.assertIn("shown", self.file.read_text())

    def test_expectations_go_first_and_are_not_recorded(self):
        self.real.expect("GET", "/b").then(text="real")
        with self.server.record(self.real.url, self.file):
            self.server.expect("GET", "/a").then(text="fake")
            self.assertEqual("fake", self.ask("/a")[1])
            self.assertEqual("real", self.ask("/b")[1])
        self.assertEqual(["/b"], [each.target for each in read(self.file)])

    def test_nothing_to_record_is_an_error_and_the_file_stays(self):
        self.file.write_text("as it was")
        with self.assertRaisesRegex(LayerError, "Nothing came to be recorded in .*api.har"):
            with self.server.record(self.real.url, self.file):
                pass
        self.assertEqual("as it was", self.file.read_text())

    def test_what_cannot_be_is_refused_at_once(self):
        with self.assertRaisesRegex(LayerError, "its folder does not exist"):
            self.server.record(self.real.url, self.file / "no" / "api.har")
        with self.assertRaisesRegex(LayerError, "it is a folder"):
            self.server.record(self.real.url, self.file.parent)
        with self.assertRaisesRegex(TypeError, "scrub are names"):
            self.server.record(self.real.url, self.file, scrub="Cookie")
        for url in ("api.test", "http://api.test/v1", "http://me:secret@api.test", "ftp://a.test"):
            with self.assertRaises(ValueError):
                self.server.record(url, self.file)


class Forwarding(ForwardTest):
    def test_a_redirect_of_the_real_server_stays_here(self):
        self.real.expect("GET", "/a").then(redirect(f"{self.real.url}/b"))
        self.real.expect("GET", "/b").then(text="there")
        self.server.expect().then(forward(self.real.url))
        self.assertEqual((200, "there"), self.ask("/a"))
        self.assertEqual(2, len(self.server.requests))

    def test_a_real_server_that_gives_no_answer_fails_the_test(self):
        self.real.expect().then(reset_connection())
        self.server.expect().then(forward(self.real.url))
        self.assertEqual(500, self.ask("/pay")[0])
        self.assertGolden("forward-reset", self.problem())

    def test_a_real_server_that_is_not_there_fails_the_test(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        self.server.expect().then(forward(f"http://127.0.0.1:{port}"))
        self.assertIn("Connection refused", self.ask()[1])
        self.problem()

    def test_one_that_says_nothing_fails_the_test_in_time(self):
        self.real.expect().then(hang())
        self.server.expect().then(forward(self.real.url, timeout=0.05))
        self.assertIn("timed out", self.ask()[1])
        self.problem()

    def test_a_client_that_goes_takes_the_forwarded_request_along(self):
        hanging = self.real.expect()
        hanging.then(hang())
        self.server.expect().then(forward(self.real.url))
        with connected(self.server, GET) as sock:
            hanging.wait_for()
            reset(sock)
        self.server.verify()

    def test_https_with_its_own_authority(self):
        real = up(self, FakeServer(name="SECURE", tls=True))
        real.expect("GET", "/").then(text="secure")
        with self.server.record(real.url, self.file, context=real.ssl_context):
            self.assertEqual((200, "secure"), self.ask())
        self.server.expect("GET", "/untrusted").then(
            forward(real.url, context=ssl.create_default_context())
        )
        self.assertIn("CERTIFICATE_VERIFY_FAILED", self.ask("/untrusted")[1])
        self.problem()

    def test_a_head_request_has_no_body(self):
        self.real.expect("HEAD").then(respond(200))
        self.server.expect().then(forward(self.real.url))
        self.assertEqual((200, ""), self.ask(method="HEAD"))

    def test_compressed_all_the_same(self):
        packed = gzip.compress(b"plain")
        self.real.expect().then(data=packed, headers={"Content-Encoding": "gzip"})
        self.server.expect().then(forward(self.real.url))
        self.assertEqual((200, "plain"), self.ask())


class Decoded(unittest.TestCase):
    def test_every_coding_of_the_standard_library(self):
        for encoding, content in (
            ("", b"plain"),
            ("identity", b"plain"),
            ("GZIP", gzip.compress(b"plain")),
            ("deflate", zlib.compress(b"plain")),
            ("deflate, gzip", gzip.compress(zlib.compress(b"plain"))),
        ):
            self.assertEqual(b"plain", decoded(content, encoding))

    def test_others_are_refused(self):
        with self.assertRaisesRegex(OSError, "compressed with br"):
            decoded(b"x", "br")
        self.assertEqual(b"", decoded(b"", "br"))
