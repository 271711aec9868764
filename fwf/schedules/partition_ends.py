"""Where does one partition end and the next one begin?

Either at the midnights of dates: whole days, or weeks and months of such. Or at ticks, for what
falls due several times a day: at the times that are named, each once a day, or, where no hours are
named, whenever the clock shows the minute, so that an hour that is shown twice ticks twice.
"""

from collections.abc import Iterator
from datetime import date, time
from itertools import chain, repeat
from typing import Final, TypeAlias, final

from fwf.records import record
from fwf.schedules.dates import EVERY_DATE, Calendar, Dates
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


def spans(rule: Ticks, days: Calendar, first: date, last: date) -> Iterator[Span]:
    """The partitions that begin from one date to another, both included."""
    before: tuple[date, list[int]] | None = None
    for day in days.from_on(first):
        ticks = ticks_on(rule, days, day)
        if ticks and before is not None:
            yield from zip(repeat(before[0]), before[1], [*before[1][1:], ticks[0]], strict=False)
        if day > last:
            return
        if ticks:
            before = day, ticks


def spans_back(rule: Ticks, days: Calendar, last: date) -> Iterator[Span]:
    """The partitions that begin up to a date, the last one first."""
    end = next(tick for day, tick in _ticks_from(rule, days, last) if day > last)
    for day in days.back_from(last):
        for tick in reversed(ticks_on(rule, days, day)):
            yield day, tick, end
            end = tick


def ticks_on(rule: Ticks, days: Calendar, day: date) -> list[int]:
    """The ticks of a date, in order."""
    zone = days.zone
    if rule.hours is None:
        return _by_the_clock(rule.minutes, zone, day)
    ticks = _at_times(rule.hours, rule.minutes, zone, day)
    after = zone.next_day(day)
    if ticks[-1] >= zone.begins(after) and days.dates.has(after):
        # A gap over midnight has put it where the next day begins: if that ticks too, it is one.
        its_first = _at_times(rule.hours, rule.minutes, zone, after)[0]
        ticks = [tick for tick in ticks if tick < its_first]
    return ticks


def _ticks_from(rule: Ticks, days: Calendar, first: date) -> Iterator[tuple[date, int]]:
    for day in days.from_on(first):
        for tick in ticks_on(rule, days, day):
            yield day, tick


def _at_times(hours: tuple[int, ...], minutes: tuple[int, ...], zone: Zone, day: date) -> list[int]:
    """Times ⟶ the instants of a day at which the clock first shows each, or has passed over it."""
    return sorted({zone.shows(day, time(hour, minute)) for hour in hours for minute in minutes})


def _by_the_clock(minutes: tuple[int, ...], zone: Zone, day: date) -> list[int]:
    """Minutes ⟶ all instants of a day at which the clock shows one of them."""
    instants: list[int] = []
    for start, end, offset in zone.pieces(zone.begins(day), zone.begins(zone.next_day(day))):
        firsts = [start + (MINUTE * each - start - offset) % HOUR for each in minutes]
        instants += sorted(chain.from_iterable(range(first, end, HOUR) for first in firsts))
    return instants
