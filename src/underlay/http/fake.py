"""FakeServer: a peer that answers as the test says, and tells how it was asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from underlay._errors import LayerError
from underlay.http._arguments import NOT_GIVEN, check_times
from underlay.http._failing import caller
from underlay.http._matching import criteria
from underlay.http._messages import Answerer, Request
from underlay.http._playbook import Expectation, Playbook
from underlay.http._serving import Options, Serving

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["Expectation", "FakeServer"]


class FakeServer(Serving):
    """An HTTP server that stands in for a peer of the code under test.

    A request that no expectation matches is answered with status 500, and what was wanted instead
    is both in the answer's body and in the failure of the test.

    The hooks of a subclass find the server running; ``setUp`` may `expect` standing answers.

    :param bases: layers that must be up before this one.
    :param options: those of `Serving`, such as ``tls=True``.
    """

    def __init__(self, bases: Iterable[Any] | None = None, **options: Unpack[Options]) -> None:
        super().__init__(bases, **options)
        self._playbook = Playbook(self, self._lock, self._note)

    def _begin_test(self) -> None:
        super()._begin_test()
        self._playbook.restart()

    def expect(
        self,
        method: str | None = None,
        path: str | None = None,
        *,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, Any] | None = None,
        json: Any = NOT_GIVEN,
        body: bytes | str | None = None,
        times: int | None = None,
        optional: bool = False,
    ) -> Expectation:
        """Expect a request; ``.then(...)`` says how to answer it.

        Made in a test it is a promise: the test fails unless a request comes for each of its
        answers, at least one.  Made while no test runs, as in ``setUp``, it is a standing answer.
        If several match, the first one of the test counts, then the first standing one.

        :param method: such as ``"POST"``; any if it is left out, and so with all the others.
        :param path: the whole path, decoded, without a query.
        :param query: all parameters, text or numbers; a list where a name comes more than once.
        :param headers: some of the headers.
        :param json: the body as JSON, all of it; ``None`` is ``null``.
        :param body: the body as bytes, or as text sent as UTF-8.
        :param times: exactly as many requests; further ones do not match.
        :param optional: no request need come.
        :raises LayerError: if the server is not set up.
        :raises TypeError: for arguments of another type.
        :raises ValueError: for what is no method, no path, or no number of requests.
        """
        wanted = criteria(method, path, query, headers, json, body)
        if times is not None:
            check_times(times)
        title = _title(method, path)
        made = Expectation(title, wanted, times, optional, caller(1), self._lock)
        where = self._playbook.promised if self._in_test else self._playbook.standing
        self.addCleanup(where.remove, made)
        where.append(made)
        return made

    @property
    def requests(self) -> list[Request]:
        """Every request of this test as the server saw it, also malformed and broken off ones."""
        with self._lock:
            return list(self._playbook.requests)

    def _make_answerer(self) -> Answerer:
        return self._playbook

    def _take_problems(self) -> list[LayerError]:
        return [*super()._take_problems(), *self._playbook.unmet()]


def _title(method: str | None, path: str | None) -> str:
    if method is None and path is None:
        return "any request"
    return f"{method.upper() if method else 'any method'} {path or 'any path'}"
