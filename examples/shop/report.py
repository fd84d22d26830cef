"""``python -m shop.report ORDERS``: print the orders of a file."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from shop.catalogue import format_price
from shop.orders import OrderBook


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the orders, and say on standard error if there are none.

    :return: the exit status, 1 if there are none.
    """
    (path,) = sys.argv[1:] if arguments is None else arguments
    orders = list(OrderBook(Path(path)))
    if not orders:
        print(f"No orders in {path}", file=sys.stderr)
        return 1
    for order in orders:
        print(f"{order.number}  {order.placed}  {', '.join(order.items)}")
        print(f"   {format_price(order.total)}, paid as {order.payment}")
    print(f"Total: {format_price(sum(order.total for order in orders))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
