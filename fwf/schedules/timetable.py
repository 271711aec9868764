"""What runs are there to be, of which workflow, in which zone, from which day on?"""

from collections.abc import Iterator
from datetime import date, datetime
from itertools import takewhile
from typing import Any, Final, Generic, TypeVar, final

from fwf.algebra.workflow import Workflow
from fwf.analysis.run_keys import name_of
from fwf.records import record
from fwf.schedules.alerts import Notify
from fwf.schedules.partition_ends import HOUR, Rule, Ticks, WholeDays, spans, spans_back
from fwf.schedules.planned_runs import Run
from fwf.schedules.timetable_checks import Missed, TimetableChecks, check_date, word_of
from fwf.schedules.timetable_source import cron_line, source_of, waking_line
from fwf.schedules.zones import FIRST, LAST, Zone, seconds_of

B = TypeVar("B", covariant=True)
FRESH: Final = HOUR
"""For so many seconds a run that is due isn't missed yet. Our choice: a machine that wakes fwf does
so within the hour."""


@final
@record(repr=False)
class Timetable(TimetableChecks, Generic[B]):
    """A workflow, and the days or hours that it is to be run for. `every_day` and the like make it.

    missed: what is started of that which is due and not done: "all" in order, the "last" one alone,
        or "none": the last one alone, and not later than an hour after it was due.
    after_previous: whether each run waits for the one before it to be complete.
    notify: whom to tell, and of what.
    """

    workflow: Workflow[None, B]
    rule: Rule
    tz: str
    param: str
    start: date | None = None
    end: date | None = None
    missed: Missed = "all"
    after_previous: bool = False
    notify: Notify | None = None

    @property
    def name(self) -> str:
        """The name of the workflow, by which a journal knows its runs."""
        return name_of(self.workflow) or ""

    @property
    def zone(self) -> Zone:
        """The time zone."""
        return self.calendar.zone

    @property
    def cron(self) -> str:
        """When runs are due, as a line of cron on the zone's clock."""
        return cron_line(self.rule)

    @property
    def wake(self) -> str:
        """When cron may wake `fwf run --due` on any machine: each quarter of an hour."""
        return waking_line(self.rule)

    def partition(self, value: date | str, /) -> Run[B]:
        """Day, start or label ⟶ the run for it; raises `ValueError` where there is none."""
        where = f"partition({value if isinstance(value, str) else str(value)!r})"
        instant = instant_of(where, value, self.rule, self.zone)
        run = next(self._back(instant), None)
        if run is not None and run.begins == instant:
            return run
        if run is None or run.over <= instant:
            bounds = f"start={self.start}, end={self.end}"
            raise ValueError(f"{where}: it is no run of the timetable, which has {bounds}")
        raise ValueError(f"{where}: no run begins there; it is in {run.label}")

    def before(self, run: Run[Any], /) -> Run[B] | None:
        """Run ⟶ the one before it; None for the first."""
        return next(self._back(run.begins - 1), None)

    def holding(self, moment: datetime, /) -> Run[B] | None:
        """Aware moment ⟶ the run in whose interval it is; None where there is none."""
        instant = seconds_of(moment)
        run = next(self._back(instant), None)
        return None if run is None or run.over <= instant else run

    def over(self, now: datetime, /) -> Iterator[Run[B]]:
        """Aware moment ⟶ the runs whose interval has ended by then, in order, one at a time.

        Raises `ValueError` without `start=`: nobody knows where to begin.
        """
        instant = seconds_of(now)
        return takewhile(lambda run: run.over <= instant, self._from_start())

    def due(self, now: datetime, /) -> Iterator[Run[B]]:
        """Aware moment ⟶ the runs that are due by then, in order, one at a time.

        Raises `ValueError` without `start=`.
        """
        instant = seconds_of(now)
        return takewhile(lambda run: run.due_at <= instant, self._from_start())

    def last_due(self, now: datetime, /) -> Run[B] | None:
        """Aware moment ⟶ the last run that is due by then."""
        instant = seconds_of(now)
        return next((run for run in self._back(instant) if run.due_at <= instant), None)

    def startable(self, now: datetime, /) -> Iterator[Run[B]]:
        """Aware moment ⟶ those that are due by then and that `missed` lets start, in order.

        Raises `ValueError` without `start=`.
        """
        if self.missed == "all":
            return self.due(now)
        self._from_start()  # raises without a first day
        last = self.last_due(now)
        if last is None or (self.missed == "none" and seconds_of(now) - last.due_at >= FRESH):
            return iter(())
        return iter((last,))

    def runs(self, first: date, last: date) -> Iterator[Run[B]]:
        """First and last day, both included ⟶ the runs that begin on them, one at a time."""
        first, last = self.bounds(first, last)
        if isinstance(self.rule, WholeDays):
            days = self.calendar.from_on(first)
            return (Run(self, day) for day in takewhile(lambda day: day <= last, days))
        return (Run(self, *span) for span in spans(self.rule, self.calendar, first, last))

    def bounds(self, first: date, last: date) -> tuple[date, date]:
        """Two days ⟶ the same within the timetable's own first and last."""
        return max(first, self.start or FIRST), min(last, self.end or LAST)

    def _from_start(self) -> Iterator[Run[B]]:
        if self.start is None:
            raise ValueError(
                f"{self.name}: what is due is known from a first day on: write "
                f"{word_of(self.rule)}(…, start=date(…))"
            )
        return self.runs(self.start, LAST)

    def _back(self, instant: int) -> Iterator[Run[B]]:
        """The runs that have begun by an instant, the last one first."""
        first, last = self.bounds(FIRST, self.zone.day_of(instant))
        if isinstance(self.rule, WholeDays):
            days = self.calendar.back_from(last)
            runs = (Run(self, day) for day in days)
        else:
            back = spans_back(self.rule, self.calendar, last)
            runs = (Run(self, *span) for span in back if span[1] <= instant)
        return takewhile(lambda run: run.day >= first, runs)

    def __repr__(self) -> str:
        return source_of(self)


def instant_of(where: str, value: object, rule: Rule, zone: Zone) -> int:
    """Day, start or label ⟶ the instant at which it begins; raises `ValueError`, `TypeError`."""
    moment = _read(value) if isinstance(value, str) else value
    if isinstance(moment, datetime):
        if moment.tzinfo is None:
            raise ValueError(f"{where}: needs an offset, as 2026-06-01T02:00+02:00 has")
        check_date(where, moment.date())
        return seconds_of(moment)
    if not isinstance(moment, date):
        raise ValueError(f"{where}: needs a day or a start in ISO 8601, as a run's label is")
    if isinstance(rule, Ticks):
        raise ValueError(f"{where}: there are several runs a day: 2026-06-01T02:00+02:00 is one")
    check_date(where, moment)
    if not zone.exists(moment):
        raise ValueError(f"{where}: {zone.name} never had that day")
    return zone.begins(moment)


def _read(text: str) -> date | None:
    for kind in (date, datetime):
        try:
            return kind.fromisoformat(text)
        except ValueError:
            continue
    return None
