"""What a request must be like: RequestMatcher, and what compares its parts."""

from __future__ import annotations

import abc
import collections
import json as json_
import re
import urllib.parse
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, ClassVar, TypedDict

from werkzeug import Request
from werkzeug.datastructures import Authorization, MultiDict

from underlay.httpserver._errors import NoMethodFoundForMatchingHeaderValueError

#: Any path, and any method.
URI_DEFAULT, METHOD_ALL = "", "__ALL"

Comparator = Callable[["str | None", str], bool]
HeaderComparator = Callable[[str, "str | None", str], bool]


class Undefined:
    """Stands for JSON that was left out, for ``None`` is ``null``."""

    def __repr__(self) -> str:
        return "<UNDEFINED>"


UNDEFINED: Any = Undefined()


class URIPattern(abc.ABC):
    """A kind of paths; subclass it to make one of your own."""

    @abc.abstractmethod
    def match(self, uri: str) -> bool:
        """Whether a path, without its query, is of the kind."""


URI = str | URIPattern | re.Pattern[str]


class QueryMatcher(abc.ABC):
    """A kind of query strings; subclass it to make one of your own."""

    def match(self, request_query_string: bytes) -> bool:
        got, wanted = self.get_comparing_values(request_query_string)
        return bool(got == wanted)

    @abc.abstractmethod
    def get_comparing_values(self, request_query_string: bytes) -> tuple[Any, Any]:
        """Two values that are equal if the query is of the kind: of the request, and wanted."""


class StringQueryMatcher(QueryMatcher):
    """The query as it came, byte by byte.

    :raises TypeError: if that is neither text nor bytes.
    """

    def __init__(self, query_string: bytes | str) -> None:
        if not isinstance(query_string, (str, bytes)):
            raise TypeError(f"query_string is text or bytes, not {query_string!r}.")
        self.query_string = query_string

    def get_comparing_values(self, request_query_string: bytes) -> tuple[bytes, bytes]:
        wanted = self.query_string
        return request_query_string, wanted.encode() if isinstance(wanted, str) else wanted


class MappingQueryMatcher(QueryMatcher):
    """All parameters by name: the first value of each, or with Werkzeug's MultiDict all of them."""

    def __init__(self, query_dict: Mapping[str, str] | MultiDict[str, str]) -> None:
        self.query_dict = query_dict

    def get_comparing_values(self, request_query_string: bytes) -> tuple[Any, Any]:
        pairs = urllib.parse.parse_qsl(request_query_string.decode(), keep_blank_values=True)
        query = MultiDict(pairs)
        if isinstance(self.query_dict, MultiDict):
            return query, self.query_dict
        return query.to_dict(), dict(self.query_dict)


class BooleanQueryMatcher(QueryMatcher):
    """Every query, or none."""

    def __init__(self, result: bool) -> None:
        self.result = result

    def get_comparing_values(self, request_query_string: bytes) -> tuple[bool, bool]:
        return True, self.result


Query = QueryMatcher | str | bytes | Mapping[str, str] | None


def query_matcher(query: Query) -> QueryMatcher:
    """What compares queries with what a user named.

    :raises TypeError: if that is no query.
    """
    if isinstance(query, QueryMatcher):
        return query
    if query is None:
        return BooleanQueryMatcher(True)
    if isinstance(query, (str, bytes)):
        return StringQueryMatcher(query)
    if isinstance(query, Mapping):
        return MappingQueryMatcher(query)
    raise TypeError(f"query_string is text, a mapping or a QueryMatcher, not {query!r}.")


class HeaderValueMatcher:
    """How values of headers are compared.

    :param matchers: a function for each header, which gets the value that came, or None, and the
        one wanted.  By default all must be equal, ``Authorization`` by what it says.
    """

    DEFAULT_MATCHERS: ClassVar[MutableMapping[str, Comparator]] = {}

    def __init__(self, matchers: Mapping[str, Comparator] | None = None) -> None:
        self.matchers = self.DEFAULT_MATCHERS if matchers is None else matchers

    @staticmethod
    def authorization_header_value_matcher(actual: str | None, expected: str) -> bool:
        return Authorization.from_header(actual) == Authorization.from_header(expected)

    @staticmethod
    def default_header_value_matcher(actual: str | None, expected: str) -> bool:
        return actual == expected

    def __call__(self, header_name: str, actual: str | None, expected: str) -> bool:
        try:
            matcher = self.matchers[header_name]
        except KeyError:
            raise NoMethodFoundForMatchingHeaderValueError(
                f"There is no function to compare values of the header {header_name!r}."
            ) from None
        return matcher(actual, expected)


