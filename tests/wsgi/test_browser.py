import sys
import traceback
import unittest
import unittest.mock

from pyramid.config import Configurator
from pyramid.response import Response
from pyramid.view import view_config

from tests.helpers import Golden
from tests.wsgi.test_application import logs_and_answers_500
from tests.wsgi.test_recorder import hello
from underlay import ExtraMissing, Layer, ResourceMissing, as_layer
from underlay.wsgi import WSGI, Browser


@view_config(route_name="front")
def front(request):
    return Response(
        f"<title>{request.registry.settings['title']}</title>"
        f"<p>Seen: {request.cookies.get('seen', 'never')}"
        "<form action='/pay'><label>Card <input name='card'></label>"
        "<input type='submit' value='Pay'></form>"
        "<a href='/pay?card=1'>Pay fast</a>",
        headerlist=[("Content-Type", "text/html; charset=utf-8"), ("Set-Cookie", "seen=once")],
    )


@view_config(route_name="pay")
def pay(request):
    return Response(f"Paid with {int(request.params['card'])}")


def make_shop(title):
    with Configurator(settings={"title": title}) as config:
        config.add_route("front", "/")
        config.add_route("pay", "/pay")
        config.scan(__name__)
        return config.make_wsgi_app()


SHOP = WSGI(make_shop, "Shop")
BROWSER = Browser(SHOP)


class ABrowser(Golden):
    def test_opens_pages_of_a_pyramid_application(self):
        with BROWSER:
            self.assertIn("<title>Shop</title>", BROWSER.open("/").contents)
            self.assertEqual("http://localhost/", BROWSER.browser.url)

    def test_follows_links_and_submits_forms(self):
        with BROWSER:
            browser = BROWSER.open("/")
            browser.getControl("Card").value = "1234"
            browser.getControl("Pay").click()
            self.assertEqual("Paid with 1234", browser.contents)
            BROWSER.open("/").getLink("Pay fast").click()
            self.assertEqual("Paid with 1", browser.contents)

    def test_names_controls_between_which_it_cannot_choose(self):
        def twice(environ, start_response):
            start_response("200 OK", [("Content-Type", "text/html")])
            return [
                b"<form><input type=submit name=a value=Pay><input type=submit name=b value=Pay>"
            ]

        with Browser(WSGI(twice)) as layer:
            with self.assertRaisesRegex(ValueError, "(?s)a=Pay.*b=Pay"):
                layer.open("/").getControl("Pay")

    def test_is_new_for_each_test(self):
        for _ in range(2):
            with BROWSER:
                self.assertIn("Seen: never", BROWSER.open("/").contents)
                self.assertIn("Seen: once", BROWSER.open("/").contents)

    def test_two_of_them_see_two_applications(self):
        other = Browser(WSGI(make_shop, "Other", name="OTHER"))
        with BROWSER, other:
            self.assertEqual("Shop", BROWSER.open("/").title)
            self.assertEqual("Other", other.open("/").title)

    def test_shows_the_application_of_any_layer_that_has_one(self):
        @as_layer
        def ELSEWHERE():
            yield {"application": hello}

        with Browser(ELSEWHERE) as layer:
            self.assertEqual("hello", layer.open("/").contents)

    def test_shows_the_application_that_is_a_method_of_a_layer(self):
        class Shop(Layer):
            def application(self, environ, start_response):
                return hello(environ, start_response)

        with Browser(Shop()) as layer:
            self.assertEqual("hello", layer.open("/").contents)

    def test_names_the_layer_that_has_no_application(self):
        with self.assertRaises(ResourceMissing) as caught, Browser(Layer(name="SHOP")):
            pass
        self.assertGolden("wsgi-no-application", caught.exception)

    def test_refuses_an_application_that_is_no_layer(self):
        for wrong in (hello, Layer):
            with self.subTest(wrong), self.assertRaisesRegex(TypeError, r"Browser\(WSGI\("):
                Browser(wrong)

    def test_has_its_browser_before_a_set_up_of_your_own(self):
        class Welcomed(Browser):
            def setUp(self):
                pass

            def testSetUp(self):
                self.open("/")

        with Welcomed(WSGI(hello)) as layer:
            self.assertEqual("hello", layer.browser.contents)

    def test_quotes_urls_as_browsers_do(self):
        def echo(environ, start_response):
            start_response("200 OK", [("Content-Type", "text/plain")])
            path = environ["PATH_INFO"].encode("latin-1")
            return [path, b" " + environ["QUERY_STRING"].encode()]

        with Browser(WSGI(echo)) as layer:
            for url in (
                "/weather/Köln?when=now or later",
                "/weather/K%C3%B6ln?when=now%20or%20later",
            ):
                self.assertEqual("/weather/Köln when=now%20or%20later", layer.open(url).contents)

    def test_has_text_for_contents_without_a_charset(self):
        def german(environ, start_response):
            start_response("200 OK", [("Content-Type", "application/json")])
            return ['"schön"'.encode()]

        with Browser(WSGI(german)) as layer:
            self.assertIsNone(layer.browser.contents)
            self.assertEqual('"schön"', layer.open("/").contents)
            self.assertEqual('"schön"'.encode(), layer.browser.body)

    def test_without_zope_testbrowser_the_extra_is_named(self):
        missing = {"underlay.wsgi._testbrowser": None}
        with unittest.mock.patch.dict(sys.modules, missing):
            with self.assertRaises(ExtraMissing) as caught:
                with Browser(WSGI(hello)):
                    pass
        self.assertIn("install underlay[testbrowser]", str(caught.exception))


class AnErrorOfTheApplication(unittest.TestCase):
    def test_is_raised_by_the_call_that_caused_it(self):
        with BROWSER:
            with self.assertRaisesRegex(ValueError, "'abc'"):
                BROWSER.open("/pay?card=abc")

    def test_is_raised_also_where_the_framework_answers_500(self):
        with Browser(WSGI(logs_and_answers_500)) as layer:
            try:
                layer.open("/")
            except ZeroDivisionError as error:
                *_, innermost = traceback.extract_tb(error.__traceback__)
        self.assertEqual("logs_and_answers_500", innermost.name)

    def test_is_a_page_to_those_who_want_to_see_it(self):
        with Browser(WSGI(logs_and_answers_500)) as layer:
            layer.browser.raiseHttpErrors = False
            self.assertEqual("500 Internal Server Error", layer.open("/").headers["Status"])

    def test_does_not_keep_the_browser_from_going_on(self):
        with BROWSER:
            browser = BROWSER.open("/")
            with self.assertRaises(ValueError):
                BROWSER.open("/pay?card=abc")
            browser.getControl("Card").value = "7"
            browser.getControl("Pay").click()
            self.assertEqual("Paid with 7", browser.contents)
