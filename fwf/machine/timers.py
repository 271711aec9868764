"""What is due at which time: fibers that wait, and scopes that are struck."""

from __future__ import annotations

from collections.abc import Hashable
from heapq import heapify, heappop, heappush
from typing import Final, Generic, Protocol, TypeVar, final

NEVER: Final = float("inf")
FEW: Final = 32
"""Among so many it is quick to find one."""


class Sleeper(Protocol):
    """What may be woken at a time."""

    def sleeps_until(self, time: int) -> bool:
        """Whether it still waits for that time."""
        ...


W = TypeVar("W", bound=Sleeper)
S = TypeVar("S", bound=Hashable)


@final
class Timers(Generic[W, S]):
    """What wakes and what strikes, by time. At one time, all that wakes comes before all strikes.

    Many things are due at one time, above all in a dry run: they share an entry of the heap. Of
    many, what need not be woken any more stays among them until a sweep.
    """

    __slots__ = ("_enough", "_idle", "_strikes", "times", "wakes")

    def __init__(self) -> None:
        self.times: list[int] = []
        """A heap. At some of them nothing is due any more."""
        self.wakes: dict[int, list[W]] = {}
        """What wakes at which time, and perhaps need not."""
        self._strikes: dict[int, dict[S, None]] = {}
        self._idle = 0
        """About so many entries that stand for nothing."""
        self._enough = 100
        """After so many of them it is looked whether a sweep pays."""

    def wake(self, time: int, sleeper: W) -> None:
        """Note what is to be woken at a time."""
        there = self.wakes.get(time)
        if there is not None:
            there.append(sleeper)
            return
        self.wakes[time] = [sleeper]
        if time not in self._strikes:
            heappush(self.times, time)

    def strike(self, time: int, what: S) -> None:
        """Note what is to be struck at a time."""
        there = self._strikes.get(time)
        if there is not None:
            there[what] = None
            return
        self._strikes[time] = {what: None}
        if time not in self.wakes:
            heappush(self.times, time)

    def let_sleep(self, time: int, sleeper: W) -> None:
        """It need not be woken at that time."""
        there = self.wakes.get(time)
        if there is None:
            return
        if len(there) <= FEW and sleeper in there:
            there.remove(sleeper)
            if not there:
                del self.wakes[time]
        self._leave()

    def spare(self, time: int, what: S) -> None:
        """It need not be struck at that time."""
        there = self._strikes.get(time)
        if there is not None and there.pop(what, self) is None and not there:
            del self._strikes[time]
            self._leave()

    def _leave(self) -> None:
        """Now and then sweep out what stands for nothing any more."""
        self._idle += 1
        if self._idle <= self._enough:
            return
        size = len(self.times) + sum(map(len, self.wakes.values()))
        if 2 * self._idle > size:
            self._sweep()
        self._enough = max(100, size // 2)

    def _sweep(self) -> None:
        self._idle = 0
        for time, there in list(self.wakes.items()):
            rest = [sleeper for sleeper in there if sleeper.sleeps_until(time)]
            if rest:
                self.wakes[time] = rest
            else:
                del self.wakes[time]
        self.times = list({**self.wakes, **self._strikes})
        heapify(self.times)

    def next_time(self) -> float:
        """The next time at which anything is due, perhaps; infinity if nothing is."""
        times = self.times
        while times:
            time = times[0]
            if time in self.wakes or time in self._strikes:
                return time
            heappop(times)
        return NEVER

    def anybody_sleeps(self) -> bool:
        """Whether anything waits for a time to come."""
        return any(
            sleeper.sleeps_until(time) for time, there in self.wakes.items() for sleeper in there
        )

    def take_wakes(self, time: int) -> list[W] | None:
        """Take all that wakes at a time, and perhaps need not; None if nothing does."""
        return self.wakes.pop(time, None)

    def take_strikes(self, time: int) -> dict[S, None]:
        """Take all that is struck at a time."""
        return self._strikes.pop(time, {})
