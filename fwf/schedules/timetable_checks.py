"""What is refused of a timetable, and what its workflow's parameter gets?"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, cast, get_args

from fwf.algebra.workflow import AnyWorkflow
from fwf.analysis.requirements import Requirement, Requirements, requirements
from fwf.analysis.run_keys import name_of
from fwf.faults import near
from fwf.printing import elided
from fwf.schedules.alerts import Notify
from fwf.schedules.dates import Calendar, calendar
from fwf.schedules.partition_ends import Ticks, WholeDays
from fwf.schedules.zones import FIRST, LAST, zone
from fwf.types.aliases import ANY, bare
from fwf.types.fitting import fits
from fwf.types.hints import compatible, full_name_of, name_of as name_of_type

if TYPE_CHECKING:
    from fwf.schedules.timetable import Timetable

Gives: TypeAlias = Literal["date", "datetime", "str"]
"""What a parameter gets of a partition: its day, its start, or its label."""
Missed: TypeAlias = Literal["all", "last", "none"]
_SAMPLES: Final[dict[Gives, object]] = {
    "date": date(2026, 6, 1),
    "datetime": datetime(2026, 6, 1, tzinfo=UTC),
    "str": "2026-06-01",
}


class TimetableChecks:
    """Checks a timetable when it is made.

    gives: what the parameter gets: the day, the start of the interval, or its label.
    calendar: the dates on which it begins something, in its zone.
    """

    __slots__ = ("calendar", "gives")
    gives: Gives
    calendar: Calendar

    def __post_init__(self) -> None:
        timetable: Timetable[Any] = cast(Any, self)
        object.__setattr__(self, "gives", _check(timetable))
        object.__setattr__(self, "calendar", calendar(timetable.rule.dates, zone(timetable.tz)))


def word_of(rule: WholeDays | Ticks) -> str:
    """Rule ⟶ the word that makes it."""
    if rule.line is not None:
        return "cron"
    return "every_day" if isinstance(rule, WholeDays) else "every_hour"


def _check(timetable: Timetable[Any]) -> Gives:
    """What the parameter gets; raises `TypeError` or `ValueError` for what can't be planned."""
    word = word_of(timetable.rule)
    _check_zone(word, timetable.tz)
    _check_days(word, timetable.start, timetable.end)
    if timetable.missed not in get_args(Missed):
        close = near(str(timetable.missed), get_args(Missed))
        raise ValueError(
            f"{word}(missed={timetable.missed!r}): needs 'all', 'last' or 'none'{close}"
        )
    if type(cast(object, timetable.after_previous)) is not bool:
        raise TypeError(f"{word}(after_previous={timetable.after_previous!r}): needs True or False")
    if not isinstance(cast(object, timetable.notify), Notify | None):
        raise TypeError(f"{word}(notify={timetable.notify!r}): needs what notify(…) gives, or None")
    _check_workflow(word, timetable.workflow)
    return _gives(timetable, f"{word}(param={timetable.param!r})")


def _check_zone(word: str, tz: object) -> None:
    if not isinstance(tz, str):
        raise TypeError(f"{word}(tz={tz!r}): needs a zone's name, such as 'Europe/Berlin'")
    try:
        zone(tz)
    except LookupError as error:
        unknown = error.args[0]
    else:
        return
    raise ValueError(f"{word}(tz={tz!r}): {unknown}")


def check_date(where: str, day: object) -> date:
    """The date that was given; raises `TypeError` or `ValueError` for all else."""
    if not isinstance(day, date) or isinstance(day, datetime):
        kind = type(day).__name__
        raise TypeError(f"{where}: {day!r} is a {kind}; write a date, such as date(2026, 6, 1)")
    if not FIRST <= day <= LAST:
        raise ValueError(f"{where}: {day} is out of reach; years go from 1000 to 8999")
    return day


def check_order(where: str, start: date, end: date) -> None:
    """Raise unless the last day is no earlier than the first."""
    if end < start:
        raise ValueError(
            f"{where}: the last day, {end}, is before the first, {start}; both are included"
        )


def _check_days(word: str, start: object, end: object) -> None:
    first = None if start is None else check_date(f"{word}(start=…)", start)
    last = None if end is None else check_date(f"{word}(end=…)", end)
    if first is not None and last is not None:
        check_order(f"{word}(start=…, end=…)", first, last)


def _check_workflow(word: str, w: AnyWorkflow) -> None:
    if name_of(w) is None:
        raise ValueError(
            f"{word}({_brief(w)}): what is done is known by the workflow's name: write "
            "named('daily', …)"
        )
    if not compatible(type(None), w.edge.accepts):
        raise TypeError(
            f"{word}({_brief(w)}): it takes {name_of_type(w.edge.accepts)} as its input, and a "
            "planned run gets none: begin it with const(…) or with a task that reads it"
        )


def _brief(w: AnyWorkflow) -> str:
    return name_of(w) or elided(repr(w), 60)


def _gives(timetable: Timetable[Any], where: str) -> Gives:
    if not isinstance(cast(object, timetable.param), str):
        raise TypeError(f"{where}: needs the name of a parameter")
    parameter = _parameter(where, timetable.param, requirements(timetable.workflow))
    if parameter.optional:
        raise ValueError(
            f"{where}: it has a default, and runs are known by the parameters that must be given: "
            "take the default away"
        )
    gives = _fitting(parameter)
    if gives is None:
        raise TypeError(
            f"{where}: the workflow takes {_types(parameter)}; a partition gives a date, a "
            "datetime (its start) or a str (its label)"
        )
    if gives == "date" and isinstance(timetable.rule, Ticks):
        raise TypeError(
            f"{where}: there are several partitions a day, and the workflow takes "
            f"{_types(parameter)}: take a datetime (the start) or a str (the label)"
        )
    return gives


def _parameter(where: str, name: str, needs: Requirements) -> Requirement:
    parameters = {each.name: each for each in (*needs.parameters, *needs.unknown)}
    if name in parameters:
        return parameters[name]
    other = {each.name: each.kind for each in (*needs.resources, *needs.secrets)}
    if name in other:
        raise ValueError(f"{where}: it is a {other[name]}, not a parameter")
    if name in needs.bound:
        raise ValueError(f"{where}: it is bound by with_params wherever it is used; take it out")
    names = ", ".join(sorted(parameters))
    hint = f"it takes {names}" if parameters else "it takes no parameters"
    close = near(name, parameters).removeprefix("; ")
    raise ValueError(f"{where}: the workflow has no such parameter: {close or hint}")


def _fitting(parameter: Requirement) -> Gives | None:
    """What fits all of the types; of one without a type, a text, as the command line has it."""
    kinds = [kind for kind in parameter.types if bare(kind) not in (ANY, object)]
    if not kinds:
        return "str"
    for gives, value in _SAMPLES.items():
        if all(fits(value, kind) for kind in kinds):
            return gives
    return None


def _types(parameter: Requirement) -> str:
    return " and ".join(map(full_name_of, parameter.types))
