"""Cart: what a customer is about to buy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from shop.catalogue import CATALOGUE, Product

SHIPPING = 490
FREE_SHIPPING_FROM = 10000


@dataclass(frozen=True)
class Line:
    """A product and how many of it."""

    product: Product
    quantity: int

    @property
    def total(self) -> int:
        return self.product.price * self.quantity


class Cart:
    """Quantities by product, and what they cost; ``js/cart.js`` calculates in the same way.

    :param quantities: as `quantities` gives them, which is what a session can keep.
    """

    def __init__(self, quantities: Mapping[str, int]) -> None:
        self.quantities = {sku: n for sku, n in quantities.items() if sku in CATALOGUE and n > 0}

    def with_quantity(self, sku: str, quantity: int) -> Cart:
        """A cart with that many of a product; none takes it out."""
        return Cart({**self.quantities, sku: quantity})

    def with_one_more(self, sku: str) -> Cart:
        return self.with_quantity(sku, self.quantities.get(sku, 0) + 1)

    @property
    def lines(self) -> list[Line]:
        return [Line(CATALOGUE[sku], quantity) for sku, quantity in self.quantities.items()]

    @property
    def subtotal(self) -> int:
        return sum(line.total for line in self.lines)

    @property
    def shipping(self) -> int:
        return SHIPPING if 0 < self.subtotal < FREE_SHIPPING_FROM else 0

    @property
    def total(self) -> int:
        return self.subtotal + self.shipping
