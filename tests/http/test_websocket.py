"""WebSockets: the script of a fake server, with the websockets library as client."""

import asyncio
import socket
import threading
import unittest

from websockets.asyncio.client import connect as asyncio_connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from tests.http.support import UPGRADE, ask, connected, reset, up
from underlay import AnswerFailed, Layer
from underlay._waiting import wait_until
from underlay.http import FakeServer, LiveServer, websocket


class Agreeing(Layer):
    """Its application takes its time to agree to a WebSocket."""

    def __init__(self):
        super().__init__()
        self.asked, self.go_on = threading.Event(), threading.Event()
        self.seen = []

    async def asgi_application(self, scope, receive, send):
        await receive()
        self.asked.set()
        while not self.go_on.is_set():
            await asyncio.sleep(0.001)
        try:
            await send({"type": "websocket.accept"})
            self.seen.append(await receive())
        except OSError as error:
            self.seen.append(error)


class Scripts(unittest.TestCase):
    def setUp(self):
        self.server = up(self, FakeServer())

    def talk(self, script, **options):
        """A client of a server that plays a script."""
        self.server.expect("GET", "/ws").then(script)
        client = connect(f"ws://{self.server.http_address}/ws", open_timeout=10, **options)
        self.addCleanup(client.__exit__, None, None, None)
        return client.__enter__()

    def problem(self):
        self.server._server.settle()
        with self.assertRaises(AnswerFailed) as raised:
            self.server.verify()
        return str(raised.exception)

    def test_steps_are_played_in_order(self):
        client = self.talk(websocket().send("hello").receive("ping").send(json={"n": 1}).close())
        self.assertEqual("hello", client.recv(timeout=10))
        client.send("ping")
        self.assertEqual('{"n": 1}', client.recv(timeout=10))
        with self.assertRaises(ConnectionClosed) as closed:
            client.recv(timeout=10)
        self.assertEqual(1000, closed.exception.rcvd.code)

    def test_messages_are_journalled(self):
        client = self.talk(websocket().receive().send(b"\0").close())
        client.send("ping")
        client.recv(timeout=10)
        (request,) = self.server.requests
        self.assertEqual([("received", "ping"), ("sent", b"\0")], request.messages)

    def test_a_function_may_judge_a_message(self):
        client = self.talk(websocket().receive(lambda message: len(message) == 4).send("good"))
        client.send("ping")
        self.assertEqual("good", client.recv(timeout=10))

    def test_the_wrong_message_fails_the_test(self):
        client = self.talk(websocket().receive("ping"))
        client.send("pong")
        self.assertRaises(ConnectionClosed, client.recv, timeout=10)
        self.assertIn("the message should have been 'ping', not 'pong'", self.problem())

    def test_a_client_that_closes_too_soon_fails_the_test(self):
        self.talk(websocket().receive("ping")).close(1001, "bye")
        self.assertIn("closed by the client with 1001 bye", self.problem())

    def test_after_the_script_the_client_has_the_last_word(self):
        client = self.talk(websocket())
        client.send("more")
        client.close()
        self.server.verify()
        self.assertEqual([("received", "more")], self.server.requests[0].messages)

    def test_echo(self):
        client = self.talk(websocket().echo())
        for message in ("text", b"bytes", "x" * 1_000_000):
            client.send(message)
            self.assertEqual(message, client.recv(timeout=10))

    def test_a_message_may_come_in_parts(self):
        client = self.talk(websocket().receive("one two").send("good"))
        client.send(["one ", "two"])
        self.assertEqual("good", client.recv(timeout=10))

    def test_a_ping_is_answered(self):
        client = self.talk(websocket())
        self.assertTrue(client.ping().wait(10))

    def test_a_close_has_a_code_and_a_reason(self):
        client = self.talk(websocket().close(4000, "full"))
        with self.assertRaises(ConnectionClosed) as closed:
            client.recv(timeout=10)
        self.assertEqual((4000, "full"), (closed.exception.rcvd.code, closed.exception.rcvd.reason))

    def test_a_reset_is_no_goodbye(self):
        client = self.talk(websocket().reset())
        with self.assertRaises(ConnectionClosed) as closed:
            client.recv(timeout=10)
        self.assertIsNone(closed.exception.rcvd)

    def test_a_subprotocol_can_be_chosen(self):
        client = self.talk(websocket("chat"), subprotocols=["news", "chat"])
        self.assertEqual("chat", client.subprotocol)

    def test_it_speaks_tls(self):
        server = up(self, FakeServer(tls=True))
        server.expect("GET", "/ws").then(websocket().send("hello"))
        url = f"wss://{server.http_address}/ws"

        # Not the other client: it reads and writes in two threads, and the ssl module may lose what
        # is written (https://github.com/python/cpython/issues/143756).
        async def hear():
            async with asyncio_connect(url, ssl=server.ssl_context, open_timeout=10) as client:
                return await client.recv()

        self.assertEqual("hello", asyncio.run(hear()))

    def test_an_answer_may_refuse(self):
        self.server.expect("GET", "/ws").then(status=403)
        with self.assertRaises(InvalidStatus), connect(f"ws://{self.server.http_address}/ws"):
            pass

    def test_one_who_does_not_ask_for_it_gets_none(self):
        self.server.expect("GET", "/ws").then(websocket())
        self.assertEqual(500, ask(self.server.url + "/ws")[0])
        self.assertIn("GET /ws does not ask for a WebSocket", self.problem())

    def test_an_application_hears_of_a_client_that_went_before_it_agreed(self):
        for leave in (reset, socket.socket.close):
            with self.subTest(leave.__name__):
                app = Agreeing()
                server = up(self, LiveServer(app))
                with connected(server, UPGRADE) as sock:
                    app.asked.wait(10)
                    leave(sock)
                    server._server.settle()
                    app.go_on.set()
                wait_until(lambda app=app: app.seen, "the application")
                server.verify()

    def test_a_message_is_text_or_bytes(self):
        for wrong in ((), (1,), ({},)):
            with self.subTest(wrong), self.assertRaises(TypeError):
                websocket().send(*wrong)

    def test_it_tells_what_it_does(self):
        self.assertIn("'ping'", repr(websocket().send("ping")))
