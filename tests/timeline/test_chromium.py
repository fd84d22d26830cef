"""The page in a real browser."""

import html
import os
from unittest import mock

from tests.timeline.chromium import ask
from tests.timeline.support import TimelineTest
from underlay.http import FakeServer
from underlay.timeline._page import POLICY, page
from underlay.timeline._reading import read

PHONE, DESK = 390, 1280

SERVER = FakeServer()


class LargeRun(TimelineTest):
    """8 layers, 500 tests, 2 workers, 3 failures."""

    layer = SERVER

    def setUp(self):
        super().setUp()
        self.record_large_run()
        self.page = page(read(self.folder), self.folder, self.folder / "trace.json")

    def test_no_request_leaves_it(self):
        requests = "return window.performance.getEntriesByType('resource').length"
        self.assertEqual(0, ask(self.page, requests, DESK))

    def test_no_request_would_leave_it_whatever_stands_in_it(self):
        """Its policy forbids that; the same page without one shows that the test would notice."""
        image = SERVER.expect("GET", "/image.svg").then(status=204)
        with_image = self.page.replace("<main>", f"<main><img src={SERVER.url}/image.svg>")
        ask(with_image, "return 0", DESK)
        self.assertEqual(0, image.calls)
        ask(with_image.replace(html.escape(POLICY), ""), "return 0", DESK)
        self.assertEqual(1, image.calls)

    def test_it_is_as_wide_as_the_window(self):
        width = "return document.documentElement.scrollWidth"
        for window in (PHONE, DESK):
            self.assertEqual(window, ask(self.page, width, window))

    def test_failing_tests_are_seen_without_doing_anything(self):
        script = """
            return [...document.querySelectorAll('#failures > ol > li')].filter(
                each => each.checkVisibility() && each.getBoundingClientRect().height > 40
            ).map(each => each.innerText)
        """
        for window in (PHONE, DESK):
            failures = ask(self.page, script, window)
            self.assertEqual(3, len(failures))
            for number, text in enumerate(failures):
                self.assertIn(f"test_3_{number}", text)
                self.assertIn("AssertionError: a-word", text)

    def test_failures_stand_out_in_the_picture_and_lead_to_their_text(self):
        script = """
            return [...document.querySelectorAll('.track a.problem')].map(each => {
                const box = each.getBoundingClientRect();
                return [box.width >= 3, box.height > 20,
                        !!document.querySelector(each.getAttribute('href'))];
            })
        """
        self.assertEqual([[True, True, True]] * 3, ask(self.page, script, PHONE))

    def test_every_test_and_every_layer_is_in_the_picture(self):
        script = """
            const seen = each => each.getBoundingClientRect().width >= 1;
            return ['.track .test', '.track .setUp', '.track .up', '.track .tearDown'].map(
                kind => [...document.querySelectorAll(kind)].filter(seen).length
            )
        """
        for window in (PHONE, DESK):
            self.assertEqual([500, 8, 8, 8], ask(self.page, script, window))

    def test_zooming_in_widens_the_picture_alone(self):
        script = """
            const plot = document.querySelector('.plot');
            const before = plot.clientWidth;
            document.querySelector('[name=zoom][value="4"]').click();
            return [plot.clientWidth > 3 * before, document.documentElement.scrollWidth];
        """
        self.assertEqual([True, PHONE], ask(self.page, script, PHONE))


class Missing(TimelineTest):
    def test_without_chromium_there_is_an_error_that_says_what_to_do(self):
        with mock.patch.dict(os.environ, PATH=str(self.folder)):
            with self.assertRaisesRegex(LookupError, "apt-get install chromium"):
                ask("", "", DESK)
