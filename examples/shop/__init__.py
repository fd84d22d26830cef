"""A small web shop for carpets and what lies beneath them; it is the demo of underlay."""

from shop.application import make_app

__all__ = ["make_app"]
