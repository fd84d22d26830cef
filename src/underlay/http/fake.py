"""FakeServer: a peer that answers as the test says, and tells how it was asked."""

from __future__ import annotations

import contextlib
import os
import re
import ssl
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from underlay._errors import LayerError
from underlay.http._answering import Answerer
from underlay.http._arguments import NOT_GIVEN
from underlay.http._conditions import Sequence, Times
from underlay.http._expectation import Expectation, title
from underlay.http._failing import caller
from underlay.http._forwarding import forward
from underlay.http._har import SECRET
from underlay.http._journal import Entry
from underlay.http._listeners import Listener
from underlay.http._matching import criteria, matches
from underlay.http._messages import Request, Response
from underlay.http._outages import Outage, Outages, go_on, listen_again, refuse, stall
from underlay.http._playbook import Playbook
from underlay.http._recorder import Recorder
from underlay.http._replaying import expectations
from underlay.http._serving import Options, Serving
from underlay.http._values import containing
from underlay.http.behaviours import Behaviour, as_behaviour

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = ["Expectation", "FakeServer"]


class FakeServer(Serving):
    """An HTTP server that stands in for a peer of the code under test.

    A request that no expectation matches is answered with status 500, and what was wanted instead
    is both in the answer's body and in the failure of the test.

    The hooks of a subclass find the server running; ``setUp`` may `expect` standing answers.

    :param bases: layers that must be up before this one.
    :param unmatched_status: of the answer to a request that no expectation matches.
    :param options: those of `Serving`, such as ``tls=True``.
    """

    def __init__(
        self,
        bases: Iterable[Any] | None = None,
        *,
        unmatched_status: int = 500,
        **options: Unpack[Options],
    ) -> None:
        super().__init__(bases, **options)
        Response(unmatched_status)  # refuses what is none
        self._playbook = self._make_playbook(unmatched_status)
        self._outages = Outages()

    def _serve(self, listener: Listener) -> None:
        super()._serve(listener)
        self._outages = Outages()

    def _begin_test(self) -> None:
        super()._begin_test()
        self._playbook.restart()

    # -- what is to come

    def expect(
        self,
        method: str | None = None,
        path: str | re.Pattern[str] | None = None,
        *,
        query: Mapping[str, Any] | containing | None = None,
        headers: Mapping[str, Any] | None = None,
        cookies: Mapping[str, Any] | None = None,
        form: Mapping[str, Any] | containing | None = None,
        json: Any = NOT_GIVEN,
        body: Any = None,
        where: Callable[[Request], object] | None = None,
        times: int | None = None,
        at_least: int | None = None,
        at_most: int | None = None,
        optional: bool = False,
    ) -> Expectation:
        """Expect a request; ``.then(...)`` says how to answer it.

        Made in a test it is a promise: the test fails unless a request comes for each of its
        answers, at least one.  Made while no test runs, as in ``setUp``, it is a standing answer.
        If several match, the first one of the test counts, then the first standing one.

        Wherever a value is wanted, a compiled regular expression that matches the whole of it, a
        function that finds it true, or `containing` may stand as well.

        :param method: such as ``"POST"``; any if it is left out, and so with all the others.
        :param path: the whole path, decoded, without a query; ``/users/{id:int}`` puts ``id`` into
            `Request.path_params`, and so do the named groups of a regular expression.
        :param query: all parameters, text or numbers; a list where a name comes more than once.
        :param headers: some of the headers; ``[]`` for one that must not come.
        :param cookies: some of the cookies.
        :param form: all fields of a form, urlencoded or multipart.
        :param json: the body as JSON, all of it; ``None`` is ``null``.  A type stands for any value
            of it, such as ``int``.
        :param body: the body as bytes, or as text sent as UTF-8.
        :param where: a function of the request that returns whether it is meant.
        :param times: exactly as many requests; further ones do not match.
        :param at_least: as many requests or more.
        :param at_most: as many requests or fewer; further ones do not match.
        :param optional: no request need come.
        :raises LayerError: if the server is not set up.
        :raises TypeError: for arguments of another type.
        :raises ValueError: for what is no method, no path, or no number of requests.
        """
        wanted = criteria(
            method,
            path,
            query=query,
            headers=headers,
            cookies=cookies,
            form=form,
            json=json,
            body=body,
            where=where,
        )
        many = Times.of(times, at_least, at_most, optional)
        made = Expectation(title(method, path), wanted, many, caller(1), self._playbook)
        where_to = self._playbook.promised if self._in_test else self._playbook.standing
        self.addCleanup(where_to.remove, made)
        if self._playbook.sequence:
            made._join(self._playbook.sequence)
        where_to.append(made)
        return made

    @contextlib.contextmanager
    def in_order(self) -> Iterator[None]:
        """The requests expected in the block are to come in the order of the expectations.

        Each then stands for exactly one request, or one for each of its answers.  What comes out of
        turn does not match, and does not spoil what comes later.
        """
        before, self._playbook.sequence = self._playbook.sequence, Sequence()
        try:
            yield
        finally:
            self._playbook.sequence = before

    def scenario(self, **states: str) -> None:
        """Begin scenarios, stories of which `Expectation.when` and `becomes` know the state.

        One that is begun in ``setUp`` begins anew with each test.

        :param states: the first state of each, such as ``cart="empty"``.
        :raises TypeError: if that is no text.
        :raises LayerError: if the server is not set up.
        """
        for name, state in states.items():
            if not isinstance(state, str):
                raise TypeError(f"The state of {name} is text, not {state!r}.")
        self.addCleanup(self._playbook.scenarios.end, states)
        self._playbook.scenarios.begin(states)

    @property
    def scenarios(self) -> dict[str, str]:
        """The states of all scenarios by their names."""
        return dict(self._playbook.scenarios.states)

    # -- what was answered before

    def replay(
        self, har: str | os.PathLike[str], *, strict: bool = True, origin: str | None = None
    ) -> AbstractContextManager[object]:
        """Answer from recordings what no expectation matches.

        From now to the end of a ``with`` block, or else of the test; in ``setUp``, of the layer, so
        that each test finds them from the beginning.  A request has to come as it was recorded:
        with the same method, path, query and body (JSON and forms are compared by what they say).
        If it was recorded more than once, the answers are given in their order, and the last one is
        given again.

        :param har: a file in the format HAR 1.2, such as `record` and browsers write it.
        :param strict: with False, a request of which no recording has the same query and body is
            answered by those with the same method and path, in their order.
        :param origin: the server whose answers to take, such as ``"https://api.example.com"``, if
            the file has those of several.
        :raises ExpectationsUnreadable: if the file is not as it must be.
        """
        return self._answering(expectations(har, self._playbook, strict, origin))

    def record(
        self,
        upstream: str,
        har: str | os.PathLike[str],
        *,
        scrub: Collection[str] = SECRET,
        timeout: float = 30.0,
        context: ssl.SSLContext | None = None,
    ) -> AbstractContextManager[object]:
        """Let the real server answer what no expectation matches, and record that.

        From now to the end of a ``with`` block, or else of the test; in ``setUp``, of the layer.
        Then the file is written; one that is there is replaced.

        :param upstream: the real server, such as ``"https://api.example.com"``.
        :param har: the file, for `replay`.
        :param scrub: names of headers whose values are not recorded.
        :param timeout: seconds for the real server to say something.
        :param context: how to speak TLS with it.
        :raises LayerError: if the file could not be written; and at the end, if nothing came.
        :raises ValueError: if `upstream` is not the URL of a whole server.
        """
        recorder = Recorder(har, scrub)
        steps = forward(upstream, timeout, context, recorder.recordings.append)
        called = f"any request, forwarded to {upstream}"
        made = Expectation(called, [], Times(0), caller(1), self._playbook).then(steps)
        block = self._answering([made])
        block.callback(recorder.write)
        return block

    # -- what goes wrong

    def failing(self, *behaviours: Behaviour) -> AbstractContextManager[object]:
        """Play behaviours for every request before anything else, such as ``delay(0.2)``.

        From now to the end of a ``with`` block, or else of the test; in ``setUp``, of the layer.  A
        request to which they leave no answer does not get to the expectations.

        :param behaviours: what to play, in this order.
        :raises LayerError: if the server is not set up.
        """
        if not behaviours:
            raise TypeError("failing() needs to know how: failing(reset_connection()).")
        steps, faults = tuple(map(as_behaviour, behaviours)), self._playbook.faults
        block = self._until(lambda: faults.remove(steps))
        faults.append(steps)
        return block

    def refusing(self) -> AbstractContextManager[object]:
        """Refuse connections, as if nothing listened; the port stays ours, open ones are cut.

        From now to the end of a ``with`` block, or else of the test; in ``setUp``, of the layer.

        :raises LayerError: if the server is not set up.
        """
        return self._outage(Outage(refuse, listen_again))

    def stalling(self) -> AbstractContextManager[object]:
        """Accept no connections and read from none, as a process that is stopped.

        Clients are connected, but nothing is ever said to them, not even in a TLS handshake, and in
        the end they are cut.  From now to the end of a ``with`` block, or else of the test; in
        ``setUp``, of the layer.

        :raises LayerError: if the server is not set up.
        """
        return self._outage(Outage(stall, go_on))

    # -- what came

    @property
    def requests(self) -> list[Request]:
        """Every request of this test as the server saw it, also malformed and broken off ones."""
        return [entry.request for entry in self.journal]

    @property
    def journal(self) -> list[Entry]:
        """Every request of this test, and what became of it."""
        with self._lock:
            return list(self._playbook.journal.entries)

    def requests_for(
        self,
        method: str | None = None,
        path: str | re.Pattern[str] | None = None,
        **wanted: Any,
    ) -> list[Request]:
        """The requests of this test that are of a kind.

        :param method: as for `expect`.
        :param path: as for `expect`.
        :param wanted: what else `expect` knows of a request, such as ``json=``.
        """
        kind = criteria(method, path, **wanted)
        return [each for each in self.requests if matches(kind, each)]

    def wait_for(self, number: int = 1, timeout: float = 5.0) -> list[Request]:
        """Wait until as many requests have come in this test, and return them.

        :param number: how many, at least 1.
        :param timeout: for how many seconds.
        :raises NotReady: if they do not come; it tells what came.
        """
        return self._playbook.journal.wait_for(number, timeout, lambda: self.requests)

    def check(self) -> None:
        """Raise what went wrong so far, as `verify` does at the end of the test.

        :raises LayerError: for requests that nothing matched, promised ones that did not come, and
            errors in answers.
        """
        self.verify()

    # -- inside

    def _make_playbook(self, unmatched_status: int) -> Playbook:
        return Playbook(self, self._lock, self._note, unmatched_status)

    def _make_answerer(self) -> Answerer:
        return self._playbook

    def _take_problems(self) -> list[LayerError]:
        return [*super()._take_problems(), *self._playbook.unmet()]

    def _answering(self, made: list[Expectation]) -> contextlib.ExitStack:
        """A block in which what no other expectation matches is answered by these."""
        recorded = self._playbook.recorded
        ended = {id(each) for each in made}

        def remove() -> None:
            recorded[:] = [each for each in recorded if id(each) not in ended]

        block = self._until(remove)
        recorded[:0] = made
        return block

    def _outage(self, outage: Outage) -> contextlib.ExitStack:
        server, outages = self._server, self._outages
        if server is None:
            raise LayerError(f"{self!r} is not set up: there is no server that could fail.")
        outages.begin(server, outage)
        return self._until(lambda: outages.end(server, outage))

    def _until(self, end: Callable[[], None]) -> contextlib.ExitStack:
        """A block at whose end something is called, or else when the running phase ends."""
        stack = contextlib.ExitStack()
        stack.callback(end)
        self.addCleanup(stack.close)
        return stack
