"""Specs on a layer run one by one, each inside its case."""

import contextlib
import os
import re
import signal
import socket
import tempfile
import threading
import unittest
from pathlib import Path

from tests.external.support import SPECS, cases, jasmine, run
from tests.external.test_jasmine import TIMEOUTS, VERDICTS
from tests.helpers import at_once
from tests.runners.project import ProjectTest
from underlay import Layer
from underlay._waiting import wait_until
from underlay.external import makeSuite


class Steps(unittest.TestCase):
    """Base: ``nested_spec.js`` and its layer note what happens, in one file."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        trace = self.trace = Path(folder.name, "trace")
        trace.touch()

        class Tracing(Layer):
            def testSetUp(self):
                self.note("(")

            def testTearDown(self):
                self.note(")")

            def note(self, what):
                with trace.open("a") as file:
                    print(what, file=file)

        self.layer = Tracing()

    def suite(self):
        env = {"TRACE": str(self.trace)}
        return makeSuite(jasmine("nested_spec.js"), cwd=SPECS, layer=self.layer, env=env)

    def run_on_layer(self, suite):
        """Run cases, each in a test of the layer."""
        self.layer.setUp()
        self.addCleanup(self.layer.tearDown)
        verdicts = {}
        for case in suite:
            self.layer.testSetUp()
            verdicts.update(run(unittest.TestSuite([case])).verdicts)
            self.layer.testTearDown()
        return verdicts

    def rounds(self):
        """What happened in each test of the layer."""
        words = " ".join(self.trace.read_text().split())
        return [each.strip() for each in re.findall(r"\((.*?)\)", words)]


class Order(Steps):
    def test_each_spec_runs_inside_its_case_and_what_is_around_it_with_the_next(self):
        self.assertEqual({"passed"}, set(self.run_on_layer(self.suite()).values()))
        self.assertEqual(
            [
                "before outer one",
                "before inner two",
                "three",
                "after inner four",
                "after outer",
            ],
            self.rounds(),
        )

    def test_selected_cases_have_what_is_around_them(self):
        suite = cases(self.suite())
        selected = [suite["Outer one"], suite["Outer inner three"]]
        del suite
        self.run_on_layer(selected)
        self.assertEqual(
            ["before outer one", "before inner three after inner after outer"], self.rounds()
        )

    def test_in_another_order_each_spec_has_a_process_that_begins_with_it(self):
        verdicts = self.run_on_layer(reversed(list(self.suite())))
        self.assertEqual("skipped", verdicts.pop("Jasmine finished"))
        self.assertEqual({"passed"}, set(verdicts.values()))
        self.assertEqual(
            [
                "",
                "before outer four",
                "before outer before inner three",
                "before outer before inner two",
                "before outer one after outer",
            ],
            self.rounds(),
        )

    def test_a_gap_is_jumped_over_and_what_follows_needs_no_other_process(self):
        suite = cases(self.suite())
        self.run_on_layer([suite["Outer inner three"], suite["Outer four"], suite["Outer one"]])
        self.assertEqual(
            ["before outer before inner three", "after inner four", "before outer one"],
            self.rounds(),
        )

    def test_what_is_asked_for_again_runs_again_and_the_others_go_on(self):
        suite = cases(self.suite())
        again = suite["Outer inner two"]
        in_order = list(suite.values())
        verdicts = self.run_on_layer([*in_order[:2], again, *in_order[2:]])
        self.assertEqual({"passed"}, set(verdicts.values()))
        self.assertEqual(
            [
                "before outer one",
                "before inner two",
                "before outer before inner two",
                "three",
                "after inner four",
                "after outer",
            ],
            self.rounds(),
        )

    def test_the_finishing_case_alone_runs_everything(self):
        case = cases(self.suite())["Jasmine finished"]
        self.assertEqual({"Jasmine finished": "passed"}, self.run_on_layer([case]))
        self.assertEqual(
            ["before outer one before inner two three after inner four after outer"], self.rounds()
        )

    def test_random_order_is_off_and_told_if_the_project_insists_on_it(self):
        layer = Layer()
        random = makeSuite(jasmine("names_spec.js"), cwd=SPECS, layer=layer, args=["--random=true"])
        insistent = makeSuite(
            jasmine("names_spec.js"), cwd=SPECS, layer=layer, args=["--helper=random_helper.js"]
        )
        with layer:
            self.assertEqual("passed", run(random).verdicts["Jasmine finished"])
            self.assertIn("random order on", run(insistent).messages["Jasmine finished"])


class Verdicts(unittest.TestCase):
    def run_spec(self, name):
        layer = Layer(name=name)
        timeout = TIMEOUTS.get(name, 60)
        suite = makeSuite(jasmine(f"{name}_spec.js"), cwd=SPECS, timeout=timeout, layer=layer)
        with layer:
            return run(suite)

    def test_are_those_of_suites_without_a_layer(self):
        for name, report in at_once(self.run_spec, VERDICTS).items():
            with self.subTest(name):
                self.assertEqual(VERDICTS[name], report.verdicts)

    def test_of_specs_that_are_left_out_do_not_wait_for_the_focused_one(self):
        report = self.run_spec("focused_last")
        self.assertEqual(
            {
                "Cart removes items": "skipped",
                "Cart is empty at first": "skipped",
                "Cart of a friend adds items": "passed",
                "Jasmine finished": "error",
            },
            report.verdicts,
        )

    def test_are_found_again_after_the_death_of_a_process_that_pauses(self):
        layer = Layer()
        suite = makeSuite(jasmine("names_spec.js"), cwd=SPECS, layer=layer)
        first, *others = suite
        with layer:
            run(unittest.TestSuite([first]))
            child = first._run._attempts[0].process._child
            os.killpg(child.pid, signal.SIGKILL)
            wait_until(lambda: child.status is not None, "the runner to be gone")
            report = run(unittest.TestSuite(others))
        self.assertEqual("passed", report.verdicts["Grüße, 世界 a b"])
        self.assertEqual("failed", report.verdicts["Grüße, 世界 a_b"])
        self.assertIn("killed by SIGKILL", report.messages["Jasmine finished"])


class Closing(Layer):
    """A server that answers on kept-alive connections, and closes them after each test."""

    def setUp(self):
        listener = socket.create_server(("127.0.0.1", 0))
        accepting = threading.Thread(target=self.accept, args=[listener], daemon=True)
        self.addCleanup(listener.close)
        self.addCleanup(accepting.join)
        self.addCleanup(listener.shutdown, socket.SHUT_RDWR)
        self["url"] = f"http://127.0.0.1:{listener.getsockname()[1]}"
        self.connections = []
        accepting.start()

    def accept(self, listener):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = listener.accept()
                self.connections.append(connection)
                threading.Thread(target=self.serve, args=[connection], daemon=True).start()

    def serve(self, connection):
        with contextlib.suppress(OSError):
            while b"a body" in connection.recv(65536):
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK")

    def testTearDown(self):
        while self.connections:
            with self.connections.pop() as connection:
                connection.shutdown(socket.SHUT_RDWR)


class Connections(unittest.TestCase):
    def test_that_were_closed_between_specs_are_not_used_any_more(self):
        layer = Closing()
        suite = makeSuite(
            jasmine("idle_spec.js"), cwd=SPECS, layer=layer, env=lambda: {"SERVER": layer["url"]}
        )
        layer.setUp()
        self.addCleanup(layer.tearDown)
        for case in suite:
            layer.testSetUp()
            self.assertEqual({"passed"}, set(run(unittest.TestSuite([case])).verdicts.values()))
            layer.testTearDown()


MODULE = f"""
import unittest
from underlay.external import Jasmine, makeSuite
from underlay.http import FakeServer, delay

