"""Who waits for a worker and for slots of pools: greedy list scheduling.

Whoever was ready earliest comes first, then who stands leftmost; of those who come first, the
first who can have all that he needs takes it at once. (Graham 1969; the order is our choice.)
"""

from __future__ import annotations

from collections.abc import Mapping
from heapq import heappop, heappush
from typing import TypeAlias, final

from fwf.interpreters.dry_run.fibers import NEVER, Fiber, Position

Waiting: TypeAlias = tuple[int, Position, int, Fiber]
"""Since when, where, the token that he waits under, and who."""


@final
class Line:
    """The workers and pools of one dry run."""

    def __init__(self, workers: int | None, pools: Mapping[str, int]) -> None:
        self._free: float = NEVER if workers is None else workers
        self._slots = dict(pools)
        self._queues: dict[tuple[str, ...], list[Waiting]] = {}
        self.waiting = 0

    def join(self, fiber: Fiber) -> None:
        """Stand in the line, ready since the fiber's own time."""
        queue = self._queues.setdefault(self._bounded(fiber), [])
        heappush(queue, (fiber.time, fiber.position(), fiber.token, fiber))
        self.waiting += 1

    def next(self) -> Fiber | None:
        """Who starts now, with all that he needs taken; None if nobody can."""
        if self._free < 1 or not self.waiting:
            return None
        best: tuple[str, ...] | None = None
        for pools, queue in self._queues.items():
            if any(self._slots[pool] < 1 for pool in pools):
                continue
            while queue and queue[0][3].token != queue[0][2]:  # cut meanwhile
                heappop(queue)
                self.waiting -= 1
            if queue and (best is None or queue[0] < self._queues[best][0]):
                best = pools
        if best is None:
            return None
        self.waiting -= 1
        self._take(best, 1)
        return heappop(self._queues[best])[3]

    def release(self, fiber: Fiber) -> None:
        """Give back what was taken."""
        self._take(self._bounded(fiber), -1)

    def _take(self, pools: tuple[str, ...], n: int) -> None:
        self._free -= n
        for pool in pools:
            self._slots[pool] -= n

    def _bounded(self, fiber: Fiber) -> tuple[str, ...]:
        return tuple([pool for pool in fiber.around.pools if pool in self._slots])
