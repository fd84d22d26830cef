"""Records of logging, kept beside what handlers make of them."""

from __future__ import annotations

import logging
from types import TracebackType


class Records(logging.Handler):
    """Keeps the records of a logger and those below it, inside a ``with`` block.

    Other handlers go on.  The logger's level is lowered for the block if records would not get
    here otherwise; loggers below it that have a level of their own keep that.

    :param name: of the logger; ``""`` is the root.
    :param level: the lowest level that counts.
    """

    def __init__(self, name: str, level: int | str) -> None:
        super().__init__(level)
        self.logger = logging.getLogger(name or None)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def __enter__(self) -> Records:
        self.level_before = self.logger.level
        if not self.logger.isEnabledFor(self.level):
            self.logger.setLevel(self.level)
        self.logger.addHandler(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.logger.removeHandler(self)
        self.logger.setLevel(self.level_before)