HeaderValueMatcher.DEFAULT_MATCHERS = collections.defaultdict(
    lambda: HeaderValueMatcher.default_header_value_matcher,
    {"Authorization": HeaderValueMatcher.authorization_header_value_matcher},
)


class RequestMatcherKwargs(TypedDict, total=False):
    """What can be said of a request besides its path."""

    method: str
    data: str | bytes | None
    data_encoding: str
    headers: Mapping[str, str] | None
    query_string: Query
    header_value_matcher: HeaderComparator | None
    json: Any


class RequestMatcher:
    """What a request must be like.

    :param uri: its path: text, a compiled pattern that matches its beginning, a `URIPattern`, or
        anything that is equal to it.
    :param method: in any case; any method if it is left out.
    :param data: the body; text is encoded.
    :param data_encoding: how, and how JSON that comes is decoded.
    :param headers: some of the headers.
    :param query_string: text or bytes that the query equals, a mapping of its parameters, or a
        `QueryMatcher`.
    :param header_value_matcher: what compares values of headers, see `HeaderValueMatcher`.
    :param json: what the body is as JSON.
    :raises ValueError: for both `data` and `json`.
    """

    def __init__(
        self,
        uri: URI,
        method: str = METHOD_ALL,
        data: str | bytes | None = None,
        data_encoding: str = "utf-8",
        headers: Mapping[str, str] | None = None,
        query_string: Query = None,
        header_value_matcher: HeaderComparator | None = None,
        json: Any = UNDEFINED,
    ) -> None:
        if json is not UNDEFINED and data is not None:
            raise ValueError("A request has one body: leave out data= or json=.")
        self.uri = uri
        self.method = method.upper()
        self.query_string = query_string
        self.query_matcher = query_matcher(query_string)
        self.headers = {} if headers is None else headers
        self.data = data.encode(data_encoding) if isinstance(data, str) else data
        self.data_encoding = data_encoding
        self.header_value_matcher = header_value_matcher or HeaderValueMatcher()
        self.json = json

    def match(self, request: Request) -> bool:
        """Whether a request is like this."""
        return not self.difference(request)

    def difference(self, request: Request) -> list[tuple[str, Any, Any]]:
        """What is not as wanted: the part of the request, what came, what was wanted."""
        different: list[tuple[str, Any, Any]] = []
        if not self.match_uri(request):
            different.append(("uri", request.path, self.uri))
        if self.method not in (METHOD_ALL, request.method):
            different.append(("method", request.method, self.method))
        if not self.query_matcher.match(request.query_string):
            different.append(("query_string", request.query_string, self.query_string))
        if headers := self._other_headers(request):
            came = {name: request.headers.get(name) for name in headers}
            different.append(("headers", came, headers))
        if not self.match_data(request):
            different.append(("data", request.data, self.data))
        if not self.match_json(request):
            different.append(("json", request.data, self.json))
        return different

    def match_uri(self, request: Request) -> bool:
        """Whether the path is as wanted."""
        if isinstance(self.uri, (URIPattern, re.Pattern)):
            return bool(self.uri.match(request.path))
        return self.uri in (URI_DEFAULT, request.path)

    def match_data(self, request: Request) -> bool:
        """Whether the body is as wanted."""
        return self.data is None or request.data == self.data

    def match_json(self, request: Request) -> bool:
        """Whether the body is the JSON that was wanted; its ``Content-Type`` may be any."""
        if self.json is UNDEFINED:
            return True
        try:
            return bool(json_.loads(request.data.decode(self.data_encoding)) == self.json)
        except ValueError:
            return False

    def _other_headers(self, request: Request) -> dict[str, str]:
        """The headers whose values are not as wanted, with those that were."""
        return {
            name: wanted
            for name, wanted in self.headers.items()
            if not self.header_value_matcher(name, request.headers.get(name), wanted)
        }

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.told}>"

    @property
    def told(self) -> str:
        """What is wanted, in short."""
        names = ("uri", "method", "query_string", "headers", "data", "json")
        return " ".join(f"{name}={getattr(self, name)!r}" for name in names)
