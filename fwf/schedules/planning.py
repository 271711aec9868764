"""Which partitions are to be done, in which order, and what keeps the others: a plan is a value.

What a journal knows is asked for by a function, and the present is an argument: nothing is read or
started here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, final

from fwf.durations import SECOND
from fwf.records import changed, record
from fwf.schedules.partitions import partitions

if TYPE_CHECKING:
    from fwf.schedules.planned_runs import Run
    from fwf.schedules.timetable import Timetable

Standing: TypeAlias = Literal[
    "complete", "degraded", "running", "failed", "interrupted", "died", "held", "given up", "early",
    "missing", "blocked", "not over",
]  # fmt: skip
"""How a partition stands. `degraded` is complete, with a fallback or tolerated failures; `early`,
it was done before it was over, which doesn't count; `missing`, nobody has begun it; `blocked`, it
waits for one before it."""
DONE: Final = frozenset[Standing]({"complete", "degraded"})
"""What is complete."""
LEFT: Final = frozenset[Standing]({*DONE, "blocked", "not over"})
"""What nothing is started for."""


@final
@record()
class Generation:
    """What a journal knows of one generation of a partition's run. Times in µs since 1970, UTC.

    state: `ok`, or why it isn't.
    alive: whether a process goes on with it now.
    degraded: whether it is complete, but took a fallback or tolerated failures.
    """

    number: int
    state: Literal["running", "ok", "failed", "interrupted", "held", "given up"]
    started: int
    changed: int
    alive: bool = False
    id: str = ""
    degraded: bool = False


GenerationsOf: TypeAlias = "Callable[[Run[Any]], Sequence[Generation]]"
"""Partition ⟶ the generations of its run, the oldest first."""


@final
@record()
class Blocker:
    """What a partition waits for: the first one before it that isn't complete, and since when."""

    label: str
    standing: Standing
    at: int | None


@final
@record()
class Partition:
    """A partition, how it stands, and what is to be done with it.

    last: the generation that says so.
    starts: whether it is to be started.
    again: whether that is to be a new generation, since the last one is over.
    newer: the newest generation, where that isn't complete, but one before it is.
    after: the partition of the same plan that it waits for, by its label.
    blocker: what it waits for in vain.
    """

    run: Run[Any]
    standing: Standing
    last: Generation | None = None
    starts: bool = False
    again: bool = False
    after: str | None = None
    blocker: Blocker | None = None
    newer: Generation | None = None


@final
@record()
class Plan:
    """What is to be done with a choice of a timetable's partitions.

    partitions: all that were chosen, the earliest first.
    """

    partitions: tuple[Partition, ...]
    newest_first: bool = False

    @property
    def starts(self) -> list[Partition]:
        """Those that are to be started, in that order."""
        partitions = [each for each in self.partitions if each.starts]
        return partitions[::-1] if self.newest_first else partitions

    def counts(self) -> dict[Standing, int]:
        """How many stand in which way."""
        counts: dict[Standing, int] = {}
        for each in self.partitions:
            counts[each.standing] = counts.get(each.standing, 0) + 1
        return counts


def plan(
    timetable: Timetable[Any],
    runs: Sequence[Run[Any]],
    now: datetime,
    generations_of: GenerationsOf,
    *,
    states: Collection[str] = (),
    again: bool = False,
    newest_first: bool = False,
    at_once: int = 1,
) -> Plan:
    """A choice of partitions, the present, what a journal knows ⟶ what is to be done.

    Of partitions that are over those are done which aren't complete; one that was done before it
    was over isn't. A generation that isn't complete is gone on with, and doesn't undo one before
    it that is.

    runs: partitions of the timetable, the earliest first.
    states: what the workflow hands from one run to the next: its partitions are done in order.
    again: complete ones are done once more, as new generations.
    newest_first, at_once: in which order, and how many side by side; `ValueError` where only one
        after the other, the earliest first, is right.
    """
    why = in_order(timetable, states)
    if why is not None and (newest_first or at_once > 1):
        option = "newest_first=True" if newest_first else f"at_once={at_once}"
        raise ValueError(f"{option}: {why}: its partitions are done one by one, the earliest first")
    if timetable.after_previous and timetable.start is None:
        raise ValueError("after_previous: needs start=, the first day, which waits for none before")
    at = now.timestamp()
    steps = [_partition_of(run, at, generations_of(run), again=again) for run in runs]
    if why is not None:
        steps = list(_in_sequence(timetable, steps, at, generations_of))
    return Plan(tuple(steps), newest_first)


