import os
import unittest
from pathlib import Path

from underlay.assertions import Newer
from underlay.fixtures import TempDir


class Targets(TempDir, Newer, unittest.TestCase):
    source_ext, target_ext, message = ".js", ".min.js", "Run make."

    def file(self, name, age=0):
        path = Path(self.tmpdir, name)
        path.parent.mkdir(exist_ok=True)
        path.touch()
        os.utime(path, (1_000_000_000 - age,) * 2)
        return path

    def check(self, message):
        with self.assertRaisesRegex(AssertionError, message):
            self.check_files(self.tmpdir)

    def test_a_missing_target_is_named_with_what_to_do(self):
        self.file("shop/cart.js")
        self.check(r"shop/cart\.min\.js does not exist\.\nRun make\.$")

    def test_an_old_target_is_named_with_both_times(self):
        self.file("cart.js")
        self.file("cart.min.js", age=60)
        self.check(
            r"cart\.min\.js is out of date: made 2001-.*, cart\.js changed 2001-.*\nRun make"
        )

    def test_a_few_seconds_do_not_count(self):
        self.file("cart.js")
        self.file("cart.min.js", age=2)
        self.check_files(self.tmpdir)

    def test_only_the_end_of_a_name_is_the_extension(self):
        self.file("a.js.b.js")
        self.file("a.js.b.min.js")
        self.check_files(self.tmpdir)

    def test_a_folder_that_is_missing_is_a_failure(self):
        with self.assertRaisesRegex(AssertionError, "There is no folder nowhere"):
            self.check_files("nowhere")
