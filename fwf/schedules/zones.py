"""When does a day begin in a time zone, and when does its clock show a time?

Instants are whole seconds since 1970, UTC, so that they compare and subtract as time that passes.
A clock that is put forward leaves a gap, one that is put back shows times twice; a date exists if
any minute of it does (Apia has no 2011-12-30).
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import cache, lru_cache
from itertools import pairwise
from typing import Final, final

from fwf.faults import near

DAY: Final = 86_400
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
ONE_DAY: Final = timedelta(days=1)
FIRST, LAST = date(1000, 1, 1), date(8999, 12, 31)
"""Years of four digits, with room on both sides for what rules look up there. Our choice."""
MIDNIGHT: Final = time(0)
_EPOCH_DAY: Final = EPOCH.toordinal()
_STEP: Final = 3 * 3_600
"""No zone has put its clock forward and back within so many seconds."""
_STRETCH: Final = 32 * DAY
"""For so long at once changes are looked for, and kept."""
_NAME: Final = re.compile(r"[A-Za-z][\w+-]*(/[A-Za-z][\w+-]*)*", re.ASCII)


@final
class Zone:
    """A time zone by its name. `zone(name)` makes it once."""

    __slots__ = ("name", "rules")

    def __init__(self, name: str, rules: tzinfo) -> None:
        self.name = name
        self.rules = rules

    def begins(self, day: date) -> int:
        """Date that exists ⟶ its first instant: midnight, or the first after a gap."""
        return _begins(self, day)

    def shows(self, day: date, at: time) -> int:
        """Date, time ⟶ the first instant at which the clock shows it; in a gap, that after it."""
        moment = datetime.combine(day, at, self.rules)
        before, after = _offset(moment), _offset(moment.replace(fold=1))
        seconds = at.hour * 3_600 + at.minute * 60
        instant = (day.toordinal() - _EPOCH_DAY) * DAY + seconds - before
        if before >= after:
            return instant
        return self.change(instant - (after - before), instant)

    def clock(self, instant: int) -> datetime:
        """Instant ⟶ what the clock shows then, with its offset.

        Of one zone, Python compares and subtracts what clocks show, as if none was ever put back;
        with offsets it is time that passes.
        """
        moment = self._at(instant)
        return moment.replace(tzinfo=timezone(moment.utcoffset() or timedelta(0)), fold=0)

    def text(self, instant: float, beside: date | None = None) -> str:
        """Instant ⟶ `2026-06-04 02:14+02:00`; on the day that is told beside it the time alone."""
        moment = self.clock(int(instant))
        day = "" if moment.date() == beside else f"{moment.date()} "
        return f"{day}{moment.timetz().isoformat('minutes')}"

    def exists(self, day: date) -> bool:
        """Whether the zone had any minute of a date."""
        return day not in self.missing_dates(day.year)

    def missing_dates(self, year: int) -> frozenset[date]:
        """Year ⟶ its dates that the zone never had."""
        return _missing_dates(self, year)

    def day_of(self, instant: int) -> date:
        """Instant ⟶ the day that has begun last by then.

        That is the date which the clock shows, unless it was put back over midnight.
        """
        day = self._at(instant).date()
        after = self.next_day(day)
        return after if self.begins(after) <= instant else day

    def next_day(self, day: date) -> date:
        """Date ⟶ the next one that exists."""
        day += ONE_DAY
        while not self.exists(day):
            day += ONE_DAY
        return day

    def pieces(self, start: int, end: int) -> Iterator[tuple[int, int, int]]:
        """Two instants ⟶ start, end and offset of each piece between them without a change."""
        for change in _changes(self, start, end):
            yield start, change, self.offset(start)
            start = change
        yield start, end, self.offset(start)

    def change(self, low: int, high: int) -> int:
        """The instant in (low, high] from which on the clock has another offset than at `low`."""
        before = self.offset(low)
        while high - low > 1:
            middle = (low + high) // 2
            if self.offset(middle) == before:
                low = middle
            else:
                high = middle
        return high

    def offset(self, instant: int) -> int:
        """Instant ⟶ by how many seconds the clock is then before UTC."""
        return _offset(self._at(instant))

    def _at(self, instant: int) -> datetime:
        return (EPOCH + timedelta(seconds=instant)).astimezone(self.rules)


def clock_time(text: str) -> time | None:
    """`HH:MM` ⟶ the time; None where no clock shows that."""
    hours, colon, minutes = text.partition(":")
    digits = [
        each for each in (hours, minutes) if len(each) == 2 and each.isdecimal() and each.isascii()
    ]
    if colon and len(digits) == 2 and int(hours) < 24 and int(minutes) < 60:
        return time(int(hours), int(minutes))
    return None


def seconds_of(moment: datetime) -> int:
    """Aware moment ⟶ the whole second that it is in; raises `ValueError` for one without offset."""
    if moment.utcoffset() is None:
        raise ValueError(f"{moment} has no offset: write datetime.now(UTC), or give it a tzinfo")
    return _seconds(moment.astimezone(UTC))


@cache
def zone(name: str) -> Zone:
    """Name ⟶ the zone; raises `LookupError` with the remedy where this machine doesn't have it."""
    if name == "UTC":
        return Zone(name, UTC)
    from zoneinfo import ZoneInfo  # 3 ms that only schedules need

    try:
        if name != "localtime":  # another one on each machine
            return Zone(name, ZoneInfo(name))
    except (LookupError, ValueError, OSError):
        pass
    raise LookupError(_unknown(name))


