import unittest

from shop import report
from shop.testing import BROWSER, ORDERS, PAYMENTS
from underlay.assertions import assertEllipsis
from underlay.capture import capture
from underlay.http import reset_connection


class Checkout(unittest.TestCase):
    layer = BROWSER

    def buy(self, product="Felt underlay", card="4711"):
        browser = self.layer.open("/")
        browser.getControl(f"Buy {product}").click()
        browser.getLink("Go to checkout").click()
        browser.getControl("Card number").value = card
        browser.getControl("Pay").click()
        return browser

    def test_charges_the_card_with_the_total_and_empties_the_cart(self):
        PAYMENTS.expect(
            "POST", "/charge", json={"amount": 2940, "currency": "EUR", "card": "4711"}
        ).then(json={"id": "ch_7"})
        browser = self.buy()
        assertEllipsis("...Thank you for order 1...Felt underlay...€ 29.40...", browser.contents)
        browser.open("/cart")
        self.assertIn("Your cart is empty.", browser.contents)

    def test_tells_why_a_card_was_declined_and_keeps_the_cart(self):
        PAYMENTS.expect("POST", "/charge").then(status=402, json={"reason": "no money left"})
        browser = self.buy()
        self.assertIn("Your card was declined: no money left.", browser.contents)
        browser.open("/cart")
        self.assertIn("Felt underlay", browser.contents)

    def test_retries_after_a_reset_without_charging_twice(self):
        api = PAYMENTS.expect("POST", "/charge")
        api.then(reset_connection()).then(json={"id": "ch_7"})
        self.assertIn("Thank you", self.buy().contents)
        self.assertEqual(2, api.calls)
        keys = {request.headers["Idempotency-Key"] for request in PAYMENTS.requests}
        self.assertEqual(1, len(keys))

    def test_gives_up_when_the_provider_is_in_trouble(self):
        PAYMENTS.expect("POST", "/charge").then(status=500)
        self.layer.browser.raiseHttpErrors = False
        browser = self.buy()
        self.assertEqual("503 Service Unavailable", browser.headers["Status"])
        self.assertIn("We cannot take payments at the moment.", browser.contents)

    def test_orders_appear_in_the_report(self):
        PAYMENTS.expect("POST", "/charge").then(json={"id": "ch_7"}).then(json={"id": "ch_8"})
        self.buy("Felt underlay")
        self.buy("Wool rug")
        with capture() as output:
            report.main([str(ORDERS.path)])
        assertEllipsis(
            """\
1 ... 1 Felt underlay
   € 29.40, paid as ch_7
2 ... 1 Wool rug, red & blue
   € 93.90, paid as ch_8
Total: € 123.30
""",
            output.stdout,
        )

    def test_the_report_says_if_there_are_no_orders(self):
        with capture() as output:
            self.assertEqual(1, report.main([str(ORDERS.path)]))
        assertEllipsis("No orders in ...orders.jsonl\n", output.stderr)
