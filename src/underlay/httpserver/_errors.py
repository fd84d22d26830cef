"""The errors of these verbs, by the names that suites catch."""

from underlay._errors import LayerError


class Error(LayerError):
    """The base of them all."""


class HTTPServerError(Error):
    """The server is not in the state that was asked for."""


class NoHandlerError(Error):
    """A request was expected, but nobody said how to answer it."""


class NoMethodFoundForMatchingHeaderValueError(Error):
    """A `HeaderValueMatcher` does not know how to compare the values of a header."""
