"""What may happen to a layer, and what every runner has to make of it: the table as data."""

from __future__ import annotations

import dataclasses
import textwrap

#: Writes down what it is told, and what is left when the process ends.
EVIDENCE = '''
import atexit, os, subprocess, tempfile, threading

def log(text):
    with open(os.environ["PROJECT_LOG"], "a") as file:
        print(os.getpid(), text, file=file)

def open_files():
    for number in os.listdir("/dev/fd"):
        try:
            target = os.readlink(f"/dev/fd/{number}")
        except OSError:
            continue
        if target.startswith(tempfile.gettempdir()):
            yield target

OF_RUNNER = set(open_files())  # what it captures output with

def tell_what_is_left():
    """Runs last, for it was registered first."""
    for thread in threading.enumerate():
        if thread.name.endswith(" thread"):
            log(f"left is {thread}")
    for target in set(open_files()) - OF_RUNNER:
        log(f"left is {target}")
    log("ended")

atexit.register(tell_what_is_left)
'''

#: Layers that write down what is done to them, and start one thing of each kind.
HOOKS = (
    EVIDENCE
    + """
import underlay

class Logged(underlay.Layer):
    def setUp(self):
        log(f"{self.__name__} up")
        self.addCleanup(log, f"{self.__name__} undone")
        self.enterContext(tempfile.NamedTemporaryFile())
        process = self.enterContext(subprocess.Popen(["sleep", "60"], stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True))
        self.addCleanup(process.terminate)
        stop = threading.Event()
        thread = threading.Thread(target=stop.wait, name=f"{self.__name__} thread", daemon=True)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(stop.set)
    def tearDown(self):
        log(f"{self.__name__} down")
    def testSetUp(self):
        log(f"{self.__name__} test up")
    def testTearDown(self):
        log(f"{self.__name__} test down")
"""
)

FAULTY = """
    import unittest
    from hooks import Logged, log

    class Faulty(Logged):
        calls = 0
{}

    FAULTY = Faulty()
    OTHER = Logged()

    class OnFaulty(unittest.TestCase):
        layer = FAULTY
        def test_first(self):
            log("test_first")
        def test_second(self):
            log("test_second")

    class OnOther(unittest.TestCase):
        layer = OTHER
        def test_other(self):
            log("test_other")
"""


def faulty(methods: str) -> str:
    """The module above, with these methods in its faulty layer."""
    return FAULTY.format(textwrap.indent(textwrap.dedent(methods).strip(), " " * 8))


def on(layer: str, *lines: str) -> list[str]:
    """What a layer logs around others' lines."""
    return [f"{layer} up", *lines, f"{layer} down", f"{layer} undone"]


def test(layer: str, name: str) -> list[str]:
    return [f"{layer} test up", name, f"{layer} test down"]


OTHER = on("OTHER", *test("OTHER", "test_other"))
BOTH = on("FAULTY", *test("FAULTY", "test_first"), *test("FAULTY", "test_second"))

PASSED, FAILED, SKIPPED = "passed", "failed", "skipped"


@dataclasses.dataclass(frozen=True)
class Situation:
    """A module of tests, and what is to come of it.

    :param outcomes: of each test.
    :param log: what is called, a list for what one process does in a row.
    :param cause: what the output has to say.
    :param status: whether the exit status tells of a failure.
    """

    name: str
    module: str
    outcomes: dict[str, str]
    log: list[list[str]]
    cause: str = ""
    fails: bool = True


def with_faulty_layer(
    name: str,
    methods: str,
    first: str,
    second: str,
    log: list[str],
    cause: str = "RuntimeError: boom",
) -> Situation:
    outcomes = {"test_first": first, "test_second": second, "test_other": PASSED}
    return Situation(name, faulty(methods), outcomes, [log, OTHER], cause, fails="boom" in cause)


