"""Reusable test layers for zope.testrunner, pytest and plain unittest."""

from underlay._as_layer import as_layer
from underlay._errors import (
    AnswerFailed,
    ApplicationError,
    CapturesOverlap,
    CheckFailed,
    ExternalError,
    ExtraMissing,
    InstallFailed,
    LayerError,
    NameTaken,
    NoApplicationError,
    NoTestsReported,
    NotReady,
    ResourceMissing,
    RunnerMissing,
    RunnerNotStarted,
    SetUpFailed,
    SeveralProblems,
    StillRunning,
    UnexpectedRequest,
    UnmetExpectation,
)
from underlay._layer import Layer
from underlay._resources import Resource

__all__ = [
    "AnswerFailed",
    "ApplicationError",
    "CapturesOverlap",
    "CheckFailed",
    "ExternalError",
    "ExtraMissing",
    "InstallFailed",
    "Layer",
    "LayerError",
    "NameTaken",
    "NoApplicationError",
    "NoTestsReported",
    "NotReady",
    "Resource",
    "ResourceMissing",
    "RunnerMissing",
    "RunnerNotStarted",
    "SetUpFailed",
    "SeveralProblems",
    "StillRunning",
    "UnexpectedRequest",
    "UnmetExpectation",
    "as_layer",
]

for _name in __all__:  # errors and manual show the names that users import
    globals()[_name].__module__ = __name__
