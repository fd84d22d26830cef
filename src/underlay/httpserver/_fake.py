"""The fake server behind the verbs: where it listens, what it expects, whom it tells."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

from underlay._errors import AnswerFailed, LayerError, UnexpectedRequest
from underlay.http._expectation import Expectation
from underlay.http._journal import Entry
from underlay.http._listeners import Listener, TCPListener
from underlay.http._playbook import Playbook
from underlay.http._server import Server
from underlay.http._tls import TLS
from underlay.http.behaviours import Behaviour
from underlay.http.fake import FakeServer

if TYPE_CHECKING:
    from underlay.httpserver._base import HTTPServerBase


class BackingServer(FakeServer):
    """A fake server behind one with other verbs.

    :param verbs: that one.
    """

    def __init__(self, verbs: HTTPServerBase) -> None:
        self._verbs = verbs
        super().__init__(name=f"{type(verbs).__name__}-{id(verbs):x}")

    def __repr__(self) -> str:
        return repr(self._verbs)

    def _make_playbook(self, unmatched_status: int) -> Playbook:
        return BackingPlaybook(self._verbs, self, self._lock, self._note, unmatched_status)

    def _begin_layer(self) -> None:
        context = self._verbs.ssl_context
        self._tls = GivenContext(context) if context else False
        super()._begin_layer()

    def _listener(self) -> Listener:
        return TCPListener(self._verbs.host, self._verbs.port)

    def _offer_trust(self, tls: TLS) -> None:
        """Whoever has made the context knows whom its clients have to trust."""

    def _overdue(self, server: Server) -> list[str]:
        """A handler may go on for as long as it likes; only when the server stops it is told."""
        return []

    def _note(self, problem: LayerError) -> None:
        if isinstance(problem, AnswerFailed) and isinstance(problem.__cause__, Exception):
            self._verbs._raised(problem.__cause__)
        elif isinstance(problem, UnexpectedRequest):
            self._verbs.add_assertion(problem)
        else:
            super()._note(problem)


class BackingPlaybook(Playbook):
    """Asks the verbs which requests are expected now, and how to answer others.

    :param verbs: the server that has them.
    :param rest: see `Playbook`.
    """

    def __init__(self, verbs: HTTPServerBase, *rest: Any) -> None:
        super().__init__(*rest)
        self._verbs = verbs

    @property
    def _expectations(self) -> tuple[Expectation, ...]:
        return (*self.promised, *self.standing, *self._verbs._expected(), *self.recorded)

    def _refuse(self, entry: Entry) -> tuple[Behaviour, ...]:
        nearest = entry.report if self._expectations else ()
        return (self._verbs._refusal(nearest),)


class GivenContext(TLS):
    """TLS with a context of the user's own."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__()
        self._context = context

    def server_context(self) -> ssl.SSLContext:
        return self._context