def _unknown(name: str) -> str:
    from zoneinfo import available_timezones

    if not _NAME.fullmatch(name):
        return f"{name!r} is no name of a time zone, such as Europe/Berlin or UTC"
    close = near(name, available_timezones())
    return f"this machine has no time zone {name!r}: pip install tzdata{close}"


def _seconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(seconds=1)


def _offset(moment: datetime) -> int:
    offset = moment.utcoffset()
    assert offset is not None, "every zone has an offset at every time"
    return offset.days * DAY + offset.seconds


@lru_cache(maxsize=4_096)
def _begins(where: Zone, day: date) -> int:
    """Kept, since where a day begins the one before it ends."""
    return where.shows(day, MIDNIGHT)


@lru_cache(maxsize=4_096)
def _missing_dates(where: Zone, year: int) -> frozenset[date]:
    """Dates that a clock put forward by a day or more has left out; most years have none."""
    looks = [datetime(year - 1, 12, 30, tzinfo=UTC)]
    looks += [datetime(year, month, 1, tzinfo=UTC) for month in (4, 7, 10)]
    looks.append(datetime(year + 1, 1, 2, tzinfo=UTC))
    offsets = [_offset(each.astimezone(where.rules)) for each in looks]
    if max(b - a for a, b in pairwise(offsets)) < DAY - _STEP:
        return frozenset()
    days = (date(year, 1, 1) + timedelta(days=n) for n in range(366))
    return frozenset(day for day in days if day.year == year and not _exists(where, day))


def _exists(where: Zone, day: date) -> bool:
    return where.clock(where.begins(day)).date() == day


@lru_cache(maxsize=4_096)
def _changes_in(where: Zone, stretch: int) -> tuple[int, ...]:
    """Instants at which the clock is put forward or back, in one stretch of time."""
    start = stretch * _STRETCH
    changes: list[int] = []
    offset = where.offset(start)
    for low in range(start, start + _STRETCH, _STEP):
        other = where.offset(low + _STEP)
        if other != offset:
            changes.append(where.change(low, low + _STEP))
        offset = other
    return tuple(changes)


def _changes(where: Zone, start: int, end: int) -> list[int]:
    """Instants after `start` and before `end` at which the clock is put forward or back."""
    stretches = range(start // _STRETCH, (end - 1) // _STRETCH + 1)
    return [each for some in stretches for each in _changes_in(where, some) if start < each < end]
