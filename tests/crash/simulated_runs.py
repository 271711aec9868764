"""One run of a workflow in the simulated world, by one process or, after crashes, by several."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Protocol

from returns.result import Failure, Result, Success

import fwf
from fwf.algebra.workflow import Workflow, as_workflow
from fwf.analysis.requirements import Requirements, requirements
from fwf.analysis.run_keys import RunName
from fwf.faults import Fault
from fwf.machine.fibers import OK, Env
from fwf.machine.log import event_of, trace_of
from fwf.machine.machine import Machine
from fwf.machine.memory import Memory
from fwf.machine.world import World
from fwf.worlds.trace import Trace

from .simulated_flows import flow, value_of
from .simulated_outside import Crash, Crashes, Outside, Plays
from .simulated_store import Disk, Durability, SimulatedStore
from .simulated_tasks import POOLS, script
from .simulated_world import Simulated


@dataclass(frozen=True)
class Case:
    """What is run."""

    w: Workflow[Any, Any]
    value: Any
    plays: Plays
    seed: int = 0
    workers: int | None = None
    pools: Mapping[str, int] = field(default_factory=dict)
    inline: bool = True
    params: Mapping[str, object] = field(default_factory=dict)
    key: str | None = "simulated"
    required: Requirements | None = None
    """Worked out when first asked for."""


@dataclass
class Ran:
    """How one process's part of a run ended."""

    result: Result[Any, Fault]
    trace: Trace | None
    start: int
    end: int
    degraded: tuple[str, ...] = ()


def case_of(seed: int, *, fails: int = 3) -> Case:
    """Seed ⟶ a case."""
    rng = Random(seed)
    w = fwf.named("case", flow(rng, rng.choice([2, 4, 5, 6, 8, 10])))
    known = requirements(w).pools
    pools = {name: rng.randint(1, 2) for name in POOLS if name in known and rng.random() < 0.7}
    workers = rng.choice([None, None, 1, 2])
    return Case(
        w, value_of(rng), script(seed, fails=fails), seed, workers, pools, rng.random() < 0.7
    )


def required_by(case: Case) -> Requirements:
    """What a case's workflow asks for."""
    if case.required is None:
        object.__setattr__(case, "required", requirements(as_workflow(case.w, "simulation")))
    assert case.required is not None
    return case.required


def named(case: Case) -> RunName:
    """What the run of a case is named by."""
    return RunName(required_by(case), case.params, case.value, case.key)


def machine_of(case: Case, world: World, memory: Memory | None = None) -> Machine:
    """The machine that runs a case in a world; what happens is recorded by it, or by a memory."""
    return Machine(
        as_workflow(case.w, "simulation"), world, Env(case.params), workers=case.workers,
        pools=case.pools, recording=memory is None, name=named(case), memory=memory,
    )  # fmt: skip


Outcome = Result[Any, Fault]


def ran_by(
    machine: Machine, case: Case, ended: Callable[[Outcome], Outcome] = lambda result: result
) -> Ran:
    """Run a case to its end; `ended` is told how that is."""
    start = machine.world.now()
    status, came = machine.execute(case.value)
    result = ended(Success(came) if status is OK else Failure(came))
    trace = None
    if machine.recording:
        trace = trace_of(machine.log, lambda entry: event_of(entry, machine.path))
    return Ran(result, trace, start, machine.world.now(), machine.degraded_paths)


def ran_in(case: Case, world: World) -> Ran:
    """Run a case in a world, without a journal."""
    return ran_by(machine_of(case, world), case)


def uninterrupted(case: Case) -> tuple[Ran, Outside]:
    """Run it without a journal, and without a crash."""
    outside = Outside(Crashes())
    return ran_in(case, Simulated(case.plays, outside, inline=case.inline)), outside


# With crashes


class GoesOn(Protocol):
    """One process: starts the run of a case, or goes on with it, to its end."""

    def __call__(self, case: Case, world: Simulated, store: SimulatedStore) -> Ran: ...


@dataclass(frozen=True)
class Deaths:
    """When processes die, and what becomes of what they wrote."""

    at: tuple[int, ...]
    """Numbers of events, counted over all processes."""
    after: int = 0
    """For how long nobody is there then, in µs."""
    durability: Durability = "power"
    power_cut: bool = False
    keep: int = 0
    """How many of the transactions that weren't synced survive a power cut."""
    jump: int = 0
    """By how much the time of day jumps meanwhile, in µs."""


@dataclass
class Story:
    """What happened in all processes of a run."""

    case: Case
    once: Ran
    undisturbed: Outside
    ran: Ran
    outside: Outside
    disk: Disk
    deaths: Deaths


MOST_PROCESSES = 50


def told_by(
    case: Case,
    deaths: Deaths,
    goes_on: GoesOn,
    once: tuple[Ran, Outside] | None = None,
    world: type[Simulated] = Simulated,
    store: type[SimulatedStore] = SimulatedStore,
    again: Case | None = None,
) -> Story:
    """Run a case, dying and going on, to its end; if it fails, try it `again` in another way."""
    outside, disk = Outside(Crashes(deaths.at)), Disk()
    for _ in range(MOST_PROCESSES):
        own = store(disk, outside.crashes, durability=deaths.durability)
        there = world(case.plays, outside, inline=case.inline)
        try:
            ran = goes_on(case, there, own)
            if again is None or isinstance(ran.result, Success):
                return Story(case, *(once or uninterrupted(case)), ran, outside, disk, deaths)
            case, again = again, None
            _next(outside, disk, deaths)
        except Crash:
            there.died()
            if deaths.power_cut:
                disk.power_went(deaths.keep)
            else:
                disk.process_died()
            _next(outside, disk, deaths)
    raise AssertionError(f"seed {case.seed}: no end after {MOST_PROCESSES} processes")


def _next(outside: Outside, disk: Disk, deaths: Deaths) -> None:
    """Another process is about to start."""
    outside.restarted(deaths.after, rebooted=deaths.power_cut, jump=deaths.jump)
    if any(kept.row.state == "failed" for kept in disk.runs.values()):
        outside.forgive()
