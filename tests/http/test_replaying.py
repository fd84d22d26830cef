"""Replaying: recordings answer what no expectation matches."""

import dataclasses
import urllib.parse

from tests.helpers import temporary_folder
from tests.http.support import Golden, ask, up
from underlay import ExpectationsUnreadable, UnexpectedRequest
from underlay.http import FakeServer, respond
from underlay.http._har import Recording, write
from underlay.http._replaying import answer, local

GET = Recording("GET", "https://api.test/users?page=1", [], b"", 200, "OK", [], b"first")
PAY = Recording(
    method="POST",
    url="https://api.test/pay",
    headers=[("Content-Type", "application/json")],
    body=b'{"amount": 10, "to": "Bob"}',
    status=201,
    reason="Created",
    answer_headers=[("Content-Type", "text/plain")],
    content=b"paid",
)
JSON = {"Content-Type": "application/json"}


def again(recording, **changes):
    return dataclasses.replace(recording, **changes)


class ReplayTest(Golden):
    def setUp(self):
        self.file = temporary_folder(self) / "api.har"
        self.server = up(self, FakeServer(name="PAYMENTS"))

    def replay(self, *recordings, **options):
        write(self.file, recordings)
        return self.server.replay(self.file, **options)

    def ask(self, path, body=None, **options):
        return ask(self.server.url + path, body, **options)

    def told(self):
        with self.assertRaises(UnexpectedRequest) as raised:
            self.server.verify()
        return str(raised.exception).replace(str(self.file), "api.har")

    def refused(self, *recordings, **options):
        with self.assertRaises(ExpectationsUnreadable) as raised:
            self.replay(*recordings, **options)
        return str(raised.exception).replace(str(self.file), "api.har")


class Strict(ReplayTest):
    def test_what_was_recorded_is_answered_as_it_was(self):
        self.replay(GET, PAY)
        self.assertEqual((200, "first"), self.ask("/users?page=1"))
        self.assertEqual((201, "paid"), self.ask("/pay", PAY.body, headers=JSON))

    def test_answers_come_in_their_order_and_the_last_one_again(self):
        self.replay(GET, PAY, again(GET, status=503, content=b"second"))
        asked = [self.ask("/users?page=1") for _ in range(3)]
        self.assertEqual([(200, "first"), (503, "second"), (503, "second")], asked)

    def test_each_test_finds_those_of_the_layer_from_the_beginning(self):
        write(self.file, [GET, again(GET, content=b"second")])
        file = self.file

        class Recorded(FakeServer):
            def setUp(self):
                self.replay(file)

        server = Recorded(name="RECORDED")
        server.setUp()
        self.addCleanup(server.tearDown)
        for _ in range(2):
            server.testSetUp()
            self.assertEqual((200, "first"), ask(server.url + "/users?page=1"))
            server.verify()
            server.testTearDown()

    def test_json_and_forms_are_compared_by_what_they_say(self):
        form = again(
            PAY,
            headers=[("Content-Type", "application/x-www-form-urlencoded")],
            body=b"a=1&b=2",
            content=b"form",
        )
        self.replay(PAY, form)
        reordered = b'{"to":"Bob","amount":10}'
        self.assertEqual((201, "paid"), self.ask("/pay", reordered, headers=JSON))
        self.assertEqual((201, "form"), self.ask("/pay", b"b=2&a=1"))

    def test_requests_that_say_the_same_are_recordings_of_one(self):
        reordered = again(PAY, body=b'{"to":"Bob","amount":10}', content=b"again")
        self.replay(PAY, reordered)
        asked = [self.ask("/pay", PAY.body, headers=JSON)[1] for _ in range(2)]
        self.assertEqual(["paid", "again"], asked)

    def test_a_body_that_was_not_kept_may_be_any(self):
        upload = again(PAY, headers=[*PAY.headers, ("Content-Length", "27")], body=b"")
        self.replay(upload)
        self.assertEqual((201, "paid"), self.ask("/pay", b"whatever"))

    def test_what_was_not_recorded_fails_the_test_with_the_nearest(self):
        self.replay(GET, PAY)
        self.assertEqual(500, self.ask("/pay", b'{"amount": 12, "to": "Bob"}', headers=JSON)[0])
        self.assertGolden("replay", self.told())

    def test_expectations_go_first(self):
        self.replay(GET)
        self.server.expect("GET", "/users").then(status=418)
        self.assertEqual(418, self.ask("/users?page=1")[0])

    def test_a_block_ends_it(self):
        with self.replay(GET):
            self.assertEqual(200, self.ask("/users?page=1")[0])
        self.assertEqual(500, self.ask("/users?page=1")[0])
        self.told()

    def test_recorded_requests_need_not_come(self):
        self.replay(GET)
        self.server.verify()

    def test_braces_in_a_path_are_no_template(self):
        path = urllib.parse.quote("/{a}")
        self.replay(again(GET, url=f"http://a.test{path}"))
        self.assertEqual(200, self.ask(path)[0])
        self.assertEqual(500, self.ask("/b")[0])
        self.told()


