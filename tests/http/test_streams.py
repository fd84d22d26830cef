"""Answers in parts and from files."""

import asyncio
import tempfile
import threading
from pathlib import Path

from tests.http.support import GET, Answering, ask, connected, everything, until
from underlay._errors import AnswerFailed
from underlay._waiting import wait_until
from underlay.http import Event, event_stream, send_file, stream

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


class Stream(Answering):
    def test_each_part_is_a_chunk(self):
        self.then(stream(["Hel", b"lo"]))
        with connected(self.server, GET) as sock:
            self.assertEqual(
                CHUNKED + b"3\r\nHel\r\n2\r\nlo\r\n0\r\n\r\n", until(sock, b"0\r\n\r\n")
            )

    def test_the_parts_may_be_yielded_by_a_function_of_the_request(self):
        def parts(request):
            yield request.method
            yield b"!"

        async def slow_parts(request):
            for part in parts(request):
                await asyncio.sleep(0)
                yield part

        for function in (parts, slow_parts, lambda request: parts(request)):
            with self.subTest(function):
                self.server.expect("GET", "/", times=1).then(stream(function))
                self.assertEqual((200, "GET!"), ask(self.server.url))

    def test_status_and_headers_are_told(self):
        self.then(stream(["a"], 203, {"X-A": ["b", "c"], "Content-Length": "1"}))
        answer = self.answer()
        self.assertEqual((203, ["b", "c"]), (answer.status, answer.headers.get_all("X-A")))

    def test_the_head_leaves_before_the_first_part(self):
        release = threading.Event()
        self.addCleanup(release.set)
        self.then(stream(lambda request: (release.wait(5) and b"" for _each in range(1))))
        with connected(self.server, GET) as sock:
            self.assertEqual(CHUNKED, until(sock, b"\r\n\r\n"))
            release.set()
            self.assertEqual(b"0\r\n\r\n", sock.recv(100))

    def test_it_can_be_sent_again(self):
        self.then(stream(["Hel", "lo"]))
        self.assertEqual(["Hello"] * 2, [ask(self.server.url)[1] for _each in range(2)])

    def test_an_iterator_is_refused_because_it_cannot(self):
        with self.assertRaisesRegex(TypeError, "pass the function that makes it"):
            stream(iter(["a"]))

    def test_what_is_no_list_is_refused(self):
        for wrong in ("abc", b"abc", 3):
            with self.subTest(wrong), self.assertRaisesRegex(TypeError, "a list or a function"):
                stream(wrong)

    def test_an_error_breaks_the_answer_off_and_fails_the_test(self):
        def broken(request):
            yield "a"
            raise ValueError("oops")

        async def slow(request):
            yield "a"
            raise ValueError("oops")

        for function in (broken, slow):
            with self.subTest(function):
                self.server.expect("GET", "/", times=1).then(stream(function))
                with connected(self.server, GET) as sock, self.assertRaises(ConnectionResetError):
                    everything(sock)
                with self.assertRaisesRegex(AnswerFailed, "ValueError: oops\n.* in (broken|slow)"):
                    self.server.check()

    def test_a_part_of_another_type_fails_the_test(self):
        self.then(stream([3]))
        with connected(self.server, GET) as sock, self.assertRaises(ConnectionResetError):
            everything(sock)
        with self.assertRaisesRegex(AnswerFailed, "bytes or text, not 3"):
            self.server.check()

    def test_the_generator_is_closed_when_the_client_goes(self):
        closed = []

        def endless(request):
            try:
                while True:
                    yield bytes(1000)
            finally:
                closed.append("in its thread")

        async def endless_too(request):
            try:
                while True:
                    yield bytes(1000)
            finally:
                closed.append("in the loop")

        for function in (endless, endless_too):
            self.server.expect("GET", "/", times=1).then(stream(function))
            with connected(self.server, GET) as sock:
                sock.recv(100)
        wait_until(lambda: len(closed) == 2, "both to be closed")
        self.server.check()


