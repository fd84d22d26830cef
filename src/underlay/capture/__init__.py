"""What is written to standard output and standard error, whoever writes it."""

from underlay.capture._captured import Captured, capture
from underlay.capture._layer import Output
from underlay.capture._mixin import Capture

__all__ = ["Capture", "Captured", "Output", "capture"]
