"""A tab of a real browser, driven by the Chrome DevTools Protocol."""

import contextlib
import json
import os
import subprocess
import tempfile
import urllib.request
from pathlib import Path

from websockets.sync.client import connect

from tests.http.support import program
from underlay._waiting import wait_until

OPTIONS = ("--headless", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage")


@contextlib.contextmanager
def tab(url):
    """A page in a browser of its own; its clipboard may be used."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [
                *(program("chromium"), *OPTIONS, "--remote-debugging-port=0"),
                f"--user-data-dir={profile}",
                *(["--no-sandbox"] if os.getuid() == 0 else []),
                "about:blank",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            with connect(_address(Path(profile)), max_size=None) as socket:
                yield Tab(socket, url)
        finally:
            process.terminate()
            process.wait(30)


def _address(profile):
    file = profile / "DevToolsActivePort"
    lines = wait_until(
        lambda: (file.exists() and file.read_text().split()) or None, "Chromium to listen", 60
    )
    with urllib.request.urlopen(f"http://127.0.0.1:{lines[0]}/json", timeout=60) as answer:
        pages = [each for each in json.load(answer) if each["type"] == "page"]
    return pages[0]["webSocketDebuggerUrl"]


class Tab:
    def __init__(self, socket, url):
        self._socket = socket
        self._number = 0
        origin = "/".join(url.split("/")[:3])
        permissions = ["clipboardReadWrite", "clipboardSanitizedWrite"]
        self.call("Browser.grantPermissions", origin=origin, permissions=permissions)
        self.call("Emulation.setFocusEmulationEnabled", enabled=True)
        self.call("Page.navigate", url=url)
        self.wait_for("document.readyState === 'complete' && location.href !== 'about:blank'")

    def call(self, method, **params):
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": params}))
        while True:
            answer = json.loads(self._socket.recv(timeout=60))
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]

    def run(self, script):
        """What an expression of JavaScript is, or its promise comes to."""
        answer = self.call(
            "Runtime.evaluate",
            expression=script,
            awaitPromise=True,
            returnByValue=True,
            userGesture=True,
        )
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def wait_for(self, script):
        return wait_until(lambda: self.run(f"!!({script})"), script, 60)
