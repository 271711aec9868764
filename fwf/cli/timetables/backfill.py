"""From the options of `fwf backfill` and `fwf run --due` to a plan, its runs, the exit status."""

from collections.abc import Collection, Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from itertools import takewhile
from typing import TYPE_CHECKING, Any, Final, final

import click

from fwf.analysis.requirements import requirements
from fwf.cli.output import complain, stdout_kept_for
from fwf.cli.refused_commands import Misuse, either
from fwf.cli.starting import Checked, Start as Asked, checked
from fwf.cli.targets import Target
from fwf.cli.timetables.launch import Backfill, Limits, Start, status_of
from fwf.cli.timetables.partition_states import Partitions, timetable_of
from fwf.cli.timetables.pauses import Pause, paused
from fwf.cli.timetables.plan_table import Over, idle, tell_over
from fwf.cli.timetables.preview import foreseen, tell_plan
from fwf.cli.timetables.run_processes import Children, passed_on
from fwf.cli.timetables.salvage import salvaged
from fwf.printing import one_line
from fwf.records import changed, record
from fwf.schedules.partitions import partitions
from fwf.schedules.planning import Plan, in_order, plan
from fwf.schedules.zones import LAST, seconds_of
from fwf.states import orders

if TYPE_CHECKING:
    from fwf.schedules import Run, Timetable

OWN: Final = frozenset(
    {"target", "due", "start", "end", "at_once", "newest_first", "stop_after", "again", "dry_run",
     "move_states", "as_json"}
)  # fmt: skip
"""What a backfill is told itself, and doesn't tell its runs."""


@final
@record()
class Wanted:
    """Which partitions, and in which way; `run` is what each of their runs is told.

    due: those that are due, as the timetable's `missed` says; else those from `start` to `end`,
        by default from its first day to the last that is over.
    """

    run: Asked
    due: bool = False
    start: date | None = None
    end: date | None = None
    again: bool = False
    newest_first: bool = False
    at_once: int = 1
    stop_after: int | None = None
    dry_run: bool = False
    move_states: bool = False


def done(
    wanted: Wanted,
    options: Sequence[str],
    *,
    now: datetime | None = None,
    start: Start | None = None,
) -> int:
    """Plan and start what is wanted ⟶ the exit status.

    options: what each run is given besides its partition.
    now, start: the present, and what starts a run, if that isn't a process.
    """
    at = datetime.now(UTC) if now is None else now
    with stdout_kept_for(wanted.run.as_json):
        target, timetable = _target(wanted)
        states = _states(wanted, target)
        _refuse_disorder(wanted, timetable, states)
        runs: Sequence[Run[Any]] = _chosen(wanted, timetable, at)
        this = _checked(wanted, target, timetable, runs)
    if wanted.run.salvage:
        salvaged(target.workflow, wanted.run.journal, _say)
    known = Partitions(target, this.values, wanted.run.journal)
    known.look()
    pause = _pause(wanted, target, timetable)
    if pause is not None and wanted.due:
        if not wanted.run.as_json:
            return 0
        runs = ()
    planned = plan(
        timetable, runs, at, known.known, states=states, again=wanted.again,
        newest_first=wanted.newest_first, at_once=wanted.at_once,
    )  # fmt: skip
    if wanted.dry_run:
        asked = wanted.run
        ahead = foreseen(this, planned, asked.journal, asked.workers, wanted.at_once)
        tell_plan(target, planned, known, ahead, as_json=asked.as_json)
        return 0
    _tell_pools(target, planned, wanted.at_once)
    how = start or _children(wanted, options)
    return _started(wanted, Over(target, planned, known, {}, pause=pause), how)


def _started(wanted: Wanted, over: Over, start: Start) -> int:
    target, planned, known = over.target, over.plan, over.partitions
    limits = Limits(wanted.at_once, wanted.stop_after)
    backfill = Backfill(planned, known.look_at, start, _say, limits)
    backfill.done()
    if not wanted.due:
        _sum_up(wanted, target, known, backfill)
    over = changed(
        over, went=backfill.went, never=backfill.never_begun, stopped_by=backfill.stopped_by
    )
    status = status_of([*backfill.went.values()], over.blocked, backfill.stopped_by)
    if over.is_idle and not wanted.run.as_json:
        complain(one_line(f"fwf: {idle(target, planned)}"))
    else:
        with _terminal_may_be_gone(backfill.stopped_by):
            tell_over(over, as_json=wanted.run.as_json, status=status)
    return status


@contextmanager
def _terminal_may_be_gone(signal: str | None) -> Generator[None]:
    """Once a terminal has hung up nobody reads the table."""
    try:
        yield
    except Misuse:
        if signal != "SIGHUP":
            raise


def _sum_up(wanted: Wanted, target: Target, known: Partitions, backfill: Backfill) -> None:
    """Tell whom it concerns how the runs of a backfill went: they themselves tell nobody."""
    runs = [each.partition.run for each in backfill.went.values() if each.status is not None]
    if runs and target.timetable is not None and target.timetable.notify is not None:
        from fwf.cli.timetables.alert_delivery import sum_up
        from fwf.cli.timetables.standings import Asked as Meant

        where = wanted.run.journal, wanted.run.profile, wanted.run.profiles
        sum_up(Meant(target, known.params, *where), runs, _say)


