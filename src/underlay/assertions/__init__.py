"""Assertions on text, HTML and JSON with holes, and others: as functions and as mixins.

An expression is text in which ``...`` stands for any text and white space runs count as one blank.
The verdict is gocept.testing's and doctest's (ELLIPSIS with NORMALIZE_WHITESPACE); a failure says
which piece is missing and what stands nearest to it, in a few lines and in little time even if the
text is large.
"""

from underlay.assertions._data import JSON, assertJSON
from underlay.assertions._ellipsis import Ellipsis, assertEllipsis, assertNotEllipsis
from underlay.assertions._exceptions import Exceptions
from underlay.assertions._html import HTML, assertHTML, assertSelects
from underlay.assertions._matching import Match
from underlay.assertions._newer import Newer

__all__ = [
    "HTML",
    "JSON",
    "Ellipsis",
    "Exceptions",
    "Match",
    "Newer",
    "assertEllipsis",
    "assertHTML",
    "assertJSON",
    "assertNotEllipsis",
    "assertSelects",
]
