"""How much may run at once: worker slots, and the pools that `in_pool` names."""

from __future__ import annotations

from bisect import insort
from collections import deque
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Generic, Protocol, TypeVar, cast, final

from fwf.analysis.requirements import Requirements, no_such_pool
from fwf.durations import MICROSECOND
from fwf.machine.timers import NEVER
from fwf.records import record


@final
@record()
class Pool:
    """The size of a pool: so many tasks at once and, if given, so many starts in a time.

    >>> Pool(2, starts=100, per=timedelta(minutes=1))
    Pool(at_once=2, starts=100, per=datetime.timedelta(seconds=60))
    """

    at_once: int | None = None
    starts: int | None = None
    per: timedelta | None = None

    def __post_init__(self) -> None:
        for name, n in (("at_once", self.at_once), ("starts", self.starts)):
            if n is not None and not _counts(n):
                raise ValueError(f"Pool({name}={n!r}): needs a number of at least 1")
        if (self.starts is None) != (self.per is None):
            raise ValueError(
                "Pool(starts=…, per=…): a rate needs both, such as starts=10, per=seconds(1)"
            )
        if self.per is not None and not _lasts(self.per):
            raise ValueError(f"Pool(per={self.per!r}): needs a duration, such as seconds(1)")


@final
class _Room:
    """What is free of one pool now."""

    __slots__ = ("free", "per", "recent", "starts")

    def __init__(self, pool: Pool) -> None:
        self.free = float("inf") if pool.at_once is None else pool.at_once
        self.starts = pool.starts
        self.per = 0 if pool.per is None else pool.per // MICROSECOND
        self.recent: deque[int] = deque()

    def ready_at(self, now: int) -> float:
        """When the rate allows another start: now, or later."""
        if self.starts is None:
            return now
        while self.recent and self.recent[0] + self.per <= now:
            self.recent.popleft()
        return now if len(self.recent) < self.starts else self.recent[0] + self.per

    def take(self, now: int) -> None:
        self.free -= 1
        if self.starts is not None:
            self.recent.append(now)


class Waiting(Protocol):
    """What stands in a line: in the order of time and, of one instant, from left to right.

    `cut`: it has left the line.
    """

    pools: tuple[str, ...]
    cut: bool

    def __lt__(self, other: Any, /) -> bool: ...


W = TypeVar("W", bound=Waiting)


@final
class SlotQueue(Generic[W]):
    """What waits for a worker slot, and for slots of pools. All that one needs is taken at once.

    The first that can start does; what waits for a pool holds up only what stands behind it and
    waits for the same pools.
    """

    __slots__ = ("_free", "_queues", "_rated", "_rooms", "bounded", "pools", "waiting", "workers")

    def __init__(self, workers: int | None, pools: Mapping[str, int | Pool]) -> None:
        self.workers = workers
        self.pools = frozenset(pools)
        self.bounded = workers is not None or bool(pools)
        """Whether anything may have to wait."""
        self._free: float = NEVER if workers is None else workers
        self._rooms = {name: _Room(as_pool(pool)) for name, pool in pools.items()}
        self._rated = any(room.starts is not None for room in self._rooms.values())
        self._queues: dict[tuple[str, ...], deque[W]] = {}
        self.waiting = 0
        """How many stand in the line, of which some may have left it since."""

    def join(self, item: W) -> None:
        """Put something into the line, where it belongs."""
        self.waiting += 1
        queue = self._queues.get(item.pools)
        if queue is None:
            queue = self._queues[item.pools] = deque()
        if queue and item < queue[-1]:
            insort(queue, item)
        else:
            queue.append(item)

    def next(self, now: int) -> W | None:
        """What may start now, with all that it needs taken; None if nothing may."""
        if self._free < 1:
            return None
        first: W | None = None
        for pools, queue in self._queues.items():
            while queue and queue[0].cut:
                queue.popleft()
                self.waiting -= 1
            soonest = queue and (first is None or queue[0] < first)
            if soonest and (not pools or self._ready_at(pools, now) <= now):
                first = queue[0]
        if first is None:
            return None
        self._queues[first.pools].popleft()
        self.waiting -= 1
        self._take(first.pools, now)
        return first

    def take(self, pools: tuple[str, ...], now: int) -> bool:
        """Take a worker and slots of pools past the line, if it is empty; whether that was done."""
        if self.waiting or self._free < 1 or self._ready_at(pools, now) > now:
            return False
        self._take(pools, now)
        return True

    def _take(self, pools: tuple[str, ...], now: int) -> None:
        self._free -= 1
        for room in self._rooms_of(pools):
            room.take(now)

    def ready_at(self, now: int) -> float:
        """When the rate of a pool allows a start; infinity if nothing waits for that."""
        if self._free < 1 or not self._rated:
            return NEVER
        lines = [
            pools for pools, queue in self._queues.items() if not all(item.cut for item in queue)
        ]
        return min((self._ready_at(pools, now) for pools in lines), default=NEVER)

    def release(self, pools: tuple[str, ...]) -> None:
        """Give back what was taken."""
        self._free += 1
        for room in self._rooms_of(pools):
            room.free += 1

    def _ready_at(self, pools: tuple[str, ...], now: int) -> float:
        rooms = self._rooms_of(pools)
        if any(room.free < 1 for room in rooms):
            return NEVER
        return max((room.ready_at(now) for room in rooms), default=now)

    def _rooms_of(self, pools: tuple[str, ...]) -> list[_Room]:
        return [self._rooms[name] for name in pools] if pools else []


def as_pool(size: int | Pool) -> Pool:
    """A number of tasks at once, or a pool ⟶ a pool."""
    return Pool(size) if isinstance(size, int) else size


def check_limits(
    where: str, needs: Requirements, workers: object, pools: Mapping[str, object]
) -> None:
    """Raise `ValueError` for numbers of workers, sizes and names of pools that are none."""
    if workers is not None and not _counts(workers):
        raise ValueError(
            f"{where}(workers={workers!r}): needs at least 1 worker; leave it out for no bound"
        )
    if not isinstance(cast(object, pools), Mapping):
        raise TypeError(f"{where}(pools={pools!r}): needs sizes by name, such as {{'vendor': 2}}")
    for name, size in pools.items():
        if not (isinstance(size, Pool) or _counts(size)):
            raise ValueError(f"{where}(pools={{{name!r}: {size!r}}}): a pool's size is 1 or more")
        if name not in needs.pools:
            message = no_such_pool(needs, name)
            raise ValueError(f"{where}(pools={{{name!r}: …}}): {message}")


def _lasts(per: object) -> bool:
    return isinstance(per, timedelta) and per >= MICROSECOND


def _counts(n: object) -> bool:
    return isinstance(n, int) and not isinstance(n, bool) and n >= 1
