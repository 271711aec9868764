"""List schedulers with one rule wrong, each told from the right one by a generated case.

What keeps these cases from being too easy.
"""

from __future__ import annotations

from typing import Any

from .denotation import FOREVER, micros
from .in_time import Part, Wait
from .list_scheduler import ListScheduler

# Who comes first


class WhoAskedFirst(ListScheduler):
    """Of those who were ready at one instant who asked first comes first, wherever he stands."""

    def rank(self, wait: Wait) -> Any:
        return wait.since, self.waits.index(wait)


class WhoStandsLeftmost(ListScheduler):
    """Who stands leftmost comes first, however late he was ready."""

    def rank(self, wait: Wait) -> Any:
        return wait.here.place


class ANewAttemptIsNotNew(ListScheduler):
    """Another attempt of a step stands in line where the one before it stood."""

    def rank(self, wait: Wait) -> Any:
        first: dict[str, int] = self.__dict__.setdefault("first", {})
        return first.setdefault(wait.step, wait.since), wait.here.place


class TheFirstHoldsUpTheOthers(ListScheduler):
    """Who can't start holds up those behind him, whatever they wait for."""

    def can_start(self, wait: Wait) -> bool:
        line = [other for other in self.waits if other.until is None]
        return wait is min(line, key=self.rank, default=None) and super().can_start(wait)


# What a start takes


class OnePoolIsEnough(ListScheduler):
    """Of several pools a slot of one is taken."""

    def move(self, part: Part, answer: Any) -> None:
        super().move(part, answer)
        for wait in self.waits:
            wait.here = wait.here._replace(pools=frozenset(sorted(wait.here.pools)[:1]))


class PoolsBringTheirWorkers(ListScheduler):
    """Who has a slot of a pool needs no worker."""

    def can_start(self, wait: Wait) -> bool:
        workers = self.workers
        self.workers = FOREVER if wait.here.pools else workers
        can = super().can_start(wait)
        self.workers = workers
        return can


class OneMoreFits(ListScheduler):
    """A pool has a slot more than it should."""

    def is_free(self, pool: str) -> bool:
        size = self.pools[pool].at_once
        count = sum(pool in wait.here.pools for wait in self.at_work())
        return (size is None or count <= size) and self.next_start(pool) <= self.now


# Rates


class RatesCountFromTheLatest(ListScheduler):
    """A rate waits for the latest start to be over, not for the earliest of so many."""

    def next_start(self, pool: str) -> int:
        n, per, starts = self.pools[pool].starts, self.pools[pool].per, self.starts[pool]
        return 0 if n is None or per is None or len(starts) < n else starts[-1] + micros(per)


class RatesRoundUp(ListScheduler):
    """A start just after the time of the rate is too early."""

    def next_start(self, pool: str) -> int:
        start = super().next_start(pool)
        return start + 1 if start else 0


class RatesCountByWindows(ListScheduler):
    """A rate counts anew in each window from the start of the run."""

    def next_start(self, pool: str) -> int:
        n, per = self.pools[pool].starts, self.pools[pool].per
        if n is None or per is None:
            return 0
        window = self.now // micros(per)
        count = sum(start // micros(per) == window for start in self.starts[pool])
        return 0 if count < n else (window + 1) * micros(per)


class WhoIsCutInLineHasStarted(ListScheduler):
    """Who is cut while he waits in line uses up a start of his pools."""

    def cut(self, late: list[Wait]) -> None:
        for wait in late:
            if wait.step and wait.until is None:
                for pool in wait.here.pools:
                    self.starts[pool].append(self.now)
        super().cut(late)


# What is given back


class ACutGivesBackTheSlot(ListScheduler):
    """What is cut gives back its worker and its slots at once, though it works on."""

    def at_work(self) -> list[Wait]:
        return [wait for wait in super().at_work() if wait.part is not None]


class ACutIsIgnoredByAll(ListScheduler):
    """Whatever is cut keeps its worker and its slots for the rest of its time."""

    def cut(self, late: list[Wait]) -> None:
        for wait in late:
            wait.works_on = bool(wait.step)
        super().cut(late)


class SlotsComeBackLate(ListScheduler):
    """What is cut keeps its worker and its slots for an hour."""

    def cut(self, late: list[Wait]) -> None:
        for wait in late:
            if wait.step and wait.until is not None:
                wait.works_on, wait.until = True, self.now + 3_600_000_000
        super().cut(late)


class SlotsAreGivenBackTwice(ListScheduler):
    """What is cut and works on gives back its worker twice: at the cut, and at its end."""

    def stop_waiting(self, over: list[Wait], came_about: bool) -> None:
        super().stop_waiting(over, came_about)
        self.workers += sum(wait.part is None for wait in over)


class WritersOverlap(ListScheduler):
    """A step that writes starts though an earlier attempt of it is still at work."""

    def overlaps(self, wait: Wait) -> bool:
        return False


class ReadersWaitToo(ListScheduler):
    """A step that only reads waits for its earlier attempts, too."""

    def can_start(self, wait: Wait) -> bool:
        wait.writes = True
        return super().can_start(wait)


# Within an instant


class WorkEndsOneByOne(ListScheduler):
    """Of work that ends at one instant the first gives away its slot before the others end."""

    def stop_waiting(self, over: list[Wait], came_about: bool) -> None:
        super().stop_waiting(over[:1] if came_about else over, came_about)


class MomentsComeFirst(ListScheduler):
    """Work that takes no time ends before anybody else starts."""

    def can_start(self, wait: Wait) -> bool:
        ending = any(other.until == self.now for other in self.waits)
        return not ending and super().can_start(wait)


class DeadlinesComeFirst(ListScheduler):
    """Who can start just at his deadline doesn't."""

    def can_start(self, wait: Wait) -> bool:
        return wait.limit > self.now and super().can_start(wait)


def catalogue() -> tuple[type[ListScheduler], ...]:
    """Every mutant, in the order they are written."""
    return tuple(ListScheduler.__subclasses__())
