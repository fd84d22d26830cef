"""The layers that the shop's tests stand on."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from shop import make_app
from underlay import Layer, Resource
from underlay.http import FakeServer, LiveServer
from underlay.wsgi import WSGI, Browser


class OrderFile(Layer):
    """A place for the order book; each test finds none there."""

    path = Resource[Path]("The file of the orders, which the shop makes with the first one")

    def setUp(self) -> None:
        self.path = Path(self.enterContext(TemporaryDirectory())) / "orders.jsonl"

    def testSetUp(self) -> None:
        self.addCleanup(self.path.unlink, missing_ok=True)


PAYMENTS = FakeServer()
ORDERS = OrderFile()
APP = WSGI(
    lambda: make_app(payment_url=PAYMENTS.url, orders=ORDERS.path),
    bases=[PAYMENTS, ORDERS],
)
BROWSER = Browser(APP)
LIVE = LiveServer(APP)
