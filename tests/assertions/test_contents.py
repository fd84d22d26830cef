"""Whatever a test has in its hands can be compared: its contents are taken."""

import io
import subprocess
import sys
import types
import unittest

import webtest
from zope.testbrowser.wsgi import Browser

from underlay.assertions import Ellipsis
from underlay.capture import capture


def application(charset):
    def app(environ, start_response):
        start_response("200 OK", [("Content-Type", f"text/html{charset}")])
        return ["<h1>Grüße</h1>".encode()]

    return app


class Contents(unittest.TestCase, Ellipsis):
    def test_of_a_browser(self):
        for charset in ("; charset=utf-8", ""):
            browser = Browser("http://localhost/", wsgi_app=application(charset))
            self.assertEllipsis("<h1>...{title}...</h1>", browser)

    def test_of_a_response(self):
        for charset in ("; charset=utf-8", ""):
            response = webtest.TestApp(application(charset)).get("/")
            self.assertEllipsis("...Grüße...", response)

    def test_of_a_page_that_tells_when_asked(self):
        page = types.SimpleNamespace(content=lambda: "<h1>Grüße</h1>")
        self.assertEllipsis("...Grüße...", page)

    def test_of_captured_output(self):
        with capture() as out:
            print("Grüße")
            self.assertEllipsis("Grüße", out)
        self.assertEllipsis("Grüße", out)

    def test_of_a_finished_process(self):
        command = [sys.executable, "-c", "print('hello')"]
        self.assertEllipsis("hello", subprocess.run(command, capture_output=True))

    def test_of_streams_in_memory(self):
        self.assertEllipsis("...Grüße...", io.StringIO("Viele Grüße!"))
        self.assertEllipsis("...Grüße...", io.BytesIO("Viele Grüße!".encode()))

    def test_without_any_it_is_refused_with_its_type(self):
        for actual, kind in ((7, "int"), (types.SimpleNamespace(text=None), "SimpleNamespace")):
            with self.assertRaisesRegex(TypeError, f"actual must be text .*, not {kind}$"):
                self.assertEllipsis("...", actual)
