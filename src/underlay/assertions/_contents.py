"""The text of what a test has in its hands: text, bytes, a browser, a response, a stream."""

from __future__ import annotations

from typing import Any

#: Text, bytes, or an object that has text or bytes under one of the names in `NAMES`.
Contents = Any

#: Where objects have their contents, the first that is there; methods are called.
NAMES = (
    "contents",  # zope.testbrowser's Browser
    "text",  # responses of WebTest, requests, httpx
    "content",  # responses of Django, pages of Playwright
    "page_source",  # Selenium's drivers
    "body",  # responses without a charset
    "stdout",  # captured output, a finished subprocess
    "getvalue",  # io.StringIO, io.BytesIO
)


def text_of(value: Contents, role: str, remarks: list[str]) -> str:
    """The contents as text.

    :param role: what the value is called in a message.
    :param remarks: here is added what a user should know about the conversion.
    :raises TypeError: if there are none that are text or bytes.
    """
    found = contents(value)
    if isinstance(found, str):
        return found
    if not isinstance(found, bytes | bytearray | memoryview):
        raise TypeError(
            f"{role} must be text or bytes, or have such contents, not {type(value).__qualname__}"
        )
    data = bytes(found)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        remarks.append(
            f"{role} is not UTF-8: byte {data[error.start]:#04x} at offset {error.start}"
        )
        return data.decode(errors="backslashreplace")


def contents(value: Contents) -> object:
    """What a value has under the first of `NAMES` that is there, else the value itself."""
    if isinstance(value, str | bytes | bytearray | memoryview):
        return value
    for name in NAMES:
        if hasattr(value, name):
            found = getattr(value, name)
            return found() if callable(found) else found
    return value
