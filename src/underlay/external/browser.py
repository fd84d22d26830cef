"""JasmineBrowser: specs of Jasmine in a page that we serve, in Chromium or in a layer's browser."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from underlay._errors import RunnerMissing
from underlay.external._checks import Environment, check_texts
from underlay.external._drive import Channel
from underlay.external._files import find_files
from underlay.external._node_runner import find_installed
from underlay.external._page import Page
from underlay.external._process import Launch
from underlay.external._programs import program_path
from underlay.external._webdriver import Session
from underlay.external.inlets import Inlet

#: What Chromium is called, by Debian and by others.
NAMES = ("chromium", "chromium-browser", "google-chrome")

#: So that it shows nothing, asks nothing, and tells nobody.
OPTIONS = (
    *("--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
    *("--no-default-browser-check", "--disable-background-networking", "--disable-sync"),
    *("--disable-component-update", "--disable-breakpad", "--disable-extensions", "--mute-audio"),
)

#: How often we look whether the browser is still there, in seconds.
LOOK = 0.25

#: How long it may take to close our window in a browser that is not ours, in seconds: chromedriver
#: needs half a second if an endless loop runs in there.
GRACE = 5.0


class JasmineBrowser(Inlet):
    """Specs for Jasmine, 5 or newer, that need a browser: the DOM, ``fetch``, events.

    They run in a page of a headless Chromium, which asks our server for them; `jasmine-core` of the
    nearest ``node_modules`` is all that is needed from npm.  Files called ``.mjs`` are modules.

    :param patterns: the spec files, as with `Jasmine`.
    :param sources: patterns of the files to load before them, in this order.
    :param body: what the page's body is to hold, as HTML.
    :param app: the name of an environment variable, such as ``env=`` may set it, with the URL of an
        application that runs: what is not ours, the page gets from there, as if both were one site.
    :param session: the name of another one, with the URL of a session of W3C WebDriver, such as a
        layer holds: specs run in a window of that browser.  While it is not set, as the layer is
        not set up, specs are listed in a Chromium.
    :param program: the path of Chromium; by default the one on ``PATH``.
    :raises TypeError: if a pattern is no text.
    """

    name = "JasmineBrowser"

    def __init__(
        self,
        *patterns: str,
        sources: Sequence[str] = (),
        body: str = "",
        app: str | None = None,
        session: str | None = None,
        program: str | None = None,
    ) -> None:
        check_texts(f"the patterns of {self.name}", patterns)
        check_texts("sources", sources)
        self.patterns, self.sources = patterns, sources
        self.body, self.app, self.session, self.program = body, app, session, program

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(map(repr, self.patterns))})"

    def launch(self, cwd: Path, args: Sequence[str], env: Environment) -> Launch:
        """See `Runner.launch`; `args` are for Chromium."""
        launch = super().launch(cwd, args, env)
        if self.session is None:
            return launch
        return replace(launch, runs=launch.command, grace=GRACE)

    def state(self, cwd: Path, args: Sequence[str]) -> dict[str, Any]:
        core = find_installed("jasmine-core", "lib/jasmine-core/jasmine.js", [cwd])
        boot = [each for each in [core.with_name("boot0.js")] if each.exists()]
        sources = [file for each in self.sources for file in find_files(self, [each], cwd)]
        return {
            "chromium": [self._chromium(cwd), *OPTIONS, *args],
            "core": [str(core), *map(str, boot)],
            "files": [*sources, *find_files(self, self.patterns, cwd)],
            "body": self.body,
            "app": self.app,
            "session": self.session,
        }

    def _chromium(self, cwd: Path) -> str:
        """
        :raises RunnerMissing: if there is none.
        """
        if self.program is not None:
            return program_path(self.program, cwd)
        for found in map(shutil.which, NAMES):
            if found:
                return found
        remedy = "Install it with: apt-get install chromium"
        raise RunnerMissing("chromium", ("PATH",), remedy)

    @classmethod
    def serve(cls, channel: Channel, state: Mapping[str, Any]) -> None:
        name, runs = state["session"], "UNDERLAY_SELECTION" in os.environ
        session = os.environ.get(name or "", "")
        if name is not None:
            channel.only_lists = not runs
            if runs and not session:
                raise SystemExit(f"{name} is not set: there is no browser to run specs in.")
        page = Page(
            channel,
            core=state["core"],
            files=state["files"],
            body=state["body"],
            app=os.environ.get(state["app"] or "", ""),
        )
        with page.served() as url, _shown(url, session, state["chromium"]) as ending:
            page.enter()
            while not page.over.wait(LOOK):
                if end := ending():
                    raise SystemExit(end)
            if page.is_left:
                raise SystemExit("The page was left: closed, loaded again, or exchanged.")
        channel.end()


def _shown(
    url: str, session: str, chromium: Sequence[str]
) -> contextlib.AbstractContextManager[Callable[[], str]]:
    """The page in a browser; tells how that has ended, if it has."""
    if not session:
        return _chromium(chromium, url)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("It was asked to end."))  # and closes it
    return Session(session).window(f"{url}door")


@contextlib.contextmanager
def _chromium(command: Sequence[str], url: str) -> Iterator[Callable[[], str]]:
    """A Chromium whose profile, and all that it leaves, is gone with the process's own folder."""
    folder = Path(os.environ["UNDERLAY_EVENTS"]).parent
    options = [f"--user-data-dir={folder / 'profile'}"]
    if os.geteuid() == 0:
        options.append("--no-sandbox")  # Chromium refuses to start as root otherwise
    env = {**os.environ, "TMPDIR": str(folder)}
    with subprocess.Popen([*command, *options, url], env=env) as browser:
        try:
            yield lambda: _ending(browser.poll())
        finally:
            browser.kill()


def _ending(status: int | None) -> str:
    return "" if status is None else f"Chromium ended by itself, with status {status}."
