"""What is due at which time: fibers that wait, and deadlines that strike."""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import Final, final

from fwf.interpreters.run.fibers import NEVER, Fiber, Scope

WORK: Final = 0
DEADLINE: Final = 1
"""At one instant, work that ends comes before deadlines that strike."""


@final
class Timer:
    """Something due: a fiber that goes on, a scope that is struck, or just a look around."""

    __slots__ = ("fiber", "live", "scope")

    def __init__(self, fiber: Fiber | None = None, scope: Scope | None = None) -> None:
        self.fiber = fiber
        self.scope = scope
        self.live = True
        """Whether anybody still waits for it."""


@final
class Timers:
    """The timers of a run, in the order of their times."""

    def __init__(self) -> None:
        self._heap: list[tuple[int, int, int, Timer]] = []
        self._made = 0
        self._dropped = 0

    def set(self, time: int, priority: int, timer: Timer) -> Timer:
        """Let a timer ring at a time."""
        self._made += 1
        heappush(self._heap, (time, priority, self._made, timer))
        return timer

    def drop(self, timer: Timer) -> None:
        """Nobody waits for a timer any longer. Now and then those are swept out."""
        if not timer.live:
            return
        timer.live = False
        self._dropped += 1
        if self._dropped > 100 and 2 * self._dropped > len(self._heap):
            self._heap = [entry for entry in self._heap if entry[3].live]
            heapify(self._heap)
            self._dropped = 0

    def due(self) -> float:
        """When the next one rings; infinity if none does."""
        heap = self._heap
        while heap and not heap[0][3].live:
            heappop(heap)
        return heap[0][0] if heap else NEVER

    def rung(self, *, deadlines: bool = True) -> list[Timer]:
        """Take the next timer, and all others of the same time and kind.

        Without `deadlines` none, if it is one.
        """
        time, priority = self._heap[0][:2]
        rung: list[Timer] = []
        while (deadlines or priority == WORK) and self.due() == time:
            if self._heap[0][1] != priority:
                break
            rung.append(heappop(self._heap)[3])
        return rung
