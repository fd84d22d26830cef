"""What can be wanted of a request, and how a report tells that it is otherwise."""

import re
import unittest
import uuid
from unittest import mock

from tests.http.support import Golden, ask, up
from underlay._errors import UnexpectedRequest
from underlay.http import FakeServer, containing

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
MULTIPART = {"Content-Type": "multipart/form-data; boundary=xyz"}


def part(name, data, more=""):
    head = f'--xyz\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n'
    return head.encode() + data + b"\r\n"


class Up(Golden):
    def setUp(self):
        self.server = up(self, FakeServer(name="PAYMENTS"))

    def differs(self, target="/", sent=None, sent_headers=(), **wanted):
        """What a report says to an expectation and a request; nothing if they match."""
        with FakeServer() as server:
            api = server.expect(optional=True, **wanted)
            ask(server.url + target, sent, headers=sent_headers)
            if api.calls:
                return []
            with self.assertRaises(UnexpectedRequest) as raised:
                server.verify()
        return [line.strip() for line in raised.exception.report[1:]]


class Paths(Up):
    def test_a_template_has_places_for_values(self):
        api = self.server.expect("GET", "/users/{name}/orders/{id:int}").then(
            lambda request: [request.path_params["name"], request.path_params["id"] + 1]
        )
        self.assertEqual((200, '["bob", 8]'), ask(self.server.url + "/users/bob/orders/7"))
        self.assertEqual({"name": "bob", "id": 7}, api.requests[0].path_params)

    def test_each_converter_makes_values_of_its_own(self):
        some = uuid.uuid4()
        for template, path, value in (
            ("/{x}", "/a b", "a b"),
            ("/{x:str}", "/7", "7"),
            ("/{x:int}", "/7", 7),
            ("/{x:float}", "/7.5", 7.5),
            ("/{x:uuid}", f"/{some}", some),
            ("/a/{x:path}", "/a/b/c", "b/c"),
        ):
            with self.subTest(template):
                api = self.server.expect(path=template, times=1)
                ask(self.server.url + path.replace(" ", "%20"))
                self.assertEqual(value, api.requests[0].path_params["x"])

    def test_a_value_that_does_not_fit_is_told(self):
        told = self.differs("/users/bob", path="/users/{id:int}")
        self.assertEqual(["path: wanted /users/{id:int}, got /users/bob"], told)
        self.assertEqual([], self.differs("/a.b", path="/a.{x}"))
        self.assertTrue(self.differs("/axb", path="/a.{x}"))

    def test_a_regular_expression_matches_the_whole_path(self):
        pattern = re.compile("/v[12]/(?P<what>[a-z]+)")
        api = self.server.expect(path=pattern, times=1)
        ask(self.server.url + "/v2/users")
        self.assertEqual({"what": "users"}, api.requests[0].path_params)
        told = self.differs("/v2/users/7", path=pattern)
        self.assertEqual([f"path: wanted {pattern!r}, got /v2/users/7"], told)

    def test_a_template_that_is_none_is_refused(self):
        for wrong in ("/{}", "/{a}/{a}", "/{a:number}", "/{a", "/a}", "/{a-b}"):
            with self.subTest(wrong), self.assertRaisesRegex(ValueError, "no place for a value"):
                self.server.expect("GET", wrong)

    def test_a_pattern_of_bytes_is_refused(self):
        with self.assertRaisesRegex(TypeError, "The path is text"):
            self.server.expect("GET", re.compile(b"/"))


class Values(Up):
    def test_other_parameters_may_come_where_some_are_wanted(self):
        self.assertEqual([], self.differs("/?a=1&b=2", query=containing({"a": 1})))
        told = self.differs("/?a=1&b=2", query=containing({"a": 2, "c": 3}))
        self.assertEqual(
            ["query: a: wanted '2', got '1'", "query: c: wanted '3', got nothing"], told
        )

    def test_one_that_must_not_come_has_no_values(self):
        self.assertEqual([], self.differs(headers={"X-Debug": []}))
        told = self.differs(sent_headers={"X-Debug": "1"}, headers={"X-Debug": []})
        self.assertEqual(["headers: X-Debug: wanted nothing, got '1'"], told)

    def test_a_value_may_be_a_pattern_a_function_or_a_part(self):
        for wanted in (re.compile("b.*g"), str.islower, containing("i"), mock.ANY):
            with self.subTest(wanted):
                self.assertEqual([], self.differs("/?a=big", query={"a": wanted}))
        for wanted, told in (
            (re.compile("b"), "a match of 'b'"),
            (str.isupper, "isupper to hold"),
            (containing("u"), "something with 'u'"),
        ):
            with self.subTest(told):
                self.assertEqual(
                    [f"query: a: wanted {told}, got 'big'"],
                    self.differs("/?a=big", query={"a": wanted}),
                )

    def test_so_may_each_of_several(self):
        wanted = {"a": ["1", re.compile("[0-9]")]}
        self.assertEqual([], self.differs("/?a=1&a=2", query=wanted))
        self.assertEqual(
            ["query: a: wanted '1', a match of '[0-9]', got '1', 'x'"],
            self.differs("/?a=1&a=x", query=wanted),
        )

    def test_what_a_function_raises_is_told(self):
        told = self.differs("/?a=x", query={"a": lambda value: int(value) > 3})
        self.assertRegex(
            told[0], r"a: wanted .*<lambda> \(.*test_matching.py:\d+\) to hold, got 'x'"
        )
        self.assertRegex(told[0], r"\(ValueError: invalid literal")

    def test_cookies_are_compared_by_name(self):
        sent = {"Cookie": 'session=abc; theme="dark"; theme=light'}
        wanted = {"session": "abc", "theme": ["dark", "light"]}
        self.assertEqual([], self.differs(sent_headers=sent, cookies=wanted))
        self.assertEqual(
            ["cookies: session: wanted 'x', got 'abc'"],
            self.differs(sent_headers=sent, cookies={"session": "x"}),
        )


