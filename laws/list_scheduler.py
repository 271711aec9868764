"""Who starts when workers and pools are few: greedy list scheduling.

What moves parts are rules, of which the first that applies is followed. Whoever was ready earliest
comes first, then who stands leftmost; of those who come first, the first who can have all that he
needs (a worker, a slot of each pool, a start of each rate) takes it at once and starts (Graham
1969; the order is our choice). It judges what schedules in earnest, and shares nothing with that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any, TypeAlias

from fwf.algebra.nodes import Node
from fwf.analysis.requirements import requirements
from fwf.analysis.run_keys import RunName
from fwf.interpreters.run import Pool
from fwf.worlds.scenario import Scenario

from .denotation import FOREVER, End, micros, result_of
from .in_time import Here, InTime, Part, Scope, Wait
from .model import Read

Pools: TypeAlias = Mapping[str, int | Pool]


class ListScheduler(InTime):
    """One run of a workflow. A mutant gets one of its rules wrong."""

    def __init__(self, scenario: Scenario, workers: int | None, pools: Pools) -> None:
        super().__init__(scenario)
        self.workers = FOREVER if workers is None else workers
        sizes = {name: Pool(n) if isinstance(n, int) else n for name, n in pools.items()}
        self.pools = defaultdict(Pool, sizes)
        """A pool of which nothing is said has no bound."""
        self.starts = defaultdict[str, list[int]](list)
        self.waits: list[Wait] = []

    def run(self, w: Node, x: Any, params: Mapping[str, Any]) -> End:
        """⟦w⟧ from time 0."""
        self.name = RunName(requirements(w), params, x, None).spread
        whole = self.begun(self.of(w, Here(self.paths.root(w), params, Scope()), x))
        while whole.end is None:
            self.follow_a_rule()
        return whole.end

    def follow_a_rule(self) -> None:
        """What can move moves; who can start starts; work ends; deadlines strike; time passes.

        What has been at work ends when its time comes, before anybody starts at that instant: what
        it gives back is there for who comes first, also where a rate lets somebody start just then.
        """
        if self.movable:
            self.move(*self.movable.pop())
        elif able := [wait for wait in self.waits if self.can_start(wait)]:
            self.start(min(able, key=self.rank))
        elif over := [wait for wait in self.waits if wait.until == self.now]:
            self.stop_waiting(over, True)
        elif late := [wait for wait in self.waits if wait.limit <= self.now]:
            self.cut(late)
        else:
            self.now = round(min(time for wait in self.waits for time in self.times(wait)))
            self.stop_waiting([wait for wait in self.waits if wait.until == self.now], True)

    def move(self, part: Part, answer: Any) -> None:
        self.moving = part
        try:
            wait = part.moves.send(answer)
        except StopIteration as stop:
            part.end = stop.value
            if part.above is not None and (part.above, True) not in self.movable:
                self.movable.append((part.above, True))
        else:
            if wait is not None:
                wait.part = part
                self.waits.append(wait)

    def rank(self, wait: Wait) -> Any:
        """Who was ready earliest, then who stands leftmost."""
        return wait.since, wait.here.place

    def can_start(self, wait: Wait) -> bool:
        """Whether all is free that he needs, now."""
        return (
            wait.until is None
            and len(self.at_work()) < self.workers
            and all(self.is_free(pool) for pool in wait.here.pools)
            and not (wait.writes and self.overlaps(wait))
        )

    def at_work(self) -> list[Wait]:
        """The attempts that have a worker, and a slot of each of their pools."""
        return [wait for wait in self.waits if wait.step and wait.until is not None]

    def is_free(self, pool: str) -> bool:
        """A slot is free, and the rate lets somebody start."""
        size = self.pools[pool].at_once or FOREVER
        count = sum(pool in wait.here.pools for wait in self.at_work())
        return count < size and self.next_start(pool) <= self.now

    def next_start(self, pool: str) -> int:
        """When the rate lets somebody start: `per` after the earliest of the last `starts`."""
        n, per, starts = self.pools[pool].starts, self.pools[pool].per, self.starts[pool]
        return 0 if n is None or per is None or len(starts) < n else starts[-n] + micros(per)

    def overlaps(self, wait: Wait) -> bool:
        """Whether another attempt of a step is still at work, which can only be a cut one."""
        return any(other.step == wait.step for other in self.at_work())

    def start(self, wait: Wait) -> None:
        for pool in wait.here.pools:
            self.starts[pool].append(self.now)
        self.stop_waiting([wait], True)

    def cut(self, late: list[Wait]) -> None:
        """An attempt that works on keeps what it has; of one in line there is nothing left."""
        on = [wait for wait in late if wait.works_on and wait.until is not None]
        self.stop_waiting(late, False)
        for wait in on:
            wait.part = None
            self.waits.append(wait)

    def stop_waiting(self, over: list[Wait], came_about: bool) -> None:
        self.waits = [wait for wait in self.waits if wait not in over]
        self.movable += [(wait.part, came_about) for wait in over if wait.part is not None]

    def times(self, wait: Wait) -> list[float]:
        """When something may change for who waits."""
        rates = [self.next_start(pool) for pool in wait.here.pools if wait.until is None]
        moments = [wait.limit, *rates, *([] if wait.until is None else [wait.until])]
        return [time for time in moments if time > self.now]


def scheduled(
    w: Any,
    value: Any,
    scenario: Scenario,
    params: Mapping[str, object],
    *,
    workers: int | None = None,
    pools: Pools | None = None,
    by: type[ListScheduler] = ListScheduler,
) -> Read:
    """What happens with so many workers and pools of these sizes, in the form that laws compare."""
    end = by(scenario, workers, pools or {}).run(w, value, params)
    return Read(result_of(end.o), end.t, end.e)
