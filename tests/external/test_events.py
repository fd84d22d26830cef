"""What runners tell, read from lines that may still be being written."""

import tempfile
import unittest
from pathlib import Path

from underlay.external._events import (
    Done,
    End,
    EventFile,
    Failure,
    Pause,
    Plan,
    Problem,
    Spec,
    Started,
    parse,
)


class Lines(unittest.TestCase):
    def test_each_stands_for_an_event(self):
        for line, event in {
            b'{"event": "plan", "specs": [{"id": "1", "file": "/f", "titles": ["a", "b"]}]}': Plan(
                (Spec("1", "/f", ("a", "b")),)
            ),
            b'{"event": "start", "id": "1"}': Started("1"),
            b'{"event": "done", "id": "1", "status": "failed", "message": "",'
            b' "failures": [{"message": "m", "stack": "s"}], "seed": "7"}': Done(
                "1", "failed", "", (Failure("m", "s"),), "7"
            ),
            b'{"event": "problem", "where": "a", "message": "m", "stack": "s"}': Problem(
                "a", Failure("m", "s")
            ),
            b'{"event": "pause"}': Pause(),
            b'{"event": "end", "status": 3}': End(3),
        }.items():
            with self.subTest(type(event).__name__):
                self.assertEqual(event, parse(line))

    def test_unknown_events_are_errors(self):
        with self.assertRaises(KeyError):
            parse(b'{"event": "coffee"}')

    def test_are_read_when_they_are_whole(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "events")
            with path.open("wb", buffering=0) as writer:
                reader = EventFile(path)
                self.addCleanup(reader.close)
                writer.write(b'{"event": "end", ')
                self.assertEqual([], reader.read())
                writer.write(b'"status": 0}\n{"event"')
                self.assertEqual([End(0)], reader.read())
                self.assertEqual([], reader.read())


class Titles(unittest.TestCase):
    def test_stand_in_one_line(self):
        self.assertEqual("a b c", Spec("1", "/f", (" a ", "b\n\tc", "")).title)

    def test_have_no_half_characters(self):
        self.assertEqual("half \\ud83d", Spec("1", "/f", ("half", "\ud83d")).title)
