"""Under pytest: SIGTERM takes layers down, and workers of xdist end when their controller does."""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import Any

import pytest

from underlay.runners._pytest_layers import layers_of
from underlay.runners._terminating import Termination

LEASH = "underlay leash"  # in the input of workers: a channel that ends when the controller does
GOODBYE = "goodbye"


def configure(config: Any) -> None:
    config.pluginmanager.register(Heedful(), "underlay-heedful")
    if leash := getattr(config, "workerinput", {}).get(LEASH):
        config.pluginmanager.register(Follower(leash), "underlay-follower")
    elif config.getoption("dist", "no") != "no":
        config.pluginmanager.register(Leader(), "underlay-leader")


class Heedful:
    """Heeds SIGTERM while tests run on layers; without layers, nothing changes."""

    def __init__(self) -> None:
        self._termination = Termination()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        if any(map(layers_of, session.items)):
            self._termination.heed()

    def pytest_unconfigure(self) -> None:
        self._termination.forget()


class Leader:
    """Gives each worker on this machine a leash, and says goodbye in the end."""

    def __init__(self) -> None:
        self._leashes: list[Any] = []

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        if node.gateway.spec.popen:
            leash = node.workerinput[LEASH] = node.gateway.newchannel()
            self._leashes.append(leash)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        for leash in self._leashes:
            with contextlib.suppress(OSError):  # the worker is gone
                leash.send(GOODBYE)


class Follower:
    """Ends a worker whose controller was killed; execnet would let it go on for 5 to 15 s."""

    def __init__(self, leash: Any) -> None:
        self._follows = True
        self._thread = threading.get_ident()
        leash.setcallback(self._hear, endmarker=None)

    def _hear(self, told: str | None) -> None:
        if self._follows and told != GOODBYE:
            signal.pthread_kill(self._thread, signal.SIGTERM)
        self._follows = False

    def pytest_sessionfinish(self) -> None:
        self._follows = False
