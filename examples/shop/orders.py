"""OrderBook: the orders, in a file with one line of JSON for each."""

from __future__ import annotations

import datetime
import json
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from shop.cart import Cart


@dataclass(frozen=True)
class Order:
    """What was bought; `total` in cents, `payment` is the provider's id of the payment."""

    number: int
    placed: str
    items: list[str]
    total: int
    payment: str


class OrderBook:
    """Orders in the order of their numbers.

    :param path: of the file; it need not exist yet.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()

    def __iter__(self) -> Iterator[Order]:
        if self._path.exists():
            for line in self._path.read_text().splitlines():
                yield Order(**json.loads(line))

    def add(self, cart: Cart, payment: str) -> Order:
        """Note what has been paid."""
        items = [f"{line.quantity} {line.product.name}" for line in cart.lines]
        with self._lock:
            now = datetime.datetime.now().isoformat(" ", "minutes")
            order = Order(len(list(self)) + 1, now, items, cart.total, payment)
            with self._path.open("a") as file:
                print(json.dumps(asdict(order)), file=file)
        return order
