"""Which lines of JavaScript ran: V8's own coverage, merged over processes, written as lcov.

V8 writes a JSON file per process into the folder that ``NODE_V8_COVERAGE`` names, when that exits
(https://nodejs.org/api/cli.html#node_v8_coveragedir): for each script its functions, and for each
of these nested ranges of source with the number of times that they ran.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

REPORTERS = Path(__file__).with_name("reporters")

#: How often each line ran, by its number; and the same for functions, by line and name.
Counts = dict[int, int]
Functions = dict[tuple[int, str], int]


class Coverage:
    """Of all files below a folder, without what npm has installed.

    Files that are compiled on the fly are left out: V8 sees another text than the file's.

    :param root: the folder.
    :param target: the file to write.
    """

    def __init__(self, root: Path, target: Path) -> None:
        self._root = root
        self._target = target
        self.clear()

    def clear(self) -> None:
        """Forget what was measured."""
        self._lines: dict[Path, Counts] = {}
        self._functions: dict[Path, Functions] = {}

    def collect(self, folder: Path) -> None:
        """Take in what processes have written into a folder, all but what is half written."""
        for file in sorted(folder.glob("coverage-*.json")):
            try:
                raw = json.loads(file.read_bytes())
            except ValueError:  # the process was killed while it wrote
                continue
            self._add(raw)

    def write(self) -> bool:
        """Write the file, if anything was measured at all."""
        if self._lines:
            self._target.parent.mkdir(parents=True, exist_ok=True)
            self._target.write_text(self._lcov(), "utf-8")
        return bool(self._lines)

    def _add(self, raw: Mapping[str, Any]) -> None:
        compiled = raw.get("source-map-cache", {})
        for script in raw["result"]:
            file = Path(unquote(urlsplit(script["url"]).path))
            if script["url"] not in compiled and self._is_meant(script["url"], file):
                self._add_script(file, script["functions"])

    def _is_meant(self, url: str, file: Path) -> bool:
        return (
            url.startswith("file:")
            and self._root in file.parents
            and "node_modules" not in file.parts
            and REPORTERS not in file.parents
            and file.is_file()
        )

    def _add_script(self, file: Path, functions: Iterable[Mapping[str, Any]]) -> None:
        lines = Lines(file.read_text("utf-8", "replace"))  # as Node reads it
        counts = self._lines.setdefault(file, dict.fromkeys(lines.code, 0))
        ranges = [each for function in functions for each in function["ranges"]]
        for number, count in lines.counts(ranges).items():
            counts[number] = counts.get(number, 0) + count
        calls = self._functions.setdefault(file, {})
        for function in functions:
            if function["functionName"]:
                first = function["ranges"][0]
                key = lines.at(first["startOffset"]), function["functionName"]
                calls[key] = calls.get(key, 0) + first["count"]

    def _lcov(self) -> str:
        """The tracefile format of lcov, see geninfo(1)."""
        return "".join(f"{line}\n" for file in sorted(self._lines) for line in self._record(file))

    def _record(self, file: Path) -> Iterator[str]:
        lines, functions = self._lines[file], sorted(self._functions[file].items())
        yield "TN:"
        yield f"SF:{file.relative_to(self._root)}"
        yield from (f"FN:{line},{name}" for (line, name), _ in functions)
        yield from (f"FNDA:{count},{name}" for (_, name), count in functions)
        yield f"FNF:{len(functions)}"
        yield f"FNH:{sum(count > 0 for _, count in functions)}"
        yield from (f"DA:{number},{count}" for number, count in sorted(lines.items()))
        yield f"LF:{len(lines)}"
        yield f"LH:{sum(count > 0 for count in lines.values())}"
        yield "end_of_record"


class Lines:
    """Where the lines of a text begin and end, without white space, in UTF-16 units as V8 counts.

    Lines that are empty or hold a comment alone have no code.
    """

    def __init__(self, text: str) -> None:
        self.code: dict[int, tuple[int, int]] = {}
        self._starts: list[int] = []
        start = 0
        for number, line in enumerate(text.split("\n"), 1):
            self._starts.append(start)
            code = line.strip()
            before = _units(line[: len(line) - len(line.lstrip())])
            if code and not code.startswith(("//", "/*", "*")):
                self.code[number] = start + before, start + before + _units(code)
            start += _units(line) + 1

    def at(self, offset: int) -> int:
        """The number of the line which holds an offset."""
        return sum(start <= offset for start in self._starts)

    def counts(self, ranges: Iterable[Mapping[str, int]]) -> Counts:
        """How often each line ran: as often as the innermost range that holds all of it."""
        found: Counts = {}
        for each in sorted(ranges, key=lambda each: (each["startOffset"], -each["endOffset"])):
            for number, (start, end) in self.code.items():
                if each["startOffset"] <= start and end <= each["endOffset"]:
                    found[number] = each["count"]
        return found


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