SITUATIONS = [
    Situation(
        "all well",
        """
        import unittest
        from hooks import Logged, log

        BASE = Logged()
        DERIVED = Logged(bases=[BASE])
        OTHER = Logged()

        class OnDerived(unittest.TestCase):
            layer = DERIVED
            def test_derived(self):
                log("test_derived")

        class OnOther(unittest.TestCase):
            layer = OTHER
            def test_other(self):
                log("test_other")

        class Plain(unittest.TestCase):
            def test_plain(self):
                log("test_plain")
        """,
        {"test_derived": PASSED, "test_other": PASSED, "test_plain": PASSED},
        [
            ["test_plain"],
            [
                *("BASE up", "DERIVED up", "BASE test up", "DERIVED test up", "test_derived"),
                *("DERIVED test down", "BASE test down"),
                *("DERIVED down", "DERIVED undone", "BASE down", "BASE undone"),
            ],
            OTHER,
        ],
        fails=False,
    ),
    with_faulty_layer(
        "error in setUp",
        """
        def setUp(self):
            raise RuntimeError("boom")
        """,
        *(FAILED, FAILED, []),
        cause="<Faulty test_it.FAULTY> failed in setUp: RuntimeError: boom",
    ),
    with_faulty_layer(
        "half a setUp",
        """
        def setUp(self):
            super().setUp()
            raise RuntimeError("boom")
        """,
        *(FAILED, FAILED, ["FAULTY up", "FAULTY undone"]),
    ),
    with_faulty_layer(
        "error in tearDown",
        """
        def tearDown(self):
            super().tearDown()
            raise RuntimeError("boom")
        """,
        *(PASSED, PASSED, BOTH),
    ),
    with_faulty_layer(
        "error in testSetUp",
        """
        def testSetUp(self):
            self.calls += 1
            self.addCleanup(log, f"undone {self.calls}")
            if self.calls == 1:
                raise RuntimeError("boom")
        """,
        *(FAILED, PASSED),
        on("FAULTY", "undone 1", "test_second", "FAULTY test down", "undone 2"),
    ),
    with_faulty_layer(
        "error in testTearDown",
        """
        def testTearDown(self):
            super().testTearDown()
            self.calls += 1
            if self.calls == 1:
                raise RuntimeError("boom")
        """,
        *(FAILED, PASSED, BOTH),
    ),
    with_faulty_layer(
        "error in verify",
        """
        problems = ["boom"]
        def verify(self):
            if self.problems:
                raise AssertionError(self.problems.pop())
        """,
        *(FAILED, PASSED, BOTH),
        cause="AssertionError: boom",
    ),
    with_faulty_layer(
        "SkipTest in setUp",
        """
        def setUp(self):
            raise unittest.SkipTest("no database")
        """,
        *(SKIPPED, SKIPPED, []),
        cause="no database",
    ),
    Situation(
        "Ctrl-C",
        """
        import os, signal, time, unittest
        from hooks import Logged, log

        BASE = Logged()
        DERIVED = Logged(bases=[BASE])

        class Interrupted(unittest.TestCase):
            layer = DERIVED
            def test_interrupted(self):
                log("test_interrupted")
                os.killpg(0, signal.SIGINT)
                time.sleep(9)
        """,
        {},
        [
            [
                *("BASE up", "DERIVED up", "BASE test up", "DERIVED test up", "test_interrupted"),
                *("DERIVED test down", "BASE test down"),
                *("DERIVED down", "DERIVED undone", "BASE down", "BASE undone"),
            ],
        ],
        cause="KeyboardInterrupt",
    ),
    Situation(
        "two layers of one name",
        """
        import unittest
        from hooks import Logged, log

        class First(unittest.TestCase):
            layer = Logged(name="SAME")
            def test_first(self):
                log("test_first")

        class Second(unittest.TestCase):
            layer = Logged(name="SAME")
            def test_second(self):
                log("test_second")
        """,
        {},
        [],
        cause="Two layers are named test_it.SAME",
    ),
    Situation(
        "a nested suite with a layer",
        """
        import unittest
        from hooks import Logged, log

        OUTER = Logged()
        INNER = Logged()

        class Case(unittest.TestCase):
            __test__ = False
            def test_inner(self):
                log("test_inner")
            def test_outer(self):
                log("test_outer")

        def test_suite():
            inner, outer = unittest.TestSuite([Case("test_inner")]), unittest.TestSuite()
            inner.layer, outer.layer = INNER, OUTER
            outer.addTests([inner, Case("test_outer")])
            return outer
        """,
        {"test_inner": PASSED, "test_outer": PASSED},
        [
            on("INNER", *test("INNER", "test_inner")),
            on("OUTER", *test("OUTER", "test_outer")),
        ],
        fails=False,
    ),
]
