"""Template: paths with places for values, in the syntax of Starlette: ``/users/{id:int}``."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from typing import Any

Converter = tuple[str, Callable[[str], Any]]

CONVERTERS: dict[str, Converter] = {
    "str": ("[^/]+", str),
    "path": (".*", str),
    "int": ("[0-9]+", int),
    "float": (r"[0-9]+(?:\.[0-9]+)?", float),
    "uuid": ("[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}", uuid.UUID),
}
PLACE = re.compile(r"\{([^{}]*)\}")


class Template:
    """A pattern of paths that finds values in them.

    :param text: what was written, for reports.
    :param pattern: matches the whole of a decoded path.
    :param converters: make values of what its named groups match; others stay text.
    """

    def __init__(
        self,
        text: str,
        pattern: re.Pattern[str],
        converters: dict[str, Callable[[str], Any]] | None = None,
    ) -> None:
        self._text = text
        self._pattern = pattern
        self._converters = converters or {}

    @classmethod
    def parse(cls, text: str) -> Template:
        """Read ``{name}`` and ``{name:converter}``.

        :raises ValueError: for a name that is none or comes twice, and an unknown converter.
        """
        pattern, converters = "", dict[str, Callable[[str], Any]]()
        for index, piece in enumerate(PLACE.split(text)):
            if index % 2 == 0:
                pattern += _literal(piece)
                continue
            name, _, kind = piece.partition(":")
            if not name.isidentifier() or name in converters or (kind or "str") not in CONVERTERS:
                raise _wrong(f"{{{piece}}}")
            expression, converters[name] = CONVERTERS[kind or "str"]
            pattern += f"(?P<{name}>{expression})"
        return cls(text, re.compile(pattern), converters)

    def values(self, path: str) -> dict[str, Any] | None:
        """The values by their names, or None if the path is another one."""
        found = self._pattern.fullmatch(path)
        if found is None:
            return None
        return {
            name: self._converters.get(name, str)(text)
            for name, text in found.groupdict("").items()
        }

    def __str__(self) -> str:
        return self._text


def _literal(text: str) -> str:
    if "{" in text or "}" in text:
        raise _wrong(text)
    return re.escape(text)


def _wrong(part: str) -> ValueError:
    return ValueError(
        f"{part!r} is no place for a value in a path: {{name}} or {{name:converter}}, each once.\n"
        f"  Converters: {', '.join(CONVERTERS)}. A path with braces is given by re.compile()."
    )
