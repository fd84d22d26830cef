"""HTTP servers of tests: `FakeServer` stands in for a peer, `LiveServer` serves our application."""

from underlay.http._http2_faults import go_away, reset_stream
from underlay.http._messages import Exchange, Fields, Request, Response
from underlay.http._script import websocket
from underlay.http._tls import TLS
from underlay.http.behaviours import (
    Behaviour,
    call,
    close_connection,
    delay,
    hang,
    reset_connection,
    respond,
)
from underlay.http.fake import Expectation, FakeServer
from underlay.http.live import LiveServer

__all__ = [
    "TLS",
    "Behaviour",
    "Exchange",
    "Expectation",
    "FakeServer",
    "Fields",
    "LiveServer",
    "Request",
    "Response",
    "call",
    "close_connection",
    "delay",
    "go_away",
    "hang",
    "reset_connection",
    "reset_stream",
    "respond",
    "websocket",
]
