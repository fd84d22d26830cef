"""How often, in which order and in which state a request is expected."""

import unittest

from tests.http.support import Golden, ask, up
from underlay._errors import LayerError, SeveralProblems, UnexpectedRequest, UnmetExpectation
from underlay.http import FakeServer


class Up(Golden):
    def setUp(self):
        self.server = up(self, FakeServer(name="PAYMENTS"))

    def ask(self, *targets, method="GET"):
        """The answers' statuses."""
        return [ask(self.server.url + each, method=method)[0] for each in targets]

    def problem(self, kind):
        with self.assertRaises(kind) as raised:
            self.server.check()
        return raised.exception


class Times(Up):
    def unmet(self, came, **times):
        """What is told to have been wanted if so many requests came; nothing if that is enough."""
        with FakeServer() as server:
            server.expect("GET", "/", **times)
            for _each in range(came):
                ask(server.url)
            try:
                server.check()
            except UnmetExpectation as error:
                return error.wanted
            except UnexpectedRequest as error:
                return error.report[1].strip()
        return ""

    def test_at_least_as_many_must_come(self):
        self.assertEqual("at least 2", self.unmet(1, at_least=2))
        self.assertEqual("", self.unmet(2, at_least=2))
        self.assertEqual("", self.unmet(4, at_least=2))
        self.assertEqual("", self.unmet(0, at_least=0))

    def test_at_most_as_many_may_come(self):
        self.assertEqual("", self.unmet(0, at_most=2))
        self.assertEqual("", self.unmet(2, at_most=2))
        self.assertEqual("times: wanted at most 2, this is one more", self.unmet(3, at_most=2))

    def test_both_make_a_range(self):
        self.assertEqual("2 to 3", self.unmet(1, at_least=2, at_most=3))
        self.assertEqual(
            "times: wanted 2 to 3, this is one more", self.unmet(4, at_least=2, at_most=3)
        )

    def test_exactly_as_many_must_come(self):
        self.assertEqual("2", self.unmet(1, times=2))
        self.assertEqual("", self.unmet(2, times=2))
        self.assertEqual("times: wanted 2, this is one more", self.unmet(3, times=2))

    def test_as_many_or_none_may_come(self):
        self.assertEqual("", self.unmet(0, times=2, optional=True))
        self.assertEqual(
            "times: wanted at most 2, this is one more", self.unmet(3, times=2, optional=True)
        )

    def test_what_makes_no_sense_is_refused(self):
        for kind, wrong, message in (
            (TypeError, {"times": "2"}, "times is a number of requests, not '2'"),
            (TypeError, {"times": True}, "times is a number of requests, not True"),
            (ValueError, {"times": 0}, "needs no expectation"),
            (ValueError, {"at_most": 0}, "at_most is 1 or more"),
            (ValueError, {"at_least": -1}, "at_least is 0 or more"),
            (ValueError, {"at_least": 3, "at_most": 2}, "at_least=3 is more than at_most=2"),
            (TypeError, {"times": 1, "at_least": 1}, "leave out at_least="),
            (TypeError, {"optional": True, "at_least": 1}, "leave out at_least="),
            (TypeError, {"times": 1, "at_most": 1}, "leave out at_most="),
        ):
            with self.subTest(wrong), self.assertRaisesRegex(kind, message):
                self.server.expect(**wrong)


class Order(Up):
    def expect_in_order(self, *paths):
        with self.server.in_order():
            return [self.server.expect("GET", path) for path in paths]

    def test_what_comes_in_order_matches(self):
        self.expect_in_order("/login", "/pay", "/login")
        self.assertEqual([200, 200, 200], self.ask("/login", "/pay", "/login"))
        self.server.check()

    def test_what_comes_too_early_is_told_and_spoils_nothing(self):
        self.expect_in_order("/login", "/pay")
        self.assertEqual([500, 200, 200], self.ask("/pay", "/login", "/pay"))
        self.assertGolden("order-early", self.problem(UnexpectedRequest))

    def test_what_comes_too_late_is_told(self):
        with self.server.in_order():
            self.server.expect("GET", "/login", at_least=1)
            self.server.expect("GET", "/pay")
        self.assertEqual([200, 200, 200, 500], self.ask("/login", "/login", "/pay", "/login"))
        self.assertGolden("order-late", self.problem(UnexpectedRequest))

    def test_each_stands_for_one_request_for_each_of_its_answers(self):
        first, second = self.expect_in_order("/", "/")
        first.then(status=503).then(status=504)
        second.then(status=201)
        self.assertEqual([503, 504, 201], self.ask("/", "/", "/"))
        self.assertEqual([500], self.ask("/"))
        self.problem(UnexpectedRequest)

    def test_other_requests_may_come_between(self):
        self.server.expect("GET", "/health")
        self.expect_in_order("/login", "/pay")
        self.assertEqual([200, 200, 200], self.ask("/login", "/health", "/pay"))

    def test_two_orders_are_independent(self):
        self.expect_in_order("/a1", "/a2")
        self.expect_in_order("/b1", "/b2")
        self.assertEqual([200, 200, 200, 200], self.ask("/b1", "/a1", "/a2", "/b2"))

    def test_what_does_not_come_is_told(self):
        self.expect_in_order("/login", "/pay", "/logout")
        self.ask("/login")
        self.assertEqual(2, len(self.problem(SeveralProblems).problems))

    def test_after_the_block_no_order_is_meant(self):
        self.expect_in_order("/login")
        self.server.expect("GET", "/pay")
        self.assertEqual([200, 200], self.ask("/pay", "/login"))


