"""Chrome Trace Event JSON."""

from tests.timeline.support import Recorded, TimelineTest
from underlay.timeline._reading import read
from underlay.timeline._trace import trace


class Trace(TimelineTest):
    def events(self, phase):
        return [each for each in trace(read(self.folder))["traceEvents"] if each["ph"] == phase]

    def test_processes_and_rows_have_names_and_an_order(self):
        process = Recorded(self.folder, pid=4711, worker="gw0")
        process.span("test", "first")
        process.span("setUp", "app.LIVE")
        names = {(each["name"], each["tid"]): each["args"] for each in self.events("M")}
        expected = {
            ("process_name", 0): {"name": "gw0 (pid 4711)"},
            ("process_sort_index", 0): {"sort_index": 1},
            ("thread_name", 1): {"name": "no layer"},
            ("thread_sort_index", 1): {"sort_index": 1},
            ("thread_name", 2): {"name": "app.LIVE"},
            ("thread_sort_index", 2): {"sort_index": 2},
        }
        self.assertEqual(expected, names)

    def test_what_takes_time_is_a_complete_event_in_microseconds(self):
        process = Recorded(self.folder)
        process.span("setUp", "app.LIVE")
        process.span("test", "first", outcome="failed", error="wrong", layers=["app.LIVE"])
        [up, set_up, test] = self.events("X")
        self.assertEqual(("up", 100_000, 100_000), (up["name"], up["ts"], up["dur"]))
        self.assertEqual(("setUp", 0, 100_000), (set_up["name"], set_up["ts"], set_up["dur"]))
        self.assertEqual(("first", "test", 1), (test["name"], test["cat"], test["tid"]))
        self.assertEqual({"outcome": "failed", "error": "wrong"}, test["args"])

    def test_the_events_of_a_row_nest(self):
        """Those that overlap are not shown, says https://perfetto.dev/docs/faq."""
        self.record_large_run()
        events = self.events("X")
        self.assertEqual(500 + 3 * 8, len(events))
        open_events = {}
        for event in sorted(events, key=lambda each: (each["ts"], -each["dur"])):
            stack = open_events.setdefault((event["pid"], event["tid"]), [])
            end = event["ts"] + event["dur"]
            while stack and stack[-1] <= event["ts"]:
                stack.pop()
            self.assertTrue(not stack or end <= stack[-1], event)
            stack.append(end)
