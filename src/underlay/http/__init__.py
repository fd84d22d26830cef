"""HTTP servers of tests: `FakeServer` stands in for a peer, `LiveServer` serves our application."""

from underlay.http._answering import Exchange
from underlay.http._forms import Fields, File
from underlay.http._forwarding import forward
from underlay.http._journal import Entry
from underlay.http._messages import Request, Response
from underlay.http._script import websocket
from underlay.http._through import Through
from underlay.http._tls import TLS
from underlay.http._values import containing
from underlay.http.behaviours import Behaviour, call, gzipped, redirect, respond, wsgi
from underlay.http.fake import Expectation, FakeServer
from underlay.http.faults import (
    close_connection,
    delay,
    drip,
    garbage,
    go_away,
    half_a_head,
    hang,
    lognormal,
    malformed_chunk,
    reset_connection,
    reset_stream,
    sometimes,
    throttle,
    uniform,
    wrong_content_length,
)
from underlay.http.live import LiveServer
from underlay.http.streams import Event, event_stream, send_file, stream

__all__ = [
    "TLS",
    "Behaviour",
    "Entry",
    "Event",
    "Exchange",
    "Expectation",
    "FakeServer",
    "Fields",
    "File",
    "LiveServer",
    "Request",
    "Response",
    "Through",
    "call",
    "close_connection",
    "containing",
    "delay",
    "drip",
    "event_stream",
    "forward",
    "garbage",
    "go_away",
    "gzipped",
    "half_a_head",
    "hang",
    "lognormal",
    "malformed_chunk",
    "redirect",
    "reset_connection",
    "reset_stream",
    "respond",
    "send_file",
    "sometimes",
    "stream",
    "throttle",
    "uniform",
    "websocket",
    "wrong_content_length",
    "wsgi",
]
