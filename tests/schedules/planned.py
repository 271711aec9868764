"""Rules as users write them, each beside what is said of it by hand; zones; how to compare both."""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from fwf import Run, Timetable, cron, every_day, every_hour, named, partitions, task
from tests.schedules.oracle import Days, Minutes, Part, Rule, Times, Window


@task
def of_day(*, day: date) -> int:
    return day.toordinal()


@task
def of_label(*, label: str) -> str:
    return label


@task
def of_start(*, start: datetime) -> datetime:
    return start


DAILY = named("daily", of_day)
LABELLED = named("labelled", of_label)
HOURLY = named("hourly", of_start)
Make = Callable[[str], Timetable[Any]]


def days_at(at: str) -> Make:
    return lambda tz: every_day(DAILY, at=at, tz=tz, param="day")


def hours_at(minute: int) -> Make:
    return lambda tz: every_hour(HOURLY, minute=minute, tz=tz, param="start")


def line(text: str) -> Make:
    return lambda tz: cron(LABELLED, text, tz=tz, param="label")


def working(day: date) -> bool:
    return day.weekday() < 5


def weekend(day: date) -> bool:
    return day.weekday() >= 5


def last_of_month(day: date) -> bool:
    return (day + timedelta(days=1)).day == 1


def last_weekday(day: date) -> bool:
    """The last day of a month from Monday to Friday."""
    return working(day) and all(
        weekend(after) or after.month != day.month
        for after in (day + timedelta(days=n) for n in range(1, 4))
    )


def last_friday(day: date) -> bool:
    return day.weekday() == 4 and (day + timedelta(days=7)).month != day.month


RULES: dict[str, tuple[Make, Rule]] = {
    "every day at 00:00": (days_at("00:00"), Days("00:00")),
    "every day at 00:15": (days_at("00:15"), Days("00:15")),
    "every day at 02:00": (days_at("02:00"), Days("02:00")),
    "every day at 02:30": (days_at("02:30"), Days("02:30")),
    "every day at 23:45": (days_at("23:45"), Days("23:45")),
    "every hour at 0": (hours_at(0), Minutes((0,))),
    "every hour at 45": (hours_at(45), Minutes((0,), wait=45)),
    "0 3 * * *": (line("0 3 * * *"), Days("03:00")),
    "30 2 * * 1-5": (line("30 2 * * 1-5"), Days("02:30", working)),
    "45 0 */2 * *": (line("45 0 */2 * *"), Days("00:45", lambda day: day.day % 2 == 1)),
    "0 0,1,2,3 * * *": (
        line("0 0,1,2,3 * * *"),
        Times(("00:00", "01:00", "02:00", "03:00")),
    ),
    "0 */6 * * *": (line("0 */6 * * *"), Times(("00:00", "06:00", "12:00", "18:00"))),
    "0,30 0,2,23 * * *": (
        line("0,30 0,2,23 * * *"),
        Times(("00:00", "00:30", "02:00", "02:30", "23:00", "23:30")),
    ),
    "30 23,22 * * SAT,SUN": (line("30 23,22 * * SAT,SUN"), Times(("22:30", "23:30"), weekend)),
    "*/15 * * * *": (line("*/15 * * * *"), Minutes((0, 15, 30, 45))),
    "15,45 * * * 1-5": (line("15,45 * * * 1-5"), Minutes((15, 45), on=working)),
    "30 * * * *": (line("30 * * * *"), Minutes((0,), wait=30)),
}  # fmt: skip
"""At quarters of an hour, so that ten years can be looked through in such steps."""
FINE: dict[str, tuple[Make, Rule]] = {
    "every day at 02:59": (days_at("02:59"), Days("02:59")),
    "every day at 00:01": (days_at("00:01"), Days("00:01")),
    "every hour at 5": (hours_at(5), Minutes((0,), wait=5)),
    "59 23 * * *": (line("59 23 * * *"), Days("23:59")),
    "1 0,2,3 * * *": (line("1 0,2,3 * * *"), Times(("00:01", "02:01", "03:01"))),
    "7 * * * *": (line("7 * * * *"), Minutes((0,), wait=7)),
    "20,40 * * * *": (line("20,40 * * * *"), Minutes((20, 40))),
}
"""Which only minutes show."""
LONG: dict[str, tuple[Make, Rule]] = {
    "0 4 1 * *": (line("0 4 1 * *"), Days("04:00", lambda day: day.day == 1)),
    "0 2 * * 0": (line("0 2 * * 0"), Days("02:00", lambda day: day.weekday() == 6)),
    "0 2 * * 7": (line("0 2 * * 7"), Days("02:00", lambda day: day.weekday() == 6)),
    "30 1 L * *": (line("30 1 L * *"), Days("01:30", last_of_month)),
    "30 1 LW * *": (line("30 1 LW * *"), Days("01:30", last_weekday)),
    "0 2 29 2 *": (line("0 2 29 2 *"), Days("02:00", lambda day: (day.month, day.day) == (2, 29))),
    "0 2 31 * *": (line("0 2 31 * *"), Days("02:00", lambda day: day.day == 31)),
    "0 2 * * 1#2": (
        line("0 2 * * 1#2"),
        Days("02:00", lambda day: day.weekday() == 0 and 8 <= day.day <= 14),
    ),
    "0 2 * * 5L": (
        line("0 2 * * 5L"),
        Days("02:00", last_friday),
    ),
    "0 0 13 * 5": (
        line("0 0 13 * 5"),
        Days("00:00", lambda day: day.day == 13 or day.weekday() == 4),
    ),
    "0 0 */13 * 5": (
        line("0 0 */13 * 5"),
        Days("00:00", lambda day: day.day in (1, 14, 27) and day.weekday() == 4),
    ),
    "30 1 1 JAN,JUL *": (
        line("30 1 1 JAN,JUL *"),
        Days("01:30", lambda day: (day.month, day.day) in ((1, 1), (7, 1))),
    ),
}  # fmt: skip
"""Weeks, months and years."""

