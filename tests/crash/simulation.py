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
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from random import Random

from returns.result import Success

from .simulated_oracle import faults_after_failure, faults_of
from .simulated_outside import Outside
from .simulated_runs import Case, Deaths, GoesOn, Ran, Story, case_of, told_by, uninterrupted
from .simulated_store import Durability, SimulatedStore
from .simulated_tasks import script
from .simulated_world import Simulated

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
    """How many crash points there are in a case, and how to try one.

    failing: whether the case fails, and is gone on with once its tasks are mended.
    """

    case: Case
    goes_on: GoesOn
    world: type[Simulated] = Simulated
    store: type[SimulatedStore] = SimulatedStore
    failing: bool = False
    once: tuple[Ran, Outside] = field(init=False)
    count: int = field(init=False)

    def __post_init__(self) -> None:
        self.once = uninterrupted(self.case)
        if self.failing and isinstance(self.once[0].result, Success):
            self.count = 0
        else:
            self.count = self.told(Deaths(())).outside.crashes.passed

    def told(self, deaths: Deaths) -> Story:
        """The story of a run in which processes die so."""
        again = None
        if self.failing:
            again = replace(self.case, plays=script(self.case.seed, fails=0))
        return told_by(self.case, deaths, self.goes_on, self.once, self.world, self.store, again)

    def faults(self, point: int) -> tuple[Story, list[str]]:
        """Die at a point ⟶ what happened, and what is wrong with that."""
        deaths = deaths_of(self.case.seed, point)
        if self.failing:
            deaths = replace(deaths, durability="power")
        story = self.told(deaths)
        if self.failing and story.outside.forgiven:
            return story, faults_after_failure(story)
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
    failing: bool = False,
) -> Found:  # fmt: skip
    """Try so many crash points of cases with these seeds, at most `each` of one case.

    failing: of runs that fail, and are gone on with once their tasks are mended.
    """
    found = Found()
    for seed in seeds:
        try:
            of = Points(case_of(seed), goes_on, world, store, failing)
        except Exception as error:
            found.went_wrong.append(f"{_line(seed, 0, failing)}: {error!r}")
            of = None
        if of is not None:
            found.cases += of.count > 0
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
            found.went_wrong.append(f"{_line(seed, point, of.failing)}: {error!r}")
            return
        died = story.outside.crashes.died
        found.crashes += len(died)
        found.where.update(died)
        found.effects += len(story.outside.effects)
        found.repeated += len(story.outside.starts) - len(
            {(each.path, each.tries) for each in story.outside.starts}
        )
        if wrong:
            found.went_wrong.append(f"{_line(seed, point, of.failing)}: {wrong[0]}")
            return


def _line(seed: int, point: int, failing: bool) -> str:
    more = " --failing" if failing else ""
    return f"python -m tests.crash.simulation --seed {seed} --point {point}{more}"


def main() -> int:
    """Show one crash, or look for faults in many."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seed", type=int)
    asked.add_argument("--point", type=int, default=0)
    asked.add_argument("--cases", type=int, default=200)
    asked.add_argument("--first", type=int, default=0)
    asked.add_argument("--most", type=int, default=5)
    asked.add_argument("--failing", action="store_true")
    given = asked.parse_args()
    from .simulated_journal import goes_on

    if given.seed is None:
        seeds = range(given.first, given.first + given.cases)
        found = searched(goes_on, seeds, points=10**9, most_wrong=given.most, failing=given.failing)
        _say(*found.went_wrong, repr(found))
        return int(bool(found.went_wrong))
    of = Points(case_of(given.seed), goes_on, failing=given.failing)
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
