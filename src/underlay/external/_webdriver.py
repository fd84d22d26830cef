"""A window of our own in a browser that somebody else holds, by W3C WebDriver."""

from __future__ import annotations

import contextlib
import http.client
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

TYPES = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}


class Session:
    """A session of WebDriver that others have begun and will end.

    Only while ours opens or closes is the current window not theirs; it then is at its top frame.

    :param url: such as ``http://127.0.0.1:9515/session/4f2a``.
    """

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    @contextlib.contextmanager
    def window(self, page: str) -> Iterator[Callable[[], str]]:
        """A new window with a page, closed in the end; tells how it has ended, if it has.

        A window, not a tab: neither page is hidden by the other.

        :raises SystemExit: if the session does not do as it is told.
        """
        handle = self._ask("POST", "/window/new", {"type": "window"})["handle"]
        try:
            with self._visit(handle):
                self._ask("POST", "/url", {"url": page})
            yield lambda: self._ending(handle)
        finally:
            if not self._ending(handle):
                with self._visit(handle):
                    self._close()

    def _close(self) -> None:
        """Close the current window.

        If a spec waits in its ``alert()``, the first attempt only answers that
        (https://www.w3.org/TR/webdriver2/#user-prompts).
        """
        try:
            self._ask("DELETE", "/window")
        except SystemExit:
            self._ask("DELETE", "/window")

    def _ending(self, handle: str) -> str:
        if handle in self._ask("GET", "/window/handles"):
            return ""
        return f"The window of the specs was closed, in the browser of {self._url}."

    @contextlib.contextmanager
    def _visit(self, handle: str) -> Iterator[None]:
        """Make a window the current one for a moment."""
        before = self._ask("GET", "/window")
        self._ask("POST", "/window", {"handle": handle})
        try:
            yield
        finally:
            self._ask("POST", "/window", {"handle": before})

    def _ask(self, method: str, command: str, arguments: object = None) -> Any:
        """The value of an answer (https://www.w3.org/TR/webdriver2/#protocol).

        :raises SystemExit: if there is none, or it is an error.
        """
        try:
            status, answer = self._send(method, command, arguments)
            value = answer["value"]
            problem = "" if status == 200 else f"{value['error']}: {value['message']}"
        except (OSError, http.client.HTTPException, ValueError, LookupError, TypeError) as error:
            raise SystemExit(f"There is no browser at {self._url}: {error!r}") from None
        if problem:
            raise SystemExit(f"The browser of {self._url} answers {method} {command}: {problem}")
        return value

    def _send(self, method: str, command: str, arguments: object) -> tuple[int, Any]:
        parts = urlsplit(f"{self._url}{command}")
        body = None if arguments is None else json.dumps(arguments)
        headers = {"Content-Type": "application/json"}
        with contextlib.closing(TYPES[parts.scheme](parts.netloc)) as connection:
            connection.request(method, parts.path, body, headers)
            response = connection.getresponse()
            return response.status, json.loads(response.read())
