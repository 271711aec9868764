"""Run by Airflow's own Python: when does Airflow start what has a timetable, and with what?

    python -m tests.engines.airflow.inside.schedules

tells JSON: of each timetable the runs as Airflow has them, and as the timetable has them.
"""

import json
from datetime import UTC, date, datetime
from itertools import islice
from typing import Any

from pendulum import instance

from airflow.serialization.serialized_objects import DagSerialization
from airflow.timetables.base import TimeRestriction
from fwf import cron, every_day, every_hour, named, param
from fwf.interpreters.engines.airflow.dag import to_dag
from fwf.interpreters.engines.airflow.timetable import params_of
from fwf.schedules import Timetable

RUNS = 400
MARCH = date(2026, 3, 20)
OCTOBER = date(2026, 10, 20)


def daily(kind: Any) -> Any:
    return named("daily", param("day", kind))


TIMETABLES: dict[str, Timetable[Any]] = {
    "at two in Berlin": every_day(daily(date), tz="Europe/Berlin", param="day", start=MARCH),
    "in Berlin's gap": every_day(
        daily(date), at="02:30", tz="Europe/Berlin", param="day", start=MARCH
    ),
    "in Berlin's twofold hour": every_day(
        daily(date), at="02:30", tz="Europe/Berlin", param="day", start=OCTOBER
    ),
    "at midnight in Kathmandu": every_day(
        daily(str), at="00:00", tz="Asia/Kathmandu", param="day", start=MARCH
    ),
    "on working days": cron(
        daily(date), "0 2 * * 1-5", tz="America/New_York", param="day", start=MARCH
    ),
    "on the first of a month": cron(
        daily(date), "30 3 1 * *", tz="Europe/Berlin", param="day", start=MARCH
    ),
    "on the last of a month": cron(
        daily(date), "30 3 L * *", tz="Europe/Berlin", param="day", start=MARCH
    ),
    "on the first Monday": cron(daily(date), "0 4 * * 1#1", tz="UTC", param="day", start=MARCH),
    "twice a day": cron(
        daily(datetime), "0 6,18 * * *", tz="Europe/Berlin", param="day", start=MARCH
    ),
    "each hour": every_hour(
        daily(datetime), minute=5, tz="America/New_York", param="day", start=MARCH
    ),
    "each hour in autumn": every_hour(
        daily(datetime), minute=5, tz="Europe/Berlin", param="day", start=OCTOBER
    ),
    "each quarter": cron(
        daily(str), "*/15 * * * *", tz="Europe/Berlin", param="day", start=OCTOBER
    ),
    "for ten days": every_day(
        daily(date), tz="Europe/Berlin", param="day", start=MARCH, end=date(2026, 3, 29)
    ),
}


def of_airflow(timetable: Timetable[Any]) -> list[tuple[str, str]]:
    """What each run is for, and when Airflow starts it."""
    dag = DagSerialization.from_dict(DagSerialization.to_dict(to_dag(timetable)))
    assert dag.catchup
    bounds = TimeRestriction(
        instance(dag.start_date), dag.end_date and instance(dag.end_date), catchup=True
    )
    found: list[tuple[str, str]] = []
    before: Any = None
    while len(found) < RUNS:
        info = dag.timetable.next_dagrun_info(
            last_automated_data_interval=before, restriction=bounds
        )
        if info is None:
            break
        before = info.data_interval
        params = params_of(timetable, before.start, before.end)
        found.append((params.get("day", "none"), info.run_after.astimezone(UTC).isoformat()))
    return found


def of_the_timetable(timetable: Timetable[Any]) -> list[tuple[str, str]]:
    runs = timetable.over(datetime(2030, 1, 1, tzinfo=UTC))
    return [(run.text, run.due.astimezone(UTC).isoformat()) for run in islice(runs, RUNS)]


def main() -> None:
    for name, timetable in TIMETABLES.items():
        told = {
            "name": name,
            "airflow": of_airflow(timetable),
            "timetable": of_the_timetable(timetable),
        }
        print("TOLD " + json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
