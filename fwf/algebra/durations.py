"""Durations: how they are made, what is refused, and how they read in source."""

from datetime import timedelta

ZERO = timedelta(0)


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


_UNITS = (("days", 86_400_000_000), ("hours", 3_600_000_000), ("minutes", 60_000_000))


def duration(value: timedelta) -> str:
    """Duration ⟶ source in the largest unit that gives a whole number: `minutes(10)`."""
    micros = value // timedelta(microseconds=1)
    for unit, size in _UNITS:
        if micros and micros % size == 0:
            return f"{unit}({micros // size})"
    whole, rest = divmod(micros, 1_000_000)
    if not rest:
        return f"seconds({whole})"
    if micros % 1000 == 0:
        return f"milliseconds({micros // 1000})"
    return f"microseconds({micros})"


def checked_duration(given: object, where: str) -> timedelta:
    """A duration of 0 or more; raises what is wrong with anything else."""
    if not isinstance(given, timedelta):
        raise TypeError(f"{where}: {given!r} is not a duration; write seconds(…) or minutes(…)")
    if given < timedelta(0):
        raise ValueError(f"{where}: {given} is negative; a duration is 0 or more")
    return given