def in_order(timetable: Timetable[Any], states: Collection[str]) -> str | None:
    """Why partitions can't be done in any order; None if they can."""
    if timetable.after_previous:
        return "a partition waits for the one before it (after_previous)"
    if states:
        return f"a run goes on from the one before it (state {', '.join(states)})"
    return None


def standing(
    run: Run[Any], generations: Sequence[Generation]
) -> tuple[Standing, Generation | None]:
    """Partition that is over, generations of its run ⟶ how it stands, and the one that says so."""
    for each in reversed(generations):
        if each.state == "ok" and each.started >= run.over * SECOND:
            return "degraded" if each.degraded else "complete", each
    if not generations:
        return "missing", None
    last = generations[-1]
    match last.state:
        case "ok":
            return "early", last
        case "running":
            return "running" if last.alive else "died", last
        case other:
            return other, last


def standing_for_people(
    run: Run[Any], generations: Sequence[Generation]
) -> tuple[Standing, Generation | None]:
    """The same as people are told it: what was begun once more counts, however that stands.

    A partition that is complete stays so for planning, whatever becomes of a later generation
    (`--again`): nothing waits for that, or begins it anew. But whoever asked for it wants to know
    that it failed, or died, and it isn't told to be complete while it goes on: until it is done, or
    given up, which leaves the complete one.
    """
    stands, last = standing(run, generations)
    later = [each for each in generations if each.state != "given up"][-1:]
    if stands in DONE and later and later[0].state != "ok":
        return standing(run, later)
    return stands, last


def _partition_of(
    run: Run[Any], now: float, generations: Sequence[Generation], *, again: bool
) -> Partition:
    newest = generations[-1] if generations else None
    if run.over > now:
        return Partition(run, "not over", newest)
    stands, last = standing(run, generations)
    is_last = newest is None or newest == last or newest.state == "given up"
    newer = None if is_last or stands not in DONE else newest
    anew = newest is not None and newest.state == "ok" and (again or stands == "early")
    return Partition(run, stands, last, starts=again or stands not in LEFT, again=anew, newer=newer)


def _in_sequence(
    timetable: Timetable[Any], steps: Sequence[Partition], now: float, generations_of: GenerationsOf
) -> Iterator[Partition]:
    """Partitions that are done in order ⟶ the same, each with the one that it waits for."""
    by_label = {each.run.label: each for each in steps}
    after: str | None = None
    blocker: Blocker | None = None
    for run in _line(timetable, steps):
        each = by_label.get(run.label) or _partition_of(run, now, generations_of(run), again=False)
        if each.run.label not in by_label:
            each = changed(each, starts=False)
        elif each.starts and blocker is not None:
            each = changed(each, standing="blocked", starts=False, blocker=blocker)
        elif each.starts:
            each = changed(each, after=after)
        after = run.label if each.starts else None
        if each.starts or each.standing in DONE:
            blocker = None
        elif blocker is None:
            blocker = Blocker(run.label, each.standing, each.last and each.last.changed)
        if run.label in by_label:
            yield each


def _line(timetable: Timetable[Any], steps: Sequence[Partition]) -> Iterable[Run[Any]]:
    """The partitions that those of a plan may have to wait for, and they themselves."""
    if not timetable.after_previous or timetable.start is None or not steps:
        return [each.run for each in steps]
    first, last = steps[0].run.day, steps[-1].run.day
    return partitions(timetable, min(timetable.start, first), last)
