"""What is one planned run for: its partition, what its parameter gets, when it is due?"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar, final

from fwf.records import record
from fwf.schedules.partition_ends import WholeDays
from fwf.schedules.zones import Zone

if TYPE_CHECKING:
    from fwf.algebra.workflow import Workflow
    from fwf.schedules.timetable import Timetable

B = TypeVar("B", covariant=True)


@final
@record(repr=False)
class Run(Generic[B]):
    """A partition of a timetable, and so the run that is to be done for it.

    Holds its day alone, and its ticks where it isn't made of days; the rest is worked out when
    somebody asks, so that 100,000 are soon listed.

    day: the day on which it begins.
    since, until: the instants between which it lies, where it isn't made of whole days.
    """

    timetable: Timetable[B]
    day: date
    since: int | None = None
    until: int | None = None

    @property
    def workflow(self) -> Workflow[None, B]:
        """What is to be run."""
        return self.timetable.workflow

    @property
    def param(self) -> str:
        """The parameter that says which partition a run is for."""
        return self.timetable.param

    @property
    def value(self) -> date | datetime | str:
        """What the parameter gets, by its type: the day, the start, or the label."""
        match self.timetable.gives:
            case "date":
                return self.day
            case "datetime":
                return self.start
            case _:
                return self.label

    @property
    def params(self) -> Mapping[str, Any]:
        """The parameter and its value; a workflow's other parameters are the caller's."""
        return {self.param: self.value}

    @property
    def text(self) -> str:
        """The value as `--param` reads it."""
        value = self.value
        return value.isoformat() if isinstance(value, date) else value

    @property
    def label(self) -> str:
        """What people, and a journal, know it by: its date; between ticks its start with offset.

        It doesn't say when the run is due, so that another hour for it makes no run another one.
        """
        if self.since is None:
            return self.day.isoformat()
        return self._zone.clock(self.since).isoformat(timespec="minutes")

    @property
    def start(self) -> datetime:
        """Where its interval starts, which belongs to it."""
        return self._zone.clock(self.begins)

    @property
    def end(self) -> datetime:
        """Where its interval ends, which is where the next one starts."""
        return self._zone.clock(self.over)

    @property
    def due(self) -> datetime:
        """When it is to be started: the first time at which the rule says so after its end."""
        return self._zone.clock(self.due_at)

    @property
    def begins(self) -> int:
        """`start` as seconds since 1970."""
        return self._zone.begins(self.day) if self.since is None else self.since

    @property
    def over(self) -> int:
        """`end` as seconds since 1970."""
        return self._zone.begins(self._next) if self.until is None else self.until

    @property
    def due_at(self) -> int:
        """`due` as seconds since 1970."""
        rule = self.timetable.rule
        if isinstance(rule, WholeDays):
            return self._zone.shows(self._next, rule.at)
        return self.over + rule.wait

    def __repr__(self) -> str:
        return f"{self.timetable!r}.partition({self.label!r})"

    @property
    def _next(self) -> date:
        return self.timetable.calendar.after(self.day)

    @property
    def _zone(self) -> Zone:
        return self.timetable.calendar.zone
