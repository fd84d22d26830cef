"""Negotiating: which version of HTTP a client speaks is seen by what it says first."""

from __future__ import annotations

from underlay.http._answering import Answerer
from underlay.http._connection import Connection
from underlay.http._http1 import HTTP1
from underlay.http._server import Server

#: What a client says first that knows of HTTP/2 before it asks (RFC 9113, 3.4).
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"


class Negotiating(Connection):
    """A connection on which nothing has been said yet; others go on with it.

    TLS may have settled the question before (ALPN, RFC 7301); those who chose HTTP/2 then begin
    with the preface as well.

    :param server: whose it is.
    :param answerer: who answers the requests.
    """

    def __init__(self, server: Server, answerer: Answerer) -> None:
        super().__init__(server)
        self._answerer = answerer
        self._said = b""

    def data_received(self, data: bytes) -> None:
        self._said += data
        if self._said.startswith(PREFACE):
            from underlay.http._http2 import HTTP2

            self.hand_over(HTTP2(self.server, self._answerer), self._said)
        elif not PREFACE.startswith(self._said):
            self.hand_over(HTTP1(self.server, self._answerer), self._said)

    def eof_received(self) -> bool | None:
        if not self._said:
            return False
        successor = HTTP1(self.server, self._answerer)
        self.hand_over(successor, self._said)
        return successor.eof_received()
