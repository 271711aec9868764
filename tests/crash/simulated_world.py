"""The world of a simulated run: tasks follow a script, time is virtual, and the process may die.

What a process can't take along when it dies is `Outside`: the time, what tasks did to the systems
they write to, and the plan of when the machine crashes. A `Simulated` world is the part that
belongs to one process, and so is all that stands around it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any, ClassVar, Final, Literal, NamedTuple, TypeAlias, final

from fwf.algebra.keys import step_key
from fwf.algebra.nodes import Always, Task
from fwf.faults import Fault
from fwf.machine.fibers import ERR, INT, OK, Fiber, numbers
from fwf.machine.forks import Fork
from fwf.machine.frames import Timing
from fwf.machine.machine import Machine
from fwf.machine.places import Place
from fwf.machine.timers import MICROSECOND, NEVER
from fwf.machine.waits import Attempt
from fwf.machine.world import Ended, Landed

EPOCH = 1_767_225_600_000_000
"""Where the calendar of simulated runs starts, in µs since 1970: the first of January 2026."""


class Crash(BaseException):
    """The process has died; says at which point."""


@final
class Crashes:
    """Every event at which the process may die, and at which of them it does."""

    def __init__(self, at: Iterable[int] = ()) -> None:
        self.plan = sorted(at, reverse=True)
        """Numbers of events, the next one last."""
        self.passed = 0
        """How many events there were so far."""
        self.died: list[str] = []
        """Where it died so far."""
        self.dead = False

    def point(self, where: str) -> None:
        """An event: raises `Crash` if the process dies here, or is dead."""
        if self.dead:
            raise Crash(self.died[-1])
        if self.due():
            self.die(where)

    def due(self) -> bool:
        """Count an event ⟶ whether the process dies at it; the caller sees to that."""
        self.passed += 1
        return bool(self.plan) and self.plan[-1] <= self.passed

    def die(self, where: str) -> None:
        """The process dies."""
        self.plan.pop()
        self.died.append(where)
        self.dead = True
        raise Crash(where)


@dataclass(frozen=True)
class Step:
    """A step instance, and what its attempt is given."""

    task: str
    path: str
    tries: tuple[int, ...]
    value: Any
    number: int
    """How many attempts at this path came before."""
    free: bool = True
    """Whether nothing that strikes is around it."""
    lasting: bool = True
    """Whether what it gives lasts as long as the run: not what is lent, nor what is done at the end
    of a part, which is for each try of the run."""


@dataclass(frozen=True)
class Doing:
    """What an attempt comes to: `fault` makes the one that it fails with, at the time of its end.

    early: whether what it does outside is done when it starts, not when it ends.
    stops: whether it does when it is cut; else it works on to its end.
    """

    value: Any = None
    fault: Callable[[int], Fault] | None = None
    lasts: int = 0
    early: bool = False
    stops: bool = False


NEAR: Final = 3600 * 1_000_000
"""Deadlines that are nearer than that many µs are such as strike."""

LENT: Final = frozenset({"lent", "lent_or_not"})
PASSING: Final = frozenset({*LENT, "told"})
"""Tasks whose value lasts no longer than a try, or until a finaliser gives it back."""

Plays: TypeAlias = Callable[[Step, Task[Any, Any]], Doing]
"""What an attempt does: the same whenever it is asked the same."""


class Effect(NamedTuple):
    """What an attempt did to the system it writes to, which keeps it for ever."""

    path: str
    tries: tuple[int, ...]
    key: str
    value: Any
    process: int
    at: int
    free: bool
    """Whether nothing that strikes is around it: then it is done in every run."""
    lent: bool
    """Whether it borrows what is given back by a finaliser."""


class Start(NamedTuple):
    """That an attempt was started."""

    path: str
    tries: tuple[int, ...]
    process: int
    at: int


Ending: TypeAlias = Literal["ok", "failed", "cut"]
Instance: TypeAlias = tuple[str, tuple[int, ...]]
"""A step instance: its path, and the attempt numbers of the retries around it."""


@dataclass
class Outside:
    """What outlives a process."""

    crashes: Crashes
    now: int = 0
    """The time in µs, as a clock shows it that nothing ever stops."""
    process: int = 0
    """Which process it is."""
    boot: int = 0
    """Which start of the machine."""
    skew: int = 0
    """By how much the time of day is wrong, in µs."""
    effects: list[Effect] = field(default_factory=list)
    starts: list[Start] = field(default_factory=list)
    settled: dict[Instance, tuple[Ending, int]] = field(default_factory=dict)
    """Instances of which the machine was told the end, before it went on in the world: how the last
    attempt ended, and in which process. Who says that steps are durable has them by then."""
    again: list[tuple[Start, Ending]] = field(default_factory=list)
    """Starts of what had been settled, and how."""
    late: list[Start] = field(default_factory=list)
    """Starts of what a retry had left behind: a later attempt had been settled."""
    lost: int = 0
    """So long, in µs, what was at work at crashes had been so; and nobody was there after them."""
    forgiven: int = 0
    """How often the run went on after it had failed."""
    newest: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """By path the latest attempt numbers of what is settled."""

    def restarted(self, after: int, *, rebooted: bool = False, jump: int = 0) -> None:
        """Another process starts, so many µs later; perhaps the clock was set meanwhile."""
        self.crashes.dead = False
        self.boot += rebooted
        self.skew += jump
        self.now += after
        self.process += 1
        self.lost += after

    def forgive(self) -> None:
        """The run had failed: what failed is done anew, with a fresh budget."""
        self.forgiven += 1
        self.newest.clear()
        self.settled = {key: there for key, there in self.settled.items() if there[0] == "ok"}

    def started(self, step: Step) -> None:
        """An attempt starts: write that down, and what is wrong with it."""
        start = Start(step.path, step.tries, self.process, self.now)
        self.starts.append(start)
        ended = self.settled.get((step.path, step.tries))
        if ended is not None and step.lasting:
            self.again.append((start, ended[0]))
        if step.lasting and step.tries < self.newest.get(step.path, ()):
            self.late.append(start)

    def settle(self, instance: Instance, ending: Ending) -> None:
        """The machine has gone on after an attempt."""
        path, tries = instance
        self.settled[instance] = ending, self.process
        self.newest[path] = max(tries, self.newest.get(path, ()))


@final
class Role:
    """What is known beforehand of a task's attempts."""

    __slots__ = ("always", "arity", "inline", "task", "writes")

    def __init__(self, task: Task[Any, Any], inline: bool) -> None:
        self.task = task
        self.arity = len(task.contract.inputs)
        self.inline = inline
        self.writes = task.contract.may_write
        self.always: Ended | None = None


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
        self._ends: list[tuple[int, int, Attempt, Doing, Step, str]] = []
        """A heap of what is at work, by its end."""
        self._queue: list[tuple[Attempt, Step]] = []
        """What begins when the machine waits."""
        self._count = 0
        self._numbers: dict[str, int] = {}
        self._landed: list[tuple[Instance, Ending]] = []
        """What the machine has been told of since it last turned to the world."""
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

    def start(self, machine: Machine, fiber: Fiber, role: Role, alone: bool) -> Ended | Attempt:
        """Start an attempt; one that is alone has ended when this returns.

        Another one begins when the machine waits, so that who writes down what starts does that
        once for all that starts at one instant.
        """
        if alone:
            self._settle()
            step = self._step(machine, fiber, role)
            doing, key = self._begin(machine, step, fiber, role)
            return self._at_once(machine, step, doing, key)
        attempt = Attempt(fiber, role, machine.now())
        self._queue.append((attempt, self._step(machine, fiber, role)))
        return attempt

    def wait(self, machine: Machine, until: float, busy: int) -> Sequence[Landed]:
        """Let time pass until then, or until some of what is at work has ended."""
        self._settle()
        landed: list[Landed] = []
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

    def _waited(self, until: float) -> Sequence[Landed]:
        outside, now = self.outside, self.now()
        outside.crashes.point("in a wait" if self._ends else "in a pause")
        for stopped in [one for one in self._ends if one[2].cut and one[3].stops]:
            self._ends.remove(stopped)
            heappush(self._ends, (now, *stopped[1:]))
        time = min(until, self._ends[0][0] if self._ends else NEVER)
        if time == NEVER:
            raise AssertionError("the machine waits for ever")
        outside.now += max(0, int(time) - now)
        landed: list[Landed] = []
        while self._ends and self._ends[0][0] <= self.now():
            end, _, attempt, doing, step, key = heappop(self._ends)
            landed.append((attempt, *self._end(step, doing, key, end, attempt.cut), end))
        outside.crashes.point("after a wait")
        return landed

    def cut(self, machine: Machine, fiber: Fiber, role: Role) -> bool:
        """Nobody waits for it any longer; `wait` tells when it has ended."""
        self._landed.append(((machine.path(fiber.place), numbers(fiber.tries)), "cut"))
        return False

    def close(self, left: Sequence[Attempt], *, at_once: bool) -> None:
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

    # How an attempt goes

    def _begin(self, machine: Machine, step: Step, fiber: Fiber, role: Role) -> tuple[Doing, str]:
        """An attempt begins ⟶ what it does, with which key."""
        self.outside.crashes.point("before a start")
        self.outside.started(step)
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
        return Step(
            role.task.name,
            path,
            numbers(fiber.tries),
            given,
            number,
            _free(fiber),
            _lasting(role.task.name, fiber.place),
        )

    def _at_once(self, machine: Machine, step: Step, doing: Doing, key: str) -> Ended:
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
            self.outside.settle(instance, ending)
        self._landed.clear()


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
