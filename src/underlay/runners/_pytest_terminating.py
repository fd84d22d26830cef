"""Under pytest: SIGTERM takes layers down, and workers of xdist end when their controller does."""

from __future__ import annotations

import signal
import threading
from typing import Any

from underlay._errors import needs_extra
from underlay.runners._pytest_layers import layers_of
from underlay.runners._terminating import Termination

with needs_extra("underlay.runners.pytest", "pytest"):
    import pytest

LEASH = "underlay leash"  # in the input of workers: a channel that ends when the controller does


def configure(config: Any) -> None:
    config.pluginmanager.register(Heedful(), "underlay-heedful")
    if leash := getattr(config, "workerinput", {}).get(LEASH):
        config.pluginmanager.register(Follower(leash), "underlay-follower")
    elif config.getoption("dist", "no") != "no":
        config.pluginmanager.register(Leader(), "underlay-leader")


class Heedful:
    """Heeds SIGTERM from the first test on layers to the end; without layers, nothing changes."""

    def __init__(self) -> None:
        self._termination = Termination()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        if layers_of(item):
            self._termination.heed()

    def pytest_unconfigure(self) -> None:
        self._termination.forget()


class Leader:
    """Gives each worker that it has started on this machine a leash."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        if node.gateway.spec.popen:
            node.workerinput[LEASH] = node.gateway.newchannel()


class Follower:
    """Ends a worker whose controller was killed; execnet would let it go on for 5 to 15 s."""

    def __init__(self, leash: Any) -> None:
        self._works = True
        self._thread = threading.get_ident()
        leash.setcallback(self._let_loose, endmarker=None)

    def _let_loose(self, _: object) -> None:
        if self._works:
            signal.pthread_kill(self._thread, signal.SIGTERM)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self) -> Any:
        try:
            return (yield)
        finally:
            self._works = False
