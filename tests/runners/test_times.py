"""--layer-times: what runs have taken, for later ones."""

import json
import random
import unittest

from tests.helpers import temporary_folder
from tests.runners.project import ProjectTest
from underlay import TimesUnusable
from underlay._stack import Spent
from underlay.runners._times import NOTHING, Load, Record, parsed, read, update


class Estimates(unittest.TestCase):
    record = Record({"app.A": Spent(6, 2)}, {"app.A": Spent(8, 4), "": Spent(1, 5)})

    def test_what_is_known_is_expected_again(self):
        self.assertEqual(3, self.record.set_up("app.A"))
        self.assertEqual(Load(20, ("app.BASE", "app.A")), self.load("app.A", "app.BASE", "app.A"))

    def load(self, name, *layers):
        return self.record.load(name, layers, 10)

    def test_tests_that_are_not_known_take_as_long_as_others(self):
        self.assertEqual(Load(10, ()), self.load("app.B"))

    def test_without_any_record_the_number_of_tests_counts(self):
        self.assertEqual(1, NOTHING.set_up("app.A"))
        self.assertEqual(Load(1, ()), NOTHING.load("app.A", (), 10))


class Merging(unittest.TestCase):
    def merged(self, old, new):
        tests = Record(tests={"A": old}).updated(Record(tests={"A": new})).tests
        return tests["A"]

    def test_a_run_of_all_tests_replaces_what_was_known(self):
        self.assertEqual(Spent(6, 3), self.merged(Spent(100, 3), Spent(6, 3)))
        self.assertEqual(Spent(6, 3), self.merged(Spent(100, 2), Spent(6, 3)))

    def test_a_run_of_some_replaces_as_many(self):
        self.assertEqual(Spent(18 + 5, 10), self.merged(Spent(20, 10), Spent(5, 1)))

    def test_what_was_not_run_stays(self):
        old, new = Record({"A": Spent(1, 1)}, {"A": Spent(2, 2)}), Record({"B": Spent(3, 3)})
        self.assertEqual(
            Record({"A": Spent(1, 1), "B": Spent(3, 3)}, {"A": Spent(2, 2)}), old.updated(new)
        )

    def test_processes_of_one_run_add_up(self):
        parts = [Record({"A": Spent(1, 1)}, {"A": Spent(n, n)}, {"A": ("A",)}) for n in (2, 3)]
        expected = Record({"A": Spent(2, 2)}, {"A": Spent(5, 5)}, {"A": ("A",)})
        self.assertEqual(expected, parts[0].joined(parts[1]))

    def test_it_can_be_sent(self):
        record = Record({"A": Spent(0.5, 1)}, {"": Spent(2, 2)}, {"A": ("BASE", "A")})
        self.assertEqual(record, parsed(json.loads(json.dumps(record.plain()))))


class File(unittest.TestCase):
    def setUp(self):
        self.folder = temporary_folder(self)
        self.file = self.folder / "times.json"

    def test_it_need_not_be_there_yet(self):
        self.assertEqual(NOTHING, read(str(self.file)))

    def test_runs_add_to_it_and_leave_nothing_else(self):
        for name in ("A", "B"):
            update(str(self.file), Record({name: Spent(1, 1)}))
        self.assertEqual({"A", "B"}, set(read(str(self.file)).set_ups))
        self.assertEqual([self.file], list(self.folder.iterdir()))

    def test_what_is_no_record_is_refused_and_stays(self):
        texts = (b"", b"[]", b"{", b"null", b'{"set-ups": {}}', b"\xff")
        wrong = (
            b'{"A": [-1, 1]}',
            b'{"A": [NaN, 1]}',
            b'{"A": [1, 0]}',
            b'{"A": ["1", 1]}',
            b'{"A": 1}',
        )
        pattern = b'{"set-ups": %s, "tests": {}, "layers": {}}'
        for text in (*texts, *(pattern % each for each in wrong)):
            self.file.write_bytes(text)
            with self.subTest(text), self.assertRaisesRegex(TimesUnusable, "remove it"):
                update(str(self.file), Record({"A": Spent(1, 1)}))
            self.assertEqual(text, self.file.read_bytes())

    def test_what_cannot_be_read_or_written_is_an_error(self):
        for file in (self.folder, self.folder / "nowhere" / "times.json"):
            with self.subTest(file), self.assertRaises(TimesUnusable):
                read(str(file))

    def test_what_is_no_place_for_a_second_file_is_an_error(self):
        file = self.folder / ("x" * 254)  # the longest of most file systems has 255
        with self.assertRaisesRegex(TimesUnusable, "too long"):
            update(str(file), Record({"A": Spent(1, 1)}))

    def test_any_number_of_figures_survives(self):
        rng = random.Random(1)
        record = Record({f"L{n}": Spent(round(rng.random(), 6), n + 1) for n in range(100)})
        update(str(self.file), record)
        self.assertEqual(record, read(str(self.file)))


