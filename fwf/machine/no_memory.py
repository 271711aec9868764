"""A memory of a run that has no past: all that it is asked has the answer of a first try."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from fwf.algebra.nodes import Task
from fwf.faults import Fault
from fwf.machine.memory import About, RetryState
from fwf.machine.places import Place

if TYPE_CHECKING:
    from fwf.machine.fibers import Fiber, Tries


class NoMark:
    """Nothing is remembered of a place, and nothing is kept of it."""

    __slots__ = ()
    retry_state: RetryState | None = None
    rounds = 0, 0
    fault: Fault | None = None
    is_done = False
    gives_back = False

    def retries(self, number: int, used: int, wait: int, cause: Fault) -> None: ...
    def time_left(self, duration: int) -> int:
        return duration

    def gave_up(self, number: int) -> bool:
        return False

    def goes_on(self, number: int) -> None: ...
    def is_over(self, number: int, *, settled: bool) -> None: ...
    def catches(self, fault: Fault, *, settled: bool) -> None: ...
    def settles(self) -> None: ...
    def begins_to_give_back(self) -> None: ...
    def finishes(self, *, gave_back: bool) -> None: ...
    def leave(self) -> None: ...


NOWHERE = NoMark()


class NoMemory:
    """Nothing is remembered. A subclass may look at where a run comes by."""

    __slots__ = ()

    def recalls(self, fiber: Fiber, task: Task[Any, Any]) -> bool:
        return False

    def knows_items(self, fiber: Fiber, names: Sequence[str]) -> bool:
        return True

    def mark(self, about: About, place: Place, tries: Tries, value: Any) -> NoMark:
        return NOWHERE
