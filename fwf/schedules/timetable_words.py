"""The words that make timetables: every day, every hour, or as a cron line says."""

from datetime import date, time
from typing import Any, TypeVar, cast

from fwf.algebra.workflow import Workflow, as_workflow
from fwf.schedules.alerts import Notify
from fwf.schedules.partition_ends import MINUTE, Ticks, WholeDays
from fwf.schedules.timetable import Timetable
from fwf.schedules.timetable_checks import Missed
from fwf.schedules.zones import clock_time

B = TypeVar("B")


def every_day(
    w: Workflow[None, B],
    /,
    *,
    at: str = "02:00",
    tz: str,
    param: str,
    start: date | None = None,
    end: date | None = None,
    missed: Missed = "all",
    after_previous: bool = False,
    notify: Notify | None = None,
) -> Timetable[B]:
    """Workflow ⟶ its timetable: a run for each day of the zone, due at a time of the day after.

    at: hours and minutes, on the zone's clock. A time that a day doesn't have is the first instant
        after; of one that is twice it is the first.
    tz: the time zone's name.
    param: the parameter that gets the day, a `date`; as a `datetime` it gets the day's first
        instant, as a `str` the label.
    start, end: the first and the last day, both included.
    missed: what is started of that which is due and not done: "all" in order, the "last" one alone,
        or "none": the last one alone, and not later than an hour after it was due.
    after_previous: each run waits for the one before it to be complete.
    notify: whom to tell, as `notify(…)` says.

    >>> from fwf import named, param
    >>> nightly = every_day(named("daily", param("day", date)), tz="Europe/Berlin", param="day")
    >>> str(nightly.partition("2026-06-01").due)
    '2026-06-02 02:00:00+02:00'
    """
    return _timetable(
        "every_day", w, WholeDays(_time(at)), tz, param, start, end, missed, after_previous, notify
    )


def every_hour(
    w: Workflow[None, B],
    /,
    *,
    minute: int = 5,
    tz: str,
    param: str,
    start: date | None = None,
    end: date | None = None,
    missed: Missed = "all",
    after_previous: bool = False,
    notify: Notify | None = None,
) -> Timetable[B]:
    """Workflow ⟶ its timetable: a run for each hour of the zone, due so many minutes after its end.

    An hour begins whenever the zone's clock shows a full hour: a day has 25 where the clock is put
    back by one, and 23 where it is put forward. Where it is moved by half an hour, one takes one
    and a half. The parameter gets the start, a `datetime`, or the label, a `str`; the rest is as
    in `every_day`.
    """
    if type(cast(object, minute)) is not int or not 0 <= minute <= 59:
        raise ValueError(f"every_hour(minute={minute!r}): needs a whole number from 0 to 59")
    rule = Ticks((0,), wait=minute * MINUTE)
    return _timetable("every_hour", w, rule, tz, param, start, end, missed, after_previous, notify)


def cron(
    w: Workflow[None, B],
    line: str,
    /,
    *,
    tz: str,
    param: str,
    start: date | None = None,
    end: date | None = None,
    missed: Missed = "all",
    after_previous: bool = False,
    notify: Notify | None = None,
) -> Timetable[B]:
    """Workflow, line of cron ⟶ its timetable: a run each time that the line says, for what is over.

    Needs `fwf[cron]`. The line has five fields, as in `man 5 crontab`, with L, LW, 1#2 and 5L
    besides, and is read on the zone's clock. What a run is for goes by what the line says:

    - one time of a day ("0 2 * * 1-5"): whole days, from the midnight of one of its dates to that
      of the next; days that it leaves out belong to the run before them. The label is the first.
    - one minute of all hours ("5 * * * *"): whole hours, as in `every_hour`.
    - else the time from one tick to the next. Hours that are named tick once each, as `at` in
      `every_day`; where all are meant, whenever the clock shows the minute.

    The rest is as in `every_day`, and between ticks as in `every_hour`.
    """
    from fwf.schedules.cron_lines import rule_of

    return _timetable(
        "cron", w, rule_of(line), tz, param, start, end, missed, after_previous, notify
    )


def _timetable(word: str, w: Any, *fields: Any) -> Timetable[Any]:
    return Timetable(cast(Any, as_workflow(w, word)), *fields)


def _time(at: object) -> time:
    """`HH:MM` ⟶ the time; raises `TypeError` or `ValueError` with the remedy."""
    if not isinstance(at, str):
        raise TypeError(
            f"every_day(at={at!r}): needs a text with hours and minutes, such as '02:00'"
        )
    clock = clock_time(at)
    if clock is None:
        raise ValueError(
            f"every_day(at={at!r}): no clock shows that; write hours from 00 to 23 and minutes "
            "from 00 to 59, such as '02:00'"
        )
    return clock
