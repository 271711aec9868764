"""The world of a simulated run: tasks follow a script, time is virtual, and the process may die.

A `Simulated` world belongs to one process, as all does that stands around it; what outlives that is
`Outside` (`simulated_outside.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from heapq import heappop, heappush
from typing import Any, ClassVar, final

from fwf.algebra.nodes import Always, Task
from fwf.analysis.run_keys import step_key
from fwf.derived import Bracket
from fwf.durations import MICROSECOND
from fwf.machine.fibers import ERR, INT, OK, Fiber, numbers
from fwf.machine.forks import Fork
from fwf.machine.frames import Timing
from fwf.machine.machine import Machine
from fwf.machine.places import Place
from fwf.machine.timers import NEVER
from fwf.machine.waits import RunningAttempt
from fwf.machine.world import Ending as AttemptEnding, Landing

from .simulated_outside import (
    EPOCH,
    LENT,
    NEAR,
    PASSING,
    Borrowed,
    Doing,
    Effect,
    Ending,
    Finaliser,
    Instance,
    Outside,
    Plays,
    Step,
)


@final
class Role:
    """What is known beforehand of a task's attempts."""

    __slots__ = ("always", "arity", "inline", "task", "writes")

    def __init__(self, task: Task[Any, Any], inline: bool) -> None:
        self.task = task
        self.arity = len(task.contract.inputs)
        self.inline = inline
        self.writes = task.contract.may_write
        self.always: AttemptEnding | None = None


class Simulated:
    """Where tasks follow a script. Mutants override what is called `_…`."""

    foretells: ClassVar[bool] = False

    def __init__(self, plays: Plays, outside: Outside, *, inline: bool = True) -> None:
        self.outside = outside
        self._plays = plays
        self._inline = inline
        self.key: Callable[[Fiber], str] | None = None
        """The idempotency key of the step that a fiber is at, where a journal says it."""
        self._boot = outside.now - 1_000_003 * outside.process
        """When the clock of this process started: another one's started elsewhere."""
        self._ends: list[tuple[int, int, RunningAttempt, Doing, Step, str]] = []
        """A heap of what is at work, by its end."""
        self._queue: list[tuple[RunningAttempt, Step]] = []
        """What begins when the machine waits."""
        self._count = 0
        self._numbers: dict[str, int] = {}
        self._since: dict[Instance, int] = {}
        """When attempts began of which the machine hasn't gone on from the end."""
        self._landed: list[tuple[Instance, Ending]] = []
        """What the machine has been told of since it last turned to the world."""
        self._finished: list[tuple[Finaliser, tuple[int, ...]]] = []
        """Parts that were fine, whose finalisers are done, since it last turned to the world."""
        self._closed = False

    def role(self, task: Task[Any, Any]) -> Role:
        """What is known of a task's attempts beforehand."""
        return Role(task, self._inline)

    def now(self) -> int:
        """The time, by the clock of this process."""
        return self.outside.now - self._boot

    # What a journal asks for (`fwf.interpreters.run.journaled.stamps.Watch`)

    @property
    def boot(self) -> str:
        """What this start of the machine is known by."""
        return f"boot {self.outside.boot}"

    def wall(self) -> int:
        """The time of day, in µs since 1970."""
        return EPOCH + self.outside.now + self.outside.skew

    def since_boot(self) -> int:
        """The time since the machine started, by a clock that doesn't jump."""
        return self.outside.now - 7_000_000_000 * self.outside.boot

    # What the machine asks for

    def start(
        self, machine: Machine, fiber: Fiber, role: Role, alone: bool
    ) -> AttemptEnding | RunningAttempt:
        """Start an attempt; one that is alone has ended when this returns.

        Another one begins when the machine waits, so that who writes down what starts does that
        once for all that starts at one instant.
        """
        if alone:
            self._settle()
            step = self._step(machine, fiber, role)
            doing, key = self._begin(machine, step, fiber, role)
            return self._at_once(machine, step, doing, key)
        attempt = RunningAttempt(fiber, role, machine.now())
        self._queue.append((attempt, self._step(machine, fiber, role)))
        return attempt

    def wait(self, machine: Machine, until: float, busy: int) -> Sequence[Landing]:
        """Let time pass until then, or until some of what is at work has ended."""
        self._settle()
        landed: list[Landing] = []
        queue, self._queue = self._queue, []
        for attempt, step in queue:
            if attempt.withdrawn:
                continue
            if attempt.cut:
                landed.append((attempt, INT, None, self.now()))
                continue
            doing, key = self._begin(machine, step, attempt.fiber, attempt.role)
            self._count += 1
            end = attempt.start + doing.lasts
            heappush(self._ends, (end, self._count, attempt, doing, step, key))
        return landed or self._waited(until)

    def _waited(self, until: float) -> Sequence[Landing]:
        outside, now = self.outside, self.now()
        outside.crashes.point("in a wait" if self._ends else "in a pause")
        for stopped in [one for one in self._ends if one[2].cut and one[3].stops]:
            self._ends.remove(stopped)
            heappush(self._ends, (now, *stopped[1:]))
        time = min(until, self._ends[0][0] if self._ends else NEVER)
        if time == NEVER:
            raise AssertionError("the machine waits for ever")
        outside.now += max(0, int(time) - now)
        landed: list[Landing] = []
        while self._ends and self._ends[0][0] <= self.now():
            end, _, attempt, doing, step, key = heappop(self._ends)
            landed.append((attempt, *self._end(step, doing, key, end, attempt.cut), end))
        outside.crashes.point("after a wait")
        return landed

    def cut(self, machine: Machine, fiber: Fiber, role: Role) -> bool:
        """Nobody waits for it any longer; `wait` tells when it has ended."""
        self._landed.append(((machine.path(fiber.place), numbers(fiber.tries)), "cut"))
        return False

    def close(self, at_work: Sequence[RunningAttempt], *, at_once: bool) -> None:
        """The run is over: what still works on does so to its end.

        How the last ones ended isn't settled by that: it may still have to be written.
        """
        if self.outside.crashes.dead or self._closed:
            return
        self._closed = True
        while self._ends:
            end, _, attempt, doing, step, key = heappop(self._ends)
            if not (attempt.cut and doing.stops):
                self._end(step, doing, key, end, True)

    def finished(self, finaliser: Finaliser, tries: tuple[int, ...]) -> None:
        """A part was fine, and its finaliser is done."""
        self._finished.append((finaliser, tries))

    def died(self) -> None:
        """The process has died: what was at work has to begin anew."""
        self.outside.lost += self.outside.now - min(self._since.values(), default=self.outside.now)

    # How an attempt goes

    def _begin(self, machine: Machine, step: Step, fiber: Fiber, role: Role) -> tuple[Doing, str]:
        """An attempt begins ⟶ what it does, with which key."""
        self.outside.crashes.point("before a start")
        self.outside.started(step)
        self._since[step.path, step.tries] = self.outside.now
        doing, key = self._plays(step, role.task), self._key(machine, step, fiber)
        if doing.early:
            self._act(step, key)
        return doing, key

    def _step(self, machine: Machine, fiber: Fiber, role: Role) -> Step:
        path = machine.path(fiber.place)
        number = self._numbers.get(path, 0)
        self._numbers[path] = number + 1
        given = fiber.value if role.arity else None
        asked = {each.name for each in role.task.contract.injected if each.kind == "parameter"}
        if asked:
            params = fiber.around.env.params
            given = given, {name: params[name] for name in sorted(asked) if name in params}
        name, place = role.task.name, fiber.place
        return Step(
            name, path, numbers(fiber.tries), given, number, _free(fiber),
            _finaliser(machine, place), _bracket(machine, place), _lasting(name, place),
        )  # fmt: skip

    def _at_once(self, machine: Machine, step: Step, doing: Doing, key: str) -> AttemptEnding:
        outside = self.outside
        outside.crashes.point("in an attempt")
        outside.now += doing.lasts
        status, came = self._end(step, doing, key, self.now(), False)
        outside.crashes.point("after an attempt")
        machine.instant = None
        return status, came, 0

    def _end(self, step: Step, doing: Doing, key: str, end: int, cut: bool) -> tuple[Any, Any]:
        """What comes of an attempt, after what it does outside."""
        if not (doing.early or (cut and doing.stops)):
            self._act(step, key)
            self.outside.crashes.point("after an effect")
        failed = doing.fault is not None
        if not cut:
            self.outside.results[step.path, step.tries] = doing
            self._landed.append(((step.path, step.tries), "failed" if failed else "ok"))
        return (OK, doing.value) if doing.fault is None else (ERR, doing.fault(end))

    def _act(self, step: Step, key: str) -> None:
        outside, lent = self.outside, step.task in LENT
        where = step.path, step.tries, key, step.value
        outside.effects.append(Effect(*where, outside.process, outside.now, step.free, lent))

    def _key(self, machine: Machine, step: Step, fiber: Fiber) -> str:
        """The idempotency key that an attempt carries."""
        if self.key is not None:
            return self.key(fiber)
        return str(step_key(machine.name.key or "", step.path))

    def _settle(self) -> None:
        """The machine has gone on: what it was told of is done."""
        for instance, ending in self._landed:
            self._since.pop(instance, None)
            self.outside.settle(instance, ending)
        self._landed.clear()
        for finaliser, tries in self._finished:
            self.outside.done.setdefault(finaliser, []).append(tries)
        self._finished.clear()


