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
    return [_result(ids, case) for case in root.iter("testcase")], [*_counted(root)]


def _result(ids: Ids, case: ElementTree.Element) -> Result:
    titles = [*filter(None, [case.get("classname")]), case.get("name", "")]
    line = case.get("line", "")
    spec = ids.spec(case.get("file", ""), titles, int(line) if line.isdigit() else None)
    kinds = {each.tag: each for each in reversed(case) if each.tag in STATUS}
    status = next((STATUS[each] for each in STATUS if each in kinds), "passed")
    bad = [each for each in case if each.tag in ("error", "failure")]
    reason = (kinds["skipped"].get("message") or "skipped") if status == "skipped" else ""
    return spec, Done(spec.id, status, reason, tuple(map(_failure, bad)), output=_output(case))


def _failure(element: ElementTree.Element) -> Failure:
    message, text = element.get("message", ""), (element.text or "").strip()
    shown = text if message in text else f"{message}\n{text}".strip()
    return Failure(shown or element.tag, "")


def _output(case: ElementTree.Element) -> str:
    return "".join(case.findtext(name) or "" for name in ("system-out", "system-err"))


def _counted(root: ElementTree.Element) -> Iterator[Problem]:
    """Suites say how many tests they have."""
    for suite in root.iter("testsuite"):
        told, found = suite.get("tests", ""), len(suite.findall(".//testcase"))
        if told.isdigit() and int(told) != found:
            where = suite.get("name", "")
            yield problem(f"The report counts {told} test(s), but has {found}.", where)
