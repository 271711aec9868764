"""What a schedule should plan, minute by minute: UTC is counted, and a zone's clock looked at.

Knows nothing of fwf, nor of any library of cron: rules are written here by hand. The clock is only
ever asked what it shows at an instant, never which instant a time is.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

MINUTE = 60
DAY = timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
On = Callable[[date], bool]


class Days(NamedTuple):
    """Whole days from one date to the next of those that count, due at a time of the next."""

    at: str
    on: On = lambda day: True


class Times(NamedTuple):
    """From one time of day to the next: each is once a day."""

    at: tuple[str, ...]
    on: On = lambda day: True


class Minutes(NamedTuple):
    """From one instant at which the clock shows such a minute to the next; due a while later."""

    shown: tuple[int, ...]
    wait: int = 0
    on: On = lambda day: True


Rule = Days | Times | Minutes


class Part(NamedTuple):
    """A partition: its label, its day, and where it starts, ends and is due, in seconds."""

    label: str
    day: date
    start: int
    end: int
    due: int


class Window:
    """A stretch of time in a zone, every `step` seconds."""

    def __init__(self, zone: str, first: date, last: date, step: int = MINUTE) -> None:
        start = datetime(first.year, first.month, first.day, tzinfo=UTC) - DAY
        end = datetime(last.year, last.month, last.day, tzinfo=UTC) + 2 * DAY
        self.zone = ZoneInfo(zone)
        self.instants = range(seconds(start), seconds(end), step)
        self.clock = [self.shown(instant) for instant in self.instants]
        self.seen: dict[datetime, int] = {}
        begun: dict[date, int] = {}
        for instant, shown in zip(self.instants, self.clock, strict=True):
            self.seen.setdefault(shown, instant)
            begun.setdefault(shown.date(), instant)
        days = sorted(begun)[1:-1]  # of the first it isn't known when it began
        self.begun = {day: begun[day] for day in days}
        self.days = days
        self.starts = [begun[day] for day in days]

    def shown(self, instant: int) -> datetime:
        moment = (EPOCH + timedelta(seconds=instant)).astimezone(self.zone)
        return moment.replace(tzinfo=None, fold=0)

    def when(self, day: date, at: str) -> int:
        """The first instant at which the clock shows a time, or a later one."""
        wanted = datetime.combine(day, time.fromisoformat(at))
        if wanted in self.seen:
            return self.seen[wanted]
        return next(
            instant
            for instant, shown in zip(self.instants, self.clock, strict=True)
            if shown >= wanted
        )

    def day_of(self, instant: int) -> date:
        """The day that has begun last."""
        return self.days[bisect_right(self.starts, instant) - 1]

    def label(self, instant: int) -> str:
        moment = (EPOCH + timedelta(seconds=instant)).astimezone(self.zone)
        return moment.isoformat(timespec="minutes")

    def parts(self, rule: Rule) -> list[Part]:
        """All partitions that start in the window, but for the last one, whose end isn't in it."""
        if isinstance(rule, Days):
            found = pairwise(day for day in self.days if rule.on(day))
            return [
                Part(str(day), day, self.begun[day], self.begun[after], self.when(after, rule.at))
                for day, after in found
            ]
        wait = rule.wait if isinstance(rule, Minutes) else 0
        ticks = sorted(dict(self.ticks(rule)).items())
        return [
            Part(self.label(tick), day, tick, end, end + MINUTE * wait)
            for (tick, day), (end, _) in pairwise(ticks)
        ]

    def ticks(self, rule: Times | Minutes) -> Iterator[tuple[int, date]]:
        if isinstance(rule, Times):
            for day in self.days:
                if rule.on(day):
                    yield from ((self.when(day, at), day) for at in rule.at)
            return
        for instant, shown in zip(self.instants, self.clock, strict=True):
            if shown.minute in rule.shown and self.starts[0] <= instant < self.starts[-1]:
                day = self.day_of(instant)
                if rule.on(day):
                    yield instant, day


def seconds(moment: datetime) -> int:
    return round(moment.timestamp())


def changes(zone: str, first: date, last: date) -> list[date]:
    """The dates, in UTC, on which the clock was put forward or back."""
    where = ZoneInfo(zone)
    found: list[date] = []
    moment = datetime(first.year, first.month, first.day, tzinfo=UTC)
    while moment.date() <= last:
        after = moment + DAY
        if moment.astimezone(where).utcoffset() != after.astimezone(where).utcoffset():
            found.append(moment.date())
        moment = after
    return found
