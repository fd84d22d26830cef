"""What the shop answers to each request."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPSeeOther
from pyramid.response import Response
from pyramid.view import view_config

from shop import pages
from shop.cart import Cart
from shop.catalogue import search
from shop.payment import Declined, ProviderUnavailable


@view_config(route_name="catalogue")
def show_catalogue(request: Any) -> Any:
    words = request.params.get("words", "")
    return Response(pages.catalogue(search(words), words))


@view_config(route_name="add", request_method="POST")
def add_to_cart(request: Any) -> Any:
    _keep(request, _cart(request).with_one_more(request.POST.get("sku", "")))
    return HTTPSeeOther("/cart")


@view_config(route_name="cart", request_method="GET")
def show_cart(request: Any) -> Any:
    return Response(pages.cart(_cart(request)))


@view_config(route_name="cart", request_method="POST")
def change_cart(request: Any) -> Any:
    cart = _cart(request)
    for sku, quantity in request.POST.items():
        cart = cart.with_quantity(sku, int(quantity) if quantity.isdecimal() else 0)
    _keep(request, cart)
    return HTTPSeeOther("/cart")


@view_config(route_name="checkout", request_method="GET")
def show_checkout(request: Any) -> Any:
    return Response(pages.checkout(_cart(request).total, ""))


@view_config(route_name="checkout", request_method="POST")
def check_out(request: Any) -> Any:
    cart = _cart(request)
    if not cart.lines:
        return HTTPSeeOther("/cart")
    try:
        card = request.POST.get("card", "")
        payment = request.registry["payments"].charge(cart.total, card)
    except Declined as error:
        return Response(pages.checkout(cart.total, f"Your card was declined: {error}."))
    except ProviderUnavailable:
        problem = "We cannot take payments at the moment. Please try again later."
        return Response(pages.checkout(cart.total, problem), status=503)
    order = request.registry["orders"].add(cart, payment)
    _keep(request, Cart({}))
    request.session["order"] = order.number
    return HTTPSeeOther("/thanks")


@view_config(route_name="thanks")
def show_thanks(request: Any) -> Any:
    for order in request.registry["orders"]:
        if order.number == request.session.get("order"):
            return Response(pages.thanks(order))
    return HTTPSeeOther("/")


def _cart(request: Any) -> Cart:
    return Cart(request.session.get("cart", {}))


def _keep(request: Any, cart: Cart) -> None:
    request.session["cart"] = cart.quantities