ZONES = (
    "UTC", "Europe/Berlin", "Europe/London", "Europe/Dublin", "Europe/Lisbon", "Europe/Chisinau",
    "Europe/Istanbul", "Europe/Moscow", "Europe/Volgograd", "Europe/Kyiv", "Atlantic/Azores",
    "Atlantic/Stanley", "Atlantic/Reykjavik", "Africa/Casablanca", "Africa/El_Aaiun",
    "Africa/Cairo", "Africa/Juba", "Africa/Khartoum", "Africa/Lagos", "Africa/Johannesburg",
    "America/New_York", "America/St_Johns", "America/Havana", "America/Santiago",
    "America/Punta_Arenas", "America/Asuncion", "America/Sao_Paulo", "America/Mexico_City",
    "America/Chihuahua", "America/Nuuk", "America/Scoresbysund", "America/Miquelon",
    "America/Caracas", "America/Los_Angeles", "America/Phoenix", "America/Whitehorse",
    "America/Argentina/Buenos_Aires", "America/Port-au-Prince", "Antarctica/Troll",
    "Antarctica/Casey", "Antarctica/Macquarie", "Antarctica/Vostok", "Asia/Amman", "Asia/Beirut",
    "Asia/Damascus", "Asia/Gaza", "Asia/Hebron", "Asia/Jerusalem", "Asia/Kathmandu",
    "Asia/Kolkata", "Asia/Pyongyang", "Asia/Tehran", "Asia/Almaty", "Asia/Tokyo",
    "Australia/Adelaide", "Australia/Eucla", "Australia/Lord_Howe", "Australia/Sydney",
    "Pacific/Apia", "Pacific/Auckland", "Pacific/Chatham", "Pacific/Easter", "Pacific/Fiji",
    "Pacific/Kiritimati", "Pacific/Norfolk", "Pacific/Tongatapu", "Pacific/Marquesas",
)  # fmt: skip
"""Whose clocks change at midnight, over it, by half an hour, to and fro at Ramadan, or never."""
ODD = {
    "Apia has no 2011-12-30": ("Pacific/Apia", date(2011, 12, 30)),
    "Fakaofo has none either": ("Pacific/Fakaofo", date(2011, 12, 30)),
    "Kwajalein has no 1993-08-21": ("Pacific/Kwajalein", date(1993, 8, 21)),
    "Kiritimati has no 1994-12-31": ("Pacific/Kiritimati", date(1994, 12, 31)),
    "Kwajalein has 1969-09-30 nearly twice": ("Pacific/Kwajalein", date(1969, 9, 30)),
    "in Newfoundland 00:01 became 23:01": ("America/St_Johns", date(2006, 10, 29)),
    "and 00:01 became 01:01": ("America/St_Johns", date(2007, 3, 11)),
    "and once 02:01": ("America/St_Johns", date(1988, 4, 3)),
    "in Caracas 03:00 became 02:30": ("America/Caracas", date(2007, 12, 9)),
    "Pyongyang went on by half an hour": ("Asia/Pyongyang", date(2018, 5, 4)),
    "Fortaleza had a summer of two weeks": ("America/Fortaleza", date(2000, 10, 14)),
    "São Paulo had no midnight": ("America/Sao_Paulo", date(2018, 11, 4)),
    "and two of them": ("America/Sao_Paulo", date(2018, 2, 18)),
}
"""Before those ten years, and stranger."""


def planned(runs: Sequence[Run[Any]]) -> list[Part]:
    return [Part(run.label, run.day, run.begins, run.over, run.due_at) for run in runs]


def compare(window: Window, rules: dict[str, tuple[Make, Rule]], tz: str) -> int:
    """Timetables against the oracle, in a window; how many partitions there were."""
    looked_at = 0
    for name, (make, rule) in rules.items():
        expected = window.parts(rule)
        if expected:
            runs = partitions(make(tz), expected[0].day, expected[-1].day)
            got = [part for part in planned(runs) if part.start <= expected[-1].start]
            assert got == expected, f"{name} in {tz}"
            looked_at += len(expected)
    return looked_at
