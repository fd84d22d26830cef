"""JUnit XML reports, as most tools write them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NoReturn
from xml.etree import ElementTree
from xml.parsers import expat

from underlay.external._drive import Ids, Result, problem
from underlay.external._events import Done, Failure, Problem

#: What an element in a test case means; the first of these counts most.
STATUS = {"error": "error", "failure": "failed", "skipped": "skipped"}

#: Statuses of test cases that did not run, as GoogleTest and CTest have them.
NOT_RUN = ("notrun", "disabled", "skipped")

#: Failures of a test case that has passed when it was tried again, as Maven's Surefire has them.
FLAKY = ("flakyFailure", "flakyError")

#: The name of pytest's reports, which count what has no test case of its own: subtests, and what
#: fails after a test that has passed (``numtests`` in _pytest/junitxml.py).
PYTEST = "pytest tests"


def parse_safely(text: bytes) -> ElementTree.Element:
    """The root of a document that declares no document type.

    Without one there are no entities: none that grow, none that read files (OWASP's "XML External
    Entity Prevention"); no report has one.

    :raises ValueError: if it declares one, or is no XML.
    """

    def refuse(*_: object) -> NoReturn:
        raise ValueError("It declares a document type, which no report does.")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(text, True)
        return ElementTree.fromstring(text)
    except (expat.ExpatError, ElementTree.ParseError) as error:
        raise ValueError(f"It is no XML: {error}.") from error


def read(text: bytes) -> tuple[list[Result], list[Problem]]:
    """The results, and what does not fit together.

    :raises ValueError: if it can't be read.
    """
    root = parse_safely(text)
    ids = Ids()
    results = [_result(ids, case) for case in root.iter("testcase")]
    return results, [*_counted(root), *_flaky(root)]


def _result(ids: Ids, case: ElementTree.Element) -> Result:
    titles = [*filter(None, [case.get("classname")]), case.get("name", "")]
    line = case.get("line", "")
    spec = ids.spec(case.get("file", ""), titles, int(line) if line.isdigit() else None)
    kinds = {each.tag: each for each in reversed(case) if each.tag in STATUS}
    status = next((STATUS[each] for each in STATUS if each in kinds), _status(case))
    bad = [each for each in case if each.tag in ("error", "failure")]
    reason = kinds["skipped"].get("message", "") if "skipped" in kinds else case.get("status", "")
    reason = (reason or "skipped") if status == "skipped" else ""
    return spec, Done(spec.id, status, reason, tuple(map(_failure, bad)), output=_output(case))


def _status(case: ElementTree.Element) -> str:
    """Of a test case without an element that tells."""
    return "skipped" if case.get("status", "").lower() in NOT_RUN else "passed"


def _failure(element: ElementTree.Element) -> Failure:
    message, text = element.get("message", ""), (element.text or "").strip()
    shown = text if message in text else f"{message}\n{text}".strip()
    return Failure(shown or element.tag, "")


def _output(case: ElementTree.Element) -> str:
    return "".join(case.findtext(name) or "" for name in ("system-out", "system-err"))


def _counted(root: ElementTree.Element) -> Iterator[Problem]:
    """Suites say how many tests they have; for Node a suite in them is one, Mocha forgets hooks."""
    if root.get("name") == PYTEST:
        return
    for suite in root.iter("testsuite"):
        told, found = suite.get("tests", ""), len(suite.findall(".//testcase"))
        direct = len(suite.findall("testcase")) + len(suite.findall("testsuite"))
        if told.isdigit() and int(told) > max(found, direct):
            where = suite.get("name", "")
            yield problem(f"The report counts {told} test(s), but has {found}.", where)


def _flaky(root: ElementTree.Element) -> Iterator[Problem]:
    """What has failed at first is not green in silence."""
    for case in root.iter("testcase"):
        for each in case:
            if each.tag in FLAKY:
                message = each.get("message") or each.findtext("stackTrace") or each.tag
                text = f"It passed, but only when tried again: {message}"
                yield problem(text, " ".join(filter(None, map(case.get, ("classname", "name")))))
