"""A real browser: host names of our own, TLS, connections that it opens ahead of time."""

import subprocess
import tempfile
import unittest

from tests.http.support import nothing_left, program, threads_and_descriptors, up
from underlay import Layer
from underlay.http import TLS, LiveServer

PAGE = b"""<!DOCTYPE html><title>Shop</title><body><p id=here></p><script>
here.textContent = location.origin + " " + document.querySelector("title").textContent;
</script>"""


def shop(environ, start_response):
    host = environ["HTTP_HOST"].encode()
    scheme = environ["wsgi.url_scheme"].encode()
    start_response("200 OK", [("Content-Type", "text/html")])
    return [PAGE.replace(b"Shop", scheme + b"://" + host)]


class Shop(Layer):
    application = staticmethod(shop)


class Chromium(unittest.TestCase):
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