def _free(fiber: Fiber) -> bool:
    """Whether nothing that strikes is around a fiber."""
    inner: Fiber | None = fiber
    while inner is not None:
        for frame in inner.frames:
            if isinstance(frame, Fork):
                if frame.fail_fast:
                    return False
            elif isinstance(frame, Timing) and frame.node.within // MICROSECOND < NEAR:
                return False
        inner = None if inner.fork is None else inner.fork.fiber
    return True


def _lasting(task: str, place: Place) -> bool:
    """Whether what a task gave at a place lasts as long as the run."""
    if task in PASSING:
        return False
    while place is not None:
        place, node, index, _ = place
        if isinstance(node, Always) and index == 1:
            return False
    return True


def _finaliser(machine: Machine, place: Place) -> Finaliser | None:
    """The part whose finaliser a place is in, if it is in just one."""
    found: list[Place] = []
    inside = place
    while inside is not None:
        above, node, index, _ = inside
        if isinstance(node, Always) and index == 1:
            found.append(above)
        inside = above
    if len(found) != 1:
        return None
    path, above = machine.path(found[0]), found[0]
    count = 0
    while above is not None:
        around, node, index, _ = above
        count += isinstance(node, Always) and index == 0 and machine.path(around) == path
        above = around
    return path, count


def _bracket(machine: Machine, place: Place) -> Borrowed | None:
    """The innermost bracket that a place is in, and whether it is in what gives back."""
    gives_back = False
    while place is not None:
        above, node, index, _ = place
        if isinstance(node, Bracket):
            return Borrowed(machine.path(above), gives_back)
        if isinstance(node, Always):
            gives_back = index == 1
        place = above
    return None