class Forms(Up):
    def test_all_fields_of_a_form_are_compared(self):
        sent = b"name=B%C3%B6b&tag=a&tag=b&empty="
        wanted = {"name": "Böb", "tag": ["a", "b"], "empty": ""}
        self.assertEqual([], self.differs(sent=sent, sent_headers=FORM, form=wanted))
        del wanted["empty"]
        self.assertEqual(
            ["form: empty: wanted nothing, got ''"],
            self.differs(sent=sent, sent_headers=FORM, form=wanted),
        )
        self.assertEqual([], self.differs(sent=sent, sent_headers=FORM, form=containing(wanted)))

    def test_a_multipart_form_is_a_form_as_well(self):
        sent = part("name", "Böb".encode()) + part("tag", b"a") + b"--xyz--\r\n"
        wanted = {"name": "Böb", "tag": "a"}
        self.assertEqual([], self.differs(sent=sent, sent_headers=MULTIPART, form=wanted))

    def test_its_files_are_apart(self):
        data = bytes(range(256)) + b"\r\n\r--xy"
        more = '; filename="x.png"\r\nContent-Type: image/png'
        sent = part("name", b"Bob") + part("picture", data, more) + b"--xyz--\r\n"
        api = self.server.expect(form={"name": "Bob"})
        ask(self.server.url, sent, headers=MULTIPART)
        [file] = api.requests[0].files
        self.assertEqual(
            ("picture", "x.png", "image/png", data),
            (file.field, file.filename, file.content_type, file.data),
        )

    def test_what_is_no_form_has_no_fields(self):
        told = self.differs(sent=b"{}", sent_headers={"Content-Type": "a/b"}, form={"a": "1"})
        self.assertEqual(["form: a: wanted '1', got nothing"], told)


