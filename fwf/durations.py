"""Durations: how they are made, what is refused, and how they read in source and to people."""

import re
from datetime import timedelta
from itertools import pairwise
from typing import Any, Final, cast

ZERO: Final = timedelta(0)
MICROSECOND: Final = timedelta(microseconds=1)
"""What clocks count."""
SECOND: Final = 1_000_000
"""In microseconds."""


def microseconds(n: int) -> timedelta:
    """N ⟶ a duration of n microseconds."""
    return timedelta(microseconds=n)


def milliseconds(n: float) -> timedelta:
    """N ⟶ a duration of n milliseconds."""
    return timedelta(milliseconds=n)


def seconds(n: float) -> timedelta:
    """N ⟶ a duration of n seconds.

    >>> seconds(90)
    datetime.timedelta(seconds=90)
    """
    return timedelta(seconds=n)


def minutes(n: float) -> timedelta:
    """N ⟶ a duration of n minutes."""
    return timedelta(minutes=n)


def hours(n: float) -> timedelta:
    """N ⟶ a duration of n hours."""
    return timedelta(hours=n)


def days(n: float) -> timedelta:
    """N ⟶ a duration of n times 24 hours."""
    return timedelta(days=n)


# Checked


def checked_duration(value: object, where: str) -> timedelta:
    """A duration of 0 or more; raises what is wrong with anything else."""
    if not isinstance(value, timedelta):
        raise TypeError(f"{where}: {value!r} is not a duration; write seconds(…) or minutes(…)")
    if value < ZERO:
        raise _negative(duration_source(value), where)
    return value


def checked_delay(value: object, where: str) -> timedelta:
    """A duration, or a number of seconds, of 0 or more ⟶ the duration; raises for others."""
    if isinstance(value, timedelta):
        return checked_duration(value, where)
    if isinstance(value, bool) or not hasattr(value, "__float__"):
        raise TypeError(f"{where}: {value!r} is no time; write seconds(…), or a number of seconds")
    try:
        delay = timedelta(seconds=float(cast(Any, value)))
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{where}: {value!r} seconds can't be waited for; {error}") from error
    if delay < ZERO:
        raise _negative(value, where)
    return delay


def _negative(value: object, where: str) -> ValueError:
    return ValueError(f"{where}: {value} is negative; a duration is 0 or more")


def whole_seconds(value: timedelta) -> int:
    """As many seconds as it takes to wait so long; none for what is over."""
    return max(0, -(-value // timedelta(seconds=1)))


def plus(total: timedelta, more: timedelta, times: int = 1) -> timedelta:
    """A duration and so many times another; the longest that there is where it is more."""
    try:
        return total + more * times
    except OverflowError:
        return timedelta.max


# Written

_UNITS: Final = (("days", 86_400_000_000), ("hours", 3_600_000_000), ("minutes", 60_000_000))
_SHORT: Final = {
    "days": "d", "hours": "h", "minutes": "min", "seconds": "s",
    "milliseconds": "ms", "microseconds": "µs",
}  # fmt: skip
_SOURCE: Final = re.compile(rf"\b({'|'.join(_SHORT)})\((\d+)\)")


def duration_source(value: timedelta) -> str:
    """Duration ⟶ source in the largest unit that gives a whole number: `minutes(10)`."""
    micros = value // MICROSECOND
    for unit, size in _UNITS:
        if micros and micros % size == 0:
            return f"{unit}({micros // size})"
    whole, rest = divmod(micros, SECOND)
    if not rest:
        return f"seconds({whole})"
    if micros % 1000 == 0:
        return f"milliseconds({micros // 1000})"
    return f"microseconds({micros})"


def short_duration(value: timedelta) -> str:
    """Duration ⟶ `10min`, `250ms`: exact, and as short as it can be read."""
    return with_short_durations(duration_source(value))


def with_short_durations(source: str) -> str:
    """Source ⟶ the same with `10min` for `minutes(10)`, as people read it."""
    return _SOURCE.sub(lambda match: match[2] + _SHORT[match[1]], source)


def in_words(micros: int, digits: int = 4) -> str:
    """Microseconds ⟶ at most two units, rounded: `1 h 5 min`, `2.5 s`, `0 s`.

    digits: how many of an amount under a minute are told, at most.
    """
    if micros < 60_000_000:
        if micros and micros < 1_000:
            return f"{micros} µs"
        unit, size = ("ms", 1_000) if micros and micros < SECOND else ("s", SECOND)
        return f"{float(f'{micros / size:.{digits}g}'):.4g} {unit}"
    units = [(_SHORT[name], size) for name, size in (*_UNITS, ("seconds", SECOND))]
    for (unit, size), (smaller_unit, smaller) in pairwise(units):
        if micros >= size:
            n, rest = divmod(round(micros / smaller), size // smaller)
            return f"{n} {unit} {rest} {smaller_unit}" if rest else f"{n} {unit}"
    raise AssertionError(micros)


def measured_in_words(micros: float) -> str:
    """Microseconds that something took ⟶ the same, without digits that nobody reads: `1.2 s`."""
    return in_words(max(0, round(micros)), digits=2)
