"""A request as the expectation that would match it."""

import re

from tests.standalone.support import StandaloneTest
from underlay.http import FakeServer, Request
from underlay.http._matching import criteria, matches
from underlay.standalone._copying import as_python, as_yaml
from underlay.standalone._expectations import read

JSON = [(b"Content-Type", b"application/json")]
FORM = [(b"Content-Type", b"application/x-www-form-urlencoded")]
REQUESTS = [
    Request("GET", "/"),
    Request("GET", "/users?page=1&tag=a&tag=b"),
    Request("GET", "/%7Bid%7D/%3Fa"),
    Request(
        "POST", "/pay", JSON, '{"amount": 10, "to": "Bob \U0001f600 \x7f\u0085\ufeff"}'.encode()
    ),
    Request("POST", "/pay", JSON, b'{"a": "\\ud800", "n": null, "l": [true, 1.5]}'),
    Request("POST", "/pay", JSON, b"no json: {"),
    Request("POST", "/form", FORM, b"a=1&b=2&b=3"),
    Request("PUT", "/", [], b"plain: 'text' \"#\n\t"),
    Request("PUT", "/", [], b"\xff\0"),
]


class Copied(StandaloneTest):
    def test_the_file_s_expectation_matches_the_request(self):
        for request in REQUESTS:
            with self.subTest(str(request)):
                self.file.write_text(as_yaml(request), "utf-8")
                (made,) = read(self.file, FakeServer()._playbook)
                self.assertEqual([], list(made._compare(request).lines))

    def test_the_test_s_expectation_matches_the_request(self):
        class Server:
            def expect(self, method, path, **wanted):
                self.wanted = criteria(method, path, **wanted)
                return self

            def then(self, status):
                return self

        for request in REQUESTS:
            with self.subTest(str(request)):
                server = eval(as_python(request), {"server": Server(), "re": re})
                self.assertTrue(matches(server.wanted, request))

    def test_they_read_as_one_would_write_them(self):
        told = [f"{as_yaml(request)}{as_python(request)}" for request in REQUESTS[:2]]
        self.assertGolden("standalone-copied", "\n".join(told).rstrip())
