"""When does Airflow start a workflow that has a timetable, and which partition is a run for?

Airflow counts from one tick of a line of cron to the next, and a partition may begin and end at
other instants: a day at its midnights, while it is due at two. So of a run's data interval only the
start counts: the run is for the partition that it is in.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fwf.schedules import Timetable


def options_of(timetable: Timetable[Any], intervals: Any) -> dict[str, Any]:
    """Timetable ⟶ what a DAG is told of it: when it runs, from when on, and how far behind.

    intervals: Airflow's class of timetables that count from one tick to the next.
    """
    options: dict[str, Any] = {
        "schedule": intervals(timetable.cron, timezone=timetable.tz),
        "catchup": timetable.missed == "all" and timetable.start is not None,
    }
    zone = timetable.zone
    if timetable.start is not None:
        options["start_date"] = zone.clock(zone.begins(timetable.start))
    if timetable.end is not None:
        after = zone.clock(zone.begins(zone.next_day(timetable.end)))
        options["end_date"] = after - timedelta(seconds=1)
    if timetable.after_previous:
        options["max_active_runs"] = 1
    return options


def params_of(
    timetable: Timetable[Any], start: datetime | None, end: datetime | None
) -> Mapping[str, str]:
    """A run's data interval ⟶ the parameter that says which partition it is for, if it is one.

    A run that is started by hand without a logical date has no interval, or one without any width.
    """
    if start is None or end is None or start >= end:
        return {}
    plain = datetime.fromtimestamp(int(start.timestamp()), UTC)  # Airflow's own are subclasses
    run = timetable.holding(plain)
    return {} if run is None else {run.param: run.text}
