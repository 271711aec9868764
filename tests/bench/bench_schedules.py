"""Partitions listed, filtered and counted, beside a plain loop of dates."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from time import process_time
from typing import Any

from fwf import Timetable, cron, every_day, every_hour, named, param, partitions
from fwf.algebra.workflow import Workflow

from .measure import best, figures_of_process, report

N = 100_000
DAY: Workflow[None, Any] = named("daily", param("day", date))
HOUR: Workflow[None, Any] = named("hourly", param("hour", datetime))
LABEL: Workflow[None, Any] = named("labelled", param("label", str))
ZONE = "Europe/Berlin"
FIRST = date(1800, 1, 1)
HOURS_FROM = date(2020, 1, 1)
DAYS = FIRST, FIRST + timedelta(days=N - 1)
HOURS = HOURS_FROM, HOURS_FROM + timedelta(days=N // 24 + 1)


def of_dates(first: date, n: int, step: timedelta) -> int:
    """What a program without fwf would write: dates in a list, those of working days counted."""
    found: list[date] = []
    day = first
    for _ in range(n):
        found.append(day)
        day += step
    return len([each for each in found if each.weekday() < 5])


def counted(timetable: Timetable[Any], first: date, last: date) -> int:
    runs = partitions(timetable, first, last)
    assert len(runs) >= N
    return len([run for run in runs if run.day.weekday() < 5])


def by_hand() -> float:
    return best(lambda: of_dates(FIRST, N, timedelta(days=1)), clock=process_time)


def compare(what: str, work: Callable[[], object]) -> None:
    report(f"{what}, {N:,}", best(work, clock=process_time), by_hand(), unit="ms")


def test_partitions() -> None:
    days = every_day(DAY, tz=ZONE, param="day")
    hours = every_hour(HOUR, tz=ZONE, param="hour")
    compare("days listed, filtered, counted", lambda: counted(days, *DAYS))
    compare("hours listed, filtered, counted", lambda: counted(hours, *HOURS))
    line = cron(LABEL, "*/5 6-20 * * *", tz=ZONE, param="label")
    few = FIRST, FIRST + timedelta(days=N // 180 + 1)
    compare("'*/5 6-20 * * *' listed, filtered, counted", lambda: counted(line, *few))


def test_partitions_for_the_first_time() -> None:
    """In a process of its own, so that nothing of the zone is known."""
    code = (
        "from time import process_time as clock\n"
        "from tests.bench.bench_schedules import *\n"
        "days = every_day(DAY, tz=ZONE, param='day'); start = clock()\n"
        "counted(days, *DAYS); print(clock() - start)\n"
        "start = clock(); of_dates(FIRST, N, timedelta(days=1)); print(clock() - start)\n"
    )
    ours, hand = figures_of_process(code)
    report(f"days for the first time, {N:,}", ours, hand, unit="ms")


def test_what_a_run_tells() -> None:
    runs = partitions(every_day(DAY, tz=ZONE, param="day"), *DAYS)
    compare("label of each", lambda: [run.label for run in runs])
    compare("second at which each is due", lambda: [run.due_at for run in runs])
    compare("start of each", lambda: [run.start for run in runs])


def test_what_is_due() -> None:
    nightly = every_day(DAY, tz=ZONE, param="day", start=date(2020, 1, 1), missed="last")
    now = datetime(2026, 6, 2, 12, tzinfo=UTC)
    hand = best(lambda: datetime.now(UTC).astimezone().date() - timedelta(days=1))
    report("the last run that is due", best(lambda: [*nightly.startable(now)]), hand)
