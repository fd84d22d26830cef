"""A fake server without a test: ``underlay serve`` and ``underlay record``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from underlay._errors import LayerError
from underlay.http import _har
from underlay.http._har import SECRET
from underlay.standalone._page import counted
from underlay.standalone._running import run
from underlay.standalone._server import FileServer, RecordingServer, Standalone

__all__ = ["record", "serve"]


def serve(arguments: list[str]) -> None:
    """Answer as a file says until Ctrl-C.

    :raises SystemExit: if the file is not as it must be, or the port is taken.
    """
    parser = _parser("serve", "Answer as a file says, which may change meanwhile; Ctrl-C ends it.")
    parser.add_argument("file", metavar="FILE", type=Path, help="FILE.yaml or FILE.har")
    parser.add_argument(
        "--lenient", action="store_true", help="of a HAR file: method and path are enough"
    )
    parser.add_argument("--origin", metavar="URL", help="of a HAR file: the server to stand in for")
    options = parser.parse_args(arguments)
    _check_address(parser, options)
    server = FileServer(options.file, not options.lenient, options.origin)
    _run("serve", server, options)


def record(arguments: list[str]) -> None:
    """Let a real server answer, and record that until Ctrl-C.

    :raises SystemExit: if the file cannot be written, or the port is taken.
    """
    parser = _parser("record", "Let a real server answer, and write that to a file at Ctrl-C.")
    parser.add_argument("file", metavar="FILE.har", type=Path, help="the file; replaced if there")
    parser.add_argument(
        "--upstream", metavar="URL", required=True, help="such as https://api.example.com"
    )
    parser.add_argument(
        "--scrub",
        metavar="HEADER",
        action="append",
        help=f"do not record its values; by default {', '.join(SECRET)}",
    )
    options = parser.parse_args(arguments)
    _check_address(parser, options)
    server = RecordingServer(options.upstream, options.file, options.scrub or SECRET)
    _run("record", server, options)
    recorded = len(_har.read(options.file))
    print(f"{options.file}: {counted(recorded, 'request')} recorded")


def _parser(command: str, description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(f"underlay {command}", description=description)
    parser.add_argument("--port", type=int, default=0, help="by default any free one")
    parser.add_argument("--host", default="127.0.0.1", help="by default 127.0.0.1")
    parser.add_argument(
        "--allow-network",
        action="store_true",
        help="needed besides a --host that others than this machine can reach",
    )
    return parser


def _check_address(parser: argparse.ArgumentParser, options: argparse.Namespace) -> None:
    if not 0 <= options.port <= 65535:
        parser.error(f"--port is between 0 and 65535, not {options.port}")


def _run(command: str, server: Standalone, options: argparse.Namespace) -> None:
    try:
        server.listen_at(options.host, options.port, options.allow_network)
        run(server)
    except (LayerError, ValueError) as error:
        sys.exit(f"underlay {command}: {error}")
    except OSError as error:
        place = error.filename or f"{options.host}:{options.port}"
        sys.exit(f"underlay {command}: {place}: {error.strerror or error}")
