"""What does a line of cron say? A library reads it, and no more: its days are counted by our rules.

Libraries that go from tick to tick give wrong days where clocks change.
"""

from datetime import datetime, time
from typing import TYPE_CHECKING, Final

from fwf.schedules.dates import LAST_DAY, LAST_OF_MONTH, LAST_WEEKDAY, Dates
from fwf.schedules.partition_ends import MINUTE, Rule, Ticks, WholeDays

if TYPE_CHECKING:
    from cronsim import CronSim

_FIELDS: Final = 5
_NICKNAMES: Final = {
    "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *", "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@hourly": "0 * * * *",
}  # fmt: skip


def rule_of(line: object) -> Rule:
    """Line of cron ⟶ the rule; raises `TypeError`, `ValueError`, `ImportError`."""
    if not isinstance(line, str):
        raise TypeError(f"cron({line!r}): needs a text of five fields, such as '0 2 * * 1-5'")
    fields = " ".join(line.split())
    if len(fields.split()) != _FIELDS:
        remedy = _NICKNAMES.get(fields.lower(), "0 2 * * 1-5")
        raise ValueError(
            f"cron({line!r}): needs five fields (minute, hour, day, month, weekday), such as "
            f"{remedy!r}"
        )
    return _rule(line, fields)


def _rule(line: str, fields: str) -> Rule:
    schedule = _read(line, fields)
    dates = _dates(schedule)
    if dates.none():
        raise ValueError(f"cron({line!r}): it never falls due: no year has such a date")
    minutes, hours = tuple(sorted(schedule.minutes)), tuple(sorted(schedule.hours))
    if len(hours) == len(minutes) == 1:
        return WholeDays(time(hours[0], minutes[0]), dates, fields)
    if len(hours) < 24:
        return Ticks(minutes, hours, 0, dates, fields)
    if len(minutes) == 1:
        return Ticks((0,), None, minutes[0] * MINUTE, dates, fields)
    return Ticks(minutes, None, 0, dates, fields)


def _read(line: str, fields: str) -> "CronSim":
    try:
        from cronsim import CronSim, CronSimError
    except ImportError as error:
        raise ImportError(f"cron({line!r}): lines of cron need pip install 'fwf[cron]'") from error
    try:
        return CronSim(fields, datetime(2000, 1, 1))  # where it would begin; it isn't asked
    except CronSimError as error:
        reason = str(error).lower()
    if reason == "bad day-of-month":
        reason += ", or one that its months don't have, so that it never falls due"
    raise ValueError(f"cron({line!r}): {reason}")


def _dates(schedule: "CronSim") -> Dates:
    """What the library has read, in our words; it has numbers of its own for L and LW."""
    days = {schedule.LAST: LAST_DAY, schedule.LAST_WEEKDAY: LAST_WEEKDAY}
    weekdays = [each for each in schedule.weekdays if not isinstance(each, tuple)]
    nth = [each for each in schedule.weekdays if isinstance(each, tuple)]
    return Dates(
        months=tuple(sorted(schedule.months)),
        days=tuple(sorted([days.get(day, day) for day in schedule.days])),
        weekdays=tuple(sorted({day % 7 for day in weekdays})),
        nth=tuple(sorted((day % 7, LAST_OF_MONTH if n == schedule.LAST else n) for day, n in nth)),
        both=schedule.day_and,
    )
