"""The same situations for layers of plone.testing, under zope.testrunner and zope.pytestlayer.

``benchmarks/conformance.py`` makes the manual's table of it: zope.pytestlayer and our plugin are
not for one environment.
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from tests.conformance.runs import run
from tests.conformance.situations import (
    EVIDENCE,
    OTHER,
    PASSED,
    Situation,
    faulty,
    on,
    test,
)
from tests.conformance.verdict import in_a_cell

TABLE = Path(__file__).parents[2] / "docs" / "reference" / "conformance-peers.inc"

#: The columns of the table, and how `runs` calls the runners.
COLUMNS = {
    "zope.testrunner": "zope.testrunner",
    "zope.testrunner -j2": "zope.testrunner -j2",
    "zope.pytestlayer": "pytest",
    "zope.pytestlayer -n2": "pytest -n2",
}

#: As those of `situations`, in plone.testing's idiom: ``tearDown`` undoes what ``setUp`` did.
HOOKS = (
    EVIDENCE
    + """
import plone.testing

class Logged(plone.testing.Layer):
    def setUp(self):
        log(f"{self.__name__} up")
        self.file = tempfile.NamedTemporaryFile()
        self.process = subprocess.Popen(["sleep", "60"], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        self.stop = threading.Event()
        name = f"{self.__name__} thread"
        self.thread = threading.Thread(target=self.stop.wait, name=name, daemon=True)
        self.thread.start()
    def tearDown(self):
        log(f"{self.__name__} down")
        self.stop.set()
        self.thread.join()
        self.process.terminate()
        self.process.wait()
        self.file.close()
        log(f"{self.__name__} undone")
    def testSetUp(self):
        log(f"{self.__name__} test up")
    def testTearDown(self):
        log(f"{self.__name__} test down")
"""
)

#: What reads differently in that idiom, and causes it can tell of.
READS: dict[str, dict[str, object]] = {
    "error in setUp": {"cause": "RuntimeError: boom"},
    "error in testSetUp": {  # there is no addCleanup()
        "module": faulty(
            """
            def testSetUp(self):
                self.calls += 1
                if self.calls == 1:
                    raise RuntimeError("boom")
            """
        ),
        "log": [on("FAULTY", "test_second", "FAULTY test down"), OTHER],
    },
    "error in verify": {  # nor verify(): a layer checks in testTearDown
        "module": faulty(
            """
            problems = ["boom"]
            def testTearDown(self):
                super().testTearDown()
                if self.problems:
                    raise AssertionError(self.problems.pop())
            """
        ),
    },
    "two layers of one name": {  # which is well if both are set up
        "outcomes": {"test_first": PASSED, "test_second": PASSED},
        "log": [on("SAME", *test("SAME", f"test_{each}")) for each in ("first", "second")],
        "cause": "",
        "fails": False,
    },
}


def in_their_idiom(situation: Situation) -> Situation:
    """The situation for layers that are named after their class, unless they are told otherwise."""
    told = dataclasses.replace(situation, **READS.get(situation.name, {}))
    module = re.sub(r"(\w+) = (Logged|Faulty)\((?!name=)", r'\1 = \2(name="\1", ', told.module)
    return dataclasses.replace(told, module=module)


def cell(situation: Situation, runner: str, python: str) -> str:
    """What comes of a situation, with what is installed for some Python."""
    wanted = in_their_idiom(situation)
    return in_a_cell(wanted, runner, run(wanted, runner, hooks=HOOKS, python=python))
