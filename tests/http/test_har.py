"""HAR: what is written can be read, what is wrong is refused, secrets stay out."""

import dataclasses
import json

from tests.helpers import Golden, temporary_folder
from underlay import ExpectationsUnreadable
from underlay.http._har import Recording, read, write

PAY = Recording(
    method="POST",
    url="https://api.example.com/pay?now=1",
    headers=[("Content-Type", "application/json"), ("X-Key", "abc")],
    body=b'{"amount": 10}',
    status=201,
    reason="Created",
    answer_headers=[("Content-Type", "text/plain"), ("Location", "/pay/7")],
    content="bezahlt: 10 €".encode(),
    began=1_700_000_000.25,
    seconds=0.125,
)

#: As Chromium writes it, shortened.
OF_A_BROWSER = {
    "log": {
        "version": "1.2",
        "pages": [],
        "entries": [
            {
                "_priority": "High",
                "startedDateTime": "2026-11-21T07:00:00.1234567Z",
                "time": 12.5,
                "request": {
                    "method": "POST",
                    "url": "http://shop.test/login",
                    "headers": [],
                    "postData": {
                        "mimeType": "application/x-www-form-urlencoded",
                        "params": [{"name": "user", "value": "a b"}],
                    },
                },
                "response": {
                    "status": 302,
                    "statusText": "Found",
                    "headers": [{"name": "location", "value": "http://shop.test/"}],
                    "content": {"size": 0, "mimeType": "x-unknown"},
                },
            }
        ],
    }
}


class HarTest(Golden):
    def setUp(self):
        self.file = temporary_folder(self) / "api.har"

    def refused(self, data):
        text = data if isinstance(data, bytes) else json.dumps(data).encode()
        self.file.write_bytes(text)
        with self.assertRaises(ExpectationsUnreadable) as caught:
            read(self.file)
        return str(caught.exception).replace(str(self.file), "api.har")


class Writing(HarTest):
    def test_what_is_written_can_be_read(self):
        binary = dataclasses.replace(PAY, body=b"\xff\0", content=b"\x89PNG\xff")
        write(self.file, [PAY, binary])
        self.assertEqual([PAY, binary], read(self.file))

    def test_it_is_har_for_others(self):
        write(self.file, [PAY])
        self.assertGolden("http-har", self.file.read_text("utf-8").rstrip("\n"))

    def test_secrets_are_not_written(self):
        secret = dataclasses.replace(
            PAY,
            headers=[("authorization", "Bearer s3cret"), ("Cookie", "a=s3cret; b=s3cret=; s3cret")],
            answer_headers=[("Set-Cookie", "sid=s3cret; Path=/"), ("SET-COOKIE", "s3cret")],
        )
        write(self.file, [secret])
        self.assertNotIn("s3cret", self.file.read_text("utf-8"))
        (written,) = read(self.file)
        self.assertEqual(
            ["scrubbed", "a=scrubbed; b=scrubbed; scrubbed"], [each for _, each in written.headers]
        )
        self.assertEqual(
            ["sid=scrubbed; Path=/", "scrubbed"], [each for _, each in written.answer_headers]
        )

    def test_what_is_secret_can_be_said(self):
        write(self.file, [PAY], scrub=["x-key"])
        self.assertIn(("X-Key", "scrubbed"), read(self.file)[0].headers)

    def test_a_file_that_cannot_be_written_stays_as_it_was(self):
        self.file.mkdir()
        with self.assertRaises(OSError):
            write(self.file, [PAY])
        self.assertEqual([self.file], list(self.file.parent.iterdir()))


class Reading(HarTest):
    def test_that_of_a_browser(self):
        self.file.write_text(json.dumps(OF_A_BROWSER))
        (recording,) = read(self.file)
        self.assertEqual(b"user=a+b", recording.body)
        self.assertEqual(("http://shop.test", "/login"), (recording.origin, recording.target))
        self.assertAlmostEqual(1795244400.123456, recording.began, 3)

    def test_bodies_that_playwright_has_put_beside_it(self):
        data = json.loads(json.dumps(OF_A_BROWSER))
        [entry] = data["log"]["entries"]
        entry["request"]["postData"] = {"text": "", "params": [], "_file": "asked.bin"}
        entry["response"]["content"] = {"size": -1, "_file": "answered.html"}
        for name in ("asked.bin", "answered.html"):
            (self.file.parent / name).write_bytes(b"\xff" + name.encode())
        self.file.write_text(json.dumps(data))
        (recording,) = read(self.file)
        self.assertEqual(b"\xffasked.bin", recording.body)
        self.assertEqual(b"\xffanswered.html", recording.content)

    def test_that_a_body_was_not_kept_can_be_seen(self):
        data = json.loads(json.dumps(OF_A_BROWSER))
        request = data["log"]["entries"][0]["request"]
        request["postData"] = {"mimeType": "image/png", "text": "", "params": []}
        request["headers"] = [{"name": "content-length", "value": "7"}]
        self.file.write_text(json.dumps(data))
        (recording,) = read(self.file)
        self.assertIsNone(recording.body)

    def test_no_json(self):
        told = [self.refused(b'{"log":\n  {,}}'), self.refused(b"\xff\xfe\xff"), self.refused(b"")]
        self.assertIn("api.har:2: No JSON", told[0])
        self.assertIn("api.har: No JSON", told[1])
        self.assertIn("api.har:1: No JSON", told[2])

    def test_a_file_that_is_not_there(self):
        with self.assertRaisesRegex(ExpectationsUnreadable, "No such file"):
            read(self.file)

    def test_whatever_is_wrong_is_told_with_its_place(self):
        def changed(*path, to):
            data = json.loads(json.dumps(OF_A_BROWSER))
            node = data["log"]["entries"][0]
            for name in path[:-1]:
                node = node[name]
            node[path[-1]] = to
            return self.refused(data)

        told = [
            self.refused([]),
            self.refused({"log": {"entries": {}}}),
            self.refused({"log": {"entries": [7]}}),
            changed("request", to=None),
            changed("request", "method", to=7),
            changed("request", "url", to="/login"),
            changed("request", "headers", to=[{"name": "a"}]),
            changed("response", "status", to=True),
            changed("response", "content", to={"size": 1234}),
            changed("response", "content", to={"text": "%", "encoding": "base64"}),
            changed("response", "content", to={"text": "a", "encoding": "rot13"}),
            changed("response", "content", to={"_file": "gone.html"}),
            changed("response", "content", to={"_file": "../api.har"}),
        ]
        self.assertGolden("http-har-refused", "\n".join(told))
