"""Expectations in YAML."""

import base64
import gzip
import http.client
import sys
import urllib.request
from unittest import mock

from tests.http.support import up
from tests.standalone.support import USERS, StandaloneTest
from underlay import ExpectationsUnreadable
from underlay._errors import ExtraMissing
from underlay.http import FakeServer
from underlay.standalone._expectations import BEHAVIOURS, read

WRONG = [
    "",
    "expect: {path: /}",
    "- expect: {path: /\n",
    "- {then: {status: 200}}",
    "- 7",
    "- expect: {path: /}\n  then: {jsn: 7}",
    "- expect: {path: /}\n  than: {json: 7}",
    "- expect:\n    path: /\n    quary: {}",
    "- expect: {path: /}\n- expect: {path: users}",
    "- expect: {method: GET}\n  then:\n    - {status: 200}\n    - {status: 99}",
    "- expect: {path: /}\n  then:\n    status: 200\n    status: 201",
    "- expect: {path: /}\n  then: {delay: soon}",
    "- expect: {path: /}\n  then:\n    delay: {secs: 1}",
    "- expect: {path: !regex '('}",
    "- expect: {<<: 7}",
    "- expect: {headers: {X-Flag: no}}",
    "- expect: {path: /, times: 0}",
    "- expect: {path: /}\n  then: {send_file: none.txt}",
    "- expect: {path: /}\n  then: {json: 1, text: a}",
    "- expect: {path: !!python/name:os.system x}",
    "- &a [*a]",
    "- expect: {json: &a [*a]}",
    "- expect: {? [a] : b}",
    "- expect: {json: {on: push}}",
    "- expect: {method: [GET, POST]}",
    "- expect: {json: !contains {a: 1}}",
    "- expect: {path: /}\n  then: {send_file: 7}",
    "- expect: {path: /}\n  then: {gzipped: false}",
    "a: b: c",
    "\x00",
]


