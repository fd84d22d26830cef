"""Expectations from a file: YAML in the words of ``expect`` and ``then``, or a HAR file.

A list, of which each item says what is expected and what is answered then::

    - expect: {method: POST, path: /pay, json: !containing {amount: 10}}
      then: {delay: 0.2, status: 201, json: {id: 7}}
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from underlay import http
from underlay._errors import ExpectationsUnreadable, needs_extra
from underlay.http import Expectation, containing
from underlay.http._conditions import Times
from underlay.http._expectation import title
from underlay.http._matching import criteria
from underlay.http._playbook import Playbook
from underlay.http._replaying import expectations

#: What ``expect`` may say, and what ``then`` may say of the answer itself.
EXPECT = ("method", "path", "query", "headers", "cookies", "form", "json", "body", "times")
ANSWER = ("status", "data", "text", "json", "headers")
#: What else ``then`` may say: functions of `underlay.http`, played in the order of the file.
BEHAVIOURS = (
    *("delay", "drip", "throttle", "hang", "reset_connection", "close_connection", "half_a_head"),
    *("wrong_content_length", "malformed_chunk", "garbage", "reset_stream", "go_away", "gzipped"),
    *("redirect", "send_file", "forward"),
)
#: The tag of ``<<``, whose value is one object or several that stand in for what is not said.
MERGE = "tag:yaml.org,2002:merge"
#: The tag of 2026-11-21, which neither JSON nor a header knows as anything but text.
TIMESTAMP = "tag:yaml.org,2002:timestamp"


def read(
    file: Path, playbook: Playbook, strict: bool = True, origin: str | None = None
) -> list[Expectation]:
    """The expectations in a file.

    :param strict: of a HAR file, see `FakeServer.replay`.
    :param origin: of a HAR file, see `FakeServer.replay`.
    :raises ExpectationsUnreadable: if it is not as it must be.
    """
    if file.suffix == ".har":
        return expectations(file, playbook, strict, origin)
    if file.suffix in (".yaml", ".yml"):
        return list(YAML(file, playbook).expectations())
    raise ExpectationsUnreadable(str(file), "It is neither a FILE.yaml nor a FILE.har.")


class YAML:
    """A file of expectations.

    Values are made node by node, so that whatever is wrong has a line.
    """

    def __init__(self, file: Path, playbook: Playbook) -> None:
        with needs_extra("underlay serve FILE.yaml", "serve"):
            import yaml
        self._yaml = yaml
        self._file = file
        self._playbook = playbook

    def expectations(self) -> Iterator[Expectation]:
        root = self._root()
        if root is None or root.id != "sequence" or not root.value:
            line = root.start_mark.line + 1 if root else 1
            raise ExpectationsUnreadable(f"{self._file}:{line}", "Wanted a list of expectations.")
        for item in root.value:
            yield self._expectation(item)

    def _root(self) -> Any:
        try:
            self._loader = self._yaml.SafeLoader(self._file.read_bytes())
            return self._loader.get_single_node()
        except OSError as error:
            raise ExpectationsUnreadable(str(self._file), f"{error.strerror}.") from error
        except self._yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            told = f"No YAML: {error.problem}."
            raise ExpectationsUnreadable(f"{self._file}:{line}", told) from error
        except (self._yaml.YAMLError, UnicodeError, RecursionError) as error:
            raise ExpectationsUnreadable(str(self._file), f"No YAML: {error}") from error

    def _expectation(self, item: Any) -> Expectation:
        parts = self._members(item, ("expect", "then"), "An expectation")
        if "expect" not in parts:
            raise self._error(item, "An expectation says what to expect.")
        said = self._members(parts["expect"], EXPECT, "expect")
        wanted = {name: self._value(node) for name, node in said.items()}
        with self._told(parts["expect"]):
            times = Times.of(wanted.pop("times", None), None, None, False)
            checked = criteria(**wanted)
            called = title(wanted.get("method"), wanted.get("path"))
            place = f"{self._file}:{_line(item)}"
            made = Expectation(called, checked, times, place, self._playbook)
        for answer in self._answers(parts.get("then")):
            self._answer(made, answer)
        return made

    def _answers(self, node: Any) -> list[Any]:
        if node is None:
            return []
        return list(node.value) if node.id == "sequence" else [node]

    def _answer(self, made: Expectation, node: Any) -> None:
        said = self._members(node, (*ANSWER, *BEHAVIOURS), "then")
        values = {name: self._value(each) for name, each in said.items()}
        answer = {name: values.pop(name) for name in ANSWER if name in values}
        behaviours = []
        for name, value in values.items():
            with self._told(said[name]):
                behaviours.append(self._behaviour(name, value))
        with self._told(node):
            made.then(*behaviours, **answer)

    def _behaviour(self, name: str, value: Any) -> Any:
        make: Callable[..., Any] = getattr(http, name)
        if isinstance(value, dict):
            return make(**value)
        if name == "send_file":
            return make(self._file.parent / str(value))
        if value is False:
            raise ValueError(f"Leave {name} out, if that is what false stands for.")
        return make() if value is None or value is True else make(value)

    # -- nodes

    def _members(self, node: Any, known: tuple[str, ...], what: str) -> dict[str, Any]:
        """The nodes of an object by their names."""
        if node.id != "mapping":
            raise self._error(node, f"{what} is an object, such as {{{known[0]}: ...}}.")
        members = self._pairs(node)
        for name, each in members.items():
            if name not in known:
                raise self._error(each, f"{what} has no {name!r}; there are {', '.join(known)}.")
        return members

    def _pairs(self, node: Any) -> dict[Any, Any]:
        if node.id != "mapping":
            raise self._error(node, "Wanted an object.")
        merged: dict[Any, Any] = {}
        pairs: dict[Any, Any] = {}
        for key, value in node.value:
            if key.tag == MERGE:
                for each in value.value if value.id == "sequence" else [value]:
                    merged = {**self._pairs(each), **merged}
                continue
            name = self._value(key)
            if not isinstance(name, str):
                raise self._error(key, f"A name is text, not {name!r}: put it into quotes.")
            if name in pairs:
                raise self._error(key, f"There are two of {name!r}.")
            pairs[name] = value
        return {**merged, **pairs}

    def _value(self, node: Any) -> Any:
        with self._told(node):
            if node.tag == "!containing":
                return containing(self._plain(node))
            if node.tag == "!regex":
                return re.compile(node.value)
            if node.tag[0] == "!":
                raise self._error(node, f"There is no {node.tag}, but !regex and !containing.")
            return self._plain(node)

    def _plain(self, node: Any) -> Any:
        if node.id == "mapping":
            return {name: self._value(each) for name, each in self._pairs(node).items()}
        if node.id == "sequence":
            return [self._value(each) for each in node.value]
        as_written = node.tag in ("!containing", TIMESTAMP)
        return node.value if as_written else self._loader.construct_object(node)

    @contextlib.contextmanager
    def _told(self, node: Any) -> Iterator[None]:
        """What is raised is told with the line of the node."""
        try:
            yield
        except (TypeError, ValueError, OSError, re.error) as error:
            raise self._error(node, str(error)) from error
        except RecursionError as error:
            raise self._error(node, "It has no end: something contains itself.") from error
        except self._yaml.MarkedYAMLError as error:
            raise self._error(node, f"{error.problem}.") from error

    def _error(self, node: Any, problem: str) -> ExpectationsUnreadable:
        return ExpectationsUnreadable(f"{self._file}:{_line(node)}", problem)


def _line(node: Any) -> int:
    line: int = node.start_mark.line
    return line + 1
