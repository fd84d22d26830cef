"""JasmineBrowser in the browser of a layer: specs have their verdicts, and the layer its page."""

import contextlib
import json
import os
import unittest
import urllib.error
import urllib.request

from tests.external.support import SHOP, Report, cases, run
from tests.helpers import temporary_folder
from underlay import Resource
from underlay.external import JasmineBrowser, makeSuite
from underlay.http import LiveServer
from underlay.runners.unittest import LayeredSuite
from underlay.services import Process
from underlay.wsgi import WSGI

SPECS = """
const forever = () => new Promise(() => {});
const ask = async path => { await fetch(path); await forever(); };
jasmine.DEFAULT_TIMEOUT_INTERVAL = 60000;

describe('Window', () => {
  it('is driven', () => { expect(navigator.webdriver).toBe(true); });
  it('throws', () => { throw new Error('is told'); });
  EVENT
  it('is there', () => { expect(document.visibilityState).toBe('visible'); });
});
"""

AS_ROOT = [] if os.geteuid() else ["--no-sandbox"]


class Driver(Process):
    """A browser with a page of the tests; notes what is to be seen there between them."""

    session = Resource[str]("The URL of its session")

    def setUp(self):
        self.seen = []
        options = {"args": ["--headless=new", "--disable-dev-shm-usage", *AS_ROOT]}
        wanted = {"alwaysMatch": {"goog:chromeOptions": options}}
        told = send("POST", f"{self.url}/session", {"capabilities": wanted})
        self.session = f"{self.url}/session/{told['sessionId']}"
        self.addCleanup(self.quit)
        self.ask("POST", "url", {"url": "data:text/html,<title>Ours</title>"})

    def testSetUp(self):
        self.note()

    def testTearDown(self):
        with contextlib.suppress(urllib.error.HTTPError):  # if the session is gone
            self.note()

    def note(self):
        self.seen.append(self.ask("GET", "title"))

    def ask(self, method, command, arguments=None):
        return send(method, f"{self.session}/{command}", arguments)

    def close_window_of_specs(self):
        [ours, theirs] = self.ask("GET", "window/handles")
        self.ask("POST", "window", {"handle": theirs})
        self.ask("DELETE", "window")
        self.ask("POST", "window", {"handle": ours})

    def quit(self):
        with contextlib.suppress(urllib.error.HTTPError):  # a test may have done so
            send("DELETE", self.session)


def send(method, url, arguments=None):
    body = None if arguments is None else json.dumps(arguments).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, body, headers, method=method)
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)["value"]


def application(environ, start_response):
    deeds = {"/close": DRIVER.close_window_of_specs, "/quit": DRIVER.quit}
    deeds.get(environ["PATH_INFO"], str)()
    start_response("200 OK", [])
    return [b"done"]


VERDICTS = {
    "Window is driven": "passed",
    "Window throws": "error",
    "Window is there": "passed",
    "JasmineBrowser finished": "passed",
}

LIVE = LiveServer(WSGI(application))
DRIVER = Driver(["chromedriver", "--port={port}"], [LIVE], env={"TMPDIR": "{folder}"}, timeout=60)


class WebDriverTest(unittest.TestCase):
    def setUp(self):
        self.folder = temporary_folder(self)
        (self.folder / "node_modules").symlink_to(SHOP / "node_modules")

    def suite(self, event="", **options):
        (self.folder / "a_spec.js").write_text(SPECS.replace("EVENT", event))
        runner = JasmineBrowser("*_spec.js", session="SESSION", app="APP")
        return makeSuite(runner, cwd=self.folder, **options)

    def live_suite(self, event="", **options):
        def env():
            return {"SESSION": DRIVER.session, "APP": LIVE.url}

        return self.suite(event, env=env, layer=DRIVER, **options)


class Specs(WebDriverTest):
    def test_they_run_there_though_listed_before(self):
        suite = self.live_suite()
        with DRIVER:
            report = run(suite)
            self.assertEqual(1, len(DRIVER.ask("GET", "window/handles")))
        self.assertEqual(VERDICTS, report.verdicts, report.messages)
        self.assertIn("is told", report.messages["Window throws"])

    def test_between_them_and_afterwards_the_layer_has_its_own_page(self):
        report = Report()
        LayeredSuite([self.live_suite()]).run(report)
        self.assertEqual(VERDICTS, report.verdicts, report.messages)
        self.assertEqual(["Ours"] * 2 * len(VERDICTS), DRIVER.seen)

    def test_one_of_them_runs_alone(self):
        case = cases(self.live_suite())["Window is there"]
        with DRIVER:
            report = run(unittest.TestSuite([case]))
            self.assertEqual(1, len(DRIVER.ask("GET", "window/handles")))
        self.assertEqual({"Window is there": "passed"}, report.verdicts, report.messages)

    def test_without_a_layer_they_run_in_a_session_that_is_there(self):
        with DRIVER:
            report = run(self.suite(env={"SESSION": DRIVER.session}))
        self.assertEqual(VERDICTS, report.verdicts, report.messages)


class Faults(WebDriverTest):
    def run_with(self, event, **options):
        """With a spec in between that does not end by itself, and what came of all."""
        suite = self.live_suite(event, **options)
        with DRIVER:
            report = run(suite)
            with contextlib.suppress(urllib.error.HTTPError):
                self.assertEqual(1, len(DRIVER.ask("GET", "window/handles")))
                self.assertEqual("Ours", DRIVER.ask("GET", "title"))
        return report

    def test_specs_that_never_end_are_named_and_their_windows_closed(self):
        hung = "it('spins', () => { for (;;); }); it('asks', () => alert('Well?'));"
        report = self.run_with(hung, timeout=6)
        expected = {**VERDICTS, "Window spins": "error", "Window asks": "error"}
        self.assertEqual(expected, report.verdicts, report.messages)
        self.assertIn("told nothing for 6 s while", report.messages["Window spins"])

    def test_a_spec_during_which_the_window_is_closed_is_named(self):
        report = self.run_with("it('closes', () => ask('/close'));")
        self.assertEqual({**VERDICTS, "Window closes": "error"}, report.verdicts, report.messages)
        self.assertRegex(report.messages["Window closes"], "page was left|window .* was closed")

    def test_a_spec_during_which_the_session_ends_is_named_and_none_is_green_after_it(self):
        report = self.run_with("it('quits', () => ask('/quit'));")
        self.assertEqual("passed", report.verdicts["Window is driven"])
        self.assertEqual("error", report.verdicts["Window quits"])
        self.assertEqual("error", report.verdicts["Window is there"])
        self.assertIn("invalid session id", report.messages["Window is there"])

    def test_a_driver_that_is_not_there_is_told_by_each_spec(self):
        gone = "http://127.0.0.1:1/session/1"
        report = run(self.suite(env=lambda: {"SESSION": gone}))
        self.assertNotIn("passed", report.verdicts.values())
        self.assertIn(f"no browser at {gone}", report.messages["Window is driven"])

    def test_a_session_that_nobody_has_named_is_told_by_each_spec(self):
        report = run(self.suite())
        self.assertNotIn("passed", report.verdicts.values())
        self.assertIn("SESSION is not set", report.messages["Window is driven"])
