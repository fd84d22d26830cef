"""Web applications inside the test's own process, and the clients that need no socket."""

from underlay.wsgi._application import WSGI
from underlay.wsgi._asgi import ASGI
from underlay.wsgi._browser import Browser
from underlay.wsgi._exchange import Exchange
from underlay.wsgi._handler import Handler
from underlay.wsgi._static import StaticFiles

__all__ = ["ASGI", "WSGI", "Browser", "Exchange", "Handler", "StaticFiles"]
