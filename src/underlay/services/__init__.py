"""Services that tests need: a process of any program, which answers when ``setUp`` returns.

``Process(["redis-server", "--port", "{port}"])`` is a layer; `underlay.services.ready` has the ways
to tell when a program is ready.  The process is gone when the layer is taken down, and if the tests
are killed.
"""

from underlay.services import ready
from underlay.services.process import Process

__all__ = ["Process", "ready"]

Process.__module__ = __name__  # errors and manual show the name that users import
