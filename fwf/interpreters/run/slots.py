"""How much may run at once: worker slots, and the named pools of `limit`."""

from __future__ import annotations

from bisect import insort
from collections import deque
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Generic, Protocol, TypeVar, final

from fwf.records import record

MICROSECOND = timedelta(microseconds=1)
NEVER = float("inf")


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
            if n is not None and (isinstance(n, bool) or n < 1):
                raise ValueError(f"Pool({name}={n!r}): needs at least 1")
        if (self.starts is None) != (self.per is None):
            raise ValueError(
                "Pool(starts=…, per=…): a rate needs both, such as starts=10, per=seconds(1)"
            )


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
    """Who stands in a line: before those who came later and, of one instant, those to his right."""

    pools: tuple[str, ...]

    def __lt__(self, other: Any, /) -> bool: ...


W = TypeVar("W", bound=Waiting)


@final
class Line(Generic[W]):
    """Who waits for a worker slot, and for slots of pools. All that one needs is taken at once.

    The first who can start does; who waits for a pool holds up nobody but those behind him who
    wait for the same pools.
    """

    def __init__(self, workers: int | None, pools: Mapping[str, int | Pool]) -> None:
        self.workers = workers
        self.pools = frozenset(pools)
        self.bounded = workers is not None or bool(pools)
        """Whether anybody may have to wait."""
        self._free: float = NEVER if workers is None else workers
        self._rooms = {name: _Room(as_pool(pool)) for name, pool in pools.items()}
        self._queues: dict[tuple[str, ...], deque[W]] = {}
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def join(self, who: W) -> None:
        """Stand in the line."""
        self._length += 1
        queue = self._queues.get(who.pools)
        if queue is None:
            queue = self._queues[who.pools] = deque()
        if queue and who < queue[-1]:
            insort(queue, who)
        else:
            queue.append(who)

    def next(self, now: int) -> W | None:
        """Who may start now, with all that he needs taken; None if nobody may."""
        if self._free < 1 or not self._length:
            return None
        first: W | None = None
        for pools, queue in self._queues.items():
            soonest = first is None or queue[0] < first
            if soonest and self._ready_at(pools, now) <= now:
                first = queue[0]
        if first is None:
            return None
        queue = self._queues[first.pools]
        queue.popleft()
        if not queue:
            del self._queues[first.pools]
        self._length -= 1
        self._free -= 1
        for room in self._rooms_of(first.pools):
            room.take(now)
        return first

    def ready_at(self, now: int) -> float:
        """When the rate of a pool lets somebody start; infinity if nobody waits for that."""
        if self._free < 1:
            return NEVER
        return min((self._ready_at(pools, now) for pools in self._queues), default=NEVER)

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
