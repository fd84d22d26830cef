"""``underlay serve`` and ``underlay record``, as processes."""

import contextlib
import re
import signal
import socket
import subprocess
import sys
import time

from tests.http.support import ask, up
from tests.standalone.support import USERS, StandaloneTest
from underlay.http import FakeServer
from underlay.http._har import read


class CommandTest(StandaloneTest):
    @contextlib.contextmanager
    def running(self, *arguments):
        """The process, and the URL that it names; it must not be left running."""
        process = subprocess.Popen(
            [sys.executable, "-m", "underlay", *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        with process:
            try:
                listening = process.stdout.readline()
                yield process, re.search(r"http://\S+", listening)[0]
            finally:
                process.kill()

    def ended(self, process, how=signal.SIGINT):
        """Exit status and what it printed, once it has been told to end."""
        process.send_signal(how)
        printed = process.stdout.read()
        return process.wait(60), self.shortened(printed)

    def refused(self, *arguments):
        """What it says when it cannot begin."""
        done = subprocess.run(
            [sys.executable, "-m", "underlay", *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )
        self.assertNotEqual(0, done.returncode)
        self.assertEqual("", done.stdout)
        return self.shortened(done.stderr)


class Serve(CommandTest):
    def setUp(self):
        super().setUp()
        self.file.write_text(USERS)

    def test_it_says_where_it_listens_and_answers(self):
        with self.running("serve", self.file) as (process, url):
            self.assertEqual((200, '{"name": "Bob"}'), ask(url + "/users/7"))
            status, printed = self.ended(process)
        self.assertEqual(0, status)
        self.assertEqual(
            [f"journal at {url}/__underlay__/", "Ctrl-C ends it."], printed.split("\n")[:2]
        )

    def test_it_ends_at_once_whatever_it_is_doing(self):
        self.file.write_text("- expect: {}\n  then: {hang: true}\n")
        for how in (signal.SIGINT, signal.SIGTERM):
            with self.running("serve", self.file) as (process, url):
                address = url.removeprefix("http://").split(":")
                with socket.create_connection(address, timeout=60) as client:
                    client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    began = time.monotonic()
                    self.assertEqual(0, self.ended(process, how)[0])
            self.assertLess(time.monotonic() - began, 30)

    def test_a_file_that_changes_is_looked_at_unasked(self):
        with self.running("serve", self.file) as (process, _):
            self.file.write_text("- {")
            for line in process.stdout:
                if "No YAML" in line:
                    break
            self.assertEqual(0, self.ended(process)[0])

    def test_it_listens_where_it_is_told(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            told = self.refused("serve", self.file, "--port", port)
        self.assertEqual(f"underlay serve: 127.0.0.1:{port}: Address already in use\n", told)
        with self.running("serve", self.file, "--port", port) as (_, url):
            self.assertEqual(f"http://127.0.0.1:{port}", url)

    def test_what_is_wrong_is_told_before_it_listens(self):
        wrong = self.folder / "wrong.yaml"
        wrong.write_text("- {")
        told = [
            self.refused("serve", wrong),
            self.refused("serve", self.folder / "none.har"),
            self.refused("serve", self.file, "--host", "0.0.0.0"),
        ]
        self.assertGolden("standalone-serve", "".join(told).rstrip())
        self.assertIn("--port is between", self.refused("serve", self.file, "--port", "70000"))


class Record(CommandTest):
    def setUp(self):
        super().setUp()
        self.har = self.folder / "api.har"
        self.real = up(self, FakeServer(name="REAL"))

    def record(self, *options):
        return self.running("record", "--upstream", self.real.url, self.har, *options)

    def test_what_the_real_server_answers_is_in_the_file_and_can_be_served(self):
        self.real.expect("GET", "/users").then(json=["Bob"], headers={"Set-Cookie": "a=s3cret"})
        with self.record() as (process, url):
            self.assertEqual((200, '["Bob"]'), ask(url + "/users"))
            status, printed = self.ended(process)
        self.assertEqual(0, status)
        self.assertIn("api.har: 1 request recorded", printed)
        self.assertNotIn("s3cret", self.har.read_text())
        with self.running("serve", self.har) as (_, url):
            self.assertEqual((200, '["Bob"]'), ask(url + "/users"))

    def test_it_records_until_it_is_terminated_too(self):
        self.real.expect().then()
        with self.record("--scrub", "X-Key", "--scrub", "X-Token") as (process, url):
            ask(url, headers={"X-Key": "s3cret", "X-Token": "s3cret"})
            self.assertEqual(0, self.ended(process, signal.SIGTERM)[0])
        self.assertEqual(1, len(read(self.har)))
        self.assertNotIn("s3cret", self.har.read_text())

    def test_nothing_recorded_is_an_error(self):
        with self.record() as (process, _):
            status, printed = self.ended(process)
        self.assertEqual(1, status)
        self.assertIn("underlay record: Nothing came to be recorded in api.har", printed)
        self.assertFalse(self.har.exists())

    def test_a_real_server_that_does_not_answer_is_told(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
        command = ("record", "--upstream", f"http://127.0.0.1:{port}", self.har)
        with self.running(*command) as (process, url):
            self.assertEqual(500, ask(url)[0])
            _, printed = self.ended(process)
        self.assertIn(f"http://127.0.0.1:{port} gave no answer to GET /", printed)

    def test_what_is_wrong_is_told_before_it_listens(self):
        upstream = ("--upstream", "http://api.test")
        told = [
            self.refused("record", self.har, "--upstream", "api.test"),
            self.refused("record", self.folder / "no" / "api.har", *upstream),
            self.refused("record", self.har, *upstream, "--host", "0.0.0.0"),
        ]
        self.assertGolden("standalone-record", "".join(told).rstrip())
        self.assertIn("--upstream", self.refused("record", self.har))
