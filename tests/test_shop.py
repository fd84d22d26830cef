"""Faults planted in the demo: exactly the guilty test fails, with the cause, under every runner."""

import re
import shutil

from tests.runners.project import GUILTY, ProjectTest
from tests.test_readme import SHOP

PLANTED_IN_VIEW = """\
    if "made" in request.POST:
        raise RuntimeError("planted")
    _keep(request, _cart(request).with_one_more"""


class PlantedFaults(ProjectTest):
    def setUp(self):
        self.folder = self.project()
        without_packages = shutil.ignore_patterns("node_modules", "__pycache__")
        shutil.copytree(SHOP, self.folder / "shop", ignore=without_packages)
        (self.folder / "shop" / "node_modules").symlink_to(SHOP / "node_modules")

    def plant(self, name, right, wrong):
        file = self.folder / "shop" / name
        text = file.read_text()
        self.assertEqual(1, text.count(right), f"{right!r} in {name}")
        file.write_text(text.replace(right, wrong))

    def assertOneIsGuilty(self, test, *causes):
        for run in self.run_under_each(self.folder):
            with self.subTest(run.runner):
                [guilty] = set(re.findall(GUILTY[run.runner], run.output, re.MULTILINE))
                self.assertIn(re.sub(r"\W", "_", test), re.sub(r"\W", "_", guilty))
                self.assertNotEqual(0, run.status)
                self.assertEqual(29, run.ran)
                for cause in causes:
                    self.assertIn(cause, run.output)

    def test_a_wrong_assertion_in_a_jasmine_spec(self):
        self.plant("spec/cart_spec.js", "rates)).toEqual(1690)", "rates)).toEqual(1700)")
        self.assertOneIsGuilty(
            "A cart costs shipping", "Expected 1690 to equal 1700.", "spec/cart_spec.js:13"
        )

    def test_an_error_in_a_view_in_process(self):
        self.plant("views.py", "pages.checkout(cart.total, f", "pages.checkout(cart.tally, f")
        self.assertOneIsGuilty(
            "test_tells_why_a_card_was_declined_and_keeps_the_cart",
            "AttributeError: 'Cart' object has no attribute 'tally'",
            "views.py",
        )

    def test_an_error_in_a_view_over_a_socket(self):
        self.plant(
            "tests/test_live.py",
            'self.assertIn("Wool rug", alice("/cart"))',
            'alice("/add", sku="rug", made="up")',
        )
        self.plant("views.py", "    _keep(request, _cart(request).with_one_more", PLANTED_IN_VIEW)
        self.assertOneIsGuilty(
            "test_customers_have_carts_of_their_own",
            "APP> failed to answer POST /add: RuntimeError: planted",
            "views.py",
        )

    def test_an_expectation_that_is_not_met(self):
        self.plant(
            "tests/test_live.py",
            'self.assertIn("Thank you for order 1", customer(',
            'PAYMENTS.expect("POST", "/refund")\n'
            '        self.assertIn("Thank you for order 1", customer(',
        )
        self.assertOneIsGuilty(
            "test_sells_over_the_network",
            "PAYMENTS> expected POST /refund: wanted at least 1 request(s), got 0.",
            "what came: POST /charge",
        )
