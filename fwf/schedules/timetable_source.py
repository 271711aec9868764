"""Timetables as the source that makes them, and as lines of cron."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fwf.schedules.partition_ends import MINUTE, Rule, WholeDays
from fwf.schedules.timetable_checks import word_of

if TYPE_CHECKING:
    from fwf.schedules.timetable import Timetable

QUARTER = 15


def source_of(timetable: Timetable[Any]) -> str:
    """Timetable ⟶ the source that makes it; what is as by default is left out."""
    rule = timetable.rule
    arguments = [repr(timetable.workflow)]
    if rule.line is not None:
        arguments.append(repr(rule.line))
    elif isinstance(rule, WholeDays):
        arguments.append(f"at={rule.at.isoformat('minutes')!r}")
    else:
        arguments.append(f"minute={rule.wait // MINUTE}")
    arguments += [f"tz={timetable.tz!r}", f"param={timetable.param!r}"]
    defaults = {
        "start": None,
        "end": None,
        "missed": "all",
        "after_previous": False,
        "notify": None,
    }
    values = {name: getattr(timetable, name) for name in defaults}
    arguments += [f"{name}={each!r}" for name, each in values.items() if each != defaults[name]]
    return f"{word_of(rule)}({', '.join(arguments)})"


def cron_line(rule: Rule) -> str:
    """Rule ⟶ when it is due, as cron says it.

    >>> from datetime import time
    >>> cron_line(WholeDays(time(2, 30)))
    '30 2 * * *'
    """
    if rule.line is not None:
        return rule.line
    if isinstance(rule, WholeDays):
        return f"{rule.at.minute} {rule.at.hour} * * *"
    return f"{rule.wait // MINUTE} * * * *"


def waking_line(rule: Rule) -> str:
    """Rule ⟶ when cron may wake `fwf run --due`, so that it comes in time on every machine.

    Each quarter of an hour, since the zones of the machine and of the schedule are apart by so
    many of them, and clocks change by so many.

    >>> from datetime import time
    >>> waking_line(WholeDays(time(2, 5)))
    '5,20,35,50 * * * *'
    """
    if isinstance(rule, WholeDays):
        minutes = {rule.at.minute % QUARTER}
    else:
        minutes = {(each + rule.wait // MINUTE) % QUARTER for each in rule.minutes}
    if minutes == {0}:
        return "*/15 * * * *"
    if len(minutes) == QUARTER:
        return "* * * * *"
    each = [minute + QUARTER * n for n in range(4) for minute in sorted(minutes)]
    return f"{','.join(map(str, each))} * * * *"
