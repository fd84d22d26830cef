"""Reusable test layers for zope.testrunner, pytest and plain unittest."""

from underlay._as_layer import as_layer
from underlay._errors import (
    ExtraMissing,
    LayerError,
    NameTaken,
    NoTestsReported,
    NotReady,
    ResourceMissing,
    RunnerMissing,
    SetUpFailed,
    StillRunning,
    UnexpectedRequest,
    UnmetExpectation,
)
from underlay._layer import Layer
from underlay._resources import Resource

__all__ = [
    "ExtraMissing",
    "Layer",
    "LayerError",
    "NameTaken",
    "NoTestsReported",
    "NotReady",
    "Resource",
    "ResourceMissing",
    "RunnerMissing",
    "SetUpFailed",
    "StillRunning",
    "UnexpectedRequest",
    "UnmetExpectation",
    "as_layer",
]

for _name in __all__:  # errors and manual show the names that users import
    globals()[_name].__module__ = __name__
