"""A run that is started by hand, of a timetable: is it its turn?"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from fwf.analysis.canonical import canonical
from fwf.cli.output import complain
from fwf.cli.refused_commands import Misuse
from fwf.cli.timetables.launch import BLOCKED
from fwf.cli.timetables.partition_states import Partitions
from fwf.cli.timetables.plan_table import blocked_by, not_over
from fwf.printing import one_line
from fwf.records import changed
from fwf.schedules.planning import DONE, plan, standing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from fwf.cli.targets import Target
    from fwf.schedules import Run, Timetable
    from fwf.schedules.planning import Generation


def begins_again(
    target: "Target",
    values: Mapping[str, Any],
    journal: str | None,
    *,
    anyway: bool,
    again: bool = False,
    taken_back: bool = False,
    now: datetime | None = None,
) -> str | bool:
    """Which run is to be done once more: one that was done before its day was over, by its id.

    With `again` it is the newest, if that is complete; else that goes on, as in a backfill. So does
    one of which something is to be `taken_back`: from now on it isn't complete.

    Ends the command where the one before it isn't complete, and raises `Misuse` where it isn't over
    itself, unless it is to be run `anyway`. What is no run of the timetable isn't held to it.
    """
    timetable = target.timetable
    assert timetable is not None
    run = partition_of(timetable, values)
    if run is None:
        return again
    at = datetime.now(UTC) if now is None else now
    if run.over > at.timestamp() and not anyway:
        raise Misuse(
            f"{target.name} {run.label}: {not_over(run)}; --anyway runs it now, which doesn't "
            "count: it is done again when it is over"
        )
    partition_states = Partitions(target, values, journal)

    def generations_of(each: "Run[Any]") -> "Sequence[Generation]":
        generations = partition_states.generations(each)
        if not (taken_back and generations and each.begins == run.begins):
            return generations
        return [*generations[:-1], changed(generations[-1], state="interrupted")]

    before = timetable.before(run) if timetable.after_previous else None
    partition_states.look_at(run, *([] if before is None else [before]))
    generations = generations_of(run)
    stands, _ = standing(run, generations)
    waits = before is not None and standing(before, generations_of(before))[0] not in DONE
    if waits and stands not in DONE:
        partition_states.look()
        _end_blocked(target, timetable, run, generations_of, max(at, run.end))
    early = stands == "early" and run.over <= at.timestamp()
    return (
        generations[-1].id
        if (early or again) and generations and generations[-1].state == "ok"
        else False
    )


def _end_blocked(
    target: "Target",
    timetable: "Timetable[Any]",
    run: "Run[Any]",
    generations_of: "Callable[[Run[Any]], Sequence[Generation]]",
    now: datetime,
) -> None:
    """End the command with the partition that keeps this one, if there still is one."""
    (each,) = plan(timetable, [run], now, generations_of).partitions
    if each.blocker is not None:
        complain(one_line(f"fwf: {target.name} {run.label}: {blocked_by(each.blocker, timetable)}"))
        raise click.exceptions.Exit(BLOCKED)


def as_planned(target: "Target", values: Mapping[str, Any], *, anyway: bool) -> Mapping[str, Any]:
    """Parameters ⟶ the same, with that which says the partition as the timetable gives it.

    An hour that is given with another offset is the same hour, and so the same run. Raises `Misuse`
    for what is no partition, unless that is to be run `anyway`.
    """
    timetable = target.timetable
    assert timetable is not None
    if timetable.param not in values:
        return values
    try:
        return {**values, **timetable.partition(values[timetable.param]).params}
    except (TypeError, ValueError) as error:
        if anyway:
            return values
        why = str(error).partition(": ")[2] or str(error)
        raise Misuse(
            f"--param {timetable.param}: {target.name}: {why}; --anyway runs it all the same, and "
            "it counts for no day"
        ) from None


def partition_of(timetable: "Timetable[Any]", values: Mapping[str, Any]) -> "Run[Any] | None":
    """Parameters of a run ⟶ the partition that it is for; None if it is for none."""
    try:
        run = timetable.partition(values[timetable.param])
    except (KeyError, TypeError, ValueError):
        return None
    return run if canonical(run.value) == canonical(values[timetable.param]) else None
