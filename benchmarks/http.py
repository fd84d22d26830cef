"""FakeServer and LiveServer against their peers, interleaved in one run.

    python benchmarks/http.py [rounds]

Each measurement has a fresh server process.  ``start``: until the first answer is read; ``stop``:
with one idle keep-alive connection open (milliseconds, median of all rounds); ``CPU``: microseconds
per request of the server's process, keep-alive where the server has it.  What counts are ratios
within one run.  Peers that are not installed are left out, and said to be.

    python benchmarks/http.py stop [rounds]

tells how long our servers take to stop in each of nine states (milliseconds; median and longest of
all rounds).
"""

from __future__ import annotations

import sys

if __name__ == "__main__":
    del sys.path[0]  # this folder, where http.py would hide the standard library's http

import contextlib
import http.client
import importlib.util
import random
import resource
import socket
import statistics
import subprocess
import time
from collections.abc import Callable
from typing import Any

from underlay import LayerError

REQUESTS = 2000
BIG = b"x" * 50_000_000  # one for all: to free it takes longer than to stop
GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"

Stop = Callable[[], object]


def fake_server() -> tuple[int, Stop]:
    from underlay.http import FakeServer

    server = FakeServer()
    server.setUp()
    server.expect("GET", "/").then(text="Hello world")
    return server.port, server.tearDown


def live_server() -> tuple[int, Stop]:
    from underlay import Layer
    from underlay.http import LiveServer

    class Application(Layer):
        def application(self, environ: Any, start_response: Any) -> list[bytes]:
            start_response("200 OK", [("Content-Length", "11")])
            return [b"Hello world"]

    server = LiveServer(Application())
    server.setUp()
    return server.port, server.tearDown


def pytest_httpserver() -> tuple[int, Stop]:
    from pytest_httpserver import HTTPServer

    server = HTTPServer()
    server.start()
    server.expect_request("/").respond_with_data("Hello world")
    return server.port, server.stop


