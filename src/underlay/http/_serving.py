"""Serving: what layers with a server have in common; who answers the requests is up to them."""

from __future__ import annotations

import ssl
import tempfile
import threading
import urllib.parse
from collections.abc import Iterable
from typing import Any, TypedDict

from underlay._errors import (
    AnswerFailed,
    LayerError,
    NotReady,
    SeveralProblems,
    StillRunning,
    needs_extra,
)
from underlay._layer import Layer
from underlay._resources import Resource
from underlay.http._answering import Answerer
from underlay.http._arguments import DEFAULT_PORTS, check_origin, check_port, check_seconds
from underlay.http._failing import in_short
from underlay.http._listeners import (
    Listener,
    TCPListener,
    UnixListener,
    refuse_all_but_loopback,
)
from underlay.http._server import Server
from underlay.http._tls import TLS, Alerting


class Options(TypedDict, total=False):
    """What can be said of any server, see `Serving`."""

    host: str
    port: int
    unix: bool | str
    tls: bool | TLS
    url: str | None
    patience: float
    name: str | None


class Serving(Layer):
    """A layer with an HTTP server on a loopback address or a unix socket.

    The server listens before ``setUp`` of a subclass runs, and is gone when ``tearDown`` returns.

    :param bases: layers that must be up before this one.
    :param host: a loopback address.
    :param port: 0 for any free one.
    :param unix: listen on a socket in the file system instead: its path, or True for one of our
        own.
    :param tls: True or a `TLS` to speak HTTPS; True is for the host of `url` as well.
    :param url: what the clients shall call it, such as ``"http://shop.test"``, if that differs from
        where it listens; for browsers `host_rules` leads from one to the other.
    :param patience: seconds that handlers may go on after a test before it fails because of them.
    :param name: of the layer, by default that of the module variable that holds it.
    :raises TypeError: for arguments of another type.
    :raises ValueError: if `host` is not a loopback address, a number is out of range, or `url` is
        no more than a path or no less than a page.
    """

    url = Resource[str]("Where the server answers, without a slash at the end")
    host = Resource[str]("The address that the server listens on")
    port = Resource[int]("The port that the server listens on")
    http_host = Resource[str]("The same as `host`, as gocept.httpserverlayer calls it")
    http_port = Resource[int]("The same as `port`, as gocept.httpserverlayer calls it")
    http_address = Resource[str]("Host and port with a colon between, as in a URL")
    host_rules = Resource[str]("For Chromium's --host-resolver-rules: how to get from url to us")
    unix_path = Resource[str]("Where the unix socket is")
    ssl_context = Resource[ssl.SSLContext]("For clients: trusts the server, has a certificate")
    ca_file = Resource[str]("For SSL_CERT_FILE, REQUESTS_CA_BUNDLE, curl --cacert: whom to trust")
    client_file = Resource[str]("For curl --cert: a client's certificate and its key")

    def __init__(
        self,
        bases: Iterable[Any] | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        unix: bool | str = False,
        tls: bool | TLS = False,
        url: str | None = None,
        patience: float = 1.0,
        name: str | None = None,
    ) -> None:
        kind = type(self).__name__
        if isinstance(bases, (int, str)):
            raise TypeError(f"Host and port are given by name: {kind}(port=8080), not {bases!r}.")
        super().__init__(bases, name)
        refuse_all_but_loopback(host)
        check_port(port)
        check_seconds("patience", patience)
        if not isinstance(tls, (bool, TLS)):
            raise TypeError(f"tls is True, False or a TLS, not {tls!r}.")
        if url is not None:
            check_origin("url", url)
        self._address = host, port
        self._unix = unix
        self._tls = TLS(_host_of(url)) if tls is True else tls
        self._public_url = url
        self._patience = patience
        self._server: Server | None = None
        self._problems: list[LayerError] = []
        self._lock = threading.RLock()  # for what the server's threads and the tests' both touch

    def _begin_layer(self) -> None:
        listener = self._listener()
        self._serve(listener)
        self._offer_address(listener)
        self.addNote(self.url)
        if self._tls:
            self._offer_trust(self._tls)

    def _serve(self, listener: Listener) -> None:
        with needs_extra(type(self).__qualname__, "http"):
            from underlay.http._negotiating import Negotiating
        tls = self._tls.server_context() if self._tls else None
        if tls:
            tls.sslobject_class = Alerting
        answerer = self._make_answerer()
        server = Server(
            listener,
            lambda server: Negotiating(server, answerer),
            self._failed,
            tls,
            self._patience,
        )
        server.start()
        self._server = server
        self.addCleanup(self._stop, server)

    def _begin_test(self) -> None:
        self._take_problems()  # of nobody's test
        if self._server is not None:
            self.addCleanup(self._server.workers.rest)
            self.addCleanup(self._server.cut_busy)

    def verify(self) -> None:
        """Wait for the handlers to return, then raise what went wrong.

        :raises SeveralProblems: if more than one thing did.
        """
        if self._server is None:
            return
        self._server.settle()
        if late := self._overdue(self._server):
            self._note(NotReady(f"{self!r} to answer", self._patience, "\n  ".join(late)))
        self._raise(self._take_problems())

    def _make_answerer(self) -> Answerer:
        raise NotImplementedError

    def _overdue(self, server: Server) -> list[str]:
        """What goes on for longer than it may, each told once."""
        return server.workers.overdue(self._patience)

    @property
    def _scheme(self) -> str:
        if self._public_url:
            return self._public_url.partition(":")[0]
        return "https" if self._tls else "http"

    def _listener(self) -> Listener:
        if not self._unix:
            return TCPListener(*self._address)
        if self._unix is True:
            folder = self.enterContext(tempfile.TemporaryDirectory(prefix="underlay-"))
            return UnixListener(f"{folder}/socket")
        return UnixListener(self._unix)

    def _offer_address(self, listener: Listener) -> None:
        if isinstance(listener, UnixListener):
            self.unix_path = listener.path
            self.url = self._public_url or f"{self._scheme}+unix://{listener.address}"
        elif isinstance(listener, TCPListener):
            self.host = self.http_host = listener.host
            self.port = self.http_port = listener.port
            self.http_address = listener.address
            self.url = self._public_url or f"{self._scheme}://{listener.address}"
            self.host_rules = _host_rules(self.url, listener.address)

    def _offer_trust(self, tls: TLS) -> None:
        self.ca_file = self.enterContext(tls.authority_file())
        identity = None
        if tls.client_certificate != "none":
            identity = "client@underlay.test"
            self.client_file = self.enterContext(tls.identity_file(identity))
        self.ssl_context = tls.client_context(identity)

    def _note(self, problem: LayerError) -> None:
        with self._lock:
            self._problems.append(problem)

    def _failed(self, error: BaseException) -> None:
        """Take note of an error that has to do with no request."""
        problem = LayerError(f"{self!r} failed: {in_short(error)}")
        problem.__cause__ = error
        self._note(problem)

    def _take_problems(self) -> list[LayerError]:
        with self._lock:
            taken, self._problems = self._problems, []
        return taken

    def _raise(self, problems: list[LayerError]) -> None:
        if len(problems) > 1:
            raise SeveralProblems(repr(self), tuple(map(str, problems))) from problems[0]
        for problem in problems:
            raise problem

    def _stop(self, server: Server) -> None:
        self._server = None
        self._take_problems()  # of nobody's test
        left = server.stop()
        # Requests that come as late as this are nobody's, errors in handlers are not.
        problems: list[LayerError] = [
            each for each in self._take_problems() if isinstance(each, AnswerFailed)
        ]
        if left:
            problems.append(StillRunning(repr(self), tuple(left)))
        self._raise(problems)


def _host_of(url: str | None) -> list[str]:
    host = urllib.parse.urlsplit(url).hostname if url else None
    return [host] if host else []


def _host_rules(url: str, address: str) -> str:
    """Chromium's rules (net/dns/mapped_host_resolver.h): the first that fits counts."""
    parts = urllib.parse.urlsplit(url)
    port = parts.port or DEFAULT_PORTS[parts.scheme]
    return f"MAP {parts.hostname}:{port} {address}"
