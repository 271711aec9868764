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
    written = " ".join(line.split())
    if len(written.split()) != _FIELDS:
        remedy = _NICKNAMES.get(written.lower(), "0 2 * * 1-5")
        raise ValueError(
            f"cron({line!r}): needs five fields (minute, hour, day, month, weekday), such as "
            f"{remedy!r}"
        )
    return _rule(line, written)


def _rule(line: str, written: str) -> Rule:
    read = _read(line, written)
    dates = _dates(read)
    if dates.none():
        raise ValueError(f"cron({line!r}): it never falls due: no year has such a date")
    minutes, hours = tuple(sorted(read.minutes)), tuple(sorted(read.hours))
    if len(hours) == len(minutes) == 1:
        return WholeDays(time(hours[0], minutes[0]), dates, written)
    if len(hours) < 24:
        return Ticks(minutes, hours, 0, dates, written)
    if len(minutes) == 1:
        return Ticks((0,), None, minutes[0] * MINUTE, dates, written)
    return Ticks(minutes, None, 0, dates, written)


def _read(line: str, written: str) -> "CronSim":
    try:
        from cronsim import CronSim, CronSimError
    except ImportError as error:
        raise ImportError(f"cron({line!r}): lines of cron need pip install 'fwf[cron]'") from error
    try:
        return CronSim(written, datetime(2000, 1, 1))  # where it would begin; it isn't asked
    except CronSimError as error:
        said = str(error).lower()
    if said == "bad day-of-month":
        said += ", or one that its months don't have, so that it never falls due"
    raise ValueError(f"cron({line!r}): {said}")


def _dates(read: "CronSim") -> Dates:
    """What the library has read, in our words; it has numbers of its own for L and LW."""
    days = {read.LAST: LAST_DAY, read.LAST_WEEKDAY: LAST_WEEKDAY}
    weekdays = [each for each in read.weekdays if not isinstance(each, tuple)]
    nth = [each for each in read.weekdays if isinstance(each, tuple)]
    return Dates(
        months=tuple(sorted(read.months)),
        days=tuple(sorted([days.get(day, day) for day in read.days])),
        weekdays=tuple(sorted({day % 7 for day in weekdays})),
        nth=tuple(sorted((day % 7, LAST_OF_MONTH if n == read.LAST else n) for day, n in nth)),
        both=read.day_and,
    )
