"""JasmineBrowser: specs in a headless Chromium, no event lost and the guilty one named."""

import os
import unittest
from unittest import mock

from tests.external.support import SHOP, Report, cases, run
from tests.helpers import temporary_folder
from underlay.external import JasmineBrowser, makeSuite
from underlay.http import LiveServer
from underlay.wsgi import WSGI

CART = """
describe('Cart', () => {
  it('is on the page', () => {
    expect(document.querySelector('#cart').textContent).toBe('empty');
  });

  it('clicks', done => {
    const button = document.createElement('button');
    button.addEventListener('click', () => { expect(1).toBe(1); done(); });
    button.click();
  });

  it('knows its sources', () => { expect(total([1, 2])).toBe(4); });

  it('throws', () => { console.log('almost there'); throw new Error('no such item'); });

  xit('is not ready', () => {});
});
"""

TOTAL = "window.total = items => items.reduce((sum, each) => sum + each, 0);"

SPINS = """
describe('Page', () => {
  it('before', () => {});
  it('spins', () => { for (;;); });
  it('after', () => { expect(true).toBe(false); });
});
"""

LEAVES = """
jasmine.DEFAULT_TIMEOUT_INTERVAL = 60000;
const forever = () => new Promise(() => {});
describe('Page', () => {
  it('before', () => {});
  it('is loaded again', () => { location.reload(); return forever(); });
  it('is left', () => { location.href = 'about:blank'; return forever(); });
  it('is closed', () => window.close());
  it('after', () => { expect(true).toBe(false); });
});
"""

NOISE = """
describe('Noise', () => {
  it('of 10 MB', () => { console.log('x'.repeat(10_000_000)); });
  it('that is no text', () => { console.log(Object.create(null), Symbol('x')); });
  it('Grüße, 世界 🎉', () => {});
  it(' \\n ', () => {});
  it('after', () => { throw new Error('is told'); });
});
"""

BESIDE = {
    "fit()": "fit('one', () => {}); it('two', () => { throw new Error('is told'); });",
    "too late": """
      let leftover;
      it('one', () => { leftover = () => Promise.reject(new Error('too late')); });
      afterAll(() => new Promise(resolve => {
        setTimeout(() => leftover(), 1);
        setTimeout(resolve, 50);
      }));
    """,
    "uplicate": "it('one', () => {}); it('one', () => {});",
}

FETCH = """
describe('Application', () => {
  it('greets', async () => {
    const answer = await fetch('/greeting?name=Ada', {method: 'POST', body: 'hello'});
    expect(await answer.text()).toBe('POST name=Ada hello');
  });

  it('sets cookies for the page', async () => {
    await fetch('/login');
    expect(document.cookie).toContain('user=Ada');
  });
});
"""


def application(environ, start_response):
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(length).decode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", "user=Ada; Path=/")])
    return [f"{environ['REQUEST_METHOD']} {environ['QUERY_STRING']} {body}".encode()]


LIVE = LiveServer(WSGI(application))


class BrowserTest(unittest.TestCase):
    def setUp(self):
        self.folder = temporary_folder(self)
        (self.folder / "node_modules").symlink_to(SHOP / "node_modules")

    def suite(self, files, *, kind=None, **options):
        for name, source in files.items():
            (self.folder / name).write_text(source)
        return makeSuite(
            JasmineBrowser("*_spec.{js,mjs}", **(kind or {})), cwd=self.folder, **options
        )


