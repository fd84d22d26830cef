"""How the page says things."""

from __future__ import annotations


def seconds(value: float) -> str:
    """A duration, with as many digits as matter."""
    if value < 0.0095:
        return f"{value * 1000:.1f} ms"
    if value < 0.9995:
        return f"{value * 1000:.0f} ms"
    if value < 99.95:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    return f"{minutes} min {rest:02} s"


def count(number: int, noun: str) -> str:
    """A number of things."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def times(number: int) -> str:
    """How often."""
    return f"{number}\N{MULTIPLICATION SIGN}"


def parted(name: str) -> tuple[str, str]:
    """The full name of a test or a layer: where it is, and what it is called there."""
    head, separator, tail = name.rpartition("::" if "::" in name else ".")
    return (head + separator, tail) if tail else ("", name)