LAYERS = """
    import time, unittest
    from hooks import Logged, log

    def spend(seconds):
        start = time.monotonic()
        while time.monotonic() < start + seconds:
            pass

    class Slow(Logged):
        def setUp(self):
            super().setUp()
            spend(0.2)
    BASE = Slow()
    FIRST, SECOND = Logged([BASE]), Logged()

    class OnFirst(unittest.TestCase):
        layer = FIRST
        def test_slow(self):
            log("slow")
            spend(0.1)
        def test_quick(self):
            log("quick")

    class OnSecond(unittest.TestCase):
        layer = SECOND
        def test_second(self):
            log("second")

    class Plain(unittest.TestCase):
        def test_plain(self):
            log("plain")
"""


class Option(ProjectTest):
    runners = (("pytest",), ("pytest", "-n2"), ("unittest",))

    def run_option(self, folder, runner, *arguments):
        return self.run_project(*runner[:1], folder, *runner[1:], *arguments)

    def test_a_run_writes_down_what_it_took(self):
        for runner in self.runners:
            with self.subTest(runner):
                folder = self.project(test_it=LAYERS)
                run = self.run_option(folder, runner, "--layer-times", "times.json")
                self.assertEqual(0, run.status, run.output)
                record = read(str(folder / "times.json"))
                self.assertEqual(
                    {"test_it.BASE", "test_it.FIRST", "test_it.SECOND"}, {*record.set_ups}
                )
                self.assertTrue(0.2 <= record.set_ups["test_it.BASE"].seconds < 9)
                calls = {name: spent.calls for name, spent in record.tests.items()}
                self.assertEqual({"test_it.FIRST": 2, "test_it.SECOND": 1, "": 1}, calls)
                self.assertTrue(0.1 <= record.tests["test_it.FIRST"].seconds < 9)
                self.assertLess(record.tests["test_it.FIRST"].mean, 0.2)  # without the set-up
                self.assertEqual(("test_it.BASE", "test_it.FIRST"), record.layers["test_it.FIRST"])

    def test_without_it_nothing_is_left(self):
        for runner in self.runners:
            folder = self.project(test_it=LAYERS)
            before = {*folder.iterdir()}
            self.run_option(folder, runner)
            new = {each.name for each in {*folder.iterdir()} - before}
            self.assertEqual({f"{runner[0]}.log"}, new - {"__pycache__"})

    def test_a_layer_that_fails_is_not_recorded(self):
        text = """
            import unittest
            from hooks import Logged
            class Faulty(Logged):
                def setUp(self): raise RuntimeError("boom")
            FAULTY = Faulty()
            class It(unittest.TestCase):
                layer = FAULTY
                def test_it(self): pass
        """
        for runner in self.runners:
            folder = self.project(test_it=text)
            self.run_option(folder, runner, "--layer-times", "times.json")
            self.assertEqual(NOTHING, read(str(folder / "times.json")))

    def test_a_file_that_is_no_record_stops_the_run_before_it_starts(self):
        for runner in self.runners:
            folder = self.project(test_it=LAYERS)
            (folder / "times.json").write_text("oops")
            run = self.run_option(folder, runner, "--layer-times", "times.json")
            self.assertEqual([], run.log)
            self.assertEqual(1 if runner == ("unittest",) else 4, run.status)
            self.assertIn("times.json cannot be used.", run.output)
            self.assertEqual("oops", (folder / "times.json").read_text())

    def test_a_file_that_cannot_be_written_makes_the_run_red_and_hides_nothing(self):
        text = """
            import os, unittest
            class It(unittest.TestCase):
                def test_it(self): os.rmdir("ci")
                def test_other(self): self.skipTest("it is told")
        """
        for runner in self.runners:
            folder = self.project(test_it=text)
            (folder / "ci").mkdir()
            run = self.run_option(folder, runner, "--layer-times=ci/times.json")
            self.assertEqual((1, set()), (run.status, run.guilty), run.output)
            self.assertIn("it is told", run.output)
            self.assertIn("ci/times.json cannot be used. Its folder does not exist.", run.output)

    def test_shards_part_the_tests_by_it_and_leave_it_as_it_is(self):
        """The slow layer is alone, although the other one has more tests."""
        record = Record(
            {"test_it.BASE": Spent(9, 1)},
            {"test_it.SECOND": Spent(1, 1), "test_it.FIRST": Spent(1, 2), "": Spent(1, 1)},
        )
        for runner in self.runners:
            folder = self.project(test_it=LAYERS)
            update(str(folder / "times.json"), record)
            text = (folder / "times.json").read_text()
            shards = [
                self.run_option(folder, runner, "--layer-times", "times.json", "--shard", shard)
                for shard in ("1/2", "2/2")
            ]
            ran = [{*run.log} & {"slow", "quick", "second", "plain"} for run in shards]
            self.assertEqual([{"slow", "quick"}, {"second", "plain"}], ran, shards[0].output)
            self.assertEqual(text, (folder / "times.json").read_text())

    def test_the_order_follows_it(self):
        """Each two of three layers share a base, and the one that takes longest is set up once."""
        text = """
            import unittest
            from hooks import Logged
            A, B, C = (Logged() for _ in range(3))
            AB, BC, CA = Logged([A, B]), Logged([B, C]), Logged([C, A])
            for derived in (AB, BC, CA):
                members = {"layer": derived, "test_it": lambda self: None}
                name = f"On{derived.__name__}"
                globals()[name] = type(name, (unittest.TestCase,), members)
            del derived
        """
        for runner in (("pytest",), ("unittest",)):
            folder = self.project(test_it=text)
            for slow in "ABC":
                record = Record(
                    {f"test_it.{name}": Spent(1 + 9 * (name == slow), 1) for name in "ABC"}
                )
                (folder / "times.json").write_text(json.dumps(record.plain()))
                run = self.run_option(folder, runner, "--layer-times", "times.json")
                self.assertEqual(1, run.log.count(f"{slow} up"), run.output)


class Cache(ProjectTest):
    def test_shards_do_not_ask_pytests_cache_for_each_machine_has_another(self):
        folder = self.project(test_it=LAYERS)
        cached = folder / ".pytest_cache/v/underlay/layer-times"
        shard = ("-p", "cacheprovider", "--shard", "1/2")
        before = self.run_project("pytest", folder, *shard)
        self.assertFalse(cached.exists())
        self.run_project("pytest", folder, "-p", "cacheprovider")
        record = parsed(json.loads(cached.read_text()))
        cached.write_text(
            json.dumps(Record({"test_it.SECOND": Spent(99, 1)}).updated(record).plain())
        )
        self.assertEqual(before.log, self.run_project("pytest", folder, *shard).log)
