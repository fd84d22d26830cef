"""What a test changes for its own time: patches, a dict, a temporary folder.

These are gocept.testing's names over unittest.mock and tempfile, so that a suite that has them
moves by one import.  New tests may as well use ``mock.patch`` and ``enterContext`` themselves.
"""

from __future__ import annotations

import contextlib
import tempfile
import unittest
from collections.abc import Mapping
from types import TracebackType
from typing import Any
from unittest import mock

__all__ = ["Assertions", "Dict", "PatchHelper", "Patches", "Property", "TempDir"]


class Patches:
    """Changes that `reset` undoes, the newest first; also as context manager."""

    def __init__(self) -> None:
        self._undo = contextlib.ExitStack()

    def set(self, subject: Any, attribute: str, value: Any) -> None:
        """Set an attribute that is there.

        :raises AttributeError: if it is not.
        """
        self.add_object(subject, attribute, value)

    def call(self, subject: Any, attribute: str, old: Any, new: Any) -> None:
        """Call a method with a new value; `reset` calls it with the old one.

        :param attribute: the name of the method.
        """
        setter = getattr(subject, attribute)
        self._undo.callback(setter, old)
        setter(new)

    def add(self, *args: Any, **kw: Any) -> Any:
        """Start ``mock.patch`` with these arguments; return what it puts in place."""
        return self._undo.enter_context(mock.patch(*args, **kw))

    def add_object(self, *args: Any, **kw: Any) -> Any:
        """Start ``mock.patch.object`` with these arguments; return what it puts in place."""
        return self._undo.enter_context(mock.patch.object(*args, **kw))

    def add_dict(self, *args: Any, **kw: Any) -> Any:
        """Start ``mock.patch.dict`` with these arguments; return the dict."""
        return self._undo.enter_context(mock.patch.dict(*args, **kw))

    def reset(self) -> None:
        """Undo all changes; they can be made anew afterwards."""
        self._undo.close()

    def __enter__(self) -> Patches:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.reset()


def Dict(
    dict: Mapping[Any, Any], /, **changes: Any
) -> contextlib.AbstractContextManager[Mapping[Any, Any]]:
    """Set keys of a dict inside a ``with`` block, and make it what it was afterwards."""
    return mock.patch.dict(dict, changes)


class PatchHelper(unittest.TestCase):
    """Mixin for a TestCase: ``self.patches`` are `Patches` that end with the test."""

    def setUp(self) -> None:
        super().setUp()
        self.patches = Patches()
        self.addCleanup(self.patches.reset)  # also if the rest of the set-up fails

    def tearDown(self) -> None:
        self.patches.reset()
        super().tearDown()


class TempDir(unittest.TestCase):
    """Mixin for a TestCase: ``self.tmpdir`` is the path of a folder that ends with the test."""

    def setUp(self) -> None:
        super().setUp()
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.tmpdir = folder.name


class Assertions:
    """Mixin for a TestCase: `assertCalledWith`."""

    def assertCalledWith(self, mock: mock.Mock, *args: Any, **kw: Any) -> None:
        """Check what a mock was called with last."""
        mock.assert_called_with(*args, **kw)


class Property(mock.Mock):
    """A mock in place of a property: reading the attribute gives its ``return_value``."""

    def __get__(self, instance: object, owner: type) -> Any:
        return self()