class Lenient(ReplayTest):
    def test_the_same_method_and_path_are_enough(self):
        self.replay(PAY, GET, again(GET, url="https://api.test/users?page=2"), strict=False)
        self.assertEqual((201, "paid"), self.ask("/pay", b"whatever"))
        self.assertEqual((200, "first"), self.ask("/users?page=7"))

    def test_what_is_as_recorded_goes_first(self):
        second = again(GET, url="https://api.test/users?page=2", content=b"second")
        self.replay(GET, second, strict=False)
        self.assertEqual((200, "second"), self.ask("/users?page=2"))

    def test_another_path_still_fails(self):
        self.replay(GET, strict=False)
        self.assertEqual(500, self.ask("/user")[0])
        self.told()


class Refused(ReplayTest):
    def test_a_file_that_cannot_be_replayed(self):
        elsewhere = again(GET, url="http://b.test/")
        told = [
            self.refused(),
            self.refused(again(GET, status=0)),
            self.refused(GET, elsewhere),
            self.refused(GET, elsewhere, origin="http://c.test"),
            self.refused(again(GET, answer_headers=[("a b", "")])),
            self.refused(GET, again(GET, status=1000)),
            self.refused(again(GET, method="GET IT")),
        ]
        self.assertGolden("replay-refused", "\n".join(told))
        self.assertEqual(500, self.ask("/users?page=1")[0])
        self.told()

    def test_one_of_several_servers_can_be_chosen(self):
        elsewhere = again(GET, url="http://b.test/users?page=1", content=b"elsewhere")
        self.replay(GET, elsewhere, origin="http://b.test")
        self.assertEqual((200, "elsewhere"), self.ask("/users?page=1"))


class Answers(Golden):
    def test_headers_of_the_connection_and_of_the_sent_body_are_dropped(self):
        headers = [
            *((":status", "200"), ("Content-Encoding", "br"), ("transfer-encoding", "chunked")),
            *(
                ("Content-Length", "1"),
                ("Connection", "close"),
                ("X-A", "1"),
                ("Set-Cookie", "a\nb"),
            ),
        ]
        wanted = (("X-A", "1"), ("Set-Cookie", "a"), ("Set-Cookie", "b"))
        self.assertEqual(wanted, answer(again(GET, answer_headers=headers)).headers)

    def test_redirects_stay_here(self):
        redirect = again(GET, answer_headers=[("Location", "https://api.test/b")])
        self.assertEqual((("Location", "/b"),), answer(redirect).headers)
        for url, wanted in (
            ("https://api.test", "/"),
            ("https://api.test?a", "/?a"),
            ("https://api.test.evil/", "https://api.test.evil/"),
            ("/b", "/b"),
        ):
            self.assertEqual(wanted, local(url, "https://api.test"))

    def test_it_is_the_answer_that_a_test_would_write(self):
        self.assertEqual(respond(200, data=b"first"), answer(GET))
