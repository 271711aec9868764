"""Which runs does a timetable plan from one day to another?"""

from datetime import date
from typing import TypeVar

from pyrsistent import PVector, pvector

from fwf.schedules.planned_runs import Run
from fwf.schedules.timetable import Timetable
from fwf.schedules.timetable_checks import check_date, check_order

B = TypeVar("B")


def partitions(timetable: Timetable[B], start: date, end: date) -> PVector[Run[B]]:
    """Timetable, first and last day, both included ⟶ the runs that begin on them, in order.

    Those that the timetable has: none before its `start` or after its `end`. Nothing is run.

    >>> from datetime import date
    >>> from fwf import every_day, named, param
    >>> nightly = every_day(named("daily", param("day", date)), tz="Europe/Berlin", param="day")
    >>> june = partitions(nightly, date(2026, 6, 1), date(2026, 6, 30))
    >>> len(june), june[0].label, len([run for run in june if run.day.weekday() < 5])
    (30, '2026-06-01', 22)
    """
    first = check_date("partitions(…, start, end)", start)
    last = check_date("partitions(…, start, end)", end)
    check_order("partitions(…, start, end)", first, last)
    return pvector([*timetable.runs(first, last)])