class Scenarios(Up):
    def expect_cart(self, server):
        server.scenario(cart="empty")
        server.expect("GET", "/cart", optional=True).when(cart="empty").then(json=[])
        server.expect("POST", "/cart", optional=True).when(cart="empty").then(status=201).becomes(
            cart="full"
        )
        server.expect("GET", "/cart", optional=True).when(cart="full").then(json=["book"])

    def test_the_state_decides_which_expectation_matches(self):
        self.expect_cart(self.server)
        url = self.server.url + "/cart"
        self.assertEqual((200, "[]"), ask(url))
        self.assertEqual((201, ""), ask(url, b""))
        self.assertEqual((200, '["book"]'), ask(url))
        self.assertEqual({"cart": "full"}, self.server.scenarios)

    def test_another_state_is_told(self):
        self.expect_cart(self.server)
        self.assertEqual([201, 500], self.ask("/cart", "/cart", method="POST"))
        self.assertGolden("scenario", self.problem(UnexpectedRequest))

    def test_two_are_independent(self):
        self.server.scenario(a="off", b="off")
        self.server.expect("GET", "/a").becomes(a="on")
        self.server.expect("GET", "/both").when(a="on", b="off")
        self.assertEqual([200, 200], self.ask("/a", "/both"))
        self.assertEqual({"a": "on", "b": "off"}, self.server.scenarios)

    def test_one_of_the_layer_begins_anew_with_each_test(self):
        server = FakeServer()
        server.setUp()
        self.addCleanup(server.tearDown)
        self.expect_cart(server)
        for _test in range(2):
            server.testSetUp()
            self.assertEqual({"cart": "empty"}, server.scenarios)
            self.assertEqual(201, ask(server.url + "/cart", b"")[0])
            server.testTearDown()

    def test_one_of_a_test_goes_with_it(self):
        server = FakeServer()
        server.setUp()
        self.addCleanup(server.tearDown)
        server.scenario(cart="empty")
        server.testSetUp()
        server.scenario(cart="full", door="open")
        self.assertEqual({"cart": "full", "door": "open"}, server.scenarios)
        server.testTearDown()
        self.assertEqual({"cart": "empty"}, server.scenarios)

    def test_one_that_has_not_begun_is_refused(self):
        self.server.scenario(cart="empty")
        api = self.server.expect("GET", "/", optional=True)
        for name in (api.when, api.becomes):
            with self.assertRaisesRegex(ValueError, "no scenario 'crat'; begun: cart"):
                name(crat="empty")

    def test_a_state_is_text(self):
        with self.assertRaisesRegex(TypeError, "The state of cart is text, not 1"):
            self.server.scenario(cart=1)

    def test_it_needs_a_server_that_is_up(self):
        server = FakeServer()
        self.assertRaises(LayerError, server.scenario, cart="empty")
        self.assertEqual({}, server.scenarios)


class AssertCalled(unittest.TestCase):
    def setUp(self):
        self.server = up(self, FakeServer())
        self.api = self.server.expect("GET", "/", optional=True)

    def test_it_checks_the_number_of_requests_so_far(self):
        self.api.assert_not_called()
        self.api.assert_called(times=0)
        self.assertRaises(UnmetExpectation, self.api.assert_called)
        ask(self.server.url)
        self.api.assert_called()
        self.api.assert_called(times=1)
        with self.assertRaisesRegex(UnmetExpectation, "wanted 2 request.*got 1.\n(.*\n)+.*GET /"):
            self.api.assert_called(times=2)
        with self.assertRaisesRegex(UnmetExpectation, r"wanted 0 request\(s\), got 1"):
            self.api.assert_not_called()

    def test_a_failure_is_that_of_the_line_alone(self):
        self.assertRaises(UnmetExpectation, self.api.assert_called)
        self.server.check()
