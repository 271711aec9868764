"""Are simulated runs that crash, and go on, told from one that never did?

A case is drawn by a seed: a workflow, what its tasks do, how much may run at once. It is run
without a crash, which has so many events at which a process may die; then again with a journal,
dying at one of them, and perhaps at others after that, each time going on in another process.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Protocol

from returns.result import Failure, Result, Success

from fwf.algebra.keys import RunName
from fwf.algebra.requirements import requirements
from fwf.algebra.trace import Trace
from fwf.algebra.workflow import Workflow, as_workflow
from fwf.faults import Fault
from fwf.machine.fibers import OK, Env
from fwf.machine.log import event_of, told
from fwf.machine.machine import Machine
from fwf.machine.memory import Memory
from fwf.machine.world import World
from laws.agreement import same_result

from .simulated_flows import POOLS, flow, script, value_of
from .simulated_store import Disk, Durability, SimulatedStore
from .simulated_world import Crash, Crashes, Outside, Plays, Simulated


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


@dataclass
class Ran:
    """How one process's part of a run ended."""

    result: Result[Any, Fault]
    trace: Trace
    start: int
    end: int


def case_of(seed: int, *, fails: int = 3) -> Case:
    """Seed ⟶ a case."""
    rng = Random(seed)
    w = flow(rng, rng.choice([2, 4, 5, 6, 8, 10]))
    known = requirements(w).pools
    pools = {name: rng.randint(1, 2) for name in POOLS if name in known and rng.random() < 0.7}
    workers = rng.choice([None, None, 1, 2])
    return Case(
        w, value_of(rng), script(seed, fails=fails), seed, workers, pools, rng.random() < 0.7
    )


def ran_in(case: Case, world: World, memory: Memory | None = None) -> Ran:
    """Run a case in a world, to its end."""
    node = as_workflow(case.w, "simulation")
    name = RunName(requirements(node), case.params, case.value, case.key)
    machine = Machine(
        node, world, Env(case.params), workers=case.workers, pools=case.pools, recording=True,
        name=name, memory=memory,
    )  # fmt: skip
    start = world.now()
    status, came = machine.execute(case.value)
    result: Result[Any, Fault] = Success(came) if status is OK else Failure(came)
    trace = told(machine.log, lambda entry: event_of(entry, machine.path))
    return Ran(result, trace, start, world.now())


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


@dataclass
class Story:
    """What happened in all processes of a run."""

    case: Case
    once: Ran
    undisturbed: Outside
    ran: Ran
    outside: Outside
    disk: Disk


MOST_PROCESSES = 50


def told_by(
    case: Case,
    deaths: Deaths,
    goes_on: GoesOn,
    once: tuple[Ran, Outside] | None = None,
    world: type[Simulated] = Simulated,
    store: type[SimulatedStore] = SimulatedStore,
) -> Story:
    """Run a case, dying and going on, to its end."""
    outside, disk = Outside(Crashes(deaths.at)), Disk()
    for _ in range(MOST_PROCESSES):
        own = store(disk, outside.crashes, durability=deaths.durability)
        try:
            ran = goes_on(case, world(case.plays, outside, inline=case.inline), own)
            return Story(case, *(once or uninterrupted(case)), ran, outside, disk)
        except Crash:
            if deaths.power_cut:
                disk.power_went(deaths.keep)
            else:
                disk.process_died()
            outside.restarted(deaths.after)
            if any(kept.row.state == "failed" for kept in disk.runs.values()):
                outside.forgive()
    raise AssertionError(f"seed {case.seed}: no end after {MOST_PROCESSES} processes")


def faults_of(story: Story, *, certain: bool = True) -> list[str]:
    """What is wrong with how a run went. `certain`: what was committed stayed so.

    One that had failed before it went on has another budget, and may end as it likes.
    """
    found = [*_keys(story), *(_again(story) if certain else ())]
    return found if story.outside.forgiven else [*_outcome(story), *_lost(story), *found]


def _outcome(story: Story) -> Iterator[str]:
    if not same_result(story.ran.result, story.once.result):
        yield f"wrong: it ended as {story.ran.result!r}, not as {story.once.result!r}"


def _keys(story: Story) -> Iterator[str]:
    """Each step has one key, which no other has, in every run."""
    of: dict[str, str] = {}
    whose: dict[str, str] = {}
    for effect in (*story.undisturbed.effects, *story.outside.effects):
        if of.setdefault(effect.path, effect.key) != effect.key:
            yield f"key: {effect.path} came with another one"
        if whose.setdefault(effect.key, effect.path) != effect.path:
            yield f"key: {effect.path} has that of {whose[effect.key]}"
        if not effect.key:
            yield f"key: {effect.path} came without one"


def _lost(story: Story) -> Iterator[str]:
    """What is done in every run was done in this one, on the same input, and nothing else was."""
    wanted, found = (
        {(each.path, each.tries, repr(each.value)) for each in outside.effects if each.free}
        for outside in (story.undisturbed, story.outside)
    )
    for path, tries, value in sorted(wanted - found):
        yield f"lost: {path} {tries} on {value}"
    for path, tries, value in sorted(found - wanted):
        yield f"beside: {path} {tries} on {value}, which it would never have done"


def _again(story: Story) -> Iterator[str]:
    outside = story.outside
    for start, ended in outside.again:
        if ended == "ok" or start.process == outside.settled[start.path, start.tries][1]:
            yield f"again: {start.path} {start.tries}, process {start.process}"
    for start in outside.late:
        yield f"late: {start.path} {start.tries}, process {start.process}"