class Words(StandaloneTest):
    def test_method_path_and_answer(self):
        server = self.serve(USERS)
        self.assertEqual((200, '{"name": "Bob"}'), self.ask(server, "/users/7"))
        self.assertEqual(500, self.ask(server, "/users/seven")[0])

    def test_whatever_expect_knows(self):
        server = self.serve("""
- expect:
    query: {page: 1, tag: [a, b]}
    headers: {X-Key: !regex "a+"}
    cookies: {sid: abc}
    json: {amount: 10, to: !containing {name: Bob}, note: null}
  then: {text: json}
- expect: {form: !containing {a: 1}}
  then: {text: form}
- expect: {body: !containing needle}
  then: {text: body}
- expect: {body: !!binary /wA=}
  then: {text: bytes}
""")
        headers = {"X-Key": "aaa", "Cookie": "sid=abc"}
        data = b'{"amount": 10, "to": {"name": "Bob", "id": 7}, "note": null}'
        path = "/?page=1&tag=a&tag=b"
        self.assertEqual("json", self.ask(server, path, data, headers=headers)[1])
        self.assertEqual("form", self.ask(server, "/", b"a=1&b=2")[1])
        self.assertEqual("body", self.ask(server, "/", b"a needle there")[1])
        self.assertEqual("bytes", self.ask(server, "/", b"\xff\0")[1])

    def test_whatever_then_knows(self):
        (self.folder / "logo.svg").write_text("<svg/>")
        server = self.serve("""
- expect: {path: /created}
  then: {status: 201, headers: {X-Kind: [a, b]}, text: there}
- expect: {path: /logo}
  then: {send_file: logo.svg}
- expect: {path: /moved}
  then: {redirect: /created}
- expect: {path: /packed}
  then: {gzipped: {force: true}, text: packed}
- expect: {path: /gone}
  then: {reset_connection: true}
- expect: {path: /binary}
  then: {data: !!binary /wA=}
- expect: {path: /nothing}
""")
        with urllib.request.urlopen(server.url + "/moved", timeout=10) as answer:
            self.assertEqual(201, answer.status)
            self.assertEqual(["a", "b"], answer.headers.get_all("X-Kind"))
        self.assertEqual((200, "<svg/>"), self.ask(server, "/logo"))
        with urllib.request.urlopen(server.url + "/packed", timeout=10) as answer:
            self.assertEqual(b"packed", gzip.decompress(answer.read()))
        with self.assertRaises((ConnectionResetError, http.client.RemoteDisconnected)):
            self.ask(server, "/gone")
        with urllib.request.urlopen(server.url + "/binary", timeout=10) as answer:
            self.assertEqual(base64.b64decode("/wA="), answer.read())
        self.assertEqual((200, ""), self.ask(server, "/nothing"))

    def test_one_is_a_number_and_not_true(self):
        server = self.serve(
            "- {expect: {path: /}, then: {delay: 0, close_connection: 1, text: abc}}"
        )
        with self.assertRaises(http.client.IncompleteRead) as raised:
            self.ask(server, "/")
        self.assertEqual(b"a", raised.exception.partial)

    def test_dates_are_text(self):
        server = self.serve("- {expect: {json: {day: 2026-11-21}}, then: {json: 2026-11-22}}")
        self.assertEqual((200, '"2026-11-22"'), self.ask(server, "/", b'{"day": "2026-11-21"}'))

    def test_several_answers_come_in_order_and_the_last_one_again(self):
        server = self.serve("- expect: {path: /}\n  then: [{status: 503}, {text: a}]")
        asked = [self.ask(server, "/") for _ in range(3)]
        self.assertEqual([(503, ""), (200, "a"), (200, "a")], asked)

    def test_as_often_as_it_says(self):
        server = self.serve("- expect: {path: /, times: 1}\n- expect: {}\n  then: {text: later}")
        self.assertEqual(["", "later"], [self.ask(server, "/")[1] for _ in range(2)])

    def test_parts_can_be_said_once_for_several(self):
        server = self.serve("""
- expect: &any {method: GET, path: /a}
  then: &answer {status: 201}
- expect: {<<: *any, path: /b}
  then: {<<: *answer, text: b}
""")
        self.assertEqual((201, "b"), self.ask(server, "/b"))

    def test_another_server_can_answer(self):
        real = up(self, FakeServer(name="REAL"))
        real.expect("GET", "/a").then(text="real")
        server = self.serve(f"- expect: {{}}\n  then: {{forward: '{real.url}'}}")
        self.assertEqual("real", self.ask(server, "/a")[1])

    def test_every_behaviour_is_one_of_the_room(self):
        from underlay import http

        self.assertLessEqual(set(BEHAVIOURS), set(http.__all__))


class Refused(StandaloneTest):
    def refused(self, text):
        self.file.write_text(text)
        with self.assertRaises(ExpectationsUnreadable, msg=text) as raised:
            read(self.file, FakeServer()._playbook)
        return self.shortened(raised.exception)

    def test_whatever_is_wrong_is_told_with_its_line(self):
        told = [f"{text}\n  -> {self.refused(text)}" for text in WRONG[:-1]]
        self.assertGolden("standalone-yaml", "\n".join(told))
        self.assertIn("api.yaml", self.refused(WRONG[-1]))

    def test_a_file_of_another_kind_or_none(self):
        with self.assertRaisesRegex(ExpectationsUnreadable, "neither a FILE.yaml nor a FILE.har"):
            read(self.folder / "api.txt", FakeServer()._playbook)
        for name in ("none.yaml", "none.har"):
            with self.assertRaisesRegex(ExpectationsUnreadable, "No such file"):
                read(self.folder / name, FakeServer()._playbook)

    def test_without_yaml_the_extra_is_named(self):
        with mock.patch.dict(sys.modules, {"yaml": None}):
            with self.assertRaisesRegex(ExtraMissing, r"install underlay\[serve\]"):
                read(self.file, FakeServer()._playbook)
