"""Reading what a run has recorded."""

from tests.helpers import Golden
from tests.timeline.support import BEGAN, Recorded, TimelineTest
from underlay import TimelineUnreadable
from underlay.timeline._reading import DID_NOT_END, read


class Reading(TimelineTest):
    def test_processes_are_aligned_by_the_clock_on_the_wall(self):
        Recorded(self.folder, pid=1, began=BEGAN + 5).span("setUp", "app.LATE")
        Recorded(self.folder, pid=2, began=BEGAN).span("setUp", "app.EARLY")
        run = read(self.folder)
        self.assertEqual([2, 1], [process.pid for process in run.processes])
        starts = {span.name: round(span.start, 3) for _, span in run.spans("setUp")}
        self.assertEqual({"app.EARLY": 0.0, "app.LATE": 5.0}, starts)
        self.assertAlmostEqual(5.1, run.seconds)

    def test_the_newest_of_several_runs_counts(self):
        Recorded(self.folder, pid=1, run="old").span("test", "old")
        Recorded(self.folder, pid=2, run="new", began=BEGAN + 60).span("test", "new")
        run = read(self.folder)
        self.assertEqual(["new"], [span.name for _, span in run.spans("test")])
        self.assertEqual((1, BEGAN + 60), (run.others, run.began))

    def test_what_has_no_end_is_a_problem(self):
        process = Recorded(self.folder)
        process.start("test", "killer")
        process.start("setUp", "app.LIVE")
        process.write("note", layer="app.LIVE", text="a port")
        [(_, test)] = read(self.folder).spans("test")
        self.assertEqual(("unfinished", DID_NOT_END), (test.outcome, test.error))
        self.assertTrue(test.is_problem)
        self.assertAlmostEqual(0.2, test.end)

    def test_a_hook_that_fails_inside_of_a_test_is_left_to_the_test(self):
        process = Recorded(self.folder)
        process.write("start", id=1, what="setUp", layer="app.LIVE", test="expects an error")
        process.write("end", id=1, outcome="error")
        [(_, hook)] = read(self.folder).spans("setUp")
        self.assertFalse(hook.is_problem)

    def test_a_last_line_that_is_half_written_is_left_out(self):
        process = Recorded(self.folder)
        process.span("test", "first")
        whole = process.file.read_text()
        for size in range(1, len(whole.splitlines()[-1])):
            process.file.write_text(whole[:-1] + "\n" + whole.splitlines()[-1][:size])
            self.assertEqual(1, len(list(read(self.folder).spans("test"))))

    def test_a_file_without_a_line_is_left_out(self):
        Recorded(self.folder).span("test", "first")
        for number, text in enumerate(("", '{"event": "pro')):
            (self.folder / f"empty-{number}.jsonl").write_text(text)
        self.assertEqual(1, len(read(self.folder).processes))

    def test_an_end_of_what_another_process_has_begun_is_left_out(self):
        """A forked child leaves the blocks that its parent has entered."""
        Recorded(self.folder).write("end", id=7, outcome="passed")
        self.assertEqual([], list(read(self.folder).spans("test")))

    def test_the_layers_of_a_test_are_known_before_it_ends_or_then(self):
        process = Recorded(self.folder)
        process.span("test", "first", layers=["app.LIVE"])
        process.write("start", id=7, what="test", test="last", layers=["app.BASE", "app.LIVE"])
        layers = [span.layers for _, span in read(self.folder).spans("test")]
        self.assertEqual([("app.LIVE",), ("app.BASE", "app.LIVE")], layers)

    def test_a_note_goes_to_its_test_or_else_to_the_last_set_up_of_its_layer(self):
        process = Recorded(self.folder)
        for number in (1, 2):
            process.start("setUp", "app.LIVE")
            process.write("note", layer="app.LIVE", text=f"port {number}")
        process.start("test", "test_it")
        process.write("note", layer="app.LIVE", test="test_it", text="shot", path="/x.png")
        notes = [span.notes for _, span in read(self.folder).spans("setUp", "test")]
        texts = [[(note.text, note.path) for note in each] for each in notes]
        self.assertEqual([[("port 1", "")], [("port 2", "")], [("shot", "/x.png")]], texts)


class Unreadable(Golden, TimelineTest):
    def assertUnreadable(self, name, folder):
        with self.assertRaises(TimelineUnreadable) as caught:
            read(folder)
        message = str(caught.exception).replace(str(self.folder), "timeline")
        self.assertGolden(f"timeline-{name}", message)

    def test_a_folder_that_is_not_there(self):
        self.assertUnreadable("absent", self.folder / "absent")

    def test_a_folder_with_nothing_in_it(self):
        self.assertUnreadable("empty", self.folder)

    def test_a_folder_in_which_nothing_has_happened_yet(self):
        (self.folder / "1-1.jsonl").touch()
        self.assertUnreadable("no-line", self.folder)

    def test_lines_that_are_none_of_a_timeline(self):
        wrong = {
            "no-json": "once upon a time",
            "no-object": "[1]",
            "no-event": '{"at": 1}',
            "unknown-event": '{"at": 1, "event": "pause"}',
            "unknown-span": '{"at": 1, "event": "start", "id": 1, "what": "lunch"}',
            "no-name": '{"at": 1, "event": "start", "id": 1, "what": "test"}',
            "no-time": '{"at": "noon", "event": "end", "id": 1}',
        }
        for name, line in wrong.items():
            process = Recorded(self.folder)
            with process.file.open("a") as file:
                file.write(f"{line}\n")
            with self.subTest(name):
                self.assertUnreadable(name, self.folder)
            process.file.unlink()

    def test_first_lines_that_tell_of_no_process_or_of_one_to_come(self):
        wrong = {
            "no-process": '{"at": 1, "event": "end", "id": 1}',
            "other-format": '{"at": 0, "event": "process", "format": 2}',
        }
        for name, line in wrong.items():
            (self.folder / "1-1.jsonl").write_text(f"{line}\n")
            with self.subTest(name):
                self.assertUnreadable(name, self.folder)
