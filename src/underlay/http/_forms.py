"""Names and values that clients send: parameters, headers, cookies, the fields of forms; files."""

from __future__ import annotations

import dataclasses
import urllib.parse
from collections.abc import Callable, Iterable, Iterator, Mapping

URLENCODED, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"

Pairs = list[tuple[str, str]]


class Fields(Mapping[str, str]):
    """Names and values in the order in which they came; a name may come more than once.

    ``fields["name"]`` is the first value, ``fields.all("name")`` are all of them.

    :param pairs: names and values.
    :param fold: what makes two names the same name, such as ``str.lower``.
    """

    def __init__(self, pairs: Iterable[tuple[str, str]], fold: Callable[[str], str] = str) -> None:
        self.pairs = tuple(pairs)
        self._fold = fold

    def all(self, name: str) -> list[str]:
        """All values of a name, maybe none."""
        wanted = self._fold(name)
        return [value for each, value in self.pairs if self._fold(each) == wanted]

    def __getitem__(self, name: str) -> str:
        values = self.all(name)
        if not values:
            raise KeyError(name)
        return values[0]

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(self._fold(name) for name, _ in self.pairs))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __repr__(self) -> str:
        return f"Fields({list(self.pairs)!r})"


@dataclasses.dataclass(frozen=True)
class File:
    """A file that came in a form.

    :param field: the name of the form's field.
    :param filename: what the client calls the file.
    :param content_type: such as ``"image/png"``; ``"text/plain"`` if the client did not say.
    :param data: what is in it.
    """

    field: str
    filename: str
    content_type: str
    data: bytes = dataclasses.field(repr=False)


def parse_urlencoded(text: str) -> Pairs:
    """The parameters of a query or a form, empty ones included."""
    return urllib.parse.parse_qsl(text, keep_blank_values=True)


def parse_form(content_type: str, body: bytes) -> tuple[Pairs, list[File]]:
    """The fields and the files of a form; none if the body is no form."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind == URLENCODED:
        return parse_urlencoded(body.decode("utf-8", "replace")), []
    if kind == MULTIPART:
        return _parse_multipart(content_type, body)
    return [], []


def _parse_multipart(content_type: str, body: bytes) -> tuple[Pairs, list[File]]:
    import email.parser  # 10 ms that hardly any server needs
    import email.policy

    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1", "replace")
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
    fields, files = Pairs(), list[File]()
    for part in message.iter_parts():
        field = part.get_param("name", "", "content-disposition")
        data = part.get_payload(decode=True) or b""
        assert isinstance(data, bytes)
        if (filename := part.get_filename()) is None:
            fields.append((str(field), data.decode("utf-8", "replace")))
        else:
            files.append(File(str(field), filename, part.get_content_type(), data))
    return fields, files


def parse_cookies(headers: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Names and values of all ``Cookie`` headers (RFC 6265, 5.4), without decoding."""
    for pair in ";".join(headers).split(";"):
        name, equals, value = pair.partition("=")
        if equals:
            yield name.strip(), value.strip().strip('"')
