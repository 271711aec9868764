"""Timetables and runs carry what their workflow gives, for both type checkers."""

from __future__ import annotations

from datetime import date, datetime
from typing import assert_type

from pyrsistent import PVector
from returns.result import Result

from fwf import (
    Fault,
    Run,
    Timetable,
    const,
    cron,
    every_day,
    every_hour,
    named,
    param,
    partitions,
    pure as pure_,
    run,
    task,
)


@task
def sales(*, day: date) -> list[int]:
    return [day.day]


@task
def hits(*, hour: datetime) -> int:
    return hour.hour


nightly = every_day(sales, at="02:00", tz="Europe/Berlin", param="day", start=date(2026, 1, 1))
assert_type(nightly, Timetable[list[int]])
assert_type(every_hour(hits, tz="UTC", param="hour", missed="last"), Timetable[int])
assert_type(
    cron(named("n", sales >> const("done")), "0 2 * * 1-5", tz="UTC", param="day"), Timetable[str]
)
assert_type(
    every_day(named("n", pure_(param("day", date))), tz="UTC", param="day"), Timetable[date]
)

june = partitions(nightly, date(2026, 6, 1), date(2026, 6, 30))
assert_type(june, PVector[Run[list[int]]])
assert_type(june[0], Run[list[int]])
assert_type(june[0].due, datetime)
assert_type(nightly.partition("2026-06-01"), Run[list[int]])
assert_type(nightly.before(june[0]), Run[list[int]] | None)
assert_type(next(nightly.due(june[0].due)), Run[list[int]])
assert_type(run(june[0].workflow, params=june[0].params), Result[list[int], Fault])
anything: Timetable[object] = nightly
