"""BlockingHTTPServer: a request waits for the test."""

import contextlib
import threading
import unittest
from unittest import mock

from tests.http.support import ask
from tests.httpserver.support import running
from underlay.httpserver import BlockingHTTPServer


class Blocking(unittest.TestCase):
    def serve(self, timeout=30):
        self.server = running(self, BlockingHTTPServer(timeout=timeout))

    def ask(self, path):
        """Ask in the background; the list that is returned gets the answer."""
        answers = []
        url = self.server.url_for(path)

        def client():
            with contextlib.suppress(OSError):  # the server may stop before it answers
                answers.append(ask(url))

        thread = threading.Thread(target=client)
        thread.start()
        self.addCleanup(thread.join)
        self.join = thread.join
        return answers

    def test_a_request_is_looked_at_and_then_answered(self):
        self.serve()
        answers = self.ask("/pay")
        handler = self.server.assert_request("/pay", method="GET")
        self.assertEqual([], answers)
        handler.respond_with_json([1])
        self.join()
        self.assertEqual([(200, "[\n    1\n]")], answers)
        self.assertEqual(1, len(self.server.log))

    def test_another_request_comes(self):
        self.serve()
        answers = self.ask("/pay")
        with self.assertRaisesRegex(AssertionError, "'/other'.+does not match: .+'/pay'"):
            self.server.assert_request("/other")
        self.join()
        self.assertEqual(500, answers[0][0])
        with self.assertRaisesRegex(AssertionError, "No handler found"):
            self.server.check()

    def test_none_comes(self):
        self.serve()
        with self.assertRaisesRegex(AssertionError, "'/pay'.+timed out"):
            self.server.assert_request("/pay", timeout=0.01)

    def test_nobody_looks_at_a_request(self):
        self.serve(timeout=0.01)
        answers = self.ask("/pay")
        self.join()
        self.assertRegex(answers[0][1], "^No handler found for request .+/pay.+ with data b''.$")
        with self.assertRaisesRegex(AssertionError, "timed out"):
            self.server.assert_request("/pay", timeout=0.01)

    def test_nobody_answers_it(self):
        self.serve(timeout=1)  # the test has to look at it in time
        answers = self.ask("/pay")
        self.server.assert_request("/pay")
        self.join()
        self.assertEqual(500, answers[0][0])
        with self.assertRaisesRegex(AssertionError, "No response for request: .+/pay"):
            self.server.check()

    def test_stop_does_not_wait_for_a_request_that_has_just_come(self):
        self.serve()
        tear_down = self.server.fake_server.testTearDown

        def after_a_request():
            self.ask("/pay")
            self.server.fake_server.wait_for()
            tear_down()

        with mock.patch.object(self.server.fake_server, "testTearDown", after_a_request):
            self.server.stop()

    def test_stop_does_not_wait_for_an_answer(self):
        self.serve()
        self.ask("/pay")
        self.server.assert_request("/pay")
        self.server.stop()
        with self.assertRaisesRegex(AssertionError, "No response"):
            self.server.check()
