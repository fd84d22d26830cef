"""A real browser: host names of our own, TLS, connections that it opens ahead of time."""

import json
import re
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

from tests.http.support import nothing_left, program, threads_and_descriptors, up
from underlay import Layer
from underlay.http import (
    TLS,
    FakeServer,
    LiveServer,
    close_connection,
    delay,
    drip,
    garbage,
    go_away,
    gzipped,
    half_a_head,
    hang,
    malformed_chunk,
    reset_connection,
    reset_stream,
    respond,
    throttle,
    wrong_content_length,
)

PAGE = b"""<!DOCTYPE html><title>Shop</title><body><p id=here></p><script>
here.textContent = location.origin + " " + document.querySelector("title").textContent;
</script>"""


#: Asks for each URL, one after the other, and tells what came.
ASKING = """<!DOCTYPE html><body><script>
async function ask(url) {
    const answer = await fetch(url, {cache: "no-store"});
    return answer.status + " " + await answer.text();
}
async function askAll(urls) {
    for (const url of urls) {
        const told = await ask(url).catch(error => "failed");
        document.body.append(`(${url} ${told})`);
    }
}
askAll(%s);
</script>"""

#: Tells how its patience ended; it is loaded as soon as that was heard.
WAITING = """<!DOCTYPE html><img src=/last><script>
fetch("/hang", {signal: AbortSignal.timeout(200)}).catch(error => fetch("/told/" + error.name));
</script>"""

#: What Chromium calls the faults, by its names of errors (net/base/net_error_list.h).
FAULTS = {
    close_connection(): "EMPTY_RESPONSE",
    close_connection(after=3): "CONTENT_LENGTH_MISMATCH",
    reset_connection(): "CONNECTION_RESET",
    reset_connection(after=3): "CONNECTION_RESET",
    garbage(): "INVALID_HTTP_RESPONSE",
    half_a_head(): "200 ",  # as to most clients: the connection's end is also the head's
    wrong_content_length(9): "CONTENT_LENGTH_MISMATCH",
    malformed_chunk(): "INVALID_CHUNKED_ENCODING",
}
FAULTS_OF_HTTP_2 = {
    close_connection(): "CONNECTION_CLOSED",
    close_connection(after=3): "CONNECTION_CLOSED",
    reset_connection(): "CONNECTION_RESET",
    reset_connection(after=3): "CONNECTION_RESET",
    reset_stream(): "HTTP2_PROTOCOL_ERROR",
    reset_stream(7): "HTTP2_SERVER_REFUSED_STREAM",
    reset_stream(after=3): "HTTP2_PROTOCOL_ERROR",
    go_away(): "CONNECTION_CLOSED",
    go_away(11, after=3): "CONNECTION_CLOSED",
}
WHOLE = dict.fromkeys((drip(2, every=0.001), throttle(50_000), delay(0.01), gzipped()), "200 hello")


def shop(environ, start_response):
    host = environ["HTTP_HOST"].encode()
    scheme = environ["wsgi.url_scheme"].encode()
    start_response("200 OK", [("Content-Type", "text/html")])
    return [PAGE.replace(b"Shop", scheme + b"://" + host)]


class Shop(Layer):
    application = staticmethod(shop)


class Visiting(unittest.TestCase):
    def visit(self, server, *options):
        """The page as it is after its scripts have run."""
        with tempfile.TemporaryDirectory() as profile:
            command = [
                program("chromium"),
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--dump-dom",
                f"--user-data-dir={profile}",
                *options,
                server.url,
            ]
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                timeout=120,
                check=True,
            )
        return done.stdout


class Chromium(Visiting):
    def test_a_site_has_the_name_it_has_in_production(self):
        server = up(self, LiveServer(Shop(), url="http://shop.test"))
        page = self.visit(server, f"--host-resolver-rules={server.host_rules}")
        self.assertIn("http://shop.test http://shop.test</p>", page)

    def test_the_server_stops_whatever_it_has_opened(self):
        before = threads_and_descriptors()
        with LiveServer(Shop()) as server:
            self.assertIn(server.url, self.visit(server))
        nothing_left(self, before)

    def test_it_speaks_http_2_over_tls(self):
        server = up(self, LiveServer(Shop(), url="https://shop.test", tls=TLS(hosts=["shop.test"])))
        page = self.visit(
            server,
            f"--host-resolver-rules={server.host_rules}",
            "--ignore-certificate-errors",
        )
        self.assertIn("https://shop.test https://shop.test</p>", page)


class Faults(Visiting):
    def seen(self, server, urls):
        """What a page of the server got from each URL: an answer, or an error."""
        # The time runs only while nothing is awaited from the network.
        page, failed = self.logged(server, ASKING % json.dumps(urls), "--virtual-time-budget=60000")
        told = dict(re.findall(r"\((\S+) (.*?)\)", page))
        return [failed[url] if told[url] == "failed" else told[url] for url in urls]

    def logged(self, server, page, *options):
        """The page after its scripts have run, and the last error of each URL that had one."""
        html = {"Content-Type": "text/html"}
        server.expect("GET", "/").then(data=page.encode(), headers=html)
        server.expect("GET", "/favicon.ico", optional=True).then(status=404)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        log = Path(folder.name, "net.json")
        page = self.visit(server, f"--log-net-log={log}", "--ignore-certificate-errors", *options)
        return page, errors(json.loads(log.read_text("utf-8")))

    def check(self, server, faults):
        expected = {**faults, **WHOLE}
        answers = {f"{server.url}/{number}": fault for number, fault in enumerate(expected)}
        for url, fault in answers.items():
            steps = (fault,) if getattr(fault, "final", False) else (fault, respond(text="hello"))
            server.expect("GET", url.removeprefix(server.url)).then(*steps)
        seen = self.seen(server, list(answers))
        self.assertEqual(
            {repr(fault): name for fault, name in expected.items()},
            dict(zip(map(repr, expected), seen, strict=True)),
        )

    def test_it_sees_the_fault_that_was_asked_for(self):
        self.check(up(self, FakeServer()), FAULTS)

    def test_it_sees_those_of_http_2_as_well(self):
        self.check(up(self, FakeServer(tls=True)), FAULTS_OF_HTTP_2)

    def test_it_is_refused(self):
        server, other = up(self, FakeServer()), up(self, FakeServer())
        with other.refusing():
            self.assertEqual(["CONNECTION_REFUSED"], self.seen(server, [f"{other.url}/"]))

    def test_it_waits_for_a_server_that_hangs(self):
        server = up(self, FakeServer())
        server.expect("GET", "/hang").then(hang())
        told = threading.Event()
        server.expect("GET", "/told/TimeoutError").then(lambda request: str(told.set()))
        server.expect("GET", "/last").then(lambda request: str(told.wait(10)))
        self.logged(server, WAITING)


def errors(log):
    """The last error of each URL, from a log of Chromium's network."""
    names = {number: name for name, number in log["constants"]["netError"].items()}
    urls, seen = {}, {}
    for event in log["events"]:
        source, params = event["source"]["id"], event.get("params", {})
        if "url" in params:
            urls[source] = params["url"]
        error = params.get("net_error")
        if error and source in urls:
            seen[urls[source]] = names.get(error, str(error)).removeprefix("ERR_")
    return seen
