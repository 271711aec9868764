"""Are simulated runs that crash, and go on, told from one that never did?

A case is drawn by a seed: a workflow, what its tasks do, how much may run at once. It is run
without a crash, which has so many events at which a process may die; then again with a journal,
dying at one of them, and perhaps at others after that, each time going on in another process.

    python -m tests.crash.simulation --seed 7 --point 12      shows what happens in one of them
    python -m tests.crash.simulation --cases 1000             looks for faults in many
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Protocol

from returns.result import Failure, Result, Success

import fwf
from fwf.algebra.keys import RunName
from fwf.algebra.requirements import Requirements, requirements
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
    required: Requirements | None = None
    """Worked out when first asked for."""


@dataclass
class Ran:
    """How one process's part of a run ended."""

    result: Result[Any, Fault]
    trace: Trace | None
    start: int
    end: int


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
        trace = told(machine.log, lambda entry: event_of(entry, machine.path))
    return Ran(result, trace, start, machine.world.now())


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
            outside.restarted(deaths.after, rebooted=deaths.power_cut, jump=deaths.jump)
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
        if effect.lent:  # another one once it has been given back
            continue
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
        yield f"again, though {ended}: {start.path} {start.tries}, process {start.process}"
    for start in outside.late:
        yield f"late: {start.path} {start.tries}, process {start.process}"


# Many of them

SECOND = 1_000_000
MOST_DEATHS = 4
"""A step that has ended its process once more is given up."""


def deaths_of(seed: int, point: int) -> Deaths:
    """When processes of a case die: first at an event, then perhaps soon again."""
    rng = Random(f"{seed} {point}")
    at = [point]
    while len(at) < MOST_DEATHS and rng.random() < 0.4:
        at.append(at[-1] + rng.randint(1, 9))
    after = rng.choice([0, 0, 1, 3 * SECOND, 3600 * SECOND])
    durability: Durability = rng.choice(["power", "power", "process"])
    cut = rng.random() < 0.3
    back = 0 if cut else -3600 * SECOND  # after a reboot nothing else tells how long ago it was
    jump = rng.choice([0, 0, 0, back, 86_400 * SECOND])
    return Deaths(tuple(at), after, durability, cut, rng.randint(0, 3), jump)


@dataclass
class Points:
    """How many crash points there are in a case, and how to try one."""

    case: Case
    goes_on: GoesOn
    world: type[Simulated] = Simulated
    store: type[SimulatedStore] = SimulatedStore
    once: tuple[Ran, Outside] = field(init=False)
    count: int = field(init=False)

    def __post_init__(self) -> None:
        self.once = uninterrupted(self.case)
        self.count = self.told(Deaths(())).outside.crashes.passed

    def told(self, deaths: Deaths) -> Story:
        """The story of a run in which processes die so."""
        return told_by(self.case, deaths, self.goes_on, self.once, self.world, self.store)

    def faults(self, point: int) -> tuple[Story, list[str]]:
        """Die at a point ⟶ what happened, and what is wrong with that."""
        deaths = deaths_of(self.case.seed, point)
        story = self.told(deaths)
        certain = deaths.durability == "power" or not deaths.power_cut
        return story, faults_of(story, certain=certain)


@dataclass
class Found:
    """What came of many crash points."""

    cases: int = 0
    points: int = 0
    crashes: int = 0
    effects: int = 0
    repeated: int = 0
    """Attempts that were made again, since nobody knew how they had ended."""
    went_wrong: list[str] = field(default_factory=list)
    where: Counter[str] = field(default_factory=Counter)


def searched(
    goes_on: GoesOn, seeds: Iterable[int], *, points: int, each: int = 30, most_wrong: int = 1,
    world: type[Simulated] = Simulated, store: type[SimulatedStore] = SimulatedStore,
) -> Found:  # fmt: skip
    """Try so many crash points of cases with these seeds, at most `each` of one case."""
    found = Found()
    for seed in seeds:
        try:
            of = Points(case_of(seed), goes_on, world, store)
        except Exception as error:
            found.went_wrong.append(f"{_line(seed, 0)}: {error!r}")
            of = None
        if of is not None:
            found.cases += 1
            _search(of, found, min(points - found.points, each))
        if found.points >= points or len(found.went_wrong) >= most_wrong:
            break
    return found


def _search(of: Points, found: Found, most: int) -> None:
    seed = of.case.seed
    numbers = list(range(1, of.count + 1))
    Random(seed).shuffle(numbers)
    for point in numbers[:most]:
        found.points += 1
        try:
            story, wrong = of.faults(point)
        except Exception as error:
            found.went_wrong.append(f"{_line(seed, point)}: {error!r}")
            return
        died = story.outside.crashes.died
        found.crashes += len(died)
        found.where.update(died)
        found.effects += len(story.outside.effects)
        found.repeated += len(story.outside.starts) - len(
            {(each.path, each.tries) for each in story.outside.starts}
        )
        if wrong:
            found.went_wrong.append(f"{_line(seed, point)}: {wrong[0]}")
            return


def _line(seed: int, point: int) -> str:
    return f"python -m tests.crash.simulation --seed {seed} --point {point}"


def main() -> int:
    """Show one crash, or look for faults in many."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seed", type=int)
    asked.add_argument("--point", type=int, default=0)
    asked.add_argument("--cases", type=int, default=200)
    asked.add_argument("--first", type=int, default=0)
    asked.add_argument("--most", type=int, default=5)
    given = asked.parse_args()
    from .simulated_journal import goes_on

    if given.seed is None:
        seeds = range(given.first, given.first + given.cases)
        found = searched(goes_on, seeds, points=10**9, most_wrong=given.most)
        _say(*found.went_wrong, repr(found))
        return int(bool(found.went_wrong))
    of = Points(case_of(given.seed), goes_on)
    if not given.point:
        _say(repr(of.case.w), f"{of.count} events", repr(of.once[0].result))
        return 0
    story, wrong = of.faults(given.point)
    _say(*shown(story, deaths_of(given.seed, given.point)), *wrong)
    return int(bool(wrong))


def shown(story: Story, deaths: Deaths) -> Iterator[str]:
    """What happened, line by line."""
    case = story.case
    yield f"{case.w!r} on {case.value!r}, workers={case.workers}, pools={case.pools}"
    yield repr(deaths)
    yield f"died {', '.join(story.outside.crashes.died) or 'nowhere'}"
    for name, outside in (("undisturbed", story.undisturbed), ("crashed", story.outside)):
        yield f"{name}:"
        for start in outside.starts:
            at = f"{start.at / SECOND:.1f} s, process {start.process}"
            yield f"    {at}: {start.path} {start.tries}"
    for kept in story.disk.runs.values():
        yield f"run {kept.row.number} {kept.row.state}:"
        for each in kept.records:
            yield f"    {each.n} {each.kind} {each.path} ({each.tries}) {each.body}"
    yield f"undisturbed it ends as {story.once.result!r}"
    yield f"crashed, as {story.ran.result!r}"


def _say(*lines: str) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