def _say(text: str) -> None:
    complain(one_line(f"fwf: {text}"))


def _tell_pools(target: Target, planned: Plan, at_once: int) -> None:
    """Several processes have each the pools that are asked for: nothing divides them."""
    names = sorted(requirements(target.workflow).pools)
    if names and at_once > 1 and len(planned.starts) > 1:
        _say(
            f"pools are of one process: each of up to {at_once} runs has its own "
            f"{', '.join(names)}; --pool NAME=SIZE makes them smaller"
        )


# What is wanted


def _target(wanted: Wanted) -> "tuple[Target, Timetable[Any]]":
    """The target, which must be a timetable."""
    word = "fwf run --due" if wanted.due else "fwf backfill"
    return timetable_of(word, wanted.run.target, wanted.run.journal)


def _states(wanted: Wanted, target: Target) -> Collection[str]:
    """What the workflow hands from one run to the next; a backfill moves it if that was said."""
    states = orders(target.workflow)
    if states and not wanted.due and not wanted.move_states and not wanted.dry_run:
        said = either(sorted(states))
        raise Misuse(
            f"fwf backfill: {target.name} goes on from state {said}, which the nightly runs move: "
            f"--move-states moves it here, too; or give what is to be backfilled a state of its own"
        )
    return states


def _refuse_disorder(wanted: Wanted, timetable: "Timetable[Any]", states: Collection[str]) -> None:
    """Raise `Misuse` with all that can't be wanted together."""
    why = in_order(timetable, states)
    wrong = [
        f"{option}: {why}: its partitions are done one by one, the earliest first; leave it out"
        for option, given in (
            ("--newest-first", wanted.newest_first),
            (f"--at-once {wanted.at_once}", wanted.at_once > 1),
        )
        if why is not None and given
    ]
    names = [pair.partition("=")[0].strip() for pair in wanted.run.params]
    if timetable.param in names:
        wrong.append(
            f"--param {timetable.param}: the timetable gives it, to each run its own; leave it out"
        )
    if wrong:
        raise Misuse(*wrong)


def _chosen(wanted: Wanted, timetable: "Timetable[Any]", now: datetime) -> "Sequence[Run[Any]]":
    """The partitions that are wanted, the earliest first."""
    try:
        if wanted.due:
            return list(timetable.startable(now))
        first, last = _bounds(wanted, timetable, now)
        found: Sequence[Run[Any]] = partitions(timetable, first, last) if first <= last else []
    except ValueError as error:
        raise Misuse(str(error)) from error
    if wanted.end is not None:
        return found
    over = list(takewhile(lambda run: run.over <= now.timestamp(), found))
    return over or found[:1]  # of which it is told until when it isn't over


def _bounds(wanted: Wanted, timetable: "Timetable[Any]", now: datetime) -> tuple[date, date]:
    """The first and the last day of a backfill."""
    first = wanted.start or timetable.start
    if first is None:
        raise Misuse("fwf backfill: say --from DAY: the timetable has no first day, start=")
    wrong: list[str] = []
    if timetable.start is not None and first < timetable.start:
        wrong.append(
            f"--from {first}: the timetable has start={timetable.start}; write a later day"
        )
    last = wanted.end or min(timetable.zone.day_of(seconds_of(now)), timetable.end or LAST)
    if timetable.end is not None and last > timetable.end:
        said = f"--to {last}: the timetable has end={timetable.end}"
        wrong.append(f"{said}; write that or an earlier day")
    if last < first and wanted.end is not None:
        wrong.append(f"--to {last} is before --from {first}: both days are included")
    if wrong:
        raise Misuse(*wrong)
    return first, last


def _checked(
    wanted: Wanted, target: Target, timetable: "Timetable[Any]", runs: "Sequence[Run[Any]]"
) -> Checked:
    """Look at all that each run is asked for."""
    return checked(wanted.run, target, runs[0].params) if runs else Checked(target, {}, {}, None)


def _pause(wanted: Wanted, target: Target, timetable: "Timetable[Any]") -> Pause | None:
    """The pause of the timetable, if there is one; it is told, and what that means here."""
    pause = paused(target.workflow, wanted.run.journal)
    if pause is not None:
        then = "nothing is started" if wanted.due else "a backfill is done all the same"
        said = pause.told(timetable)
        _say(f"{target.name}: {said}; {then}; fwf unpause {target.text} ends that")
    return pause


# The runs


def _children(wanted: Wanted, options: Sequence[str]) -> Children:
    assert wanted.run.target is not None
    if not wanted.due:
        options = [*options, "--part-of=backfill"]
    alone = wanted.at_once == 1
    return Children(wanted.run.target, options, alone=alone, as_json=wanted.run.as_json)


def options_of(ctx: click.Context) -> list[str]:
    """What the command was given that its runs are given, too."""
    return passed_on(ctx, OWN)
