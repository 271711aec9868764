"""What runs under clocks that jump: one try of a job, in a process of its own, in virtual time.

    python -m tests.crash.clocks_child '{"job": "delay", …}'    the fields of `World`

Each task notes what time it really is. The process is killed when that is `dies`.
"""

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any, Final, NamedTuple

from returns.result import Failure

from fwf import (
    Attempt,
    VirtualClock,
    Workflow,
    const,
    delay,
    loop_until,
    minutes,
    named,
    retry,
    run,
    task,
    timeout,
)

SECOND: Final = 1_000_000


class World(NamedTuple):
    """What the clocks show when the process starts, all in seconds, and what happens then.

    real: the time that nobody can read, which never jumps; wall: the time of day; boot: since the
    machine started, which `started` names.
    dies: the real time of the kill; jumps: that at which the time of day is set, by how much;
    sleeps: that at which the machine is suspended, for how long.
    """

    job: str
    folder: str
    real: float
    wall: float
    boot: float
    started: str = "one start"
    dies: float | None = None
    jumps: tuple[float, float] | None = None
    sleeps: tuple[float, float] | None = None


class Clocks:
    """The clock that waits jump by, and what the others show then."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.inner = VirtualClock()

    def now(self) -> int:
        return self.inner.now()

    def real(self) -> float:
        """The monotonic clock stands still while the machine is suspended."""
        real = self.world.real + self.inner.now() / SECOND
        asleep = self.world.sleeps
        return real + asleep[1] if asleep is not None and real >= asleep[0] else real

    def since_boot(self) -> float:
        return self.world.boot + self.real() - self.world.real

    def wall(self) -> float:
        wall = self.world.wall + self.real() - self.world.real
        jump = self.world.jumps
        return wall + jump[1] if jump is not None and self.real() >= jump[0] else wall

    def wait(self, inbox: Any, until: float, busy: int) -> list[Any]:
        """Wait; die if the time has come before."""
        dies = self.world.dies
        if dies is not None and not busy:
            last = (dies - self.world.real) * SECOND
            if until > last:
                os.kill(os.getpid(), signal.SIGKILL)
        found: list[Any] = self.inner.wait(inbox, until, busy)
        return found

    def cut(self, worker: int) -> None:
        self.inner.cut(worker)

    def release(self) -> None:
        self.inner.release()


_clocks: list[Clocks] = []


def note(what: str) -> None:
    clocks = _clocks[0]
    with open(Path(clocks.world.folder) / "times", "a", encoding="utf-8") as file:
        print(json.dumps([what, clocks.real()]), file=file)


@task(effect="idempotent")
def first() -> str:
    note("first")
    return "first"


@task(effect="idempotent")
def last(given: str) -> str:
    note("last")
    return "last"


@task(effect="idempotent")
def fails_twice(given: str, *, attempt: Attempt) -> str:
    note("tried")
    if attempt < 3:
        raise ConnectionError("not yet")
    return "tried"


@task(effect="read")
def asks(given: str) -> str:
    note("asked")
    return "no"


again = loop_until(asks >> delay(minutes(10)), const(False), limit=1_000)
JOBS: Final[dict[str, Workflow[Any, Any]]] = {
    "delay": named("waits", first >> delay(minutes(10)) >> last),
    "retry": named("tries", first >> retry(fails_twice, attempts=4, wait=minutes(10)) >> last),
    "timeout": named("polls", first >> timeout(again, minutes(55))),
}


def main(world: World) -> int:
    clocks = Clocks(world)
    _clocks.append(clocks)
    _show(clocks)
    made: Any = run
    journal = str(Path(world.folder) / "runs.db")
    ended = made(JOBS[world.job], key="k", clock=clocks, journal=journal)
    note("ended")
    print(ended)
    return int(isinstance(ended, Failure))


def _show(clocks: Clocks) -> None:
    """Have a journal's times be those of the clocks."""
    from fwf.interpreters.run.journaled.stamps import SystemWatch

    shown: Any = SystemWatch
    shown.wall = lambda self: round(clocks.wall() * SECOND)
    shown.since_boot = lambda self: round(clocks.since_boot() * SECOND)
    shown.boot = property(lambda self: clocks.world.started)


if __name__ == "__main__":
    sys.exit(main(World(**json.loads(sys.argv[1]))))
