"""assertEllipsis beside gocept.testing and doctest: time of match and failure, size of messages.

    python benchmarks/text.py [seconds]

Peers take turns in one run, so that a busy machine is as unfair to one as to the other; the numbers
to read are the ratios.  Failures run in a process of their own, which is stopped after `seconds`
(25 unless told): ndiff would take hours.  Needs gocept.testing.
"""

from __future__ import annotations

import doctest
import multiprocessing
import statistics
import sys
import time
import unittest
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection

import gocept.testing.assertion

from underlay.assertions import assertEllipsis

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


ASSERTIONS: dict[str, Callable[[str, str], object]] = {
    "underlay": assertEllipsis,
    "gocept.testing": Peer("assertEllipsis").assertEllipsis,
    "doctest": by_doctest,
}


def page(size: int, word: str = "text", factor: int = 7919) -> str:
    """Rows of a table; another word and factor make all of them differ."""
    rows, length = [], 0
    while length < size:
        rows.append(ROW.format(len(rows), word, len(rows) * factor % 1000003))
        length += len(rows[-1])
    return "".join(rows)


def matches(size: int) -> Iterator[tuple[str, str, str]]:
    text = page(size)
    middle = ROW.format(size // 200, "text", size // 200 * 7919 % 1000003)
    yield "one piece", f"...{middle.strip()}...", text
    yield "a piece per row", text.replace("</td><td>a text", "...a text"), text
    yield "a hole, then all", "..." + text, text


def failures(size: int) -> Iterator[tuple[str, str, str]]:
    text = page(size)
    yield "one piece missing", "...<td>5</td>...Item 1O0</a>...", text
    yield "all lines differ", text, page(size, "word", 7907)
    one_line = text.replace("\n", "").replace(" ", "_")
    yield "one line, all differs", one_line, one_line.replace("text", "word")


def seconds(function: Callable[[], object]) -> float:
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def measure_match(case: str, expected: str, actual: str, rounds: int = 25) -> None:
    times: dict[str, list[float]] = {name: [] for name in ASSERTIONS}
    names = list(ASSERTIONS)
    for _ in range(rounds):
        names = [*names[1:], names[0]]
        for name in names:
            times[name].append(seconds(lambda name=name: ASSERTIONS[name](expected, actual)))
    medians = {name: statistics.median(values) for name, values in times.items()}
    ours = medians["underlay"]
    ratios = [f"{ours / medians[name]:.2f}x of {name}" for name in ASSERTIONS if name != "underlay"]
    print(f"    {case:22} {ours * 1000:8.2f} ms   {'   '.join(ratios)}")


def failure(name: str, expected: str, actual: str, answer: Connection) -> None:
    start = time.perf_counter()
    try:
        ASSERTIONS[name](expected, actual)
    except AssertionError as error:
        answer.send((time.perf_counter() - start, len(str(error).encode("utf-8", "replace"))))


def measure_failure(case: str, expected: str, actual: str, limit: float) -> None:
    print(f"    {case}")
    for name in ASSERTIONS:
        receiver, sender = multiprocessing.Pipe(duplex=False)
        process = multiprocessing.Process(target=failure, args=(name, expected, actual, sender))
        process.start()
        sender.close()
        if receiver.poll(limit):
            took, size = receiver.recv()
            print(f"        {name:18} {took * 1000:10.1f} ms {size:10} bytes")
        else:
            process.kill()
            print(f"        {name:18} > {limit * 1000:8.0f} ms          -")
        process.join()


def main(limit: float = 25) -> None:
    for size in (10_000, 100_000, 1_000_000):
        print(f"match, {size} characters")
        for case in matches(size):
            measure_match(*case)
    for size in (10_000, 1_000_000):
        print(f"failure, {size} characters")
        for case in failures(size):
            measure_failure(*case, limit)


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
