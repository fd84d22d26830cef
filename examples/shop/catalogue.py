"""What the shop sells.  Prices are in cents."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Product:
    """Something that is for sale."""

    sku: str
    name: str
    price: int


CATALOGUE = {
    product.sku: product
    for product in (
        Product("rug", "Wool rug, red & blue", 8900),
        Product("felt", "Felt underlay", 2450),
        Product("cork", "Cork underlay", 3100),
        Product("mat", "Doormat “Come in”", 1200),
    )
}


def search(words: str) -> list[Product]:
    """The products whose names contain `words`, in any case."""
    return [each for each in CATALOGUE.values() if words.lower() in each.name.lower()]


def format_price(cents: int) -> str:
    """A price to read, such as ``€ 24.50``; ``js/money.js`` does the same."""
    return f"€ {cents // 100}.{cents % 100:02}"
