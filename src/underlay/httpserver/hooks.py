"""Hooks: what changes answers, for ``RequestHandler.with_post_hook``."""

from __future__ import annotations

import os
import threading

from werkzeug import Request, Response

from underlay.httpserver._base import STOPPING
from underlay.httpserver._handlers import Hook


class Chain:
    """Several hooks, one after the other.

    :param args: the hooks.
    """

    def __init__(self, *args: Hook) -> None:
        self._hooks = args

    def __call__(self, request: Request, response: Response) -> Response:
        for hook in self._hooks:
            response = hook(request, response)
        return response


class Delay:
    """Sends the answer later, or at once when the server stops.

    :param seconds: how much later.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._stopping = threading.Event()  # that of the server, once it is known

    def __call__(self, request: Request, response: Response) -> Response:
        self._stopping = request.environ[STOPPING]
        self._sleep()
        return response

    def _sleep(self) -> None:
        self._stopping.wait(self._seconds)


class Garbage:
    """Adds random bytes to the body.

    :param prefix_size: how many before it.
    :param suffix_size: how many after it.
    """

    def __init__(self, prefix_size: int = 0, suffix_size: int = 0) -> None:
        assert prefix_size >= 0, "prefix_size should be positive integer"
        assert suffix_size >= 0, "suffix_size should be positive integer"
        self._sizes = prefix_size, suffix_size

    def __call__(self, request: Request, response: Response) -> Response:
        prefix, suffix = map(os.urandom, self._sizes)
        response.set_data(prefix + response.get_data() + suffix)
        return response
