"""When a process is ready: a small class each, called with the layer until that returns true.

A function of your own does as well.  What it raises is taken for "not yet", and the last of it is
told if the time is up.
"""

from __future__ import annotations

import dataclasses
import re
import socket
from collections.abc import Callable, Container
from http.client import HTTPConnection
from typing import Any

__all__ = ["Condition", "http", "log", "port", "unix"]

Condition = Callable[[Any], object]

#: How long one look may take, in seconds.
LOOK = 1.0


@dataclasses.dataclass(frozen=True)
class port:
    """It accepts connections on its port."""

    awaited = "to accept connections on its port"

    def __call__(self, layer: Any) -> bool:
        socket.create_connection(("127.0.0.1", layer.port), LOOK).close()
        return True


@dataclasses.dataclass(frozen=True)
class unix:
    """It accepts connections on a Unix socket.

    :param path: such as ``"{folder}/redis.sock"``.
    """

    path: str

    @property
    def awaited(self) -> str:
        return f"to accept connections on {self.path}"

    def __call__(self, layer: Any) -> bool:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(LOOK)
            connection.connect(self.path.format_map(layer))
        return True


@dataclasses.dataclass(frozen=True)
class log:
    """It has printed something.

    :param pattern: a regular expression that is searched for in all that it has printed.
    """

    pattern: str

    def __post_init__(self) -> None:
        re.compile(self.pattern)  # a mistake in it is told where it is made

    @property
    def awaited(self) -> str:
        return f"to print {self.pattern!r}"

    def __call__(self, layer: Any) -> bool:
        printed = layer.log.read_text("utf-8", "replace")
        return re.search(self.pattern, printed, re.MULTILINE) is not None


@dataclasses.dataclass(frozen=True)
class http:
    """It answers an HTTP request on its port.

    :param path: what to GET.
    :param status: the statuses that tell that it is ready.
    """

    path: str = "/"
    status: Container[int] = range(200, 400)

    @property
    def awaited(self) -> str:
        return f"to answer GET {self.path}"

    def __call__(self, layer: Any) -> bool:
        connection = HTTPConnection("127.0.0.1", layer.port, timeout=LOOK)
        try:
            connection.request("GET", self.path)
            answer = connection.getresponse()
        finally:
            connection.close()
        if answer.status not in self.status:
            raise ConnectionError(f"It answered {answer.status} {answer.reason}")
        return True