class Json(Up):
    def json(self, sent, wanted):
        return [line.removeprefix("json: ") for line in self.differs(sent=sent, json=wanted)]

    def test_each_path_that_differs_has_its_line(self):
        self.assertEqual(
            ["$.amount: wanted 10, got 12", "$.to.iban: wanted 'x', got nothing"],
            self.json(b'{"amount": 12, "to": {}}', {"amount": 10, "to": {"iban": "x"}}),
        )

    def test_true_is_not_1(self):
        for sent, wanted in ((b"1", True), (b"true", 1), (b"0", False), (b"true", 1.0)):
            with self.subTest(sent):
                self.assertEqual(
                    [f"$: wanted {wanted!r}, got {eval(sent.title())}"], self.json(sent, wanted)
                )
        self.assertEqual([], self.json(b"1.0", 1))

    def test_what_is_of_another_shape_is_told_as_such(self):
        self.assertEqual(["$: wanted an object, got []"], self.json(b"[]", {}))
        self.assertEqual(["$: wanted a list, got {}"], self.json(b"{}", []))
        self.assertEqual(
            ["$.a: wanted [1, {'b': 2}], got nothing"], self.json(b"{}", {"a": [1, {"b": 2}]})
        )

    def test_a_part_is_enough_all_the_way_down(self):
        sent = b'{"a": {"b": 1, "c": 2}, "d": 3}'
        self.assertEqual([], self.json(sent, containing({"a": {"b": 1}})))
        self.assertEqual(["$.a.b: wanted 2, got 1"], self.json(sent, containing({"a": {"b": 2}})))
        self.assertEqual(
            ["$.d: wanted nothing, got 3"], self.json(sent, {"a": containing({"b": 1})})
        )

    def test_some_items_of_a_list_are_enough(self):
        sent = b'[1, "abc", {"id": 7, "name": "x"}]'
        self.assertEqual([], self.json(sent, containing([{"id": 7}, 1])))
        self.assertEqual(
            ["$: wanted an item 2, got [1, 'abc', {'id': 7, 'name': 'x'}]"],
            self.json(sent, containing([1, 2])),
        )
        self.assertEqual(["$: wanted an item 1, got 3"], self.json(b"3", containing([1])))

    def test_some_of_a_text_is_enough(self):
        self.assertEqual([], self.json(b'"abc"', containing("b")))
        self.assertEqual(
            ["$: wanted something with 'x', got 'abc'"], self.json(b'"abc"', containing("x"))
        )

    def test_a_leaf_may_be_a_type_a_pattern_a_function_or_what_equals(self):
        for sent, wanted in (
            (b"7", int),
            (b'"abc"', str),
            (b"true", bool),
            (b"[]", list),
            (b'"abc"', re.compile("[a-c]+")),
            (b"7", lambda value: value > 3),
            (b"[]", mock.ANY),
        ):
            with self.subTest(wanted):
                self.assertEqual([], self.json(sent, wanted))
        for sent, wanted, told in (
            (b"true", int, "wanted a value of type int, got True"),
            (b'"7"', int, "wanted a value of type int, got '7'"),
            (b"7", re.compile("7"), "wanted a match of '7', got 7"),
        ):
            with self.subTest(told):
                self.assertEqual([f"$: {told}"], self.json(sent, wanted))

    def test_keys_are_what_json_makes_of_them(self):
        self.assertEqual([], self.json(b'{"7": 1, "null": 3}', {7: 1, None: 3}))

    def test_every_kind_of_difference_reads_well(self):
        def positive(value):
            return value > 0

        self.server.expect(
            "POST",
            "/orders/{id:int}",
            query=containing({"page": 2}),
            headers={"Authorization": re.compile("Bearer .+")},
            cookies={"session": containing("abc")},
            json=containing({"amount": positive, "to": {"iban": str}, "tags": containing(["new"])}),
            where=lambda request: request.headers["X-Signature"],
            optional=True,
        )
        ask(
            self.server.url + "/orders/x?page=3&more=1",
            b'{"amount": "-1", "to": {"iban": 7}, "tags": ["old"], "more": 1}',
            headers={"Authorization": "Basic x", "Cookie": "session=x"},
        )
        with self.assertRaises(UnexpectedRequest) as raised:
            self.server.verify()
        self.assertGolden("every-criterion", raised.exception)


class Bodies(Up):
    def test_a_body_may_be_a_part_a_pattern_or_what_holds(self):
        for wanted in (
            containing("am"),
            containing(b"am"),
            re.compile("[a-z=]+10"),
            re.compile(b".*10"),
            lambda body: len(body) == 9,
        ):
            with self.subTest(wanted):
                self.assertEqual([], self.differs(sent=b"amount=10", body=wanted))
        told = self.differs(sent=b"amount=10", body=containing("x"))
        self.assertEqual(["body: wanted something with b'x', got b'amount=10'"], told)

    def test_whatever_else_is_wanted_is_a_function_of_the_request(self):
        def signed(request):
            return "x-signature" in request.headers

        self.assertEqual([], self.differs(sent_headers={"X-Signature": "1"}, where=signed))
        told = self.differs("/pay", where=signed)
        self.assertRegex(told[0], r"^where: wanted .*signed \(.*:\d+\) to hold, got GET /pay$")


class Arguments(unittest.TestCase):
    def test_what_makes_no_sense_is_refused_at_once(self):
        async def always(value):
            return False

        server = up(self, FakeServer())
        for wrong, message in (
            ({"query": {"a": int}}, r"query\['a'\] is text"),
            ({"query": {"a": re.compile(b"x")}}, r"query\['a'\] is text"),
            ({"query": {"a": containing(["x"])}}, r"query\['a'\] is text"),
            ({"query": containing("a")}, "query is a mapping"),
            ({"cookies": "a=b"}, "cookies is a mapping"),
            ({"form": [("a", "b")]}, "form is a mapping"),
            ({"json": {"a": object()}}, "not JSON serializable"),
            ({"body": {"a": 1}}, "json= and form= take the rest"),
            ({"body": containing({})}, "json= and form= take the rest"),
            ({"where": True}, "where is a function of the request"),
            ({"where": dict}, "where is a function of the request"),
            ({"where": always}, r"always .* is async"),
            ({"json": {"a": always}}, r"always .* is async"),
            ({"headers": {7: "a"}}, "A name of headers is text, not 7"),
        ):
            with self.subTest(wrong), self.assertRaisesRegex(TypeError, message):
                server.expect(**wrong)

    def test_only_what_has_parts_can_contain_some(self):
        self.assertRaisesRegex(TypeError, "What can be contained", containing, 3)
