"""``underlay timeline``."""

import contextlib
import io
import json

from tests.helpers import Golden
from tests.timeline.support import Recorded, TimelineTest
from underlay.__main__ import main


class Command(Golden, TimelineTest):
    def run_command(self, *arguments):
        """Exit status and what is printed, to either stream."""
        out, status = io.StringIO(), 0
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(out):
            try:
                main(["timeline", *map(str, arguments)])
            except SystemExit as error:
                status = error.code
        return status, out.getvalue().replace(str(self.folder), "DIR")

    def test_it_makes_page_and_trace_in_the_folder_and_says_so(self):
        process = Recorded(self.folder)
        process.span("setUp", "app.LIVE")
        process.tests(["app.LIVE"], 2)
        status, out = self.run_command(self.folder)
        self.assertEqual(0, status)
        self.assertGolden("timeline-made", out.removesuffix("\n"))
        self.assertIn("<!DOCTYPE html>", (self.folder / "timeline.html").read_text("utf-8"))
        self.assertTrue(json.loads((self.folder / "trace.json").read_text())["traceEvents"])

    def test_it_makes_them_elsewhere(self):
        Recorded(self.folder)
        page, trace = self.folder / "a.html", self.folder / "b.json"
        _, out = self.run_command(self.folder, "--output", page, "--trace", trace)
        self.assertEqual(["page:  DIR/a.html", "trace: DIR/b.json"], out.splitlines()[1:])
        self.assertTrue(page.exists() and trace.exists())
        self.assertIn('href="b.json"', page.read_text())

    def test_what_is_no_unicode_can_be_written(self):
        Recorded(self.folder).span("test", "\udcff", outcome="failed", error="\udcff")
        self.assertEqual(0, self.run_command(self.folder)[0])
        self.assertIn(r"\udcff", (self.folder / "timeline.html").read_text("utf-8"))

    def test_what_cannot_be_read_or_written_is_an_error(self):
        status, _ = self.run_command(self.folder)
        self.assertIn("Nothing was recorded in this folder.", status)
        Recorded(self.folder)
        status, _ = self.run_command(self.folder, "--output", self.folder / "no" / "page.html")
        self.assertIn("No such file or directory", status)
        status, _ = self.run_command()
        self.assertEqual(2, status)

    def test_help(self):
        status, out = self.run_command("--help")
        self.assertEqual(0, status)
        self.assertIn("usage: underlay timeline", out)
