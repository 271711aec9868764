"""What a machine asks of the memory of its run: what earlier tries left, what the next one needs.

A run without a journal has none. With one, a part that was done isn't done again, and frames go on
where they were when the process died: see `interpreters/run/journaled`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypeAlias

from fwf.algebra.nodes import Task
from fwf.faults import Fault
from fwf.machine.places import Place

if TYPE_CHECKING:
    from fwf.machine.fibers import Fiber, Tries

About: TypeAlias = Literal["retry", "deadline", "delay", "caught", "done", "loop"]
"""What a mark is about: the attempt that a retry is at; when a deadline strikes, or a delay ends;
a fault that became a value, or chose a handler; a part whose finaliser was done as well; a loop
that came to its limit."""


class RetryState(NamedTuple):
    """Where a retry was: at which attempt, the how-manieth of its budget, after which wait (µs)."""

    number: int
    used: int
    wait: int


class Mark(Protocol):
    """What is remembered of one place that isn't a task's, while a part is under way there."""

    @property
    def retry_state(self) -> RetryState | None:
        """Where the retry goes on, if not at its first attempt."""
        ...

    def retries(self, number: int, used: int, wait: int, cause: Fault) -> None:
        """The retry makes another attempt, after a wait (µs)."""
        ...

    def time_left(self, duration: int) -> int:
        """How much is left of a duration (µs) that may have begun in an earlier try."""
        ...

    @property
    def rounds(self) -> tuple[int, int]:
        """At which round a loop was that has a time, and after which that was over; 0 if neither.

        Rounds that are kept take no time, or were long ago: the clock can't tell it any more.
        """
        ...

    def goes_on(self, number: int) -> None:
        """The loop begins another round, in time."""
        ...

    def is_over(self, number: int, *, settled: bool) -> None:
        """The loop's time is over after a round; `settled`: and that is no failure."""
        ...

    def gave_up(self, number: int) -> bool:
        """Whether a try that is over failed as the loop came to its limit after this round.

        If none did, the loop gives up there now.
        """
        ...

    @property
    def fault(self) -> Fault | None:
        """The fault that was caught here, if it still counts."""
        ...

    def catches(self, fault: Fault, *, settled: bool) -> None:
        """A fault is caught here: it becomes a value or, not yet `settled`, chooses a handler."""
        ...

    def settles(self) -> None:
        """The handler was fine: from now on the choice outlasts a failure of the run."""
        ...

    @property
    def is_done(self) -> bool:
        """Whether the part and its finaliser were done, and nothing in it was done anew since."""
        ...

    @property
    def gives_back(self) -> bool:
        """Whether a finaliser was begun, and not done, that gives back what the part was lent."""
        ...

    def begins_to_give_back(self) -> None:
        """The finaliser begins that gives back what the part was lent."""
        ...

    def finishes(self, *, gave_back: bool) -> None:
        """The finaliser is done; so is the part, unless it only gave back what it was lent."""
        ...

    def leave(self) -> None:
        """The part is over, for this try."""
        ...


class Memory(Protocol):
    """What is remembered of one run."""

    def recalls(self, fiber: Fiber, task: Task[Any, Any]) -> bool:
        """Whether a task that a fiber has come to isn't to be started, since how it ended is known.

        That is in the fiber's registers then; or the fiber is held.
        """
        ...

    def knows_items(self, fiber: Fiber, names: Sequence[str]) -> bool:
        """Whether the items that a map is about to go through are those that it went through.

        If that is a contradiction, the fiber is held.
        """
        ...

    def mark(self, about: About, place: Place, tries: Tries, value: Any) -> Mark:
        """What is remembered of a place, with the input there. To be left in the end."""
        ...
