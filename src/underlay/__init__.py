"""Reusable test layers for zope.testrunner, pytest and plain unittest."""

from underlay import _timeline
from underlay._as_layer import as_layer
from underlay._errors import (
    AnswerFailed,
    ApplicationError,
    CapturesOverlap,
    CheckFailed,
    EndlessAnswer,
    ExpectationsUnreadable,
    ExternalError,
    ExtraMissing,
    InstallFailed,
    LayerError,
    NameTaken,
    NoApplicationError,
    NoTestsReported,
    NotReady,
    ProcessEnded,
    ResourceMissing,
    RunnerMissing,
    RunnerNotStarted,
    SetUpFailed,
    SeveralProblems,
    StillRunning,
    TimelineUnreadable,
    TimesUnusable,
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
    "EndlessAnswer",
    "ExpectationsUnreadable",
    "ExternalError",
    "ExtraMissing",
    "InstallFailed",
    "Layer",
    "LayerError",
    "NameTaken",
    "NoApplicationError",
    "NoTestsReported",
    "NotReady",
    "ProcessEnded",
    "Resource",
    "ResourceMissing",
    "RunnerMissing",
    "RunnerNotStarted",
    "SetUpFailed",
    "SeveralProblems",
    "StillRunning",
    "TimelineUnreadable",
    "TimesUnusable",
    "UnexpectedRequest",
    "UnmetExpectation",
    "as_layer",
]

for _name in __all__:  # errors and manual show the names that users import
    globals()[_name].__module__ = __name__

_timeline.begin_if_asked()  # now: zope.testrunner gives no other occasion before the first test
