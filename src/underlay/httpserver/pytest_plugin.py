"""The fixtures of pytest-httpserver, for ``-p underlay.httpserver.pytest_plugin``."""

from __future__ import annotations

import os
import ssl
import sys
from collections.abc import Generator, Iterator

import pytest

from underlay.httpserver import HTTPServer
from underlay.httpserver.httpserver import HTTPServerBase

#: Plugins with a fixture of the same name: their modules, what brings them, how pytest calls them.
PEERS = (
    ("pytest_httpserver.pytest_plugin", "pytest-httpserver", "pytest_httpserver"),
    ("pytest_localserver.plugin", "pytest-localserver", "localserver"),
)


def pytest_configure(config: pytest.Config) -> None:
    for module, package, name in PEERS:
        peer = sys.modules.get(module)
        if peer and config.pluginmanager.is_registered(peer):
            raise pytest.UsageError(
                f"underlay and {package} would both provide the fixture 'httpserver': run pytest "
                f"with -p no:{name} (or uninstall {package}), or without {__name__}."
            )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell of a test that fails what its servers have to tell, whether it asks them or not."""
    report = yield
    if report.when == "call" and report.failed:
        values = getattr(item, "funcargs", {}).values()
        servers = (each for each in values if isinstance(each, HTTPServerBase))
        for server in dict.fromkeys(servers):  # one may have the name of several fixtures
            if problems := [*server.assertions, *map(repr, server.handler_errors)]:
                report.sections.append((repr(server), "\n".join(map(str, problems))))
    return report


def get_httpserver_listen_address() -> tuple[str | None, int | None]:
    """Host and port as the environment says, None where it says nothing."""
    port = os.environ.get("PYTEST_HTTPSERVER_PORT")
    return os.environ.get("PYTEST_HTTPSERVER_HOST"), int(port) if port else None


def of_a_test(server: HTTPServer) -> Iterator[HTTPServer]:
    """The server, cleared for a test, which fails if something promised natively does not come."""
    server.clear()
    yield server
    server.fake_server.check()


@pytest.fixture(scope="session")
def httpserver_listen_address() -> tuple[str | None, int | None]:
    """Where the server is to listen; override it to say so."""
    return get_httpserver_listen_address()


@pytest.fixture(scope="session")
def httpserver_ssl_context() -> ssl.SSLContext | None:
    """What the server needs for HTTPS; override it to say so."""
    return None


@pytest.fixture(scope="session")
def make_httpserver(
    httpserver_listen_address: tuple[str | None, int | None],
    httpserver_ssl_context: ssl.SSLContext | None,
) -> Iterator[HTTPServer]:
    """The server of all tests; override it for another one."""
    host, port = httpserver_listen_address
    host, port = host or HTTPServer.DEFAULT_LISTEN_HOST, port or HTTPServer.DEFAULT_LISTEN_PORT
    with HTTPServer(host, port, httpserver_ssl_context) as server:
        yield server


@pytest.fixture
def httpserver(make_httpserver: HTTPServer) -> Iterator[HTTPServer]:
    """The server, cleared for the test."""
    yield from of_a_test(make_httpserver)


@pytest.fixture(scope="session")
def make_httpserver_ipv4(
    httpserver_ssl_context: ssl.SSLContext | None,
) -> Iterator[HTTPServer]:
    """The same on 127.0.0.1."""
    with HTTPServer("127.0.0.1", ssl_context=httpserver_ssl_context) as server:
        yield server


@pytest.fixture
def httpserver_ipv4(make_httpserver_ipv4: HTTPServer) -> Iterator[HTTPServer]:
    """The server on 127.0.0.1, cleared for the test."""
    yield from of_a_test(make_httpserver_ipv4)


@pytest.fixture(scope="session")
def make_httpserver_ipv6(
    httpserver_ssl_context: ssl.SSLContext | None,
) -> Iterator[HTTPServer]:
    """The same on ::1."""
    with HTTPServer("::1", ssl_context=httpserver_ssl_context) as server:
        yield server


@pytest.fixture
def httpserver_ipv6(make_httpserver_ipv6: HTTPServer) -> Iterator[HTTPServer]:
    """The server on ::1, cleared for the test."""
    yield from of_a_test(make_httpserver_ipv6)
