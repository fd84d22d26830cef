"""What the pages on moving here promise; they are ``docs/howto/migrate-*.rst``."""

import plone.testing

from tests.helpers import ByHand
from tests.runners.project import ProjectTest
from underlay import Layer, LayerError

LAYERS = """
    from plone.testing import Layer
    from hooks import log

    class Shop(Layer):
        def setUp(self):
            self["app"] = "the shop"
            log("shop up")
        def tearDown(self):
            del self["app"]
            log("shop down")
        def testSetUp(self):
            self["cart"] = []
        def testTearDown(self):
            del self["cart"]

    class Discount(Layer):
        defaultBases = (Shop(name="SHOP"),)
        def setUp(self):
            super().setUp()
            self["app"] = "the cheap shop"
            log("discount up")
        def tearDown(self):
            del self["app"]
            log("discount down")

    DISCOUNT = Discount(name="DISCOUNT")
    SHOP, = Discount.defaultBases
    CUSTOMER = Layer(bases=(SHOP,), name="CUSTOMER")
"""

TESTS = """
    import doctest, unittest
    from plone.testing import layered
    from layers import CUSTOMER, DISCOUNT, SHOP

    class Customers(unittest.TestCase):
        layer = CUSTOMER
        def test_carts_are_empty(self):
            self.assertEqual(([], "the shop"), (self.layer["cart"], self.layer.get("app")))
            self.layer["cart"].append("doormat")
        test_again = test_carts_are_empty

    class Discounts(unittest.TestCase):
        layer = DISCOUNT
        def test_its_base_sees_it(self):
            self.assertEqual("the cheap shop", SHOP["app"])
            self.assertNotIn("price", self.layer)

    def carts():
        '''
        >>> layer["cart"]
        []
        '''

    def test_suite():
        load = unittest.defaultTestLoader.loadTestsFromTestCase
        doctests = layered(doctest.DocTestSuite(), SHOP)
        return unittest.TestSuite([load(Customers), load(Discounts), doctests])
"""

CLASSES = """
    import unittest
    import underlay
    from hooks import log

    class Classic:
        @classmethod
        def setUp(cls):
            log(f"{cls.__name__} up")
        @classmethod
        def tearDown(cls):
            log(f"{cls.__name__} down")

    class Derived(Classic):
        @classmethod
        def setUp(cls):
            log(f"{cls.__name__} up")
        @classmethod
        def tearDown(cls):
            log(f"{cls.__name__} down")

    ON_CLASS = underlay.Layer(bases=[Derived])

    class OnClass(unittest.TestCase):
        layer = Derived
        def test_class(self):
            log("test_class")

    class OnTop(unittest.TestCase):
        layer = ON_CLASS
        def test_on_top(self):
            log("test_on_top")
"""


class PloneTesting(ProjectTest):
    def check(self, layers, tests):
        runs = self.run_everywhere(layers=layers, test_shop=tests)
        self.assertRuns(runs, guilty=set(), ran=4)
        for run in runs:
            self.assertCountEqual(
                ["shop up", "discount up", "discount down", "shop down"], run.log, run.output
            )

    def test_a_suite_runs_as_it_is(self):
        self.check(LAYERS, TESTS)

    def test_the_layers_change_by_one_import(self):
        self.check(LAYERS.replace("plone.testing", "underlay"), TESTS)

    def test_layered_changes_by_one_import(self):
        self.check(LAYERS, TESTS.replace("plone.testing", "underlay.runners.unittest"))

    def test_classes_are_layers_and_bases(self):
        log = ["Classic up", "Derived up", "test_class", "test_on_top"]
        log += ["Derived down", "Classic down"]
        runs = self.run_everywhere(test_classes=CLASSES)
        self.assertRuns(runs, guilty=set(), ran=2, log=log)


class OnTop(ProjectTest):
    def test_zope_testrunner_sets_up_what_is_on_top_of_a_layer_that_failed(self):
        """If that is a layer of ours, it is not even tried, and all tests are counted."""
        module = """
            import unittest
            import plone.testing, underlay

            class Faulty(underlay.Layer):
                def setUp(self):
                    raise RuntimeError("boom")

            class OnTop(plone.testing.Layer):
                defaultBases = (Faulty(name="FAULTY"),)
                def setUp(self):
                    self["path"]

            class Case(unittest.TestCase):
                layer = OnTop(name="ON_TOP")
                def test_it(self):
                    pass
        """
        for text, told in (
            (module, "KeyError"),
            (module.replace("plone.testing.", "underlay."), "boom"),
        ):
            folder = self.project(test_it=text)
            run = self.run_project("zope.testrunner", folder)
            self.assertEqual(told == "boom", "in test test_it" in run.output, run.output)
            self.assertIn(told, run.output)
            self.assertEqual(1, run.status)


class Resources(ByHand):
    """Where the stores differ."""

    def test_a_name_that_was_set_twice(self):
        """There the first value is forgotten, here it shows again."""
        for kind, left in ((plone.testing.Layer, None), (Layer, 1)):
            layer = kind(name="SHOP")
            layer.setUp()
            layer["app"] = 1
            layer["app"] = 2
            del layer["app"]
            self.assertEqual(left, layer.get("app"))
            layer.tearDown()

    def test_outside_of_the_phases(self):
        plone.testing.Layer(name="SHOP")["app"] = 1
        with self.assertRaisesRegex(LayerError, "not set up"):
            Layer(name="SHOP")["app"] = 1

    def test_bases_in_contradictory_orders(self):
        for kind in (plone.testing.Layer, Layer):
            a, b = kind(name="A"), kind(name="B")
            bases = (kind(bases=(a, b), name="AB"), kind(bases=(b, a), name="BA"))
            if kind is Layer:
                self.assertEqual(5, len(kind(bases=bases, name="BOTH").baseResolutionOrder))
            else:
                with self.assertRaisesRegex(TypeError, "Inconsistent"):
                    kind(bases=bases, name="BOTH")


