"""Every example of the manual runs."""

import doctest
from pathlib import Path
from unittest import mock

from sybil import Sybil
from sybil.parsers.rest import DocTestParser, PythonCodeBlockParser

PLAIN = mock.patch.dict("os.environ", NO_COLOR="1")

EXAMPLES = Sybil(
    parsers=[
        DocTestParser(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE),
        PythonCodeBlockParser(),
    ],
    pattern="*.rst",
    setup=lambda namespace: PLAIN.start(),
    teardown=lambda namespace: PLAIN.stop(),
    path=str(Path(__file__).resolve().parents[1] / "docs"),
)


def test_suite():
    suite = EXAMPLES.unittest()()
    assert suite.countTestCases(), "The manual is gone."
    return suite
