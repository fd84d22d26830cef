"""What stands in the page; how it looks is for test_chromium.py."""

import re
from html.parser import HTMLParser
from pathlib import Path

from tests.timeline.support import Recorded, TimelineTest
from underlay._markup import Markup, join, tag
from underlay.timeline._page import page
from underlay.timeline._reading import read
from underlay.timeline._words import count, parted, seconds


class Elements(HTMLParser):
    """The elements of a page, with their attributes; and whether each is closed."""

    def __init__(self, html):
        super().__init__()
        self.all, self.open = [], []
        self.feed(html)

    def handle_starttag(self, name, attributes):
        self.all.append((name, dict(attributes)))
        if name not in ("meta", "input", "wbr"):
            self.open.append(name)

    def handle_endtag(self, name):
        assert self.open.pop() == name, name


class Page(TimelineTest):
    def page(self):
        html = page(read(self.folder), self.folder, self.folder / "trace.json")
        self.elements = Elements(html)
        self.assertEqual([], self.elements.open)
        return html

    def text(self):
        """Without the elements, each line break a space."""
        body = self.page().partition("</style>")[2]
        return " ".join(
            re.sub(r"<wbr>|<[^>]*>", lambda tag: "" if "wbr" in tag[0] else " ", body).split()
        )

    def test_names_and_errors_cannot_be_markup(self):
        evil = "<script>alert('\"&amp;</title></style>"
        process = Recorded(self.folder, worker=evil)
        process.start("setUp", evil)
        process.write("note", layer=evil, text=evil, path=f"/{evil}")
        process.write("end", id=1, outcome=evil)
        process.span("test", evil, outcome="failed", error=evil, details=evil, layers=[evil])
        html = self.page()
        self.assertNotIn("script", {name for name, _ in self.elements.all})
        self.assertIn("&lt;script&gt;alert", html)
        self.assertEqual(1, html.count("</title>"))

    def test_the_verdict_comes_first(self):
        process = Recorded(self.folder)
        process.tests([], 2)
        self.assertIn("2 tests, no failure", self.text())
        process.span("test", "last", outcome="error")
        process.span("setUp", "app.LIVE", outcome="error")
        self.assertIn("1 of 3 tests failed, 1 layer hook failed", self.text())

    def test_a_failure_is_told_with_where_it_was_and_its_artefacts(self):
        process = Recorded(self.folder, worker="gw1")
        process.start("test", "shop.tests.test_sells")
        path = str(self.folder / "failures" / "page 1#.png")
        process.write(
            "note", layer="app.LIVE", test="shop.tests.test_sells", text="shot", path=path
        )
        process.write(
            "end", id=1, outcome="failed", error="wrong", details="why", layers=["a.LIVE"]
        )
        text = self.text()
        self.assertIn(
            "shop.tests. test_sells wrong LIVE · gw1 · at 0.0 ms · took 100 ms shot", text
        )
        links = [attributes["href"] for name, attributes in self.elements.all if name == "a"]
        self.assertIn("failures/page%201%23.png", links)

    def test_a_layer_that_was_set_up_twice_shows(self):
        process = Recorded(self.folder)
        for _ in range(2):
            process.span("setUp", "app.LIVE")
            process.span("tearDown", "app.LIVE")
        twice = "\N{MULTIPLICATION SIGN}"
        self.assertIn(f"app. LIVE LiveServer 2{twice} 200 ms 100 ms each 200 ms 0", self.text())

    def test_slow_set_ups_come_first_and_so_do_slow_tests(self):
        process = Recorded(self.folder)
        for name in ("A", "B", "C"):
            process.start("setUp", f"app.{name}")
            process.at += name == "B"
            process.write("end", id=process.number, outcome="passed")
        process.span("test", "quick")
        process.start("test", "slow")
        process.at += 1
        process.write("end", id=process.number, outcome="passed")
        text = self.text()
        self.assertLess(text.index("app. B"), text.index("app. A"))
        slowest = text.partition("Slowest tests")[2]
        self.assertLess(slowest.index("slow"), slowest.index("quick"))

    def test_without_layers_or_tests_there_is_no_section_for_them(self):
        Recorded(self.folder)
        text = self.text()
        self.assertIn("0 tests, no failure", text)
        for heading in ("Failures", "Slowest set-ups", "Slowest tests"):
            self.assertNotIn(heading, text)

    def test_earlier_runs_in_the_folder_are_mentioned(self):
        Recorded(self.folder, pid=1, run="a")
        Recorded(self.folder, pid=2, run="b")
        self.assertIn("1 earlier run in the same folder not shown.", self.text())

    def test_rows_can_be_read_aloud(self):
        process = Recorded(self.folder)
        process.span("setUp", "app.LIVE")
        process.tests(["app.LIVE"], 2)
        self.page()
        labels = [each.get("aria-label") for _, each in self.elements.all]
        self.assertIn("LIVE: set up in 100 ms, 2 tests", labels)


class Words(TimelineTest):
    def test_durations(self):
        said = [seconds(value) for value in (0, 0.0042, 0.0099, 0.5, 0.9996, 12.34, 99.96, 3600)]
        expected = ["0.0 ms", "4.2 ms", "10 ms", "500 ms", "1.0 s", "12.3 s", "1 min 40 s"]
        self.assertEqual([*expected, "60 min 00 s"], said)

    def test_numbers(self):
        self.assertEqual(["0 tests", "1 test", "2 tests"], [count(n, "test") for n in range(3)])

    def test_names(self):
        names = {"a.b.c": ("a.b.", "c"), "a.py::B::c": ("a.py::B::", "c"), "c": ("", "c")}
        self.assertEqual([*names.values()], [*map(parted, names)])
        self.assertEqual(("", "ends."), parted("ends."))


class Elementary(TimelineTest):
    def test_everything_is_escaped_but_markup(self):
        self.assertEqual("<b>&lt;</b>", tag("b", "<"))
        self.assertEqual("<p><b>1</b>&amp;</p>", tag("p", [tag("b", "1"), "&"]))
        self.assertIsInstance(join("<", Markup("<")), Markup)

    def test_attributes(self):
        made = tag("input", class_='a"b', data_label="x", checked=True, title=None, hidden=False)
        self.assertEqual('<input class="a&quot;b" data-label="x" checked>', made)

    def test_the_style_needs_nothing_from_elsewhere(self):
        import underlay.timeline

        style = Path(underlay.timeline.__file__).with_name("page.css").read_text()
        self.assertNotRegex(style, r"url\(|@import|</style")
