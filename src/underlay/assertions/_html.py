"""assertHTML and assertSelects, as functions and as a mixin; on lxml."""

from __future__ import annotations

import re
from typing import Any

from underlay._errors import needs_extra
from underlay.assertions._contents import Contents, text_of
from underlay.assertions._nodes import Comparing, Difference, Element
from underlay.assertions._reporting import TestCase, with_message

__unittest = True  # unittest leaves our frames out of tracebacks

#: What a whole page begins with; anything else is a fragment.
PAGE = re.compile(r"\s*(<\?xml[^>]*>|<!--.*?-->|\s)*<(!doctype|html|head|body)\b", re.I | re.S)


def assertHTML(
    expected: Contents,
    actual: Contents,
    msg: object = None,
    *,
    hole: str = "...",
    extra_attributes: bool = False,
) -> None:
    """Check that HTML has the structure of an expression with holes.

    The order of attributes and of classes, comments, and white space next to tags do not count.
    A hole in a text or between elements stands for any text and elements there, in an attribute
    for any text.

    :param expected: the expression, a fragment or a page.
    :param actual: HTML, or what has it as its contents: a browser, a response, a page.
    :param msg: what to say about the failure, in addition to where the two differ.
    :param hole: another marker for a hole.
    :param extra_attributes: whether elements may have attributes that the expression does not name.
    :raises AssertionError: with the path of the first node that differs.
    :raises ExtraMissing: without lxml.
    """
    __tracebackhide__ = True
    if problem := _difference(expected, actual, hole, extra_attributes):
        raise AssertionError(with_message(msg, problem))


def assertSelects(
    selector: str,
    actual: Contents,
    expected: Contents | None = None,
    msg: object = None,
    *,
    count: int | None = None,
    hole: str = "...",
    extra_attributes: bool = True,
) -> list[Element]:
    """Check that a CSS selector finds something in HTML.

    :param selector: such as ``"#cart a.item"``.
    :param actual: HTML, or what has it as its contents.
    :param expected: one of the elements must match this, as in `assertHTML`.
    :param count: how many elements must be found, by default at least one.
    :param extra_attributes: as in `assertHTML`, where the default is another one.
    :return: the elements that were found, of lxml.
    :raises AssertionError: if it does not, with what comes nearest.
    :raises ValueError: if `expected` is not one element.
    :raises ExtraMissing: without lxml or cssselect.
    """
    __tracebackhide__ = True
    found = _select(selector, actual)
    if problem := _selection(selector, found, expected, count, Comparing(hole, extra_attributes)):
        raise AssertionError(with_message(msg, problem))
    return found


class HTML:
    """Mixin for a TestCase: `assertHTML` and `assertSelects` as methods."""

    def assertHTML(
        self: TestCase,
        expected: Contents,
        actual: Contents,
        msg: object = None,
        *,
        hole: str = "...",
        extra_attributes: bool = False,
    ) -> None:
        """Check that HTML has a structure; see the function of this name."""
        __tracebackhide__ = True
        if problem := _difference(expected, actual, hole, extra_attributes):
            raise self.failureException(self._formatMessage(msg, problem))

    def assertSelects(
        self: TestCase,
        selector: str,
        actual: Contents,
        expected: Contents | None = None,
        msg: object = None,
        *,
        count: int | None = None,
        hole: str = "...",
        extra_attributes: bool = True,
    ) -> list[Element]:
        """Check that a CSS selector finds something; see the function of this name."""
        __tracebackhide__ = True
        found = _select(selector, actual)
        comparing = Comparing(hole, extra_attributes)
        if problem := _selection(selector, found, expected, count, comparing):
            raise self.failureException(self._formatMessage(msg, problem))
        return found


def _difference(expected: Contents, actual: Contents, hole: str, extra: bool) -> str | None:
    wanted, found = _tree(expected, "expected"), _tree(actual, "actual")
    path = "html" if found.tag == "html" else "."
    difference = next(Comparing(hole, extra).differences(wanted, found, path), None)
    return None if difference is None else str(difference)


def _select(selector: str, actual: Contents) -> list[Element]:
    with needs_extra("assertSelects", "html"):
        import cssselect
    path = cssselect.HTMLTranslator().css_to_xpath(selector)
    return list(_tree(actual, "actual").xpath(path))


def _selection(
    selector: str,
    found: list[Element],
    expected: Contents | None,
    count: int | None,
    comparing: Comparing,
) -> str | None:
    """What is wrong with the elements that were found, if anything is."""
    if count is not None and len(found) != count:
        return f"{selector!r} selects {len(found)} elements, not {count}."
    if count is None and not found:
        return f"{selector!r} selects nothing."
    if expected is None:
        return None
    wanted = _only_element(expected)
    problems = [_first(comparing, wanted, each) for each in found]
    if not all(problems):
        return None
    nearest = max(filter(None, problems), key=lambda each: each.path.count("/"))
    return f"None of {len(found)} elements that {selector!r} selects is like it. {nearest}"


def _only_element(expected: Contents) -> Element:
    elements = list(_tree(expected, "expected"))
    if len(elements) != 1:
        raise ValueError(f"expected must be one element, not {len(elements)}")
    return elements[0]


def _first(comparing: Comparing, wanted: Element, found: Element) -> Difference | None:
    path = found.getroottree().getpath(found).lstrip("/")
    return next(comparing.differences(wanted, found, path), None)


def _tree(value: Contents, role: str) -> Element:
    """The root of a page, or an element around a fragment."""
    with needs_extra("assertHTML", "html"):
        from lxml import html
    data = text_of(value, role, [])
    parser: Any = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    if PAGE.match(data):
        return html.document_fromstring(data.encode("utf-8", "backslashreplace"), parser=parser)
    whole = f"<html><body><div>{data}</div></body></html>".encode("utf-8", "backslashreplace")
    return html.document_fromstring(whole, parser=parser)[0][0]
