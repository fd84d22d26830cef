"""Folders with timelines that tests make up, by a clock of their own."""

import json
import unittest

from tests.helpers import temporary_folder

BEGAN = 1_700_000_000.0


class Recorded:
    """Writes what a process would have recorded; each span takes a tenth of a second."""

    def __init__(self, folder, pid=1, worker="", run="first", began=BEGAN):
        self.file = folder / f"{pid}-1.jsonl"
        self.at, self.number = 0.0, 0
        self.write(
            "process", format=1, run=run, time=began, pid=pid, worker=worker, command=["bin/test"]
        )

    def write(self, event, **values):
        line = json.dumps({"event": event, "at": round(self.at, 6), **values})
        with self.file.open("a") as file:
            file.write(f"{line}\n")

    def start(self, what, name):
        self.number += 1
        about = {"test": name} if what == "test" else {"layer": name, "kind": "LiveServer"}
        self.write("start", id=self.number, what=what, **about)
        self.at += 0.1

    def span(self, what, name, outcome="passed", **how):
        self.start(what, name)
        self.write("end", id=self.number, outcome=outcome, **how)

    def tests(self, layers, count, **how):
        for number in range(count):
            self.span("test", f"shop.tests.test_{count}_{number}", layers=layers, **how)


class TimelineTest(unittest.TestCase):
    """Base of tests that read timelines."""

    def setUp(self):
        self.folder = temporary_folder(self)

    def record_large_run(self):
        """8 layers, 500 tests, 2 workers, 3 failures."""
        for worker, free in enumerate((60, 40)):
            process = Recorded(self.folder, pid=worker + 1, worker=f"gw{worker}")
            process.tests([], free)
            for number in range(worker, 8, 2):
                layer = f"shop.testing.a_long_package_name.LAYER_{number}"
                process.span("setUp", layer)
                process.tests([layer], 50 if number else 47)
                if number == 0:
                    long = "AssertionError: " + "a-word-without-any-space" * 40
                    process.tests([layer], 3, outcome="failed", error=long, details=long)
                process.span("tearDown", layer)
