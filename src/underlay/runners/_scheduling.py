"""How xdist's controller deals groups of tests out to its workers.

It is the scheduler of ``--dist loadscope`` with groups of ours, and survives workers that die:
xdist 3.8 gives the test that killed one to the next, and waits forever for a worker that was left
with a single test, which no worker starts before it knows what comes after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xdist.scheduler import LoadScopeScheduling

Unit = dict[str, bool]  # whether each test of a group is done, by node id


class LayerScheduling(LoadScopeScheduling):  # type: ignore[misc]
    """Keeps the tests of a group on one worker.

    :param groups: the group of each test, by node id; complete once all workers have collected.
    """

    def __init__(self, config: Any, log: Any, groups: Mapping[str, str]) -> None:
        super().__init__(config, log)
        self.groups = groups

    def _split_scope(self, nodeid: str) -> str:
        return self.groups[nodeid]

    def _reschedule(self, node: Any) -> None:
        """Give a worker more until it has enough to go on, or tell it that there is no more."""
        if node.shutting_down or node not in self.registered_collections:
            return
        while self.workqueue and self._pending_of(self.assigned_work[node]) <= 2:
            self._assign_work_unit(node)
        if not self.workqueue:
            node.shutdown()

    def remove_node(self, node: Any) -> str | None:
        """Take back what a worker has left undone, but for the test that killed it."""
        left = {group: unit for group, unit in self.assigned_work.pop(node).items() if _todo(unit)}
        if not left:
            return None
        killer: str = _todo(next(iter(left.values())))[0]
        left[self.groups[killer]][killer] = True
        self.workqueue.update({group: unit for group, unit in left.items() if _todo(unit)})
        for other in self.assigned_work:
            self._reschedule(other)
        return killer


def _todo(unit: Unit) -> list[str]:
    return [nodeid for nodeid, done in unit.items() if not done]
