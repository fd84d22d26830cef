"""make_app(): the shop as a WSGI application."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pyramid.config import Configurator
from pyramid.session import SignedCookieSessionFactory

from shop.orders import OrderBook
from shop.payment import PaymentProvider


def make_app(payment_url: str, orders: Path, secret: str = "only for the demo") -> Any:
    """The shop as a WSGI application.

    :param payment_url: where the payment provider answers.
    :param orders: the file in which orders are kept.
    :param secret: signs the cookie that holds a customer's cart.
    """
    with Configurator(session_factory=SignedCookieSessionFactory(secret)) as config:
        config.registry["payments"] = PaymentProvider(payment_url)
        config.registry["orders"] = OrderBook(orders)
        config.add_route("catalogue", "/")
        config.add_route("add", "/add")
        config.add_route("cart", "/cart")
        config.add_route("checkout", "/checkout")
        config.add_route("thanks", "/thanks")
        config.add_static_view("js", "shop:js")
        config.scan("shop.views")
        return config.make_wsgi_app()