class EventStream(Answering):
    def test_events_have_the_format_of_the_standard(self):
        for event, expected in (
            (Event("a"), "data: a\n\n"),
            (Event("a\nb"), "data: a\ndata: b\n\n"),
            (Event({"a": 1}), 'data: {"a": 1}\n\n'),
            (Event("a", "tick", "7", 10), "event: tick\nid: 7\nretry: 10\ndata: a\n\n"),
            (Event(), "data: \n\n"),
        ):
            with self.subTest(event):
                self.assertEqual(expected.encode(), bytes(event))

    def test_they_are_streamed(self):
        self.then(event_stream(["a", {"b": 1}, Event("c", event="done")]))
        answer = self.answer()
        self.assertEqual("text/event-stream; charset=utf-8", answer.headers["Content-Type"])
        self.assertEqual(b'data: a\n\ndata: {"b": 1}\n\nevent: done\ndata: c\n\n', answer.body)

    def test_an_endless_one_ends_with_the_test(self):
        def ticks(request):
            while not request.stopping.is_set():
                yield "tick"
                request.sleep(0.001)

        self.then(event_stream(ticks))
        with connected(self.server, GET) as sock:
            until(sock, b"tick")
            self.server.verify()


class SendFile(Answering):
    def setUp(self):
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = Path(folder.name, "logo.svg")
        self.file.write_bytes(b"0123456789")

    def test_the_content_type_is_that_of_the_name(self):
        self.then(send_file(self.file))
        answer = self.answer()
        self.assertEqual(
            ("image/svg+xml", b"0123456789"), (answer.headers["Content-Type"], answer.body)
        )

    def test_it_may_be_told(self):
        self.then(send_file(str(self.file), {"content-type": "a/b"}))
        self.assertEqual(["a/b"], self.answer().headers.get_all("Content-Type"))

    def test_head_has_no_body(self):
        self.server.expect("HEAD", "/").then(send_file(self.file))
        answer = self.answer("HEAD")
        self.assertEqual(("10", b""), (answer.headers["Content-Length"], answer.body))

    def test_a_range_of_it_can_be_asked_for(self):
        self.then(send_file(self.file))
        for wanted, place, body in (
            ("bytes=2-4", "bytes 2-4/10", b"234"),
            ("bytes=7-", "bytes 7-9/10", b"789"),
            ("bytes=8-99", "bytes 8-9/10", b"89"),
            ("bytes=-3", "bytes 7-9/10", b"789"),
            ("bytes=-99", "bytes 0-9/10", b"0123456789"),
        ):
            with self.subTest(wanted):
                answer = self.answer(Range=wanted)
                got = (answer.status, answer.headers["Content-Range"], answer.body)
                self.assertEqual((206, place, body), got)

    def test_a_range_outside_of_it_is_told(self):
        self.then(send_file(self.file))
        for wanted in ("bytes=10-", "bytes=4-2", "bytes=-0"):
            with self.subTest(wanted):
                answer = self.answer(Range=wanted)
                self.assertEqual(
                    (416, "bytes */10"), (answer.status, answer.headers["Content-Range"])
                )

    def test_other_ranges_get_the_whole(self):
        self.then(send_file(self.file))
        for wanted in ("bytes=1-2,4-5", "bytes=-", "lines=1-2"):
            with self.subTest(wanted):
                self.assertEqual(
                    (200, b"0123456789"), (self.answer(Range=wanted).status, b"0123456789")
                )

    def test_a_file_that_is_not_there_is_told_at_once(self):
        self.assertRaisesRegex(FileNotFoundError, "nowhere is no file", send_file, "nowhere")

    def test_one_that_goes_away_fails_the_test(self):
        self.then(send_file(self.file))
        self.file.unlink()
        self.assertEqual(500, ask(self.server.url)[0])
        self.assertRaisesRegex(AnswerFailed, "FileNotFoundError", self.server.check)
