"""Assertions on text beside their peers: time of match and failure, size of messages.

    python -m benchmarks.text [seconds [rounds]]

Peers take turns in one run, so that a busy machine is as unfair to one as to the other; the numbers
to read are the ratios.  Failures run in a process of their own, which is stopped after `seconds`
(25 unless told): ndiff would take hours.  Needs gocept.testing, pytest, testfixtures, Django, lxml.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import multiprocessing
import statistics
import sys
import tempfile
import time
import unittest
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import django.conf
import django.test
import gocept.testing.assertion
import lxml.doctestcompare
import pytest
import testfixtures

from underlay.assertions import assertEllipsis, assertHTML

Assertion = Callable[[str, str], object]

django.conf.settings.configure()

ROW = '<tr><td>{0}</td><td><a href="/item/{0}">Item {0}</a></td><td>a {1} {2:06}</td></tr>\n'


class Peer(unittest.TestCase, gocept.testing.assertion.Ellipsis):
    pass


def by_doctest(expected: str, actual: str) -> None:
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    checker = doctest.OutputChecker()
    if not checker.check_output(expected, actual, flags):
        example = doctest.Example("", expected)
        raise AssertionError(
            checker.output_difference(example, actual, flags | doctest.REPORT_NDIFF)
        )


def by_lxml(expected: str, actual: str) -> None:
    checker = lxml.doctestcompare.LHTMLOutputChecker()
    flags = doctest.ELLIPSIS | lxml.doctestcompare.PARSE_HTML
    if not checker.check_output(expected, actual, flags):
        example = doctest.Example("", expected)
        raise AssertionError(checker.output_difference(example, actual, flags))


def by_pytest(*options: str) -> Callable[[str, str], None]:
    """pytest's assert, as a test of its own: its reports are made by plugins.

    :param options: such as ``-vv``, for the whole diff.
    """

    def check(expected: str, actual: str) -> None:
        with tempfile.TemporaryDirectory() as folder:
            test = Path(folder, "test_it.py")
            test.write_text(f"def test(): assert {actual!r} == {expected!r}")
            output = io.StringIO()
            with contextlib.redirect_stdout(output):
                status = pytest.main([*options, "-pno:cacheprovider", "--tb=short", str(test)])
            if status:
                raise AssertionError(output.getvalue())

    return check


#: Those that know holes, and those that do not.
WITH_HOLES: dict[str, Assertion] = {
    "underlay": assertEllipsis,
    "gocept.testing": Peer("assertEllipsis").assertEllipsis,
    "doctest": by_doctest,
}
WHOLE: dict[str, Assertion] = {
    "pytest": by_pytest(),
    "pytest -vv": by_pytest("-vv"),
    "testfixtures": testfixtures.compare,
}
STRUCTURE: dict[str, Assertion] = {
    "underlay assertHTML": assertHTML,
    "Django assertHTMLEqual": django.test.SimpleTestCase("assertHTMLEqual").assertHTMLEqual,
    "lxml LHTMLOutputChecker": by_lxml,
}


def page(size: int, word: str = "text", factor: int = 7919) -> str:
    """Rows of a table; another word and factor make all of them differ."""
    rows, length = [], 0
    while length < size:
        rows.append(ROW.format(len(rows), word, len(rows) * factor % 1000003))
        length += len(rows[-1])
    return "".join(rows)


def matches(size: int) -> Iterator[tuple[str, str, str, dict[str, Assertion]]]:
    text = page(size)
    middle = ROW.format(size // 200, "text", size // 200 * 7919 % 1000003)
    one_line = text.replace("\n", "").replace(" ", "_")
    yield "one piece", f"...{middle.strip()}...", text, WITH_HOLES
    yield "a piece per row", text.replace("</td><td>a text", "...a text"), text, WITH_HOLES
    yield "a hole, then all", "..." + text, text, WITH_HOLES
    yield "one line", f"...{one_line[size // 2 :]}", one_line, WITH_HOLES
    if size <= 100_000:  # for these Django's takes some ten seconds already
        yield "the same structure", text, text, STRUCTURE


def failures(size: int) -> Iterator[tuple[str, str, str, dict[str, Assertion]]]:
    text = page(size)
    yield "one piece missing", "...<td>5</td>...Item 1O0</a>...", text, WITH_HOLES
    everybody = {**WITH_HOLES, **WHOLE}
    yield "all lines differ", text, page(size, "word", 7907), {**everybody, **STRUCTURE}
    one_line = text.replace("\n", "").replace(" ", "_")
    yield "one line, all differs", one_line, one_line.replace("text", "word"), everybody


def seconds(assertion: Assertion, expected: str, actual: str) -> float:
    start = time.perf_counter()
    assertion(expected, actual)
    return time.perf_counter() - start


def measure_match(
    case: str, expected: str, actual: str, peers: dict[str, Assertion], rounds: int
) -> None:
    times: dict[str, list[float]] = {name: [] for name in peers}
    ours, *others = names = list(peers)
    for _ in range(rounds):
        names = [*names[1:], names[0]]
        for name in names:
            times[name].append(seconds(peers[name], expected, actual))
    medians = {name: statistics.median(values) for name, values in times.items()}
    ratios = [f"{medians[ours] / medians[name]:.2f}x of {name}" for name in others]
    print(f"    {case:22} {medians[ours] * 1000:8.2f} ms   {'   '.join(ratios)}", flush=True)


def failure(assertion: Assertion, expected: str, actual: str, answer: Connection) -> None:
    start = time.perf_counter()
    try:
        assertion(expected, actual)
    except AssertionError as error:
        answer.send((time.perf_counter() - start, len(str(error).encode("utf-8", "replace"))))


def measure_failure(
    case: str, expected: str, actual: str, peers: dict[str, Assertion], limit: float
) -> None:
    print(f"    {case}", flush=True)
    fork = multiprocessing.get_context("fork")
    for name, assertion in peers.items():
        receiver, sender = fork.Pipe(duplex=False)
        process = fork.Process(target=failure, args=(assertion, expected, actual, sender))
        process.start()
        sender.close()
        try:
            if receiver.poll(limit):
                took, size = receiver.recv()
                print(f"        {name:24} {took * 1000:10.1f} ms {size:10} bytes", flush=True)
            else:
                print(f"        {name:24} > {limit * 1000:8.0f} ms          -", flush=True)
        except EOFError:
            print(f"        {name:24} does not fail", flush=True)
        process.kill()
        process.join()


def main(limit: float = 25, rounds: float = 25) -> None:
    sizes = (10_000, 100_000, 1_000_000)
    for size in sizes:
        print(f"match, {size} characters")
        for case in matches(size):
            measure_match(*case, rounds=int(rounds))
    for size in sizes:
        print(f"failure, {size} characters")
        for case in failures(size):
            measure_failure(*case, limit=limit)


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
