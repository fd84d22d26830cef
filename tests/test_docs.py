"""Every example of the manual runs."""

import doctest
from pathlib import Path

from sybil import Sybil
from sybil.parsers.rest import DocTestParser, PythonCodeBlockParser

EXAMPLES = Sybil(
    parsers=[
        DocTestParser(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE),
        PythonCodeBlockParser(),
    ],
    pattern="*.rst",
    path=str(Path(__file__).resolve().parents[1] / "docs"),
)


def test_suite():
    suite = EXAMPLES.unittest()()
    assert suite.countTestCases(), "The manual is gone."
    return suite
