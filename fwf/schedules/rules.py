"""Where does one partition end and the next one begin?

Either at the midnights of dates: whole days, or weeks and months of such. Or at ticks, for what
falls due several times a day: at the times that are named, each once a day, or, where no hours are
named, whenever the clock shows the minute, so that an hour that is shown twice ticks twice.
"""

from collections.abc import Iterator
from datetime import date, time
from typing import Final, TypeAlias, final

from fwf.records import record
from fwf.schedules.dates import EVERY_DATE, Dates, back_from, from_on
from fwf.schedules.zones import Zone

HOUR: Final = 3_600
MINUTE: Final = 60


@final
@record(hidden=("dates",))
class WholeDays:
    """From the midnight of one date to that of the next; due at a time of the date it ends on.

    line: the cron line that says it, if one does.
    """

    at: time
    dates: Dates = EVERY_DATE
    line: str | None = None


@final
@record(hidden=("dates",))
class Ticks:
    """From one tick to the next, on dates; due so many seconds after its end.

    hours: those that are named; None for all of them, by the clock.
    """

    minutes: tuple[int, ...]
    hours: tuple[int, ...] | None = None
    wait: int = 0
    dates: Dates = EVERY_DATE
    line: str | None = None


Rule: TypeAlias = WholeDays | Ticks
Span: TypeAlias = tuple[date, int, int]
"""A partition between ticks: its day, the instants at which it starts and ends."""


def next_date(rule: Rule, zone: Zone, day: date) -> date:
    """The date on which the partition after that of `day` begins."""
    days = from_on(rule.dates, zone, day)
    return next(each for each in days if each > day)


def spans(rule: Ticks, zone: Zone, first: date, last: date) -> Iterator[Span]:
    """The partitions that begin from one date to another, both included."""
    open_since: tuple[date, int] | None = None
    for day, tick in _ticks_from(rule, zone, first):
        if open_since is not None:
            yield (*open_since, tick)
        if day > last:
            return
        open_since = day, tick


def spans_back(rule: Ticks, zone: Zone, last: date) -> Iterator[Span]:
    """The partitions that begin up to a date, the last one first."""
    end = next(tick for day, tick in _ticks_from(rule, zone, last) if day > last)
    for day in back_from(rule.dates, zone, last):
        for tick in reversed(ticks_on(rule, zone, day)):
            yield day, tick, end
            end = tick


def ticks_on(rule: Ticks, zone: Zone, day: date) -> list[int]:
    """The ticks of a date, in order."""
    if rule.hours is None:
        return _by_the_clock(rule.minutes, zone, day)
    ticks = _at_times(rule.hours, rule.minutes, zone, day)
    after = zone.next_day(day)
    if ticks[-1] >= zone.begins(after) and rule.dates.has(after):
        # A gap over midnight has put it where the next day begins: if that ticks too, it is one.
        its_first = _at_times(rule.hours, rule.minutes, zone, after)[0]
        ticks = [tick for tick in ticks if tick < its_first]
    return ticks


def _ticks_from(rule: Ticks, zone: Zone, first: date) -> Iterator[tuple[date, int]]:
    for day in from_on(rule.dates, zone, first):
        for tick in ticks_on(rule, zone, day):
            yield day, tick


def _at_times(hours: tuple[int, ...], minutes: tuple[int, ...], zone: Zone, day: date) -> list[int]:
    """Times ⟶ the instants of a day at which the clock first shows each, or has passed over it."""
    return sorted({zone.shows(day, time(hour, minute)) for hour in hours for minute in minutes})


def _by_the_clock(minutes: tuple[int, ...], zone: Zone, day: date) -> list[int]:
    """Minutes ⟶ all instants of a day at which the clock shows one of them."""
    found: list[int] = []
    for start, end, offset in zone.pieces(zone.begins(day), zone.begins(zone.next_day(day))):
        first = (start + offset) // HOUR * HOUR - offset
        ticks = [hour + MINUTE * each for hour in range(first, end, HOUR) for each in minutes]
        found.extend(tick for tick in ticks if start <= tick < end)
    return found
