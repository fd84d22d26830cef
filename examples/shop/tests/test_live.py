import unittest
from http.cookiejar import CookieJar
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, build_opener, urlopen

from shop.testing import APP, LIVE, ORDERS, PAYMENTS


class Shop(unittest.TestCase):
    layer = LIVE

    def customer(self):
        """Somebody with cookies of their own; returns what opens a page."""
        opener = build_opener(HTTPCookieProcessor(CookieJar()))

        def visit(path, **form):
            data = urlencode(form).encode() if form else None
            with opener.open(f"{self.layer.url}{path}", data) as response:
                return response.read().decode()

        return visit

    def test_serves_the_scripts_that_its_pages_need(self):
        customer = self.customer()
        self.assertIn('<script src="/js/money.js">', customer("/add", sku="mat"))
        with urlopen(f"{self.layer.url}/js/money.js") as script:
            self.assertIn("javascript", script.headers["Content-Type"])

    def test_customers_have_carts_of_their_own(self):
        alice, bob = self.customer(), self.customer()
        alice("/add", sku="rug")
        bob("/add", sku="mat")
        self.assertIn("Wool rug", alice("/cart"))
        self.assertNotIn("Wool rug", bob("/cart"))

    def test_sells_over_the_network(self):
        PAYMENTS.expect("POST", "/charge").then(json={"id": "ch_9"})
        customer = self.customer()
        customer("/add", sku="felt")
        self.assertIn("Thank you for order 1", customer("/checkout", card="4711"))

    def test_an_order_that_cannot_be_written_is_an_error_and_not_a_thank_you(self):
        """An error of the shop that is not expected like this would fail the test by itself."""
        PAYMENTS.expect("POST", "/charge").then(json={"id": "ch_9"})
        ORDERS.path.mkdir()
        self.addCleanup(ORDERS.path.rmdir)
        customer = self.customer()
        customer("/add", sku="felt")
        with APP.expect_errors() as errors, self.assertRaises(HTTPError):
            customer("/checkout", card="4711")
        self.assertIsInstance(errors[0], IsADirectoryError)
