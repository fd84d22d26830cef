import unittest

from shop.testing import BROWSER
from underlay.assertions import Ellipsis


class Catalogue(Ellipsis, unittest.TestCase):
    layer = BROWSER

    def test_shows_products_with_their_prices(self):
        self.assertEllipsis(
            '...<li>Felt underlay <span class="price">€ 24.50</span>...',
            self.layer.open("/").contents,
        )

    def test_finds_products_by_a_part_of_their_name(self):
        browser = self.layer.open("/")
        browser.getControl("Search for").value = "UNDERLAY"
        browser.getForm(index=0).submit()
        self.assertEllipsis("...Felt underlay...Cork underlay...", browser.contents)
        self.assertNotEllipsis("...Wool rug...", browser.contents)

    def test_shows_what_was_searched_for_as_text(self):
        browser = self.layer.open("/?words=<script>")
        self.assertIn('value="&lt;script&gt;"', browser.contents)


class Cart(Ellipsis, unittest.TestCase):
    layer = BROWSER

    def test_is_empty_at_first(self):
        self.assertIn("Your cart is empty.", self.layer.open("/cart").contents)

    def test_holds_what_was_bought_and_adds_up(self):
        for product in ("Buy Felt underlay", "Buy Doormat", "Buy Doormat"):
            self.layer.open("/").getControl(product).click()
        self.assertEllipsis(
            '...Felt underlay...value="1"...Doormat...value="2"...'
            "Shipping...€ 4.90...Total...€ 53.40...",
            self.layer.browser.contents,
        )

    def test_forgets_what_is_no_longer_wanted(self):
        browser = self.layer.open("/")
        browser.getControl("Buy Felt underlay").click()
        browser.getControl("Felt underlay").value = "0"
        browser.getControl("Update").click()
        self.assertIn("Your cart is empty.", browser.contents)
