"""The servers of the command line: one that answers as a file says, one that records."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from underlay._errors import ExpectationsUnreadable, LayerError
from underlay.http import FakeServer
from underlay.http._answering import Answerer, Answering, Exchange
from underlay.http._listeners import Listener, TCPListener, refuse_all_but_loopback
from underlay.http._messages import Response
from underlay.standalone._expectations import read
from underlay.standalone._page import counted, page

#: Where the journal's page is; no expectation gets to see requests for it.
JOURNAL = "/__underlay__/"
#: Requests that are kept for the page.
KEPT = 200


class NetworkListener(TCPListener):
    """A port of any address."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port


class Standalone(FakeServer):
    """A fake server for people; what goes wrong is told on the terminal, and on a page.

    :param name: what it is called in messages.
    """

    def __init__(self, name: str) -> None:
        super().__init__(name=name)
        self._at = TCPListener("127.0.0.1", 0)
        self.trouble = ""  # why it does not answer as its file says, if so

    def listen_at(self, host: str, port: int, allow_network: bool = False) -> None:
        """Say where to listen.

        :param allow_network: whether this may be an address that others can reach.
        :raises ValueError: if it may not.
        """
        if not allow_network:
            try:
                refuse_all_but_loopback(host)
            except ValueError as error:
                raise ValueError(
                    f"{error}\n  If the network shall reach it: --host {host} --allow-network"
                ) from None
        self._at = NetworkListener(host, port)

    @property
    def greeting(self) -> str:
        """What is told when it listens."""
        return f"listens at {self.url}\njournal at {self.url}{JOURNAL}\nCtrl-C ends it."

    def tell(self, text: str) -> None:
        """Say something on the terminal."""
        print(text, flush=True)

    def refresh(self) -> None:
        """Look whether anything has changed that it depends on."""

    @property
    def expectations(self) -> int:
        """How many there are."""
        return len(self._playbook.standing) + len(self._playbook.recorded)

    def page(self) -> str:
        """The journal as HTML."""
        with self._lock:
            return page(str(self), self.url, self.expectations, self.trouble, self.journal)

    def __str__(self) -> str:
        return self._known_name()

    def __repr__(self) -> str:
        return str(self)

    # -- inside

    def _listener(self) -> Listener:
        return self._at

    def _make_answerer(self) -> Answerer:
        return Desk(self, super()._make_answerer())

    def _note(self, problem: LayerError) -> None:
        self.tell(str(problem))

    def _forget(self) -> None:
        """Drop what is too old for the page."""
        with self._lock:
            del self._playbook.journal.entries[:-KEPT]


class Desk:
    """Hands out the journal's page, and every other request to the expectations."""

    def __init__(self, server: Standalone, answerer: Answerer) -> None:
        self._server = server
        self._answerer = answerer
        self.early = answerer.early
        self.failed = answerer.failed
        self.malformed = answerer.malformed
        self.broken_off = answerer.broken_off

    def answer(self, exchange: Exchange) -> Answering:
        self._server.refresh()
        if exchange.request.path == JOURNAL:
            kind = ("Content-Type", "text/html; charset=utf-8")
            return Response(200, (kind,), self._server.page().encode("utf-8", "backslashreplace"))
        self._server._forget()
        return self._answerer.answer(exchange)


class FileServer(Standalone):
    """Answers as a file says, from its next request on also after that has changed.

    :param file: FILE.yaml or FILE.har.
    :param strict: see `FakeServer.replay`.
    :param origin: see `FakeServer.replay`.
    """

    def __init__(self, file: Path, strict: bool = True, origin: str | None = None) -> None:
        super().__init__(str(file))
        self._file = file
        self._strict = strict
        self._origin = origin
        self._seen = self._stamp()

    def _begin_layer(self) -> None:
        self._read()  # before anything listens
        super()._begin_layer()

    def refresh(self) -> None:
        with self._lock:
            if (stamp := self._stamp()) == self._seen:
                return
            self._seen = stamp
            try:
                self._read()
            except ExpectationsUnreadable as error:
                self.trouble = str(error)
                self.tell(f"{error}\n  It goes on answering as the file said before.")
            else:
                self.trouble = ""
                self.tell(f"{self}: {counted(self.expectations, 'expectation')}")

    def _read(self) -> None:
        made = read(self._file, self._playbook, self._strict, self._origin)
        self._playbook.standing[:] = made

    def _stamp(self) -> tuple[int, ...]:
        try:
            status = self._file.stat()
        except OSError:
            return ()
        return status.st_mtime_ns, status.st_size, status.st_ino


class RecordingServer(Standalone):
    """Lets a real server answer, and records that.

    :param upstream: see `FakeServer.record`.
    :param file: where to, written in the end.
    :param scrub: names of headers whose values are not recorded.
    """

    def __init__(self, upstream: str, file: Path, scrub: Collection[str]) -> None:
        super().__init__(str(file))
        self._upstream = upstream
        self._file = file
        self._scrub = scrub

    def setUp(self) -> None:
        self.record(self._upstream, self._file, scrub=self._scrub)