class Rates(FakeServer):
    def setUp(self):
        super().setUp()
        self.expect("GET", "/rates").then(delay(0.05), json=[1])

RATES = Rates()

def test_suite():
    suite = makeSuite(
        Jasmine("spec/**/*_spec.js", program={jasmine().program!r}),
        layer=RATES,
        env=lambda: {{"RATES": RATES.url}},
    )
    return unittest.TestSuite(list(suite)[::STEP])

def load_tests(loader, tests, pattern):
    return test_suite()
"""

STANDING = """
describe('Rates', () => {
  for (const number of [1, 2, 3, 4, 5]) {
    it(`are ${number}`, async () => {
      const answer = await fetch(`${process.env.RATES}/rates`);
      expect(await answer.json()).toEqual([1]);
    });
  }
});
"""

GUILTY = """
describe('Rates', () => {
  for (const name of ['innocent before', 'guilty', 'innocent after']) {
    it(name, async () => {
      await fetch(`${process.env.RATES}/rates`);
      if (name === 'guilty') await fetch(`${process.env.RATES}/refund`);
    });
  }
});
"""


#: Lines in which runners name what did not pass.
FAULTS = re.compile(
    r"^(?:(?:Failure|Error) in test|(?:FAILED|ERROR) test_|FAIL:|ERROR:).*$", re.MULTILINE
)


class Everywhere(ProjectTest):
    def run_spec(self, spec, step=1):
        """Run a project of this spec under each runner."""
        folder = self.project(test_rates=MODULE.replace("STEP", str(step)))
        (folder / "spec").mkdir()
        (folder / "spec" / "rates_spec.js").write_text(spec)
        return self.run_under_each(folder)

    def test_a_standing_answer_that_takes_its_time_serves_each_spec(self):
        for result in self.run_spec(STANDING):
            with self.subTest(result.runner):
                self.assertEqual((0, 6), (result.status, result.ran), result.output)

    def test_an_unexpected_request_fails_the_guilty_spec_and_only_that(self):
        for step in (1, -1):
            for result in self.run_spec(GUILTY, step):
                with self.subTest(result.runner, step=step):
                    self.assertEqual(4, result.ran, result.output)
                    self.assertIn("asked for GET /refund", result.output)
                    [fault] = FAULTS.findall(result.output)
                    self.assertRegex(fault, "Rates[ _]guilty")
