"""A server that runs until somebody ends it."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator

from underlay.standalone._server import Standalone

#: Seconds between two looks at a file that may have changed; a request looks at once.
PAUSE = 0.5


def run(server: Standalone) -> None:
    """Serve until Ctrl-C or SIGTERM, then end as the server does.

    :raises LayerError: if it cannot begin, or cannot end as it should.
    :raises OSError: if its port is taken.
    """
    with _interrupts(), contextlib.suppress(KeyboardInterrupt):
        server.setUp()
        try:
            server.tell(server.greeting)
            while True:
                threading.Event().wait(PAUSE)
                server.refresh()
        finally:
            server.tearDown()


@contextlib.contextmanager
def _interrupts() -> Iterator[None]:
    """SIGTERM is as good as Ctrl-C, which shells have their background processes ignore."""
    signals = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(each, signal.default_int_handler) for each in signals]
    try:
        yield
    finally:
        for each, handler in zip(signals, before, strict=True):
            signal.signal(each, handler)
