"""The journal's page as HTML; in a real browser see test_chromium."""

from tests.standalone.support import USERS, StandaloneTest
from underlay.standalone._page import COPIED, SHOWN, counted
from underlay.standalone._server import JOURNAL


class Page(StandaloneTest):
    def page_of(self, body):
        server = self.serve(USERS)
        self.ask(server, "/", body)
        return self.ask(server, JOURNAL)[1]

    def test_of_a_long_body_the_beginning_is_shown(self):
        page = self.page_of(b"a" * (SHOWN + 7) + b"b")
        self.assertIn("\n... 8 bytes more</pre>", page)

    def test_what_is_too_long_cannot_be_copied(self):
        self.assertIn("Copy for a test", self.page_of(b"a" * COPIED))
        self.assertNotIn("Copy for a test", self.page_of(b"a" * (COPIED + 1)))

    def test_numbers_of_things(self):
        told = [counted(number, "request") for number in range(3)]
        self.assertEqual(["0 requests", "1 request", "2 requests"], told)
