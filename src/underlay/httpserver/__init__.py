"""The verbs of pytest-httpserver over `underlay.http.FakeServer`: a suite moves by its imports.

Modules and names are those of pytest-httpserver 1.2; what handlers, matchers and hooks see are
Werkzeug's requests and responses.  New tests are better off with `FakeServer` itself, which tests
can also reach as ``httpserver.fake_server``.
"""

from underlay._errors import needs_extra

with needs_extra("underlay.httpserver", "httpserver"):
    from underlay.httpserver._errors import Error, HTTPServerError, NoHandlerError
    from underlay.httpserver._handlers import RequestHandler
    from underlay.httpserver._matchers import (
        METHOD_ALL,
        URI_DEFAULT,
        HeaderValueMatcher,
        RequestMatcher,
        RequestMatcherKwargs,
        URIPattern,
    )
    from underlay.httpserver._waits import WaitingSettings
    from underlay.httpserver.bake import BakedHTTPServer
    from underlay.httpserver.blocking_httpserver import BlockingHTTPServer, BlockingRequestHandler
    from underlay.httpserver.httpserver import HTTPServer

__all__ = [
    "METHOD_ALL",
    "URI_DEFAULT",
    "BakedHTTPServer",
    "BlockingHTTPServer",
    "BlockingRequestHandler",
    "Error",
    "HTTPServer",
    "HTTPServerError",
    "HeaderValueMatcher",
    "NoHandlerError",
    "RequestHandler",
    "RequestMatcher",
    "RequestMatcherKwargs",
    "URIPattern",
    "WaitingSettings",
]
