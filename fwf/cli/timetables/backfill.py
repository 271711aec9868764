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
from fwf.cli.starting import Ready, Start as Asked, check_start
from fwf.cli.targets import Target
from fwf.cli.timetables.launch import Backfill, Limits, Start, status_of
from fwf.cli.timetables.partition_states import Partitions, timetable_of
from fwf.cli.timetables.pauses import Pause, pause_of
from fwf.cli.timetables.plan_table import Over, idle, tell_over
from fwf.cli.timetables.preview import forecast, tell_plan
from fwf.cli.timetables.run_processes import Children, options_of_command
from fwf.cli.timetables.salvage import salvage_logs
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
class Request:
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


def run_backfill(
    request: Request,
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
    with stdout_kept_for(request.run.as_json):
        target, timetable = _target(request)
        states = _states(request, target)
        _refuse_disorder(request, timetable, states)
        runs: Sequence[Run[Any]] = _runs(request, timetable, at)
        this = _ready(request, target, timetable, runs)
    if request.run.salvage:
        salvage_logs(target.workflow, request.run.journal, _say)
    partition_states = Partitions(target, this.values, request.run.journal)
    partition_states.look()
    pause = _pause(request, target, timetable)
    if pause is not None and request.due:
        if not request.run.as_json:
            return 0
        runs = ()
    todo = plan(
        timetable, runs, at, partition_states.generations, states=states, again=request.again,
        newest_first=request.newest_first, at_once=request.at_once,
    )  # fmt: skip
    if request.dry_run:
        run = request.run
        ahead = forecast(this, todo, run.journal, run.workers, request.at_once)
        tell_plan(target, todo, partition_states, ahead, as_json=run.as_json)
        return 0
    _tell_pools(target, todo, request.at_once)
    how = start or _children(request, options)
    return _run(request, Over(target, todo, partition_states, {}, pause=pause), how)


def _run(request: Request, over: Over, start: Start) -> int:
    target, todo, partition_states = over.target, over.plan, over.partitions
    limits = Limits(request.at_once, request.stop_after)
    backfill = Backfill(todo, partition_states.look_at, start, _say, limits)
    backfill.run()
    if not request.due:
        _sum_up(request, target, partition_states, backfill)
    over = changed(
        over, endings=backfill.endings, never=backfill.never_begun, stopped_by=backfill.stopped_by
    )
    status = status_of([*backfill.endings.values()], over.blocked, backfill.stopped_by)
    if over.is_idle and not request.run.as_json:
        complain(one_line(f"fwf: {idle(target, todo)}"))
    else:
        with _terminal_may_be_gone(backfill.stopped_by):
            tell_over(over, as_json=request.run.as_json, status=status)
    return status


@contextmanager
def _terminal_may_be_gone(signal: str | None) -> Generator[None]:
    """Once a terminal has hung up nobody reads the table."""
    try:
        yield
    except Misuse:
        if signal != "SIGHUP":
            raise


def _sum_up(
    request: Request, target: Target, partition_states: Partitions, backfill: Backfill
) -> None:
    """Tell whom it concerns how the runs of a backfill went: they themselves tell nobody."""
    runs = [each.partition.run for each in backfill.endings.values() if each.status is not None]
    if runs and target.timetable is not None and target.timetable.notify is not None:
        from fwf.cli.timetables.alert_delivery import sum_up
        from fwf.cli.timetables.standings import Subject as Meant

        where = request.run.journal, request.run.profile, request.run.profiles
        sum_up(Meant(target, partition_states.params, *where), runs, _say)


def _say(text: str) -> None:
    complain(one_line(f"fwf: {text}"))


def _tell_pools(target: Target, todo: Plan, at_once: int) -> None:
    """Several processes have each the pools that are asked for: nothing divides them."""
    names = sorted(requirements(target.workflow).pools)
    if names and at_once > 1 and len(todo.starts) > 1:
        _say(
            f"pools are of one process: each of up to {at_once} runs has its own "
            f"{', '.join(names)}; --pool NAME=SIZE makes them smaller"
        )


# What is wanted


def _target(request: Request) -> "tuple[Target, Timetable[Any]]":
    """The target, which must be a timetable."""
    word = "fwf run --due" if request.due else "fwf backfill"
    return timetable_of(word, request.run.target, request.run.journal)


def _states(request: Request, target: Target) -> Collection[str]:
    """What the workflow hands from one run to the next; a backfill moves it if that was said."""
    states = orders(target.workflow)
    if states and not request.due and not request.move_states and not request.dry_run:
        names = either(sorted(states))
        raise Misuse(
            f"fwf backfill: {target.name} goes on from state {names}, which the nightly runs move: "
            f"--move-states moves it here, too; or give what is to be backfilled a state of its own"
        )
    return states


def _refuse_disorder(
    request: Request, timetable: "Timetable[Any]", states: Collection[str]
) -> None:
    """Raise `Misuse` with all that can't be wanted together."""
    why = in_order(timetable, states)
    wrong = [
        f"{option}: {why}: its partitions are done one by one, the earliest first; leave it out"
        for option, is_given in (
            ("--newest-first", request.newest_first),
            (f"--at-once {request.at_once}", request.at_once > 1),
        )
        if why is not None and is_given
    ]
    names = [pair.partition("=")[0].strip() for pair in request.run.params]
    if timetable.param in names:
        wrong.append(
            f"--param {timetable.param}: the timetable gives it, to each run its own; leave it out"
        )
    if wrong:
        raise Misuse(*wrong)


def _runs(request: Request, timetable: "Timetable[Any]", now: datetime) -> "Sequence[Run[Any]]":
    """The partitions that are wanted, the earliest first."""
    try:
        if request.due:
            return list(timetable.startable(now))
        first, last = _bounds(request, timetable, now)
        runs: Sequence[Run[Any]] = partitions(timetable, first, last) if first <= last else []
    except ValueError as error:
        raise Misuse(str(error)) from error
    if request.end is not None:
        return runs
    over = list(takewhile(lambda run: run.over <= now.timestamp(), runs))
    return over or runs[:1]  # of which it is told until when it isn't over


def _bounds(request: Request, timetable: "Timetable[Any]", now: datetime) -> tuple[date, date]:
    """The first and the last day of a backfill."""
    first = request.start or timetable.start
    if first is None:
        raise Misuse("fwf backfill: say --from DAY: the timetable has no first day, start=")
    wrong: list[str] = []
    if timetable.start is not None and first < timetable.start:
        wrong.append(
            f"--from {first}: the timetable has start={timetable.start}; write a later day"
        )
    last = request.end or min(timetable.zone.day_of(seconds_of(now)), timetable.end or LAST)
    if timetable.end is not None and last > timetable.end:
        message = f"--to {last}: the timetable has end={timetable.end}"
        wrong.append(f"{message}; write that or an earlier day")
    if last < first and request.end is not None:
        wrong.append(f"--to {last} is before --from {first}: both days are included")
    if wrong:
        raise Misuse(*wrong)
    return first, last


def _ready(
    request: Request, target: Target, timetable: "Timetable[Any]", runs: "Sequence[Run[Any]]"
) -> Ready:
    """Look at all that each run is asked for."""
    return check_start(request.run, target, runs[0].params) if runs else Ready(target, {}, {}, None)


def _pause(request: Request, target: Target, timetable: "Timetable[Any]") -> Pause | None:
    """The pause of the timetable, if there is one; it is told, and what that means here."""
    pause = pause_of(target.workflow, request.run.journal)
    if pause is not None:
        then = "nothing is started" if request.due else "a backfill is done all the same"
        line = pause.told(timetable)
        _say(f"{target.name}: {line}; {then}; fwf unpause {target.text} ends that")
    return pause


# The runs


def _children(request: Request, options: Sequence[str]) -> Children:
    assert request.run.target is not None
    if not request.due:
        options = [*options, "--part-of=backfill"]
    alone = request.at_once == 1
    return Children(request.run.target, options, alone=alone, as_json=request.run.as_json)


def options_of(ctx: click.Context) -> list[str]:
    """What the command was given that its runs are given, too."""
    return options_of_command(ctx, OWN)
