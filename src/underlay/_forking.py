"""Sockets that belong to this process alone: a child that is forked from it lets go of them.

Descriptors close themselves on exec, but not on fork.  While a child holds one, too, whoever waits
for the end of a connection waits for that of the child.
"""

from __future__ import annotations

import os
import socket
import threading
import weakref

#: Held while sockets are made and not yet known here: no fork comes between.
no_fork = threading.RLock()
_sockets: weakref.WeakSet[socket.socket] = weakref.WeakSet()


def keep_from_children(*sockets: socket.socket) -> None:
    """Have children that are forked from now on close these sockets at once."""
    _sockets.update(sockets)


def _let_go() -> None:
    for each in tuple(_sockets):
        each.close()
    no_fork.release()


os.register_at_fork(before=no_fork.acquire, after_in_parent=no_fork.release, after_in_child=_let_go)
