"""The fixtures, in pytest processes of their own."""

import os
import sys
from unittest import mock

from tests.helpers import Golden
from tests.runners.project import ProjectTest

FIXTURES = ("-p", "underlay.httpserver.pytest_plugin", "-p", "no:pytest_httpserver")

TESTS = """
    import urllib.error, urllib.request

    def status(url):
        try:
            return urllib.request.urlopen(url).status
        except urllib.error.HTTPError as error:
            return error.code

    def test_one(httpserver):
        httpserver.expect_request("/pay").respond_with_data("paid")
        assert status(httpserver.url_for("/pay")) == 200

    def test_two(httpserver):
        assert status(httpserver.url_for("/pay")) == 500

    def test_addresses(httpserver, httpserver_ipv4, httpserver_ipv6):
        hosts = [httpserver.host, httpserver_ipv4.host, httpserver_ipv6.host]
        assert hosts == ["localhost", "127.0.0.1", "::1"]
        assert status(httpserver_ipv4.url_for("/")) == status(httpserver_ipv6.url_for("/")) == 500

    def test_of_both_kinds(httpserver):
        httpserver.fake_server.expect("GET", "/pay").then(text="paid")

    def test_after_it(httpserver):
        httpserver.check()
"""

CONFTEST = """
    import pytest
    from underlay.http import TLS

    @pytest.fixture(scope="session")
    def httpserver_listen_address():
        return "127.0.0.1", 0

    @pytest.fixture(scope="session")
    def authority():
        return TLS()

    @pytest.fixture(scope="session")
    def httpserver_ssl_context(authority):
        return authority.server_context()
"""

SECURE = """
    import urllib.request

    def test_it(httpserver, authority):
        assert httpserver.host == "127.0.0.1"
        httpserver.expect_request("/").respond_with_data("paid")
        context = authority.client_context()
        assert urllib.request.urlopen(httpserver.url_for("/"), context=context).read() == b"paid"
"""


class Fixtures(ProjectTest):
    def test_each_test_finds_a_server_that_is_cleared(self):
        run = self.run_project("pytest", self.project(test_shop=TESTS), *FIXTURES)
        self.assertEqual({"test_of_both_kinds"}, run.guilty, run.output)
        self.assertIn("expected GET /pay", run.output)

    def test_address_and_context_may_be_overridden(self):
        folder = self.project(conftest=CONFTEST, test_shop=SECURE)
        run = self.run_project("pytest", folder, *FIXTURES)
        self.assertEqual((set(), 0), (run.guilty, run.status), run.output)

    def test_an_address_from_the_environment(self):
        test = "def test_host(httpserver):\n    assert httpserver.host == '127.0.0.1'"
        with mock.patch.dict(os.environ, PYTEST_HTTPSERVER_HOST="127.0.0.1"):
            run = self.run_project("pytest", self.project(test_shop=test), *FIXTURES)
        self.assertEqual((set(), 0), (run.guilty, run.status), run.output)

    def test_without_the_plugin_there_are_none(self):
        run = self.run_project(
            "pytest", self.project(test_shop=TESTS), "-p", "no:pytest_httpserver"
        )
        self.assertIn("fixture 'httpserver' not found", run.output)


class Failing(ProjectTest):
    def test_a_failure_shows_what_the_server_was_asked_in_vain(self):
        test = """
            import urllib.request

            def test_one(httpserver):
                httpserver.expect_request("/pay").respond_with_data("paid")
                urllib.request.urlopen(httpserver.url_for("/play"))

            def test_two(httpserver):
                httpserver.expect_request("/pay").respond_with_handler(lambda request: 1 / 0)
                urllib.request.urlopen(httpserver.url_for("/pay"))
        """
        run = self.run_project("pytest", self.project(test_shop=test), *FIXTURES)
        self.assertEqual({"test_one", "test_two"}, run.guilty, run.output)
        self.assertEqual(1, run.output.count("  closest: any method /pay (test_shop.py:5)"))
        self.assertIn("ZeroDivisionError('division by zero')", run.output)


class Conflict(ProjectTest, Golden):
    """Others have a fixture of the same name; the later one would silently win."""

    def run_beside(self, plugin):
        """Run tests with both plugins; of the other nothing but its place matters."""
        folder = self.project(test_shop=TESTS)
        package, _, module = plugin.partition(".")
        (folder / package).mkdir()
        for name in ("__init__", module):
            (folder / package / f"{name}.py").touch()
        with mock.patch.dict(os.environ, PYTHONPATH=os.pathsep.join([str(folder), *sys.path])):
            return self.run_project("pytest", folder, *FIXTURES[:2], "-p", plugin)

    def test_pytest_httpserver_is_refused(self):
        run = self.run_beside("pytest_httpserver.pytest_plugin")
        self.assertEqual(4, run.status)
        self.assertGolden("httpserver-conflict", run.output.strip())

    def test_pytest_localserver_is_refused(self):
        run = self.run_beside("pytest_localserver.plugin")
        self.assertEqual(4, run.status)
        self.assertIn("-p no:localserver (or uninstall pytest-localserver)", run.output)
