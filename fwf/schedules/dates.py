"""On which dates does a schedule start a partition? Of every day, or as a cron line says."""

from bisect import bisect_left, bisect_right
from calendar import isleap, monthrange
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from typing import Final, final

from fwf.records import record
from fwf.schedules.zones import FIRST, LAST, Zone

LAST_DAY: Final = -1
LAST_WEEKDAY: Final = -2
"""Days of a month that no number says: cron's L and LW."""
LAST_OF_MONTH: Final = -1
"""Which of its weekdays in a month: the last, cron's 5L."""


@final
@record()
class Dates:
    """Dates by month, day of the month and weekday, Sunday being 0; of both days, or of either.

    nth: weekdays with their number in the month, as cron's 1#2 and 5L.
    """

    months: tuple[int, ...]
    days: tuple[int, ...]
    weekdays: tuple[int, ...]
    nth: tuple[tuple[int, int], ...] = ()
    both: bool = True

    def has(self, day: date) -> bool:
        """Whether a date is one of them."""
        if day.month not in self.months:
            return False
        by_day, by_weekday = self._by_day(day), self._by_weekday(day)
        return by_day and by_weekday if self.both else by_day or by_weekday

    def none(self) -> bool:
        """Whether no year has any: all years are of fourteen kinds."""
        return not any(_numbers(self, leap, first) for leap in (True, False) for first in range(7))

    def _by_day(self, day: date) -> bool:
        if day.day in self.days:
            return True
        last = _last_day(day)
        is_last = LAST_DAY in self.days and day == last
        # The last of Monday to Friday: of a Saturday or a Sunday it is the Friday before.
        return is_last or (
            LAST_WEEKDAY in self.days and day == last - timedelta(days=max(0, last.weekday() - 4))
        )

    def _by_weekday(self, day: date) -> bool:
        weekday = day.isoweekday() % 7
        if weekday in self.weekdays or (weekday, (day.day + 6) // 7) in self.nth:
            return True
        return (weekday, LAST_OF_MONTH) in self.nth and (_last_day(day) - day).days < 7


EVERY_DATE: Final = Dates(tuple(range(1, 13)), tuple(range(1, 32)), tuple(range(7)))


def _last_day(day: date) -> date:
    return day.replace(day=monthrange(day.year, day.month)[1])


@lru_cache(maxsize=512)
def _numbers(dates: Dates, leap: bool, first: int) -> tuple[int, ...]:
    """Days since New Year of the dates in each year that begins on a weekday, leap or not."""
    if dates == EVERY_DATE:
        return tuple(range(366 if leap else 365))
    year = next(
        year
        for year in range(2000, 2028)
        if isleap(year) == leap and date(year, 1, 1).weekday() == first
    )
    new_year = date(year, 1, 1)
    days = (new_year + timedelta(days=number) for number in range(366 if leap else 365))
    return tuple((day - new_year).days for day in days if dates.has(day))


@final
class Calendar:
    """Those of some dates that a zone has. `calendar(dates, zone)` makes it once.

    It reaches a century further than days that are asked for, so that each has one after it.
    """

    __slots__ = ("dates", "zone")

    def __init__(self, dates: Dates, zone: Zone) -> None:
        self.dates = dates
        self.zone = zone

    def after(self, day: date) -> date:
        """The first that comes after a date."""
        days = _dates_of(self, day.year)
        at = bisect_right(days, day)
        return days[at] if at < len(days) else next(self.from_on(date(day.year + 1, 1, 1)))

    def from_on(self, first: date) -> Iterator[date]:
        """Those from a date on, in order."""
        for year in range(first.year, LAST.year + 100):
            days = _dates_of(self, year)
            yield from days[bisect_left(days, first) :] if year == first.year else days

    def back_from(self, last: date) -> Iterator[date]:
        """Those up to a date, the last one first."""
        for year in range(last.year, FIRST.year - 100, -1):
            days = _dates_of(self, year)
            yield from reversed(days[: bisect_right(days, last)] if year == last.year else days)


@lru_cache(maxsize=64)
def calendar(dates: Dates, zone: Zone) -> Calendar:
    """Dates, zone ⟶ those that the zone has."""
    return Calendar(dates, zone)


@lru_cache(maxsize=4_096)
def _dates_of(of: Calendar, year: int) -> tuple[date, ...]:
    """The dates of a year, in order."""
    new_year = date(year, 1, 1)
    numbers = _numbers(of.dates, isleap(year), new_year.weekday())
    first = new_year.toordinal()
    days = tuple(map(date.fromordinal, [first + number for number in numbers]))
    gaps = of.zone.missing_dates(year)
    return tuple(day for day in days if day not in gaps) if gaps else days