def gocept_httpserverlayer() -> tuple[int, Stop]:
    from gocept.httpserverlayer.wsgi import Layer

    def application(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Length", "11")], None)
        return [b"Hello world"]

    server = Layer()
    server.wsgi_app = application
    server.setUp()
    return server["http_port"], server.tearDown


SERVERS = {
    "FakeServer": fake_server,
    "LiveServer": live_server,
    "pytest_httpserver": pytest_httpserver,
    "gocept.httpserverlayer": gocept_httpserverlayer,
}


def serve(name: str) -> None:
    """The server's process: it is told when to look at the clock, and prints what it saw."""
    SERVERS[name]()[1]()  # imports and first calls are not what is measured
    began = time.perf_counter()
    port, stop = SERVERS[name]()
    ask(port)
    start = time.perf_counter() - began
    print(port, flush=True)
    input()
    before = cpu()
    print("ready", flush=True)
    input()
    used = cpu() - before
    connection = socket.create_connection(("127.0.0.1", port))
    connection.sendall(GET)
    connection.recv(1000)
    began = time.perf_counter()
    stop()
    print(start, time.perf_counter() - began, used, flush=True)


def cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def ask(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", "/")
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (200, b"Hello world")
    connection.close()


def measure(name: str) -> tuple[float, float, float]:
    with subprocess.Popen(
        [sys.executable, __file__, "--serve", name],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # request logs
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        port = int(process.stdout.readline())
        print(file=process.stdin, flush=True)
        process.stdout.readline()
        connection = http.client.HTTPConnection("127.0.0.1", port)
        for _request in range(REQUESTS):
            connection.request("GET", "/")
            connection.getresponse().read()
        connection.close()
        print(file=process.stdin, flush=True)
        start, stop, used = map(float, process.stdout.readline().split())
    return start * 1e3, stop * 1e3, used / REQUESTS * 1e6


def is_installed(library: str) -> bool:
    with contextlib.suppress(ModuleNotFoundError):  # of the namespace it is in
        return importlib.util.find_spec(library) is not None
    return False


def main(rounds: int) -> None:
    there = []
    for name in SERVERS:
        library = name if name[0].islower() else "underlay"
        if is_installed(library):
            there.append(name)
        else:
            print(f"{library} is not installed: left out")
    results: dict[str, list[tuple[float, float, float]]] = {name: [] for name in there}
    for _round in range(rounds):
        for name in random.sample(there, len(there)):
            results[name].append(measure(name))
    print(f"{'':24}{'start ms':>10}{'stop ms':>10}{'CPU us':>10}")
    for name, values in results.items():
        medians = [statistics.median(column) for column in zip(*values, strict=True)]
        print(f"{name:24}" + "".join(f"{median:10.2f}" for median in medians))


# -- stop, in all states


def idle(server: Any) -> list[socket.socket]:
    return []


def keep_alive(server: Any) -> list[socket.socket]:
    return [exchanged(server, GET, b"Hello world") for _each in range(50)]


def preconnects(server: Any) -> list[socket.socket]:
    return [connect(server) for _each in range(50)]


def handler_hangs(server: Any) -> list[socket.socket]:
    return [connect(server, GET.replace(b"/", b"/hang", 1))]


def mid_upload(server: Any) -> list[socket.socket]:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n"
    return [connect(server, head + b"x" * 1000)]


def slow_reader(server: Any) -> list[socket.socket]:
    return [exchanged(server, GET.replace(b"/", b"/big", 1), b"x")]


def handshakes(server: Any) -> list[socket.socket]:
    return [connect(server, b"\x16\x03\x01", tls=False) for _each in range(50)]


def open_websocket(server: Any) -> list[socket.socket]:
    asked = (
        b"GET /ws HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    return [exchanged(server, asked, b"101")]


def event_stream(server: Any) -> list[socket.socket]:
    return [exchanged(server, GET.replace(b"/", b"/events", 1), b"tick")]


STATES = {
    "idle": idle,
    "50 idle keep-alive": keep_alive,
    "50 silent preconnects": preconnects,
    "a handler hangs": handler_hangs,
    "mid-upload": mid_upload,
    "slow reader": slow_reader,
    "50 TLS handshakes": handshakes,
    "WebSocket open": open_websocket,
    "endless event stream": event_stream,
}


def connect(server: Any, data: bytes = b"", tls: bool = True) -> socket.socket:
    sock = socket.create_connection((server.host, server.port))
    if tls and server.url.startswith("https"):
        sock = server.ssl_context.wrap_socket(sock, server_hostname="localhost")
    sock.sendall(data)
    return sock


def exchanged(server: Any, data: bytes, awaited: bytes) -> socket.socket:
    sock = connect(server, data)
    received = b""
    while awaited not in received:
        received += sock.recv(1000)
    return sock


def fake_in_all_states(tls: bool) -> Any:
    from underlay.http import FakeServer, hang, websocket

    class ticking:
        async def play(self, exchange: Any) -> None:
            exchange.begin(200, [(b"Content-Type", b"text/event-stream")])
            while True:
                await exchange.write(b"data: tick\n\n")

    server = FakeServer(tls=tls)
    server.setUp()
    server.expect("GET", "/").then(text="Hello world")
    server.expect("GET", "/hang").then(hang())
    server.expect("GET", "/big").then(data=BIG)
    server.expect("GET", "/ws").then(websocket())
    server.expect("GET", "/events").then(ticking())
    return server


def live_in_all_states(tls: bool) -> Any:
    from underlay import Layer
    from underlay.http import LiveServer

    def hello(start_response: Any) -> Any:
        start_response("200 OK", [("Content-Length", "11")])
        return [b"Hello world"]

    def endless(start_response: Any) -> Any:
        start_response("200 OK", [("Content-Type", "text/event-stream")])
        return iter(lambda: b"data: tick\n\n", None)

    def big(start_response: Any) -> Any:
        start_response("200 OK", [])
        return [BIG]

    pages = {"/hang": lambda start_response: time.sleep(3), "/big": big, "/events": endless}

    class Application(Layer):
        def application(self, environ: Any, start_response: Any) -> Any:
            return pages.get(environ["PATH_INFO"], hello)(start_response)

    server = LiveServer(Application(), tls=tls)
    server.setUp()
    return server


IN_ALL_STATES = {"FakeServer": fake_in_all_states, "LiveServer": live_in_all_states}


def stop_in(state: str, make: Callable[[bool], Any], tls: bool) -> float:
    server = make(tls)
    clients = STATES[state](server)
    server._server.settle()
    time.sleep(0.01)
    began = time.perf_counter()
    with contextlib.suppress(LayerError):  # a handler that still runs is named
        server.tearDown()
    took = time.perf_counter() - began
    for client in clients:
        client.close()
    return took * 1e3


def main_stop(rounds: int) -> None:
    servers = [(name, tls) for name in IN_ALL_STATES for tls in (False, True)]
    cells = [
        (state, *server)
        for state in STATES
        for server in servers
        if server[1] or "TLS" not in state
        if server[0] == "FakeServer" or "WebSocket" not in state
    ]
    took: dict[Any, list[float]] = {cell: [] for cell in cells}
    for _round in range(rounds):
        for cell in random.sample(cells, len(cells)):
            state, name, tls = cell
            took[cell].append(stop_in(state, IN_ALL_STATES[name], tls))
    print(f"{'median / longest, ms':24}" + "".join(f"{n + ' TLS' * t:>18}" for n, t in servers))
    for state in STATES:
        row = [took.get((state, *server)) for server in servers]
        shown = [f"{statistics.median(v):.2f} / {max(v):.2f}" if v else "-" for v in row]
        print(f"{state:24}" + "".join(f"{each:>18}" for each in shown))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(sys.argv[2])
    elif sys.argv[1:2] == ["stop"]:
        main_stop(int(sys.argv[2]) if sys.argv[2:] else 9)
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else 5)
