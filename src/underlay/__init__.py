"""Reusable test layers for zope.testrunner, pytest and plain unittest."""

from underlay._errors import (
    ExtraMissing,
    LayerError,
    NoTestsReported,
    NotReady,
    ResourceMissing,
    RunnerMissing,
    SetUpFailed,
    StillRunning,
    UnexpectedRequest,
    UnmetExpectation,
)

__all__ = [
    "ExtraMissing",
    "LayerError",
    "NoTestsReported",
    "NotReady",
    "ResourceMissing",
    "RunnerMissing",
    "SetUpFailed",
    "StillRunning",
    "UnexpectedRequest",
    "UnmetExpectation",
]
