"""What the tests of this room share."""

from underlay.httpserver import HTTPServer


def running(case, server=None):
    """A server that runs until the test ends."""
    server = server or HTTPServer()
    server.start()
    case.addCleanup(lambda: server.is_running() and server.stop())
    return server
