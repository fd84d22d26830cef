"""Lifespan: an application's own set-up and tear-down (ASGI, Lifespan 2.0)."""

from __future__ import annotations

import asyncio
from typing import Any

Message = dict[str, Any]


class LifespanFailed(Exception):
    """The application says that it could not start, or stop; and why."""


class Lifespan:
    """Tells an application that it is about to be used, and later that it is not any more.

    One that raises before it has asked for anything does not know of lifespans; that is allowed.

    :param application: the application.
    :ivar state: what it wants to be found in the scope of each request.
    """

    def __init__(self, application: Any) -> None:
        self.state: dict[str, Any] = {}
        self._application = application
        self._asked = False
        self._incoming: asyncio.Queue[str] = asyncio.Queue()
        self._answers: asyncio.Queue[Message] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Wait until the application has started.

        :raises LifespanFailed: if it says so.
        """
        scope = {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": self.state,
        }
        run = self._application(scope, self._receive, self._answers.put)
        self._task = asyncio.ensure_future(run)
        await self._say("startup")

    async def stop(self) -> None:
        """Wait until the application has stopped.

        :raises LifespanFailed: if it says so.
        """
        if self._task and not self._task.done():
            await self._say("shutdown")

    async def _say(self, what: str) -> None:
        assert self._task
        self._incoming.put_nowait(f"lifespan.{what}")
        answer = asyncio.ensure_future(self._answers.get())
        await asyncio.wait({answer, self._task}, return_when=asyncio.FIRST_COMPLETED)
        if answer.done():
            self._check(answer.result())
            return
        answer.cancel()
        if self._asked:
            self._task.result()  # what it has raised
        self._task.exception()  # one that knows of no lifespan; asyncio would log it

    def _check(self, answer: Message) -> None:
        if answer["type"].endswith(".failed"):
            raise LifespanFailed(answer.get("message") or answer["type"])

    async def _receive(self) -> Message:
        self._asked = True
        return {"type": await self._incoming.get()}
