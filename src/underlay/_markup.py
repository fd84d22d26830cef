"""HTML that is escaped unless it says that it is HTML."""

from __future__ import annotations

import html
from collections.abc import Iterable

#: Elements that have neither content nor an end.
VOID = {"meta", "input", "wbr"}


class Markup(str):
    """A text that is HTML already."""


Child = str | Iterable[str]


def tag(name: str, /, *children: Child, **attributes: object) -> Markup:
    """An element.

    :param children: texts, escaped unless they are `Markup`, or several of them.
    :param attributes: ``class_`` is the class, other underscores are dashes; None and False leave
        an attribute out, True gives it no value.
    """
    start = f"<{name}{''.join(_attribute(*each) for each in attributes.items())}>"
    return Markup(start if name in VOID else f"{start}{join(*children)}</{name}>")


def join(*children: Child) -> Markup:
    """Texts, and what is HTML already, one after the other."""
    return Markup("".join(map(_content, children)))


def _content(child: Child) -> str:
    if isinstance(child, Markup):
        return child
    return html.escape(child) if isinstance(child, str) else join(*child)


def _attribute(name: str, value: object) -> str:
    if value is None or value is False:
        return ""
    name = name.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{html.escape(str(value))}"'
