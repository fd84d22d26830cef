"""What a request must be like."""

import re
import unittest

from werkzeug import Request
from werkzeug.datastructures import MultiDict
from werkzeug.test import EnvironBuilder

from underlay.httpserver import HeaderValueMatcher, RequestMatcher, URIPattern
from underlay.httpserver.httpserver import (
    METHOD_ALL,
    BooleanQueryMatcher,
    MappingQueryMatcher,
    NoMethodFoundForMatchingHeaderValueError,
    QueryMatcher,
    StringQueryMatcher,
)


def request(path="/pay", **options):
    return Request(EnvironBuilder(path, **options).get_environ())


class Under(URIPattern):
    def __init__(self, folder):
        self.folder = folder

    def match(self, uri):
        return uri.startswith(self.folder)


class Uri(unittest.TestCase):
    def check(self, uri, good, bad):
        self.assertTrue(RequestMatcher(uri).match(request(good)))
        self.assertEqual([("uri", bad, uri)], RequestMatcher(uri).difference(request(bad)))

    def test_text_is_the_whole_path(self):
        self.check("/pay", "/pay", "/pay/1")

    def test_a_pattern_matches_its_beginning(self):
        self.check(re.compile("/pay"), "/pay/1", "/to/pay")

    def test_an_object_of_the_users_own(self):
        self.check(Under("/pay/"), "/pay/1", "/pay")

    def test_anything_that_is_equal(self):
        class AnyCase(str):
            __slots__ = ()

            def __eq__(self, other):
                return self.lower() == other.lower()

            __hash__ = str.__hash__

        self.check(AnyCase("/pay"), "/PAY", "/")

    def test_nothing_is_any(self):
        self.assertTrue(RequestMatcher("").match(request("/anything")))

    def test_a_query_is_no_part_of_it(self):
        self.assertFalse(RequestMatcher("/pay?a=1").match(request("/pay?a=1")))


class Parts(unittest.TestCase):
    def test_the_method_in_any_case(self):
        self.assertTrue(RequestMatcher("/pay", "post").match(request(method="POST")))
        self.assertFalse(RequestMatcher("/pay", "POST").match(request()))
        self.assertEqual(METHOD_ALL, RequestMatcher("/pay").method)

    def test_the_body_as_text_or_bytes(self):
        for body in ("ü", "ü".encode("latin-1")):
            matcher = RequestMatcher("/pay", data=body, data_encoding="latin-1")
            self.assertTrue(matcher.match(request(data=b"\xfc")))
            self.assertFalse(matcher.match(request(data="ü".encode())))

    def test_the_body_as_json(self):
        matcher = RequestMatcher("/pay", json={"amount": None})
        self.assertTrue(matcher.match(request(data=b'{"amount":null}')))
        for other in (b"{}", b"{", b"\xff", b'{"amount":null,"to":1}'):
            self.assertFalse(matcher.match(request(data=other)))

    def test_null_is_not_nothing(self):
        self.assertFalse(RequestMatcher("/pay", json=None).match(request()))
        self.assertTrue(RequestMatcher("/pay", json=None).match(request(data=b"null")))

    def test_a_request_has_one_body(self):
        with self.assertRaisesRegex(ValueError, "data= or json="):
            RequestMatcher("/pay", data="", json={})

    def test_some_of_the_headers(self):
        matcher = RequestMatcher("/pay", headers={"X-Shop": "7"})
        self.assertTrue(matcher.match(request(headers={"X-Shop": "7", "X-Other": "8"})))
        different = [("headers", {"X-Shop": None}, {"X-Shop": "7"})]
        self.assertEqual(different, matcher.difference(request()))

    def test_several_differences(self):
        parts = [part for part, _, _ in RequestMatcher("/", "PUT", b"x").difference(request())]
        self.assertEqual(["uri", "method", "data"], parts)

    def test_it_tells_what_is_wanted(self):
        told = "<RequestMatcher uri='/pay' method='__ALL' query_string=None headers={} data=b'x' "
        self.assertEqual(f"{told}json=<UNDEFINED>>", repr(RequestMatcher("/pay", data="x")))


class Query(unittest.TestCase):
    def check(self, wanted, good, bad):
        for query_string in good:
            self.assertTrue(
                RequestMatcher("", query_string=wanted).match(request(f"/?{query_string}"))
            )
        for query_string in bad:
            self.assertFalse(
                RequestMatcher("", query_string=wanted).match(request(f"/?{query_string}"))
            )

    def test_text_and_bytes_are_compared_as_they_are(self):
        for wanted in ("a=1&b=2", b"a=1&b=2"):
            self.check(wanted, ["a=1&b=2"], ["b=2&a=1", ""])

    def test_a_mapping_in_any_order_by_the_first_value_of_each(self):
        self.check({"a": "1", "b": ""}, ["a=1&b=", "b&a=1", "a=1&b=&a=2"], ["a=1", "a=2&b=&a=1"])

    def test_a_multidict_with_all_values(self):
        self.check(MultiDict([("a", "1"), ("a", "2")]), ["a=1&a=2"], ["a=1", "a=2&a=1"])

    def test_matchers_of_their_own(self):
        class Short(QueryMatcher):
            def get_comparing_values(self, request_query_string):
                return len(request_query_string) < 5, True

        self.check(Short(), ["a=1", ""], ["a=1&b=2"])
        self.check(BooleanQueryMatcher(False), [], ["", "a=1"])
        self.check(MappingQueryMatcher({}), [""], ["a="])

    def test_anything_else_is_refused(self):
        for make in (StringQueryMatcher, lambda wrong: RequestMatcher("/", query_string=wrong)):
            with self.assertRaisesRegex(TypeError, "not 7"):
                make(7)


class Headers(unittest.TestCase):
    def test_authorization_is_compared_by_what_it_says(self):
        matcher = RequestMatcher("", headers={"Authorization": 'Digest a="1", b="2"'})
        good = request(headers={"Authorization": 'Digest b="2", a="1"'})
        bad = request(headers={"Authorization": 'Digest b="2", a="2"'})
        self.assertEqual([True, False], [matcher.match(good), matcher.match(bad)])

    def test_a_function_for_one_header(self):
        compare = HeaderValueMatcher({"X-Shop": lambda got, wanted: got.lower() == wanted})
        self.assertTrue(compare("X-Shop", "ABC", "abc"))
        with self.assertRaisesRegex(NoMethodFoundForMatchingHeaderValueError, "X-Other"):
            compare("X-Other", "ABC", "abc")

    def test_a_function_for_all(self):
        called = []
        matcher = RequestMatcher(
            "", headers={"A": "1"}, header_value_matcher=lambda *parts: called.append(parts) or True
        )
        self.assertTrue(matcher.match(request()))
        self.assertEqual([("A", None, "1")], called)
