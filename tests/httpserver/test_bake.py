"""BakedHTTPServer: defaults for what a server expects."""

import unittest

from tests.http.support import ask
from tests.httpserver.support import running
from underlay.httpserver import BakedHTTPServer, HTTPServer


class Bake(unittest.TestCase):
    def test_all_three_verbs_have_the_defaults(self):
        server = running(self)
        baked = server.bake(method="POST").bake(data="ten")
        for name in ("expect_ordered_request", "expect_oneshot_request", "expect_request"):
            getattr(baked, name)("/pay").respond_with_data(name)
        answers = [ask(server.url_for("/pay"), b"ten")[1] for _ in range(3)]
        self.assertEqual(
            ["expect_ordered_request", "expect_oneshot_request", "expect_request"], answers
        )
        self.assertEqual(500, ask(server.url_for("/pay"), b"eleven")[0])

    def test_a_call_may_say_otherwise(self):
        server = running(self)
        server.bake(method="POST").expect_request("/", method="GET").respond_with_data("")
        self.assertEqual(200, ask(server.url_for("/"))[0])

    def test_it_starts_and_stops_a_server_that_does_not_run(self):
        baked = HTTPServer().bake()
        with baked, baked:
            self.assertTrue(baked.is_running())
        self.assertFalse(baked.is_running())

    def test_it_leaves_a_server_alone_that_runs(self):
        server = running(self)
        with server.bake():
            pass
        self.assertTrue(server.is_running())

    def test_it_tells_its_defaults(self):
        baked = HTTPServer("localhost", 4711).bake(method="GET")
        server = "<HTTPServer host=localhost port=4711>"
        told = f"<BakedHTTPServer defaults={{'method': 'GET'}} server={server}>"
        self.assertIsInstance(baked, BakedHTTPServer)
        self.assertEqual(told, repr(baked))
