"""What a fiber waits for, where that isn't parts of its own; and what others wake for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, final

if TYPE_CHECKING:
    from fwf.machine.fibers import Fiber
    from fwf.machine.world import Role


@final
class Pause:
    """Waits for a time."""

    __slots__ = ("end",)

    def __init__(self, end: int) -> None:
        self.end = end


@final
class Over:
    """Waits for nothing any more: its fiber has run ahead of the others to its end."""

    __slots__ = ()


OVER: Final = Over()


@final
class Turn:
    """A place in the line for a worker and for pools, or behind an attempt that works on."""

    __slots__ = ("cut", "fiber", "pools", "role", "since")

    def __init__(self, fiber: Fiber, role: Role, since: int) -> None:
        self.fiber = fiber
        self.role = role
        self.since = since
        self.pools = fiber.around.pools
        self.cut = False

    def __lt__(self, other: Turn) -> bool:
        """Whether it was ready earlier or, at the same instant, further to the left."""
        if self.since != other.since:
            return self.since < other.since
        mine, theirs = self.fiber, other.fiber
        return mine.index < theirs.index if mine.fork is theirs.fork else mine < theirs


@final
class RunningAttempt:
    """An attempt that is at work beside the machine, of which its world will tell.

    It is in the set `at_work` as long as it holds its slots: also when it was cut and works on.
    """

    __slots__ = ("cut", "fiber", "path", "pools", "role", "start", "stop", "withdrawn", "worker")

    def __init__(self, fiber: Fiber, role: Any, start: int) -> None:
        self.fiber = fiber
        self.role = role
        self.start = start
        self.pools = fiber.around.pools
        self.cut = False
        self.withdrawn = False
        """Whether it is not to begin after all: its world begins it when the machine waits."""
        self.path = ""
        """The step's, once the attempt was cut, if another one must not overlap it."""
        self.worker = 0
        """What runs it is known by: a thread, or the task of an event loop."""
        self.stop: Callable[[], object] | None = None
        """How to stop it, if that can be done."""


@final
class Rest:
    """What an attempt that was cut does until its end, which is known; it holds its slots."""

    __slots__ = ("path", "pools")

    def __init__(self, pools: tuple[str, ...], path: str) -> None:
        self.pools = pools
        self.path = path

    def sleeps_until(self, time: int) -> bool:
        """It does."""
        return True


@final
class RateAlarm:
    """Nothing but a time at which the rate of a pool allows another start."""

    __slots__ = ("at",)

    def __init__(self) -> None:
        self.at: int | None = None

    def sleeps_until(self, time: int) -> bool:
        """Whether it is still that time."""
        return self.at == time
