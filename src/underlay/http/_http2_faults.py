"""Faults of HTTP/2 (RFC 9113, 7): the end of one stream, or of a connection with its reason."""

from __future__ import annotations

import dataclasses
from typing import Protocol, runtime_checkable

from underlay.http._messages import Exchange

INTERNAL_ERROR, NO_ERROR = 2, 0


@runtime_checkable
class HasStreams(Protocol):
    """What an exchange over HTTP/2 can do besides."""

    def reset_stream(self, code: int) -> None: ...

    def go_away(self, code: int) -> None: ...


@dataclasses.dataclass(frozen=True)
class reset_stream:
    """End the stream of this request alone (RST_STREAM); other requests go on.

    :param code: why; 2 is an internal error, 7 a refused stream, which may be tried again.
    """

    code: int = INTERNAL_ERROR

    async def play(self, exchange: Exchange) -> None:
        """Do it.

        :raises TypeError: if the client speaks another version of HTTP.
        """
        _needs_streams(exchange, self).reset_stream(self.code)


@dataclasses.dataclass(frozen=True)
class go_away:
    """End the connection with its reason (GOAWAY); requests under way get no answer.

    :param code: why; 0 is none, as at a restart, 11 is "enhance your calm".
    """

    code: int = NO_ERROR

    async def play(self, exchange: Exchange) -> None:
        """Do it.

        :raises TypeError: if the client speaks another version of HTTP.
        """
        _needs_streams(exchange, self).go_away(self.code)


def _needs_streams(exchange: Exchange, behaviour: object) -> HasStreams:
    if isinstance(exchange, HasStreams):
        return exchange
    raise TypeError(f"{behaviour!r} needs HTTP/2, the client speaks {exchange.request.version}.")
