"""How xdist's controller deals units of tests out to its workers.

It is the scheduler of ``--dist loadscope`` with units of ours, and survives workers that die:
xdist 3.8 gives the test that killed one to the next, and waits forever for a worker that was left
with a single test, which no worker starts before it knows what comes after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xdist.scheduler import LoadScopeScheduling

from underlay.runners._splitting import Place, units
from underlay.runners._times import Record

Unit = dict[str, bool]  # whether each test of a unit is done, by node id


class LayerScheduling(LoadScopeScheduling):  # type: ignore[misc]
    """Keeps the tests of a unit on one worker.

    :param heard: what workers tell of tests and layers; complete once all have collected.
    :param known: what earlier runs have taken.
    """

    def __init__(self, config: Any, log: Any, heard: Mapping[str, Any], known: Record) -> None:
        super().__init__(config, log)
        self.heard = heard
        self.known = known
        self.unit_of: dict[str, str] = {}  # by node id
        self.collection: list[str] | None = None

    def _split_scope(self, nodeid: str) -> str:
        return self.unit_of[nodeid]

    def schedule(self) -> None:
        """Begin once all have collected; later, let workers that are new take part."""
        if self.collection is None:
            if not self._check_nodes_have_same_collection():
                return  # it has reported how they differ
            self.collection = list(next(iter(self.registered_collections.values())))
            self._fill_queue()
            for node in self.nodes[: len(self.workqueue)]:
                self._assign_work_unit(node)
        self._reschedule_all()

    def _fill_queue(self) -> None:
        places = {nodeid: Place(*place) for nodeid, place in self.heard["places"].items()}
        dealt = units(places, self.heard["layers"], self.known, len(self.nodes))
        for number, unit in enumerate(dealt):
            self.workqueue[f"unit {number}"] = dict.fromkeys(unit, False)
            self.unit_of.update(dict.fromkeys(unit, f"unit {number}"))

    def _reschedule_all(self) -> None:
        for node in self.nodes:
            self._reschedule(node)

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
        left = {name: unit for name, unit in self.assigned_work.pop(node).items() if _todo(unit)}
        if not left:
            return None
        killer: str = _todo(next(iter(left.values())))[0]
        left[self.unit_of[killer]][killer] = True
        self.workqueue.update({name: unit for name, unit in left.items() if _todo(unit)})
        self._reschedule_all()
        return killer

    def mark_test_pending(self, item: str) -> None:
        """Run a test again that killed its worker, as ``pytest_handlecrashitem`` may ask for."""
        self.unit_of[item] = f"{item} again"
        self.workqueue[self.unit_of[item]] = {item: False}
        self._reschedule_all()


def _todo(unit: Unit) -> list[str]:
    return [nodeid for nodeid, done in unit.items() if not done]
