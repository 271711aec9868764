"""What outlives a process: the time, what was done to other systems, the plan of its crashes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final, Literal, NamedTuple, TypeAlias, final

from fwf.algebra.nodes import Task
from fwf.faults import Fault

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


Finaliser: TypeAlias = tuple[str, int]
"""A part with a finaliser: its path, and how many with the same one it is in."""


class Borrowed(NamedTuple):
    """A part of a `bracket`: the path of that, and whether it is what gives back."""

    path: str
    gives_back: bool


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
    finalises: Finaliser | None = None
    """The part whose finaliser it is in, if that is in no other one."""
    bracket: Borrowed | None = None
    """The `bracket` that it is in."""
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
    """How much time, in µs, crashes may have cost: what was at work begins anew, and for a while
    nobody was there."""
    results: dict[Instance, Doing] = field(default_factory=dict)
    """What step instances came to, the last time that they were done to their end."""
    forgiven: int = 0
    """How often the run went on after it had failed."""
    done: dict[Finaliser, list[tuple[int, ...]]] = field(default_factory=dict)
    """Parts that were fine and whose finalisers are done, with the attempts of retries around."""
    undone: list[Start] = field(default_factory=list)
    """Starts in finalisers of such parts."""
    dead: list[Start] = field(default_factory=list)
    """Starts in brackets that had given back what they need."""
    given_back: set[str] = field(default_factory=set)
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
        if step.finalises and any(
            step.tries[: len(tries)] == tries for tries in self.done.get(step.finalises, ())
        ):
            self.undone.append(start)
        if step.bracket is not None:
            self._borrows(step, step.bracket, start)
        if step.lasting and step.tries < self.newest.get(step.path, ()):
            self.late.append(start)

    def _borrows(self, step: Step, bracket: Borrowed, start: Start) -> None:
        if step.task in LENT:
            self.given_back.discard(bracket.path)
        elif bracket.gives_back:
            self.given_back.add(bracket.path)
        elif bracket.path in self.given_back:
            self.dead.append(start)

    def settle(self, instance: Instance, ending: Ending) -> None:
        """The machine has gone on after an attempt."""
        path, tries = instance
        self.settled[instance] = ending, self.process
        self.newest[path] = max(tries, self.newest.get(path, ()))
