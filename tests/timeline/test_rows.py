"""Which row a test stands in, and what comes of a layer."""

from tests.timeline.support import Recorded, TimelineTest
from underlay.timeline._reading import read
from underlay.timeline._rows import rows, summaries


class Rows(TimelineTest):
    def rows(self):
        [process] = read(self.folder).processes
        return {row.layer: row for row in rows(process)}

    def test_a_test_stands_with_the_most_derived_layer_that_is_up(self):
        process = Recorded(self.folder)
        process.span("setUp", "app.BASE")
        process.span("setUp", "app.LIVE")
        process.span("test", "on live", layers=["app.BASE", "app.LIVE"])
        process.span("tearDown", "app.LIVE")
        process.span("test", "on base", layers=["app.BASE", "app.LIVE"])
        process.span("test", "on none", layers=["app.UNKNOWN"])
        tests = {layer: [test.name for test in row.tests] for layer, row in self.rows().items()}
        expected = {"": ["on none"], "app.BASE": ["on base"], "app.LIVE": ["on live"]}
        self.assertEqual(expected, tests)

    def test_a_test_stands_with_the_layer_that_did_not_come_up(self):
        process = Recorded(self.folder)
        process.span("setUp", "app.BROKEN", outcome="error")
        process.span("test", "first", layers=["app.BROKEN"])
        self.assertEqual(["app.BROKEN"], [*self.rows()])

    def test_a_layer_is_up_between_set_up_and_tear_down_or_until_the_end(self):
        process = Recorded(self.folder)
        process.span("setUp", "app.LIVE")
        process.span("test", "test")
        process.span("tearDown", "app.LIVE")
        process.span("setUp", "app.LIVE")
        process.span("test", "test")
        up = [(round(start, 3), round(end, 3)) for start, end in self.rows()["app.LIVE"].up]
        self.assertEqual([(0.1, 0.2), (0.4, 0.5)], up)

    def test_a_layer_whose_set_up_failed_is_never_up(self):
        process = Recorded(self.folder)
        for outcome in ("error", "skipped"):
            process.span("setUp", "app.LIVE", outcome=outcome)
        self.assertEqual([], self.rows()["app.LIVE"].up)


class Summaries(TimelineTest):
    def test_set_ups_in_all_processes_count(self):
        for number in (1, 2):
            process = Recorded(self.folder, pid=number, worker=f"gw{number}")
            process.span("setUp", "app.TWICE")
            process.tests(["app.TWICE"], 3)
            process.span("tearDown", "app.TWICE")
        process.span("setUp", "app.ONCE")
        twice, once = summaries(read(self.folder))
        self.assertEqual(("app.TWICE", 2, 6), (twice.layer, len(twice.set_ups), twice.tests))
        self.assertAlmostEqual(0.2, twice.seconds)
        self.assertAlmostEqual(0.2, twice.tear_down_seconds)
        self.assertEqual(["gw1", "gw2"], twice.where)
        self.assertEqual(("app.ONCE", 1), (once.layer, len(once.set_ups)))
