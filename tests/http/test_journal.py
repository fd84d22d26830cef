"""The journal: what came, what became of it, and waiting for it."""

import threading
import time
import unittest

from tests.http.support import GET, Golden, ask, connected, everything, reset, up
from underlay._errors import AnswerFailed, NotReady, UnexpectedRequest
from underlay._waiting import wait_until
from underlay.http import FakeServer, containing, delay, hang, reset_connection


class Journal(unittest.TestCase):
    def setUp(self):
        self.server = up(self, FakeServer())

    def entry(self):
        """The only one, once all is done."""
        [entry] = self.server.journal
        wait_until(lambda: entry.ended, "the answer to end")
        return entry

    def test_a_request_is_there_as_the_server_saw_it(self):
        api = self.server.expect("POST", "/pay").then(status=201)
        ask(self.server.url + "/pay?a=%20", b"\xff", headers={"X-Key": "a"})
        entry = self.entry()
        request = entry.request
        self.assertEqual(
            ("POST", "/pay?a=%20", b"\xff", "1.1", 1),
            (request.method, request.target, request.body, request.version, request.number),
        )
        self.assertIn((b"X-Key", b"a"), request.raw_headers)
        self.assertEqual(
            (api, 201, "", True), (entry.expectation, entry.status, entry.error, entry.complete)
        )

    def test_it_tells_when_that_was(self):
        self.server.expect("GET", "/").then(delay(0.01), text="Hello")
        before = time.time()
        ask(self.server.url)
        entry = self.entry()
        self.assertLessEqual(before, entry.began)
        self.assertLessEqual(entry.began + 0.005, entry.ended)
        self.assertLessEqual(entry.ended, time.time())

    def test_requests_have_numbers_in_their_test(self):
        self.server.expect("GET")
        for each in range(3):
            ask(f"{self.server.url}/{each}")
        self.assertEqual([1, 2, 3], [request.number for request in self.server.requests])

    def test_of_a_played_answer_the_status_is_known_as_well(self):
        self.server.expect("GET", "/").then(delay(0), lambda request: "Hello")
        ask(self.server.url)
        entry = self.entry()
        self.assertEqual((200, (delay(0),)), (entry.status, entry.behaviours))

    def test_what_was_not_answered_has_no_status(self):
        self.server.expect("GET", "/").then(reset_connection())
        with connected(self.server, GET) as sock:
            self.assertRaises(ConnectionResetError, sock.recv, 100)
        self.assertEqual((None, ""), (self.entry().status, self.entry().error))

    def test_what_nothing_matches_is_there(self):
        ask(self.server.url)
        self.assertRaises(UnexpectedRequest, self.server.check)
        entry = self.entry()
        self.assertEqual(
            (None, 500, "no expectation matches"), (entry.expectation, entry.status, entry.error)
        )

    def test_what_a_handler_raises_is_there(self):
        self.server.expect("GET", "/").then(lambda request: 1 / 0)
        ask(self.server.url)
        self.assertRaises(AnswerFailed, self.server.check)
        self.assertEqual("ZeroDivisionError: division by zero", self.entry().error)

    def test_a_client_that_does_not_wait_for_the_answer_is_there(self):
        self.server.expect("GET", "/").then(hang())
        with connected(self.server, GET) as sock:
            self.server.wait_for()
            reset(sock)
        self.assertEqual("the connection ended before the answer", self.entry().error)

    def test_what_came_in_part_is_there(self):
        with connected(self.server, b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nabc"):
            self.server._server.settle()
        self.server.wait_for()
        entry = self.entry()
        self.assertEqual((False, b"abc"), (entry.complete, entry.request.body))
        self.assertEqual("broken off by the client", entry.error)

    def test_what_is_no_http_is_there(self):
        with connected(self.server, b"\0\r\n\r\n") as sock:
            everything(sock)
        self.assertRaises(UnexpectedRequest, self.server.check)
        self.assertRegex(self.entry().error, "not HTTP")

    def test_requests_can_be_found_by_what_they_are_like(self):
        self.server.expect(optional=True)
        for path, body in (("/pay", b'{"a": 1}'), ("/pay", b'{"a": 2}'), ("/refund", b"{}")):
            ask(self.server.url + path, body)
        self.assertEqual(2, len(self.server.requests_for("POST", "/pay")))
        self.assertEqual(1, len(self.server.requests_for("POST", json=containing({"a": 2}))))
        self.assertEqual([], self.server.requests_for("DELETE"))


class Waiting(Golden):
    def setUp(self):
        self.server = up(self, FakeServer(name="PAYMENTS"))

    def test_it_waits_for_requests_that_are_still_to_come(self):
        api = self.server.expect("POST", "/event")
        for name in ("a", "b"):
            threading.Thread(target=ask, args=(self.server.url + "/event", name.encode())).start()
        self.assertEqual({b"a", b"b"}, {request.body for request in api.wait_for(2, timeout=10)})
        self.assertEqual(2, len(self.server.wait_for(2)))

    def test_it_tells_what_came_instead(self):
        api = self.server.expect("POST", "/event", optional=True)
        self.server.expect("GET")
        for each in range(12):
            ask(f"{self.server.url}/{each}")
        with self.assertRaises(NotReady) as raised:
            api.wait_for(timeout=0.01)
        self.assertGolden("not-come", raised.exception)

    def test_a_number_and_a_time_are_needed(self):
        for kind, wrong in ((ValueError, (0,)), (TypeError, ("2",)), (ValueError, (1, -1))):
            with self.subTest(wrong):
                self.assertRaises(kind, self.server.wait_for, *wrong)


class Unmatched(unittest.TestCase):
    def test_the_status_can_be_chosen(self):
        server = up(self, FakeServer(unmatched_status=404))
        self.assertEqual(404, ask(server.url)[0])
        self.assertRaises(UnexpectedRequest, server.check)

    def test_one_that_is_none_is_refused_at_once(self):
        with self.assertRaisesRegex(ValueError, "99 is not the status"):
            FakeServer(unmatched_status=99)
