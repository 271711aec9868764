"""What is refused of a timetable, and what its workflow's parameter gets?"""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, cast, get_args

from fwf.algebra.workflow import Workflow
from fwf.analysis.requirements import Requirement, Requirements, requirements
from fwf.analysis.run_keys import name_of
from fwf.faults import near
from fwf.schedules.alerts import Notify
from fwf.schedules.dates import Calendar, calendar
from fwf.schedules.partition_ends import Ticks, WholeDays
from fwf.schedules.zones import FIRST, LAST, zone
from fwf.types.aliases import ANY, bare
from fwf.types.fitting import fits
from fwf.types.hints import compatible, name_of as name_of_type, told

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


class Checked:
    """Checks a timetable when it is made.

    gives: what the parameter gets: the day, the start of the interval, or its label.
    calendar: the dates on which it begins something, in its zone.
    """

    __slots__ = ("calendar", "gives")
    gives: Gives
    calendar: Calendar

    def __post_init__(self) -> None:
        made: Timetable[Any] = cast(Any, self)
        object.__setattr__(self, "gives", _checked(made))
        object.__setattr__(self, "calendar", calendar(made.rule.dates, zone(made.tz)))


def word_of(rule: WholeDays | Ticks) -> str:
    """Rule ⟶ the word that makes it."""
    if rule.line is not None:
        return "cron"
    return "every_day" if isinstance(rule, WholeDays) else "every_hour"


def _checked(made: Timetable[Any]) -> Gives:
    """What the parameter gets; raises `TypeError` or `ValueError` for what can't be planned."""
    word = word_of(made.rule)
    _check_zone(word, made.tz)
    _check_days(word, made.start, made.end)
    if made.missed not in get_args(Missed):
        close = near(str(made.missed), get_args(Missed))
        raise ValueError(f"{word}(missed={made.missed!r}): needs 'all', 'last' or 'none'{close}")
    if type(cast(object, made.after_previous)) is not bool:
        raise TypeError(f"{word}(after_previous={made.after_previous!r}): needs True or False")
    if not isinstance(cast(object, made.notify), Notify | None):
        raise TypeError(f"{word}(notify={made.notify!r}): needs what notify(…) gives, or None")
    _check_workflow(word, made.workflow)
    return _given(made, f"{word}(param={made.param!r})")


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


def _check_workflow(word: str, w: Workflow[Any, Any]) -> None:
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


def _brief(w: Workflow[Any, Any]) -> str:
    return name_of(w) or (text if len(text := repr(w)) <= 60 else f"{text[:59]}…")


def _given(made: Timetable[Any], where: str) -> Gives:
    if not isinstance(cast(object, made.param), str):
        raise TypeError(f"{where}: needs the name of a parameter")
    wanted = _wanted(where, made.param, requirements(made.workflow))
    if wanted.optional:
        raise ValueError(
            f"{where}: it has a default, and runs are known by the parameters that must be given: "
            "take the default away"
        )
    gives = _fitting(wanted)
    if gives is None:
        raise TypeError(
            f"{where}: the workflow takes {_types(wanted)}; a partition gives a date, a datetime "
            "(its start) or a str (its label)"
        )
    if gives == "date" and isinstance(made.rule, Ticks):
        raise TypeError(
            f"{where}: there are several partitions a day, and the workflow takes "
            f"{_types(wanted)}: take a datetime (the start) or a str (the label)"
        )
    return gives


def _wanted(where: str, name: str, required: Requirements) -> Requirement:
    taken = {each.name: each for each in (*required.parameters, *required.unknown)}
    if name in taken:
        return taken[name]
    other = {each.name: each.kind for each in (*required.resources, *required.secrets)}
    if name in other:
        raise ValueError(f"{where}: it is a {other[name]}, not a parameter")
    if name in required.bound:
        raise ValueError(f"{where}: it is bound by with_params wherever it is used; take it out")
    listed = ", ".join(sorted(taken))
    known = f"it takes {listed}" if taken else "it takes no parameters"
    close = near(name, taken).removeprefix("; ")
    raise ValueError(f"{where}: the workflow has no such parameter: {close or known}")


def _fitting(wanted: Requirement) -> Gives | None:
    """What fits all of the types; of one without a type, a text, as the command line has it."""
    kinds = [kind for kind in wanted.types if bare(kind) not in (ANY, object)]
    if not kinds:
        return "str"
    for gives, value in _SAMPLES.items():
        if all(fits(value, kind) for kind in kinds):
            return gives
    return None


def _types(wanted: Requirement) -> str:
    return " and ".join(map(told, wanted.types))