class ZopePytestlayer(ProjectTest):
    """The project after the move; `fixture.create()` is what differed before."""

    conftest = """
        import pytest
        from layers import SHOP
        from underlay import as_layer
        from underlay.runners.pytest import fixture_for

        shop = fixture_for(SHOP)

        @as_layer(bases=[SHOP])
        def PRICES(layer):
            yield {"prices": {layer["app"]: 12}}

        prices_layer = fixture_for("conftest.PRICES")

        @pytest.fixture
        def prices(prices_layer):
            return prices_layer["prices"]

        @pytest.fixture
        def customer(shop):
            shop["cart"].append("doormat")
            return shop
    """
    functions = """
        import pytest
        from layers import SHOP

        def test_is_empty(shop):
            assert shop is SHOP and shop["cart"] == []

        def test_of_a_customer(customer):
            assert customer["cart"] == ["doormat"]

        @pytest.mark.usefixtures("shop")
        def test_by_mark():
            assert SHOP["app"] == "the shop"

        def test_prices(prices):
            assert prices == {"the shop": 12}
    """

    def test_fixtures_of_layers(self):
        folder = self.project(
            layers=LAYERS, conftest=self.conftest, test_functions=self.functions, test_shop=TESTS
        )
        for arguments in ((), ("-p", "xdist", "-n2")):
            run = self.run_project("pytest", folder, "-W", "error", *arguments)
            self.assertRegex(run.output.splitlines()[-1], "8 passed", run.output)

    def test_the_cases_of_suites_are_named_by_their_id(self):
        folder = self.project(layers=LAYERS, test_shop=TESTS)
        output = self.run_project("pytest", folder, "--collect-only", "-q").output
        self.assertIn("test_shop.py::test_suite::test_shop.carts\n", output)
        self.assertIn("test_shop.py::Discounts::test_its_base_sees_it\n", output)


class GoceptHttpserverlayer(ProjectTest):
    """Tests as they were; only the layers are ours."""

    layers = """
        from http.server import BaseHTTPRequestHandler
        from underlay.http import LiveServer
        from underlay.wsgi import WSGI, Handler, StaticFiles

        def app(environ, start_response):
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [b"Hello world"]

        class RequestHandler(BaseHTTPRequestHandler):
            posts_received = []
            def do_POST(self):
                length = int(self.headers["content-length"])
                self.posts_received.append(self.rfile.read(length))
                self.send_response(200)
                self.end_headers()
            def log_message(self, *args):
                pass

        APP = WSGI(app)
        HTTP_LAYER = LiveServer(APP)
        FILES = StaticFiles()
        STATIC_FILES = LiveServer(FILES)
        HANDLER = Handler(RequestHandler)
        POST_LAYER = LiveServer(HANDLER)
    """
    tests = """
        import os
        import unittest
        from urllib.request import urlopen
        from layers import HTTP_LAYER, POST_LAYER, STATIC_FILES

        def ask(layer, path="/", data=None):
            with urlopen(f"http://{layer['http_address']}{path}", data) as answer:
                return answer.read()

        class WSGIExample(unittest.TestCase):
            layer = HTTP_LAYER
            def test_wsgi(self):
                self.assertEqual(b"Hello world", ask(self.layer))

        class TemporaryExample(unittest.TestCase):
            layer = STATIC_FILES
            def test_static(self):
                self.assertEqual([], os.listdir(self.layer["documentroot"]))
                with open(os.path.join(self.layer["documentroot"], "index"), "w") as file:
                    file.write("Hello World!")
                self.assertEqual(b"Hello World!", ask(self.layer, "/index"))
            test_static_again = test_static

        class POSTExample(unittest.TestCase):
            layer = POST_LAYER
            def test_custom(self):
                ask(self.layer, data=b"foo=bar")
                self.assertEqual([b"foo=bar"], self.layer["request_handler"].posts_received)
    """

    def test_a_suite_runs_with_other_layers(self):
        runs = self.run_everywhere(layers=self.layers, test_http=self.tests)
        self.assertRuns(runs, guilty=set(), ran=4)


class PytestLocalserver(ProjectTest):
    """Fixtures under its names; see the page for what their methods are called."""

    conftest = """
        from underlay.http import FakeServer
        from underlay.runners.pytest import fixture_for

        PEER = FakeServer()
        SECURE = FakeServer(tls=True)
        httpserver = fixture_for(PEER)
        httpsserver = fixture_for(SECURE)
    """
    functions = """
        from urllib.request import urlopen

        def ask(server, context=None):
            with urlopen(server.url, context=context) as answer:
                return answer.read()

        def test_http(httpserver):
            httpserver.expect().then(text="success")
            assert ask(httpserver) == b"success"
            assert len(httpserver.requests) == 1

        def test_both(httpserver, httpsserver):
            assert httpserver.requests == []
            httpsserver.expect().then(text="safe")
            assert ask(httpsserver, httpsserver.ssl_context) == b"safe"

        def test_nobody_asks(httpserver):
            httpserver.expect().then(text="success")
    """

    def test_fixtures(self):
        folder = self.project(conftest=self.conftest, test_functions=self.functions)
        run = self.run_project("pytest", folder)
        self.assertEqual({"test_nobody_asks"}, run.guilty, run.output)
        self.assertIn("UnmetExpectation", run.output)
