"""A handler is an expectation of the fake server: both vocabularies speak of it."""

import re
import unittest

from tests.helpers import Golden
from tests.http.support import ask
from tests.httpserver.support import running
from underlay import NotReady, UnmetExpectation
from underlay.http import delay, respond
from underlay.httpserver import RequestHandler


class Natively(Golden):
    def setUp(self):
        self.server = running(self)
        self.handler = self.server.expect_request("/pay", method="POST")

    def test_it_tells_what_came(self):
        self.handler.respond_with_data("paid")
        ask(self.server.url_for("/pay"), b"ten")
        self.assertEqual(1, self.handler.calls)
        self.assertEqual([b"ten"], [request.body for request in self.handler.requests])
        self.assertEqual(self.handler.requests, self.handler.wait_for(1))
        with self.assertRaisesRegex(UnmetExpectation, "POST /pay: wanted 2"):
            self.handler.assert_called(2)
        with self.assertRaisesRegex(NotReady, "POST /pay"):
            self.handler.wait_for(2, timeout=0.01)

    def test_it_answers_with_behaviours(self):
        self.handler.then(delay(0.001), json=[1]).then(respond(503))
        answers = [ask(self.server.url_for("/pay"), b"") for _ in range(3)]
        self.assertEqual([(200, "[1]"), (503, ""), (503, "")], answers)

    def test_it_may_belong_to_a_scenario(self):
        self.server.fake_server.scenario(shop="closed")
        self.handler.when(shop="open").respond_with_data("paid")
        self.server.expect_request("/open").becomes(shop="open").then(text="open")
        statuses = [ask(self.server.url_for(path), b"")[0] for path in ("/pay", "/open", "/pay")]
        self.assertEqual([500, 200, 200], statuses)
        self.assertIn("scenario: shop: wanted 'open', is 'closed'", self.server.assertions[0])

    def test_it_has_a_repr_as_theirs(self):
        told = "<RequestHandler uri='/pay' method='POST' query_string=None headers={} data=None "
        self.assertEqual(f"{told}json=<UNDEFINED>>", repr(self.handler))
        self.assertIsInstance(self.handler, RequestHandler)


class FakeServerBehind(unittest.TestCase):
    """``fake_server`` is the server natively; what it expects, is expected besides."""

    def setUp(self):
        self.server = running(self)
        self.server.expect_request("/pay").respond_with_data("paid")

    def test_it_expects_what_the_verbs_do_not(self):
        self.server.fake_server.expect("GET", "/users/{id:int}").then(json={})
        paths = ("/pay", "/users/7", "/users/x")
        self.assertEqual([200, 200, 500], [ask(self.server.url_for(each))[0] for each in paths])

    def test_what_it_expects_comes_first(self):
        self.server.fake_server.expect("GET", "/pay").then(text="natively")
        self.assertEqual("natively", ask(self.server.url_for("/pay"))[1])

    def test_check_tells_of_what_it_promised(self):
        self.server.fake_server.expect("GET", "/other")
        with self.assertRaisesRegex(UnmetExpectation, "GET /other"):
            self.server.check()
        self.server.check()

    def test_so_does_the_end_of_the_test_at_the_latest(self):
        for end in (self.server.clear, self.server.stop):
            self.server.fake_server.expect("GET", "/other")
            with self.assertRaisesRegex(UnmetExpectation, "GET /other"):
                end()

    def test_clear_forgets_what_it_expects(self):
        self.server.fake_server.expect("GET", "/other", optional=True)
        self.server.clear()
        self.assertEqual(500, ask(self.server.url_for("/other"))[0])
        self.assertEqual(1, len(self.server.fake_server.journal))

    def test_its_journal_has_what_the_log_has(self):
        ask(self.server.url_for("/pay"))
        [entry] = self.server.fake_server.journal
        self.assertEqual((200, self.server.handlers[0]), (entry.status, entry.expectation))

    def test_faults(self):
        with self.server.fake_server.failing(respond(503)):
            self.assertEqual(503, ask(self.server.url_for("/pay"))[0])
        self.assertEqual(200, ask(self.server.url_for("/pay"))[0])

    def test_it_is_called_as_the_server_is(self):
        self.assertTrue(re.fullmatch("<HTTPServer.+>", repr(self.server.fake_server)))
