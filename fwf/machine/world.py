"""What a world must do: everything about a run that the machine doesn't know."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeAlias

from fwf.algebra.nodes import Task
from fwf.machine.fibers import Fiber, Status, Tries
from fwf.machine.places import Place

if TYPE_CHECKING:
    from fwf.machine.machine import Machine
    from fwf.machine.waits import RunningAttempt

Ending: TypeAlias = tuple[Status, Any, int]
"""How an attempt ends, with which value or fault, and how long that takes from now on, in µs."""
Landing: TypeAlias = "tuple[RunningAttempt, Status, Any, int]"
"""An attempt that was at work, how it ended, with what, and when; or `WAIT` and the fault for which
it is held, and its fiber with it."""


class Role(Protocol):
    """What is known of a task's attempts beforehand; made once for each task of a run."""

    @property
    def task(self) -> Task[Any, Any]: ...
    @property
    def arity(self) -> int:
        """How many arguments it takes by position."""
        ...

    @property
    def inline(self) -> bool:
        """Whether it may run on the machine's own thread, where nothing else could run beside."""
        ...

    @property
    def writes(self) -> bool:
        """Whether two attempts of one step must not overlap."""
        ...

    @property
    def always(self) -> Ending | None:
        """How each attempt ends, if that is always the same and known: then none is started."""
        ...


class World(Protocol):
    """Who does the work, and where time comes from."""

    foretells: ClassVar[bool]
    """Whether `start` always knows how the attempt ends, as a script does: then nothing runs
    beside the machine and, while nothing else is due, time may jump to that end."""

    def role(self, task: Task[Any, Any]) -> Role:
        """What is known of a task's attempts beforehand."""
        ...

    def now(self) -> int:
        """The time, in µs from some start."""
        ...

    def start(
        self, machine: Machine, fiber: Fiber, role: Any, alone: bool
    ) -> Ending | RunningAttempt | None:
        """Start an attempt of the task that a fiber is at, on the fiber's value.

        How it ends, if that is known at once; or the attempt that is at work from now on, of which
        `wait` will tell; or None if it doesn't even start, for what the fiber's registers say.
        `alone`: nothing else could run meanwhile, and nothing can cut it.
        """
        ...

    def wait(self, machine: Machine, until: float, busy: int) -> Sequence[Landing]:
        """Let time pass until then, or until some of the attempts at work, so many, have ended."""
        ...

    def cut(self, machine: Machine, fiber: Fiber, role: Any) -> bool:
        """Nobody waits any longer for the attempt that a fiber waits for: whether it stops.

        One that doesn't keeps its worker and its pools until it ends: until `wait` tells or, where
        the end was known, until then.
        """
        ...

    def close(self, at_work: Sequence[RunningAttempt], *, at_once: bool) -> None:
        """The run is over; these are still at work. `at_once`: nothing is waited for."""
        ...


class Tell(Protocol):
    """Who is told what happens, while it does."""

    def __call__(
        self,
        kind: str,
        place: Place,
        task: str,
        tries: Tries,
        at: int,
        detail: Any = None,
        earlier: int | None = None,
        final: bool = False,
    ) -> None: ...
