"""The journal's page in a real browser."""

from tests.http.support import ask
from tests.standalone.chromium import tab
from tests.standalone.support import USERS, StandaloneTest
from underlay.standalone._server import JOURNAL

HOSTILE = "/<script>document.title='owned'</script><img src=//127.0.0.1:1>"


class Page(StandaloneTest):
    def test_what_comes_is_seen_and_can_be_copied_to_the_file(self):
        server = self.serve(USERS)
        with tab(server.url + JOURNAL) as page:
            self.assertIn("Nothing has come yet.", page.run("document.body.innerText"))
            self.assertEqual(500, ask(f"{server.url}/user/7?full=1")[0])
            page.wait_for("document.querySelector('li.bad .report')")
            shown = page.run("document.querySelector('li').innerText")
            self.assertIn("path: wanted /users/{id:int}, got /user/7", shown)

            page.run("document.querySelectorAll('summary').forEach(each => each.click())")
            page.run("document.querySelector('button').click()")
            page.wait_for("document.querySelector('button').textContent === 'Copied'")
            copied = page.run("navigator.clipboard.readText()")
            self.file.write_text(USERS + copied)

            self.assertEqual(200, ask(f"{server.url}/user/7?full=1")[0])
            page.wait_for("document.querySelectorAll('li').length === 2")
            self.assertIn("2 expectations", page.run("document.body.innerText"))
            opened = "[...document.querySelectorAll('details')].map(each => each.open)"
            self.assertEqual([False, False, True, True], page.run(opened))

        self.assertEqual(["/user/7"] * 2, [each.path for each in server.requests])

    def test_nothing_that_clients_send_is_run_or_loaded(self):
        server = self.serve(USERS)
        ask(server.url + "/" + HOSTILE.encode().hex(), HOSTILE.encode(), headers={"X": HOSTILE})
        with tab(server.url + JOURNAL) as page:
            self.assertIn("owned", page.run("document.querySelector('main').textContent"))
            self.assertEqual("api.yaml | journal", self.shortened(page.run("document.title")))
            self.assertEqual(0, page.run("document.querySelectorAll('main script, img').length"))

    def test_it_is_as_wide_as_the_window_and_tells_when_the_server_has_ended(self):
        server = self.serve(USERS)
        ask(server.url + "/" + "long" * 100)
        with tab(server.url + JOURNAL) as page:
            phone = {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True}
            page.call("Emulation.setDeviceMetricsOverride", **phone)
            self.assertEqual(390, page.run("document.documentElement.scrollWidth"))
            with server.refusing():
                page.wait_for("document.body.classList.contains('ended')")
            page.wait_for("!document.body.classList.contains('ended')")
