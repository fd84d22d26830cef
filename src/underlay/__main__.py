"""``python -m underlay COMMAND``, also installed as ``underlay``."""

from __future__ import annotations

import sys

USAGE = """\
usage: underlay unittest [options] [tests]
       underlay shards N [--layer-times FILE]
       underlay timeline DIR
       underlay serve FILE.yaml | FILE.har
       underlay record --upstream URL FILE.har

  unittest   run tests as python -m unittest does, honouring layers; the options are unittest's,
             --layer, --shard and --layer-times
  shards     read what zope.testrunner --list-tests prints; print its options for N parts of a run
  timeline   make a page of what a run recorded in a folder, and a trace for Perfetto
  serve      answer over HTTP as a file says, with a page that shows what came
  record     let a real server answer, and write to a file what serve can answer from
"""


def main(arguments: list[str] | None = None) -> None:
    """Run a command.

    :param arguments: those of the command line by default.
    :raises SystemExit: with the command's exit status; 2 if there is no such command.
    """
    command, *rest = (sys.argv[1:] if arguments is None else arguments) or ["--help"]
    if command == "unittest":
        from underlay.runners import _program

        _program.main(rest)
    elif command == "shards":
        from underlay.runners import _zope_shards

        _zope_shards.main(rest)
    elif command == "timeline":
        from underlay import timeline

        timeline.main(rest)
    elif command in ("serve", "record"):
        from underlay import standalone

        getattr(standalone, command)(rest)
    elif command in ("-h", "--help"):
        print(USAGE, end="")
    else:
        print(f"underlay: there is no command {command!r}\n\n{USAGE}", end="", file=sys.stderr)
        sys.exit(2)


if __name__ == "__main__":
    main()
