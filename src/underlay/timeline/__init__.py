"""``underlay timeline DIR``: a page and a trace of what a run has recorded in a folder."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from underlay import _timeline
from underlay._errors import TimelineUnreadable
from underlay.timeline._page import page
from underlay.timeline._reading import Run, read
from underlay.timeline._trace import trace
from underlay.timeline._words import count, seconds

__all__ = ["main", "record"]


def record(directory: str | os.PathLike[str]) -> None:
    """Record from now on, as if ``UNDERLAY_TIMELINE`` had named this folder from the beginning.

    Processes that are started from now on record there, too.

    :raises LayerError: if there cannot be such a folder.
    """
    _timeline.begin(os.fspath(directory))


def main(arguments: list[str]) -> None:
    """Make page and trace, and say where they are.

    :raises SystemExit: if there is no timeline to be read, or nowhere to write to.
    """
    options = _parser().parse_args(arguments)
    output = options.output or options.directory / "timeline.html"
    trace_file = options.trace or options.directory / "trace.json"
    try:
        run = read(options.directory)
        html = page(run, output.parent, trace_file)
        output.write_text(html, "utf-8", "backslashreplace")
        trace_file.write_text(json.dumps(trace(run)))
    except (TimelineUnreadable, OSError) as error:
        sys.exit(f"underlay timeline: {error}")
    print(_summary(run), f"page:  {output}", f"trace: {trace_file}", sep="\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "underlay timeline",
        description="Make a page of the newest run that was recorded with UNDERLAY_TIMELINE=DIR.",
    )
    parser.add_argument("directory", metavar="DIR", type=Path, help="what the variable named")
    parser.add_argument(
        "--output", metavar="FILE.html", type=Path, help="the page; default: DIR/timeline.html"
    )
    parser.add_argument(
        "--trace", metavar="FILE.json", type=Path, help="for Perfetto; default: DIR/trace.json"
    )
    return parser


def _summary(run: Run) -> str:
    tests, set_ups = (len(list(run.spans(kind))) for kind in ("test", "setUp"))
    failures = count(len(run.problems), "failure")
    return (
        f"{count(tests, 'test')}, {count(set_ups, 'set-up')}, {failures} in {seconds(run.seconds)}"
    )
