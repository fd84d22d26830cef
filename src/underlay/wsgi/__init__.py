"""Web applications inside the test's own process: WSGI and the clients that need no socket."""

from underlay.wsgi._application import WSGI
from underlay.wsgi._browser import Browser
from underlay.wsgi._exchange import Exchange

__all__ = ["WSGI", "Browser", "Exchange"]
