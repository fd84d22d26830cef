"""FakeServer and LiveServer against their peers, interleaved in one run.

    python benchmarks/http.py [rounds]

Each measurement has a fresh server process.  ``start``: until the first answer is read; ``stop``:
with one idle keep-alive connection open (milliseconds, median of all rounds); ``CPU``: microseconds
per request of the server's process, keep-alive where the server has it.  What counts are ratios
within one run.  Peers that are not installed are left out, and said to be.
"""

from __future__ import annotations

import sys

if __name__ == "__main__":
    del sys.path[0]  # this folder, where http.py would hide the standard library's http

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

REQUESTS = 2000
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


def main(rounds: int) -> None:
    there = []
    for name in SERVERS:
        library = name if name[0].islower() else "underlay"
        if importlib.util.find_spec(library.partition(".")[0]):
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


if __name__ == "__main__":
    if sys.argv[1:2] == ["--serve"]:
        serve(sys.argv[2])
    else:
        main(int(sys.argv[1]) if sys.argv[1:] else 5)
