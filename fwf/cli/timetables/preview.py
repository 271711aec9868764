"""What a backfill would do, and how long that would take: its plan, and a dry run of it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple, final

from fwf.cli.dry_runs import counts_of, told_of
from fwf.cli.output import tell, tell_json
from fwf.cli.refused_commands import Misuse
from fwf.cli.timetables.partition_states import Partitions, if_there
from fwf.cli.timetables.plan_table import at, blocked_by, extent, headline, holder, left_out
from fwf.cli.told_runs import lines
from fwf.faults import counted
from fwf.schedules.alerts import due_and_late
from fwf.schedules.planning import DONE, Generation, Partition, Plan, standing
from fwf.worlds.scenario import ScenarioError

if TYPE_CHECKING:
    from fwf.cli.starting import Ready
    from fwf.cli.targets import Target
    from fwf.interpreters.dry_run import DryRuns
    from fwf.journal.task_durations import DurationHistory

HEAD: Final = ("partition", "stands", "is to be", "due")


@final
class Forecast(NamedTuple):
    """How long it takes, and what the durations are made of, if there is a journal."""

    runs: "DryRuns"
    history: "DurationHistory | None"

    @property
    def is_known(self) -> bool:
        """Whether anything says how long it takes: the journal, or the workflow by its delays."""
        return bool(self.runs.took or (self.history is not None and self.history.attempts))


def forecast(
    this: "Ready", plan: Plan, journal: str | None, workers: int | None, at_once: int
) -> Forecast | None:
    """A plan ⟶ its runs in virtual time, so many at once; None where nothing is to be started.

    Tasks take as long as in the workflow's last runs in the journal. Pools are taken as shared by
    the runs, so that what is told is no less than it takes.
    """
    from fwf.interpreters.dry_run import dry_run_all

    if not plan.starts:
        return None
    past = _history(this.target, journal)
    try:
        runs = dry_run_all(
            [each.run for each in plan.starts], at_once=at_once, params=this.values,
            scenario=None if past is None else past.scenario, workers=workers, pools=this.sizes,
        )  # fmt: skip
    except ScenarioError as error:
        raise Misuse(*error.problems) from error
    return Forecast(runs, past)


def _history(target: "Target", journal: str | None) -> "DurationHistory | None":
    """What the journal says of durations, if there is one."""
    from fwf.journal.task_durations import history

    with if_there(journal) as store:
        return None if store is None else history(store, target.workflow)


def tell_plan(
    target: "Target", plan: Plan, partitions: Partitions, ahead: Forecast | None, *, as_json: bool
) -> None:
    """Write what would be done, and how long it takes."""
    assert target.timetable is not None
    runs = [each.run for each in plan.partitions]
    if as_json:
        tell_json(
            {
                "target": target.text,
                "workflow": target.name,
                **extent(runs),
                "counts": plan.counts(),
                "runs": [_data(each) for each in plan.starts],
                **_forecast_data(ahead),
            }
        )
        return
    tell(headline(target.timetable, runs))
    listed = [each for each in plan.partitions if _is_told(each)]
    rows = [[*_row(each, partitions), due_and_late(each.run) or ""] for each in listed]
    if plan.newest_first:
        rows.reverse()
    if rows:
        columns = len(HEAD) if any(row[-1] for row in rows) else len(HEAD) - 1
        tell("\n".join(lines([row[:columns] for row in ([*HEAD], *rows)])))
    tell(f"{counted(len(plan.starts), 'run')} to be started{left_out(plan)}")
    if ahead is not None and ahead.is_known:
        tell(next(iter(ahead.runs.lines())).text)
    elif ahead is not None:
        tell("how long that takes isn't known")
    if ahead is not None and ahead.history is not None:
        tell(told_of(ahead.history, target.name))


def _forecast_data(ahead: Forecast | None) -> Mapping[str, object]:
    if ahead is None:
        return {}
    history = {} if ahead.history is None else {"history": counts_of(ahead.history)}
    took = ahead.runs.took.total_seconds() if ahead.is_known else None
    return {"unit": "seconds", "seconds": took, **history}


def _is_told(each: Partition) -> bool:
    return each.starts or each.standing == "blocked"


def _row(each: Partition, partitions: Partitions) -> list[str]:
    last: Generation | None = each.last
    of = each.run.timetable
    since = "" if last is None else f" {at(last.changed, of)}"
    if each.standing == "blocked" and each.blocker is not None:
        return [each.run.label, blocked_by(each.blocker, of), "left out"]
    if each.standing == "running":
        return [each.run.label, holder(partitions, each.run), "left to that"]
    again = ""
    if each.newer is not None:
        stands, _ = standing(each.run, [each.newer])
        again = f", begun again: {stands} {at(each.newer.changed, of)}"
    return [each.run.label, f"{_stands(each)}{since}{again}", _does(each)]


def _stands(each: Partition) -> str:
    return "done before it was over," if each.standing == "early" else each.standing


def _does(each: Partition) -> str:
    if each.again or (each.standing in DONE and each.newer is None):
        return "done again, with new keys"
    return "gone on with" if each.last is not None and each.standing != "given up" else "done"


def _data(each: Partition) -> dict[str, object]:
    return {"label": each.run.label, "stands": each.standing, "is_to_be": _does(each)}
