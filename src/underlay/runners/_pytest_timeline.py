"""``--underlay-timeline``: whether this run is recorded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from underlay import _timeline
from underlay._errors import LayerError

if TYPE_CHECKING:
    from underlay.runners._pytest_recording import Recording


def add_options(parser: pytest.Parser) -> None:
    """The option of this module."""
    parser.getgroup("underlay").addoption(
        "--underlay-timeline",
        metavar="DIR",
        help="record when which layers and tests ran; see underlay timeline",
    )


def configure(config: Any) -> Recording | None:
    """Record if the option asks for it, the environment, or the controller of a worker.

    :raises pytest.UsageError: if there cannot be such a folder.
    """
    told = getattr(config, "workerinput", {}).get("underlay timeline", ())
    directory = config.getoption("--underlay-timeline")
    try:
        if told or directory:
            _timeline.begin(*(told or [directory]))
    except LayerError as error:
        raise pytest.UsageError(str(error)) from error
    recorder = _timeline.recorder()
    if recorder is None:
        return None
    from underlay.runners._pytest_recording import Recording  # few runs need it

    recording = Recording(recorder)
    config.pluginmanager.register(recording, "underlay-timeline")
    return recording
