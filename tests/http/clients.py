"""Real clients; each says in a word or two what it saw."""

import asyncio
import dataclasses
import functools
import http.client
import socket
import ssl
import subprocess
import urllib.parse

import aiohttp
import httpx
import urllib3

from tests.http.support import GET, program


@dataclasses.dataclass(frozen=True)
class Over:
    """What is between a client and a server, besides TCP and HTTP/1."""

    context: ssl.SSLContext | None = None
    ca_file: str | None = None
    unix_path: str | None = None
    http2: bool = False


PLAIN = Over()


def by_http_client(url, patience, over=PLAIN):
    parts = urllib.parse.urlsplit(url)
    make = http.client.HTTPConnection
    if over.unix_path:
        make = functools.partial(UnixConnection, over.unix_path)
    elif over.context:
        make = functools.partial(http.client.HTTPSConnection, context=over.context)
    connection = make(parts.hostname, parts.port, timeout=patience)
    try:
        connection.request("GET", parts.path)
        answer = connection.getresponse()
        return f"{answer.status} {answer.read().decode()}"
    finally:
        connection.close()


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, host, port, timeout):
        super().__init__(host, port, timeout)
        self._path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def by_urllib3(url, patience, over=PLAIN):
    trust = {"ssl_context": over.context} if over.context else {}
    with urllib3.PoolManager(retries=False, timeout=patience, **trust) as pool:
        answer = pool.request("GET", url)
        return f"{answer.status} {answer.data.decode()}"


def by_httpx(url, patience, over=PLAIN):
    transport = httpx.HTTPTransport(
        verify=over.context or False, uds=over.unix_path, http1=not over.http2, http2=over.http2
    )
    with httpx.Client(timeout=patience, transport=transport) as client:
        answer = client.get(url)
        return f"{answer.status_code} {answer.text}"


def by_aiohttp(url, patience, over=PLAIN):
    async def ask():
        connector = aiohttp.TCPConnector(ssl=over.context or True)
        if over.unix_path:
            connector = aiohttp.UnixConnector(over.unix_path)
        timeout = aiohttp.ClientTimeout(total=patience)
        async with aiohttp.ClientSession(timeout=timeout, connector=connector) as session:
            async with session.get(url) as answer:
                return f"{answer.status} {await answer.text()}"

    return asyncio.run(ask())


def by_curl(url, patience, over=PLAIN):
    """Its exit status is 52 for an empty reply, 56 for a reset, and so on."""
    command = [program("curl"), "--silent", "--noproxy", "*", "--max-time", str(patience)]
    command += ["--write-out", "%{stderr}%{http_code}"]
    command += ["--http2-prior-knowledge" if over.http2 else "--http1.1"]
    command += ["--cacert", over.ca_file] if over.ca_file else []
    command += ["--unix-socket", over.unix_path] if over.unix_path else []
    ended = subprocess.run(
        [*command, url], stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    if ended.returncode:
        return f"curl {ended.returncode}"
    return f"{ended.stderr.decode()} {ended.stdout.decode()}"


def by_socket(url, patience):
    """What came, and how it ended: FIN, RST or not at all."""
    parts = urllib.parse.urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), patience) as sock:
        sock.sendall(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        return everything(sock)


def everything(sock):
    """All that comes, and how it ends: FIN, RST or not at all."""
    received = b""
    try:
        while data := sock.recv(65536):
            received += data
    except (ConnectionResetError, TimeoutError) as error:
        return received, type(error).__name__
    return received, "FIN"


def by_tls_socket(url, patience, context):
    """The same below TLS, whose sockets tell less; it ends with "goodbye" if TLS said so."""
    parts = urllib.parse.urlsplit(url)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname=parts.hostname)
    with socket.create_connection((parts.hostname, parts.port), patience) as sock:
        while not _done(tls.do_handshake):
            sock.sendall(outgoing.read())
            incoming.write(sock.recv(65536))
        tls.write(GET)
        sock.sendall(outgoing.read())
        received, end = everything(sock)
    incoming.write(received)
    said = []
    while _done(lambda: said.append(tls.read(65536))) and said[-1]:
        pass
    return b"".join(said), "goodbye" if said[-1:] == [b""] else end


def _done(step):
    """Whether a step of TLS did not want to read more."""
    try:
        step()
    except ssl.SSLWantReadError:
        return False
    return True


def saw(client, url, patience, over=PLAIN):
    """What a client returned, or the name of what it raised."""
    try:
        return client(url, patience, over)
    except Exception as error:
        return type(error).__name__


CLIENTS = (by_http_client, by_urllib3, by_httpx, by_aiohttp, by_curl)
