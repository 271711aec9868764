"""A world that remembers: around another one, which does the work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, final

from fwf.machine.fibers import INT, WAIT, Fiber
from fwf.machine.waits import RunningAttempt
from fwf.machine.world import Ending, Landing, Role, World

if TYPE_CHECKING:
    from fwf.interpreters.run.journaled.try_memory import TryMemory
    from fwf.machine.machine import Machine

W = TypeVar("W", bound=World)


@final
class Journaled(Generic[W]):
    """The same world, but what happens in it is written down before anything depends on it.

    An attempt that this world has started beside the machine must not have an effect before the
    machine waits: then all that were started at one instant are written together.
    """

    foretells: ClassVar[bool] = False

    __slots__ = ("_inner", "_memory", "_starts", "now", "role")

    def __init__(self, inner: W, memory: TryMemory) -> None:
        assert not inner.foretells, "what is foretold can't be written when it happens"
        self._inner = inner
        self._memory = memory
        self._starts: list[RunningAttempt] = []
        """Attempts that may have no effect before they are written down."""
        self.now = inner.now
        self.role = inner.role

    def start(
        self, machine: Machine, fiber: Fiber, role: Role, alone: bool
    ) -> Ending | RunningAttempt | None:
        memory, task = self._memory, role.task
        memory.starts(fiber, task)
        if alone:
            fault = memory.flush(fiber.place)
            if fault is not None and not _must_be_done(machine, fiber):
                memory.hold(fiber, fault)
                return None
            memory.begins(fiber, self.now())
        outcome = self._inner.start(machine, fiber, role, alone)
        if isinstance(outcome, RunningAttempt):
            self._starts.append(outcome)
            return outcome
        if outcome is None:  # it couldn't even be called
            self._memory.end(fiber, task, fiber.status, fiber.value, self.now())
            return None
        status, value, lasts = outcome
        status, value = memory.end(fiber, task, status, value, self.now())
        if status is not WAIT:
            return status, value, lasts
        memory.hold(fiber, value)
        return None

    def wait(self, machine: Machine, until: float, busy: int) -> Sequence[Landing]:
        fault = self._memory.flush(None)
        attempts, self._starts = self._starts, []
        if fault is not None:
            withdrawn = [each for each in attempts if not _must_be_done(machine, each.fiber)]
            for each in withdrawn:
                each.withdrawn = True
            if withdrawn:
                return [(each, WAIT, fault, self.now()) for each in withdrawn]
        for each in attempts:
            self._memory.begins(each.fiber, self.now())
        landings = self._inner.wait(machine, until, busy)
        return [self._write(each) for each in landings] if landings else landings

    def _write(self, landing: Landing) -> Landing:
        attempt, status, value, end = landing
        if attempt.cut or status is WAIT:
            return landing
        fiber = attempt.fiber
        if end > fiber.around.scope.limit:
            status, value = INT, None
        status, value = self._memory.end(fiber, attempt.role.task, status, value, end)
        return attempt, status, value, end

    def cut(self, machine: Machine, fiber: Fiber, role: Any) -> bool:
        self._memory.cut(fiber, role.task, self.now())
        return self._inner.cut(machine, fiber, role)

    def close(self, at_work: Sequence[RunningAttempt], *, at_once: bool) -> None:
        self._inner.close(at_work, at_once=at_once)


def _must_be_done(machine: Machine, fiber: Fiber) -> bool:
    """Whether a fiber is in a finaliser, which is done though nothing can be written of it."""
    scope = fiber.around.scope
    while scope.parent is not None:
        scope = scope.parent
    return scope is not machine.scope
