"""StaticFiles: what is in a folder is served, what is outside of it is not."""

import os
import unittest
from pathlib import Path
from wsgiref.validate import validator

from tests.helpers import temporary_folder
from tests.http.support import ask, up
from tests.wsgi.test_asgi import call
from underlay.http import LiveServer
from underlay.wsgi import Browser, StaticFiles


class Folder(unittest.TestCase):
    def setUp(self):
        self.outside = temporary_folder(self)
        self.root = self.outside / "root"
        (self.root / "sub dir").mkdir(parents=True)
        (self.outside / "secret.txt").write_text("secret")
        (self.outside / "root-too").mkdir()
        (self.outside / "root-too" / "a.txt").write_text("secret")
        (self.root / "index.html").write_text("<h1>Hello</h1>")
        (self.root / "sub dir" / "index.html").write_text("sub")
        (self.root / "ü.css").write_text("p {}")
        self.files = up(self, StaticFiles(self.root))

    def get(self, path, method="GET", **environ):
        return call(self.files.application, path.encode().decode("latin-1"), method, **environ)


class Serving(Folder):
    def test_a_file_has_its_type_and_length(self):
        status, headers, body = self.get("/ü.css")
        self.assertEqual(("200 OK", b"p {}"), (status, body))
        self.assertEqual("text/css; charset=utf-8", headers["Content-Type"])
        self.assertEqual("4", headers["Content-Length"])

    def test_types_are_those_of_browsers(self):
        for name, wanted in (
            ("a.html", "text/html; charset=utf-8"),
            ("a.json", "application/json; charset=utf-8"),
            ("a.png", "image/png"),
            ("a.unknown-kind", "application/octet-stream"),
            ("a.tar.gz", "application/octet-stream"),
        ):
            with self.subTest(name):
                (self.root / name).write_bytes(b"x")
                self.assertEqual(wanted, self.get(f"/{name}")[1]["Content-Type"])

    def test_a_folder_is_its_index(self):
        self.assertEqual(b"<h1>Hello</h1>", self.get("/")[2])
        self.assertEqual(b"sub", self.get("/sub dir/")[2])

    def test_a_folder_without_slash_is_redirected(self):
        status, headers, _ = self.get("/sub dir", QUERY_STRING="a=1")
        self.assertEqual(
            ("301 Moved Permanently", "./sub%20dir/?a=1"), (status, headers["Location"])
        )

    def test_head_has_no_body(self):
        status, headers, body = self.get("/", "HEAD")
        self.assertEqual(("200 OK", "14", b""), (status, headers["Content-Length"], body))

    def test_what_the_client_knows_is_not_sent(self):
        etag = self.get("/")[1]["ETag"]
        for known in (etag, f'"x", W/{etag}', "*"):
            with self.subTest(known):
                status, _, body = self.get("/", HTTP_IF_NONE_MATCH=known)
                self.assertEqual(("304 Not Modified", b""), (status, body))

    def test_what_has_changed_is_sent(self):
        etag = self.get("/")[1]["ETag"]
        (self.root / "index.html").write_text("new text")
        self.assertEqual(b"new text", self.get("/", HTTP_IF_NONE_MATCH=etag)[2])

    def test_other_methods_are_refused(self):
        status, headers, _ = self.get("/", "POST")
        self.assertEqual(("405 Method Not Allowed", "GET, HEAD"), (status, headers["Allow"]))

    def test_what_is_not_there_is_404(self):
        for path in ("/none", "/none/", "/index.html/", "/ü.css/x", "/sub dir/none", "/%00", "/\0"):
            with self.subTest(path):
                self.assertEqual("404 Not Found", self.get(path)[0])

    def test_it_keeps_to_pep_3333(self):
        class Validated(StaticFiles):
            def _files(self):
                return validator(super()._files())

        live = up(self, LiveServer(Validated(self.root)))
        self.assertEqual((200, "<h1>Hello</h1>"), ask(live.url))

    def test_it_is_a_layer_like_others(self):
        self.assertEqual(str(self.root), self.files["documentroot"])
        self.assertEqual("<h1>Hello</h1>", up(self, Browser(self.files)).open("/").contents)

    def test_a_folder_that_is_none_is_an_error(self):
        with self.assertRaisesRegex(NotADirectoryError, "no folder"):
            StaticFiles(self.root / "none").__enter__()


class Temporary(unittest.TestCase):
    def test_what_a_test_puts_there_goes_with_the_test(self):
        class Site(StaticFiles):
            def setUp(self):
                super().setUp()
                Path(self.documentroot, "index.html").write_text("Hello")

        site = Site()
        site.setUp()
        self.addCleanup(site.tearDown)
        root = Path(site.documentroot)
        with site:
            (root / "sub" / "deep").mkdir(parents=True)
            (root / "sub" / "deep" / "a.txt").write_text("a")
            os.symlink(root / "sub", root / "link")
            self.assertEqual(b"a", call(site.application, "/link/deep/a.txt")[2])
        self.assertEqual(["index.html"], os.listdir(root))

    def test_the_folder_goes_with_the_layer(self):
        with StaticFiles() as files:
            self.assertEqual([], os.listdir(files.documentroot))
            root = files.documentroot
        self.assertFalse(os.path.exists(root))

    def test_two_of_them_have_two_folders(self):
        self.assertNotEqual(
            up(self, StaticFiles(name="A")).documentroot,
            up(self, StaticFiles(name="B")).documentroot,
        )


class Outside(Folder):
    def test_no_path_leads_out(self):
        secret = str(self.outside / "secret.txt")
        live = up(self, LiveServer(self.files))
        for path in (
            "/../secret.txt",
            "/sub dir/../../secret.txt",
            "/./../secret.txt",
            "//../secret.txt",
            "/../root-too/a.txt",
            "/..\\secret.txt",
            secret,
            f"/{secret}",
            "/%2e%2e/secret.txt",
            "/..%2fsecret.txt",
            "/%252e%252e/secret.txt",
            "/..;/secret.txt",
        ):
            with self.subTest(path):
                self.assertEqual("404 Not Found", self.get(path)[0])
                status, text = ask(live.url + path.replace(" ", "%20").replace("\\", "%5c"))
                self.assertEqual(404, status)
                self.assertNotIn("secret", text)

    def test_no_link_leads_out(self):
        os.symlink(self.outside / "secret.txt", self.root / "link.txt")
        os.symlink(self.outside, self.root / "linked")
        os.symlink("circle", self.root / "circle")
        for path in ("/link.txt", "/linked/secret.txt", "/circle"):
            with self.subTest(path):
                self.assertEqual("404 Not Found", self.get(path)[0])

    def test_a_link_inside_is_followed(self):
        os.symlink("index.html", self.root / "start.html")
        self.assertEqual(b"<h1>Hello</h1>", self.get("/start.html")[2])

    def test_what_is_no_file_is_not_read(self):
        os.mkfifo(self.root / "pipe")
        self.assertEqual("404 Not Found", self.get("/pipe")[0])
