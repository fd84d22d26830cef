"""The pages as HTML.  Whatever comes from outside goes through `escape`."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from shop.cart import FREE_SHIPPING_FROM, SHIPPING, Cart, Line
from shop.catalogue import Product, format_price
from shop.orders import Order


def _page(title: str, *body: str) -> str:
    return "\n".join(
        (
            "<!DOCTYPE html>",
            f'<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title></head>',
            f"<body><h1>{escape(title)}</h1>",
            *body,
            '<p><a href="/">All products</a> <a href="/cart">Your cart</a></p>',
            "</body></html>",
        )
    )


def catalogue(products: Iterable[Product], words: str) -> str:
    return _page(
        "Carpets and underlays",
        '<form action="/"><label>Search for '
        f'<input name="words" value="{escape(words)}"></label></form>',
        "<ul>",
        *map(_product, products),
        "</ul>",
    )


def _product(product: Product) -> str:
    return (
        f'<li>{escape(product.name)} <span class="price">{format_price(product.price)}</span>'
        f'<form action="/add" method="post">'
        f'<button name="sku" value="{escape(product.sku)}">Buy {escape(product.name)}</button>'
        "</form></li>"
    )


def cart(cart: Cart) -> str:
    if not cart.lines:
        return _page("Your cart", "<p>Your cart is empty.</p>")
    return _page(
        "Your cart",
        '<form action="/cart" method="post">',
        f'<table id="cart" data-shipping="{SHIPPING}" data-free-from="{FREE_SHIPPING_FROM}">',
        *map(_line, cart.lines),
        f'<tr><td>Shipping</td><td id="shipping">{format_price(cart.shipping)}</td></tr>',
        f'<tr><td>Total</td><td id="total">{format_price(cart.total)}</td></tr>',
        "</table>",
        '<input type="submit" value="Update">',
        "</form>",
        '<p><a href="/checkout">Go to checkout</a></p>',
        *(f'<script src="/js/{name}.js"></script>' for name in ("money", "cart", "page")),
    )


def _line(line: Line) -> str:
    name, sku = escape(line.product.name), escape(line.product.sku)
    return (
        f'<tr><td><label for="{sku}">{name}</label></td>'
        f'<td><input id="{sku}" name="{sku}" value="{line.quantity}"'
        f' data-price="{line.product.price}"></td></tr>'
    )


def checkout(total: int, problem: str) -> str:
    return _page(
        "Checkout",
        f'<p class="problem">{escape(problem)}</p>' if problem else "",
        f"<p>You pay {format_price(total)}.</p>",
        '<form action="/checkout" method="post">',
        '<label>Card number <input name="card"></label>',
        '<input type="submit" value="Pay">',
        "</form>",
    )


def thanks(order: Order) -> str:
    return _page(
        f"Thank you for order {order.number}",
        "<ul>",
        *(f"<li>{escape(item)}</li>" for item in order.items),
        "</ul>",
        f"<p>Paid: {format_price(order.total)}</p>",
    )
