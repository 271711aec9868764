"""Whom to tell of a timetable's runs, of what, and until when one is to be complete?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast, final

from fwf.algebra.workflow import Workflow, as_workflow
from fwf.analysis.requirements import requirements
from fwf.records import record
from fwf.schedules.zones import clock_time
from fwf.types.hints import compatible, name_of

if TYPE_CHECKING:
    from fwf.schedules.planned_runs import Run

State: TypeAlias = Literal["failed", "died", "late", "recovered", "degraded", "ok"]
"""What an alert tells: a run `failed`, or waits for a person; it `died` without a word; it isn't
complete at its time; it is complete after one of these was told (`recovered`); it is complete, but
took a fallback or tolerated failures; or it is complete (`ok`)."""


@final
@dataclass(frozen=True, slots=True)
class Alert:
    """What is told of a partition's run, or of many at once.

    labels: the partitions; more than one in a summary.
    reason: why, on a line.
    since: from when on it has been so.
    run: the run's id; empty of a summary, and where nothing was begun.
    paths: where it failed, died or is degraded.
    key: the same whenever this is told again: it is told at least once, and may be so twice.
    """

    workflow: str
    state: State
    labels: tuple[str, ...]
    reason: str
    since: datetime
    run: str = ""
    paths: tuple[str, ...] = ()
    key: str = ""

    @property
    def label(self) -> str:
        """The partition; of many, the first and how many more."""
        first, more = self.labels[0], len(self.labels) - 1
        return f"{first} and {more:,} more" if more else first

    def __str__(self) -> str:
        why = f": {self.reason}" if self.reason else ""
        return f"{self.workflow} {self.label}: {self.state}{why}"


AlertFlow: TypeAlias = Workflow[Alert, Any]


@final
@record(repr=False)
class Notify:
    """Who is told of what: `notify(…)` makes it."""

    on_failure: AlertFlow | None = None
    on_late: AlertFlow | None = None
    on_recovery: AlertFlow | None = None
    on_degraded: AlertFlow | None = None
    on_success: AlertFlow | None = None
    late_by: time | timedelta | None = None

    def flow_for(self, state: State) -> AlertFlow | None:
        """Who is told of a state; None if nobody is."""
        match state:
            case "failed" | "died":
                return self.on_failure
            case "late":
                return self.on_failure if self.on_late is None else self.on_late
            case "recovered":
                return self.on_recovery
            case "degraded":
                return self.on_degraded
            case "ok":
                return self.on_success

    def __repr__(self) -> str:
        words = ("on_failure", "on_late", "on_recovery", "on_degraded", "on_success")
        arguments = [
            f"{name}={each!r}" for name in words if (each := getattr(self, name)) is not None
        ]
        if isinstance(self.late_by, time):
            arguments.append(f"late_by={self.late_by.isoformat('minutes')!r}")
        elif self.late_by is not None:
            from fwf.durations import duration_source

            arguments.append(f"late_by={duration_source(self.late_by)}")
        return f"notify({', '.join(arguments)})"


def notify(
    *,
    on_failure: Workflow[Alert, Any] | None = None,
    on_late: Workflow[Alert, Any] | None = None,
    on_recovery: Workflow[Alert, Any] | None = None,
    on_degraded: Workflow[Alert, Any] | None = None,
    on_success: Workflow[Alert, Any] | None = None,
    late_by: str | timedelta | None = None,
) -> Notify:
    """(Alert → _), … ⟶ who is told when runs of a timetable fail, are late, or recover.

    Each is a workflow of its own, such as `retry(post, attempts=3, wait=seconds(10))`; it is run
    with the resources of the target's module or profile, has a minute, and changes nothing of how
    the run ends. Of a partition each change of state is told once; what couldn't be delivered is
    told again by the next start, and by `fwf late`, as long as it is so.

    on_failure: told when a run failed or waits for a person; again with another cause, which is
        another class of error or another path, not another message nor another item of a map; and
        when it died without a word.
    on_late: told when it isn't complete at its time; as `on_failure` if not given.
    on_recovery: told when it is complete after all.
    on_degraded: told when it is complete, but took a fallback or tolerated failures.
    on_success: told of each run that is complete: a ping for a service that misses it.
    late_by: hours and minutes on the zone's clock, the first time after it was due; or how long
        after that. If it isn't given, a run is late when the next one is due. Of those that may be
        missed, the last whose time is over is late, while no later one was begun.

    >>> from fwf import fail
    >>> notify(on_failure=fail("Nobody"), late_by="06:00")
    notify(on_failure=fail('Nobody'), late_by='06:00')
    """
    workflows = {
        "on_failure": on_failure, "on_late": on_late, "on_recovery": on_recovery,
        "on_degraded": on_degraded, "on_success": on_success,
    }  # fmt: skip
    flows = {name: _check_flow(name, each) for name, each in workflows.items() if each is not None}
    if not flows:
        raise TypeError(
            "notify(): tells nobody; write on_failure=, with a task that takes an Alert"
        )
    by = _late_by(late_by)
    if by is not None and on_late is None and on_failure is None:
        raise TypeError(f"notify(late_by={late_by!r}): nobody is told; write on_late= as well")
    return Notify(**cast(Any, flows), late_by=by)


def late_at(run: Run[Any], late_by: time | timedelta | None) -> int | None:
    """When a run is late, in seconds since 1970; None where that never is."""
    if isinstance(late_by, timedelta):
        return run.due_at + late_by // timedelta(seconds=1)
    if late_by is None:
        after = run.timetable.holding(run.end)
        return None if after is None else after.due_at
    zone = run.timetable.zone
    day = zone.clock(run.due_at).date()
    instant = zone.shows(day, late_by)
    return instant if instant >= run.due_at else zone.shows(zone.next_day(day), late_by)


def due_and_late(run: Run[Any]) -> str | None:
    """`2025-06-02 02:00+02:00, late from 06:00+02:00`; None where nothing says when it is late."""
    who = run.timetable.notify
    by = None if who is None else who.late_by
    instant = None if by is None else late_at(run, by)
    if instant is None:
        return None
    zone = run.timetable.zone
    return f"{zone.text(run.due_at)}, late from {zone.text(instant, run.due.date())}"


def _check_flow(name: str, w: Workflow[Alert, Any]) -> AlertFlow:
    where = f"notify({name}=…)"
    flow: AlertFlow = as_workflow(w, where)
    takes = flow.edge.accepts
    if not compatible(Alert, takes):
        raise TypeError(f"{where}: it takes {name_of(takes)}, and is given an Alert")
    asks = [each.name for each in requirements(flow).parameters if not each.optional]
    if asks:
        raise ValueError(
            f"{where}: nobody gives its parameter {asks[0]!r}: write with_params(…, {asks[0]}=…)"
        )
    return flow


def _late_by(value: object) -> time | timedelta | None:
    where = f"notify(late_by={value!r})"
    if value is None:
        return None
    if isinstance(value, timedelta):
        if value <= timedelta(0):
            raise ValueError(f"{where}: needs a time after the run is due, such as hours(4)")
        return value
    if not isinstance(value, str):
        raise TypeError(f"{where}: needs a text such as '06:00', or a duration such as hours(4)")
    clock = clock_time(value)
    if clock is None:
        raise ValueError(f"{where}: no clock shows that; write hours and minutes, such as '06:00'")
    return clock
