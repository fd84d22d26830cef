"""TLS: how a server of tests proves who it is, and how its clients come to trust it."""

from __future__ import annotations

import functools
import ssl
from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from underlay._errors import needs_extra

if TYPE_CHECKING:
    import trustme

#: What a certificate is valid for in any case.
LOOPBACK = ("localhost", "127.0.0.1", "::1")
#: Protocols that a client may choose from in the handshake, our preference first.
PROTOCOLS = ["h2", "http/1.1"]
VERIFY_CLIENT = {
    "none": ssl.CERT_NONE,
    "optional": ssl.CERT_OPTIONAL,
    "required": ssl.CERT_REQUIRED,
}


class TLS:
    """A test authority, which nobody trusts but who is told to, and how a server makes use of it.

    ``tls=True`` is short for ``tls=TLS()``.  Servers that share one share the authority.

    :param hosts: names for which the server's certificate is valid, such as ``"shop.test"`` or
        ``"*.shop.test"``, besides ``localhost`` and the loopback addresses.
    :param client_certificate: ``"none"`` to not ask clients for a certificate, ``"optional"`` to
        refuse those with one of another authority, ``"required"`` to refuse also those without any.
    :raises TypeError: if `hosts` is one name instead of a list of names.
    :raises ValueError: for another word.
    """

    def __init__(self, hosts: Iterable[str] = (), client_certificate: str = "none") -> None:
        if isinstance(hosts, str):
            raise TypeError(f"hosts is a list of names: [{hosts!r}].")
        if client_certificate not in VERIFY_CLIENT:
            words = ", ".join(map(repr, VERIFY_CLIENT))
            raise ValueError(f"client_certificate is one of {words}, not {client_certificate!r}.")
        self.hosts = tuple(hosts)
        self.client_certificate = client_certificate

    @functools.cached_property
    def authority(self) -> trustme.CA:
        """The authority, made when it is first asked for."""
        with needs_extra("TLS", "http"):
            import trustme
        return trustme.CA(organization_name="underlay")

    def server_context(self) -> ssl.SSLContext:
        """What a server needs."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert(*LOOPBACK, *self.hosts).configure_cert(context)
        self.authority.configure_trust(context)
        context.verify_mode = VERIFY_CLIENT[self.client_certificate]
        context.set_alpn_protocols(PROTOCOLS)
        return context

    def client_context(self, identity: str | None = None) -> ssl.SSLContext:
        """What a client needs to trust the servers of this authority, and nobody else.

        :param identity: a name such as ``"alice@shop.test"``, for a certificate of the client's.
        """
        # Those whom the system trusts are not loaded: that takes 18 ms, and 1 ms to forget them.
        context = ssl.create_default_context(cadata=self.authority.cert_pem.bytes().decode())
        if identity is not None:
            self.authority.issue_cert(identity).configure_cert(context)
        return context

    def authority_file(self) -> AbstractContextManager[str]:
        """A file with the authority's certificate, for SSL_CERT_FILE and REQUESTS_CA_BUNDLE."""
        return self.authority.cert_pem.tempfile()

    def identity_file(self, identity: str) -> AbstractContextManager[str]:
        """A file with a client's certificate and key, as ``curl --cert`` wants them."""
        return self.authority.issue_cert(identity).private_key_and_cert_chain_pem.tempfile()


class Alerting(ssl.SSLObject):
    """Tells the client why its handshake fails; asyncio ends the connection without a word.

    Its ``sslproto.py`` sends what is ready only when a handshake is not over yet: so it is told
    that at first, and of the failure when the client has hung up.
    """

    _outgoing: ssl.MemoryBIO
    _failure: ssl.SSLError | None = None

    @classmethod
    def _create(
        cls, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, *args: Any, **options: Any
    ) -> Alerting:
        made: Alerting = super()._create(incoming, outgoing, *args, **options)  # type: ignore[misc]
        made._outgoing = outgoing
        return made

    def do_handshake(self) -> None:
        if self._failure:
            raise self._failure
        try:
            super().do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError as error:
            if not self._outgoing.pending:
                raise
            self._failure = error
            raise ssl.SSLWantReadError(ssl.SSL_ERROR_WANT_READ, "an alert goes first") from error
