"""The servers of the command line, in this process."""

import unittest

from tests.http.support import ask, up
from tests.standalone.support import USERS, StandaloneTest, Told
from underlay import ExpectationsUnreadable, ResourceMissing
from underlay.http._har import Recording, write
from underlay.standalone._server import JOURNAL, KEPT, Standalone


class Serving(StandaloneTest):
    def test_the_next_request_finds_the_file_as_it_is(self):
        server = self.serve(USERS)
        self.assertEqual(200, self.ask(server, "/users/7")[0])
        self.file.write_text("- expect: {path: /new}\n  then: {status: 201}\n")
        self.assertEqual(201, self.ask(server, "/new")[0])
        self.assertEqual(500, self.ask(server, "/users/7")[0])
        self.assertEqual(f"{self.file}: 1 expectation", server.told[0])

    def test_a_file_that_is_wrong_now_changes_nothing_and_is_told(self):
        server = self.serve(USERS)
        self.file.write_text("- {")
        self.assertEqual(200, self.ask(server, "/users/7")[0])
        self.assertGolden("standalone-wrong-now", self.shortened(server.told[0]))
        self.assertIn("api.yaml:1: No YAML", self.ask(server, JOURNAL)[1])
        self.file.write_text(USERS)
        self.assertNotIn("No YAML", self.ask(server, JOURNAL)[1])

    def test_so_does_one_that_is_gone(self):
        server = self.serve(USERS)
        self.file.unlink()
        self.assertEqual(200, self.ask(server, "/users/7")[0])
        self.assertIn("No such file", server.told[0])

    def test_a_file_that_is_wrong_at_first_keeps_it_from_listening(self):
        self.file.write_text("- {")
        server = Told(self.file)
        with self.assertRaises(ExpectationsUnreadable):
            server.setUp()
        self.assertRaises(ResourceMissing, lambda: server.url)

    def test_what_nothing_matches_is_told(self):
        server = self.serve(USERS)
        text = self.ask(server, "/user/7")[1]
        self.assertEqual([text.rstrip("\n")], server.told)
        self.assertGolden("standalone-unexpected", self.shortened(text).rstrip("\n"))

    def test_the_journal_is_not_in_the_journal(self):
        server = self.serve("- expect: {}")
        self.ask(server, JOURNAL)
        self.assertEqual([], server.journal)

    def test_the_journal_keeps_the_last_requests(self):
        server = self.serve("- expect: {}")
        for number in range(KEPT + 5):
            self.ask(server, f"/{number}")
        kept = server.requests
        self.assertEqual((KEPT + 1, f"/{KEPT + 4}"), (len(kept), kept[-1].path))
        self.assertEqual(KEPT + 5, kept[-1].number)

    def test_recordings_are_answers_as_well(self):
        self.file = self.folder / "api.har"
        write(self.file, [Recording("GET", "http://a.test/x", [], b"", 200, "", [], b"found")])
        server = up(self, Told(self.file))
        self.assertEqual((200, "found"), self.ask(server, "/x"))
        self.assertEqual(500, self.ask(server, "/x?page=7")[0])
        lenient = up(self, Told(self.file, False))
        self.assertEqual((200, "found"), self.ask(lenient, "/x?page=7"))


class Address(unittest.TestCase):
    def test_only_this_machine_unless_told_twice(self):
        with self.assertRaisesRegex(ValueError, "--host 0.0.0.0 --allow-network"):
            Standalone("a").listen_at("0.0.0.0", 0)

    def test_other_addresses_of_this_machine(self):
        server = Standalone("a")
        server.listen_at("127.0.0.2", 0)
        server.setUp()
        self.addCleanup(server.tearDown)
        self.assertIn("Nothing has come yet", ask(server.url + JOURNAL)[1])

    def test_told_twice(self):
        server = Standalone("a")
        server.listen_at("0.0.0.0", 0, allow_network=True)
        server.setUp()
        self.addCleanup(server.tearDown)
        self.assertEqual(200, ask(f"http://127.0.0.1:{server.port}{JOURNAL}")[0])