class Specs(BrowserTest):
    def cart(self):
        kind = {"sources": ["total.js"], "body": '<p id="cart">empty</p>'}
        return self.suite({"cart_spec.js": CART, "total.js": TOTAL}, kind=kind)

    def test_each_has_its_verdict(self):
        report = run(self.cart())
        self.assertEqual(
            {
                "Cart is on the page": "passed",
                "Cart clicks": "passed",
                "Cart knows its sources": "failed",
                "Cart throws": "error",
                "Cart is not ready": "skipped",
                "JasmineBrowser finished": "passed",
            },
            report.verdicts,
            report.messages,
        )

    def test_what_a_failure_tells(self):
        report = run(self.cart())
        message = report.messages["Cart knows its sources"]
        self.assertIn("Expected 3 to be 4.", message)
        self.assertIn("cart_spec.js:13:", message)
        message = report.messages["Cart throws"]
        self.assertIn("no such item", message)
        self.assertIn("almost there", message)

    def test_one_of_them_runs_alone(self):
        case = cases(self.cart())["Cart clicks"]
        self.assertEqual({"Cart clicks": "passed"}, run(unittest.TestSuite([case])).verdicts)

    def test_modules_import_each_other(self):
        report = run(
            self.suite(
                {
                    "total.mjs": "export const total = items => items.length;",
                    "total_spec.mjs": "import {total} from './total.mjs';\n"
                    "it('counts', () => { expect(total([1, 2])).toBe(2); });",
                }
            )
        )
        self.assertEqual({"counts": "passed", "JasmineBrowser finished": "passed"}, report.verdicts)

    def test_none_of_a_thousand_is_lost(self):
        source = "for (let i = 0; i < 1000; i++) it(`adds ${i}`, () => { expect(i).toBe(i); });"
        report = run(self.suite({"many_spec.js": source}))
        self.assertEqual(1001, len(report.verdicts))
        self.assertEqual({"passed"}, set(report.verdicts.values()))


class Faults(BrowserTest):
    def test_a_spec_that_never_ends_is_named_and_the_others_run(self):
        report = run(self.suite({"page_spec.js": SPINS}, timeout=6))
        self.assertEqual("passed", report.verdicts["Page before"])
        self.assertEqual("error", report.verdicts["Page spins"])
        self.assertEqual("failed", report.verdicts["Page after"])
        self.assertIn("told nothing for 6 s while", report.messages["Page spins"])

    def test_a_spec_that_leaves_the_page_is_named_and_the_others_run(self):
        report = run(self.suite({"page_spec.js": LEAVES}))
        self.assertEqual(
            {
                "Page before": "passed",
                "Page is loaded again": "error",
                "Page is left": "error",
                "Page is closed": "error",
                "Page after": "failed",
                "JasmineBrowser finished": "passed",
            },
            report.verdicts,
            report.messages,
        )
        self.assertIn("The page was left", report.messages["Page is left"])
        self.assertIn("can not be closed", report.messages["Page is closed"])

    def test_noise_disturbs_nothing(self):
        report = run(self.suite({"noise_spec.js": NOISE}))
        self.assertEqual("error", report.verdicts.pop("Noise after"))
        self.assertEqual({"passed"}, set(report.verdicts.values()), report.messages)
        self.assertEqual(5, len(report.verdicts))

    def test_what_fails_beside_the_specs_is_told_by_the_last_case(self):
        for told, source in BESIDE.items():
            with self.subTest(told):
                report = run(self.suite({"beside_spec.js": source}))
                self.assertEqual("passed", report.verdicts["one"])
                self.assertIn(told, report.messages["JasmineBrowser finished"])

    def test_a_file_that_cannot_be_loaded_is_told(self):
        files = {"broken_spec.js": "describe(", "good_spec.js": "it('is good', () => {});"}
        report = run(self.suite(files))
        self.assertEqual("passed", report.verdicts["is good"])
        self.assertEqual("error", report.verdicts["JasmineBrowser finished"])
        self.assertIn("broken_spec.js", report.messages["JasmineBrowser finished"])

    def test_without_specs_the_suite_errs(self):
        self.assertIn("test_specs_are_listed", run(self.suite({"a_spec.js": ""})).verdicts)

    def test_without_chromium_the_suite_says_how_to_get_it(self):
        with mock.patch.dict(os.environ, PATH="/nowhere"):
            report = run(self.suite({"cart_spec.js": CART}))
        [message] = report.messages.values()
        self.assertIn("apt-get install chromium", message)

    def test_a_browser_that_ends_is_told(self):
        report = run(self.suite({"cart_spec.js": CART}, kind={"program": "/bin/false"}))
        [message] = report.messages.values()
        self.assertIn("Chromium ended by itself, with status 1", message)


class Applications(BrowserTest):
    def test_the_page_is_of_one_site_with_it_and_specs_run_in_their_cases(self):
        suite = self.suite(
            {"app_spec.js": FETCH},
            kind={"app": "SHOP_URL"},
            env=lambda: {"SHOP_URL": LIVE.url},
            layer=LIVE,
        )
        report = Report()
        with LIVE:
            suite.run(report)
        self.assertEqual({"passed"}, set(report.verdicts.values()), report.messages)
        self.assertEqual(3, len(report.verdicts))
