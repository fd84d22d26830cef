"""Every public layer of the library does what every layer has to do, and so do plone.testing's."""

import os
import sys
import tempfile
import unittest
from http.server import BaseHTTPRequestHandler

import plone.testing

from underlay import Layer, as_layer
from underlay.capture import Output
from underlay.http import FakeServer, LiveServer
from underlay.services import Process
from underlay.testing import check_layer
from underlay.wsgi import ASGI, WSGI, Browser, Handler, StaticFiles


def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello"]


async def asgi_application(scope, receive, send):
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


class Mailbox(Layer):
    def setUp(self):
        self["path"] = self.enterContext(tempfile.TemporaryDirectory())


class PloneMailbox(plone.testing.Layer):
    """Undoes by hand what it does, which is its style."""

    def setUp(self):
        self._folder = tempfile.TemporaryDirectory()
        self["path"] = self._folder.name

    def tearDown(self):
        del self["path"]
        self._folder.cleanup()

    def testSetUp(self):
        self["mails"] = []

    def testTearDown(self):
        del self["mails"]


@as_layer
def FOLDER():
    with tempfile.TemporaryDirectory() as path:
        yield {"path": path}


class EveryLayer(unittest.TestCase):
    def check(self, factory):
        check_layer(factory(), factory=factory)

    def test_Layer(self):
        self.check(Mailbox)

    def test_as_layer(self):
        check_layer(FOLDER)

    def test_WSGI(self):
        self.check(lambda: WSGI(application))

    def test_Browser(self):
        self.check(lambda: Browser(WSGI(application)))

    def test_LiveServer(self):
        self.check(lambda: LiveServer(WSGI(application)))

    def test_FakeServer(self):
        self.check(FakeServer)

    def test_Process(self):
        self.check(lambda: Process([sys.executable, "-m", "http.server", "{port}"], name="HTTP"))

    def test_FakeServer_with_tls(self):
        self.check(lambda: FakeServer(tls=True))

    def test_FakeServer_on_a_unix_socket(self):
        self.check(lambda: FakeServer(unix=True))

    def test_ASGI(self):
        self.check(lambda: ASGI(asgi_application))

    def test_LiveServer_of_ASGI(self):
        self.check(lambda: LiveServer(ASGI(asgi_application)))

    def test_StaticFiles(self):
        self.check(lambda: StaticFiles(os.curdir))

    def test_StaticFiles_of_its_own(self):
        self.check(StaticFiles)

    def test_Handler(self):
        self.check(lambda: Handler(BaseHTTPRequestHandler))

    def test_Output(self):
        with tempfile.TemporaryDirectory() as folder:
            self.check(lambda: Output(folder))

    def test_a_layer_of_plone_testing(self):
        self.check(lambda: PloneMailbox(name="MAILBOX"))

    def test_a_layer_of_plone_testing_as_base_of_ours(self):
        self.check(lambda: Mailbox(bases=[PloneMailbox(name="MAILBOX")]))

    def test_a_layer_of_plone_testing_derived_from_ours(self):
        self.check(lambda: PloneMailbox(bases=(Mailbox(),), name="MAILBOX"))
