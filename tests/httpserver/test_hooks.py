"""Hooks: they see each request with its answer, and may change that."""

import threading
import unittest

from werkzeug import Response

from tests.http.support import ask
from tests.httpserver.support import running
from underlay.httpserver.hooks import Chain, Delay, Garbage


def adds(text):
    return lambda request, response: Response(response.data + text)


class Hooks(unittest.TestCase):
    def setUp(self):
        self.server = running(self)
        self.handler = self.server.expect_request("/pay")
        self.handler.respond_with_data("paid")

    def check(self, wanted):
        self.assertRegex(ask(self.server.url_for("/pay"))[1], wanted)

    def test_one_after_the_other(self):
        self.handler.with_post_hook(adds(b" a")).with_post_hook(Chain(adds(b" b"), adds(b" c")))
        self.check("^paid a b c$")
        self.assertEqual(b"paid a b c", self.server.log[0][1].data)

    def test_they_see_a_response_of_what_a_handler_returns(self):
        self.handler.respond_with_handler(lambda request: "text")
        self.handler.with_post_hook(adds(b" a"))
        self.check("^text a$")

    def test_garbage(self):
        self.handler.with_post_hook(Garbage(7, 3)).with_post_hook(
            lambda request, response: Response(f"{response.data[7:-3]} {len(response.data)}")
        )
        self.check("^b'paid' 14$")
        for sizes in ((-1, 0), (0, -1)):
            with self.assertRaisesRegex(AssertionError, "positive"):
                Garbage(*sizes)

    def test_a_delay(self):
        self.handler.with_post_hook(Delay(0.01))
        self.check("^paid$")

    def test_a_delay_ends_with_the_server(self):
        begun = threading.Event()

        class Begun(Delay):
            def _sleep(self):
                begun.set()
                super()._sleep()

        self.handler.with_post_hook(Begun(1000))
        client = threading.Thread(target=self.ask_in_vain)
        client.start()
        self.addCleanup(client.join)
        self.assertTrue(begun.wait(10))
        self.server.stop()

    def ask_in_vain(self):
        with self.assertRaises(OSError):
            ask(self.server.url_for("/pay"))
