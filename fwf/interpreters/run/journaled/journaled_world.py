"""A world that remembers: around another one, which does the work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, final

from fwf.machine.fibers import INT, WAIT, Fiber
from fwf.machine.waits import RunningAttempt
from fwf.machine.world import Ended, Landed, Role, World

if TYPE_CHECKING:
    from fwf.interpreters.run.journaled.try_memory import Remembered
    from fwf.machine.machine import Machine

W = TypeVar("W", bound=World)


@final
class Journaled(Generic[W]):
    """The same world, but what happens in it is written down before anything depends on it.

    An attempt that this world has started beside the machine must not have an effect before the
    machine waits: then all that were started at one instant are written together.
    """

    foretells: ClassVar[bool] = False

    __slots__ = ("_begun", "_inner", "_memory", "now", "role")

    def __init__(self, inner: W, memory: Remembered) -> None:
        assert not inner.foretells, "what is foretold can't be written when it happens"
        self._inner = inner
        self._memory = memory
        self._begun: list[RunningAttempt] = []
        """Attempts that may have no effect before they are written down."""
        self.now = inner.now
        self.role = inner.role

    def start(
        self, machine: Machine, fiber: Fiber, role: Role, alone: bool
    ) -> Ended | RunningAttempt | None:
        memory, task = self._memory, role.task
        memory.starts(fiber, task)
        if alone:
            fault = memory.flush(fiber.place)
            if fault is not None and not _must_be_done(machine, fiber):
                memory.hold(fiber, fault)
                return None
            memory.begins(fiber, self.now())
        found = self._inner.start(machine, fiber, role, alone)
        if isinstance(found, RunningAttempt):
            self._begun.append(found)
            return found
        if found is None:  # it couldn't even be called
            self._memory.ended(fiber, task, fiber.status, fiber.value, self.now())
            return None
        status, value, lasts = found
        status, value = memory.ended(fiber, task, status, value, self.now())
        if status is not WAIT:
            return status, value, lasts
        memory.hold(fiber, value)
        return None

    def wait(self, machine: Machine, until: float, busy: int) -> Sequence[Landed]:
        fault = self._memory.flush(None)
        begun, self._begun = self._begun, []
        if fault is not None:
            withdrawn = [each for each in begun if not _must_be_done(machine, each.fiber)]
            for each in withdrawn:
                each.withdrawn = True
            if withdrawn:
                return [(each, WAIT, fault, self.now()) for each in withdrawn]
        for each in begun:
            self._memory.begins(each.fiber, self.now())
        landed = self._inner.wait(machine, until, busy)
        return [self._written(each) for each in landed] if landed else landed

    def _written(self, landed: Landed) -> Landed:
        attempt, status, value, end = landed
        if attempt.cut or status is WAIT:
            return landed
        fiber = attempt.fiber
        if end > fiber.around.scope.limit:
            status, value = INT, None
        status, value = self._memory.ended(fiber, attempt.role.task, status, value, end)
        return attempt, status, value, end

    def cut(self, machine: Machine, fiber: Fiber, role: Any) -> bool:
        self._memory.cut(fiber, role.task, self.now())
        return self._inner.cut(machine, fiber, role)

    def close(self, left: Sequence[RunningAttempt], *, at_once: bool) -> None:
        self._inner.close(left, at_once=at_once)


def _must_be_done(machine: Machine, fiber: Fiber) -> bool:
    """Whether a fiber is in a finaliser, which is done though nothing can be written of it."""
    scope = fiber.around.scope
    while scope.parent is not None:
        scope = scope.parent
    return scope is not machine.scope
