"""How is a duration written as a text, and read? `1h 30m`; people may write `90m` and `PT1H30M`."""

import re
from datetime import timedelta
from typing import Final

from fwf.durations import ZERO
from fwf.forms.documents import as_written

_UNITS: Final = {
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "min": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
    "us": timedelta(microseconds=1),
}
_WRITTEN: Final = ("d", "h", "m", "s", "ms", "us")
_NUMBER: Final = r"([0-9]+(?:\.[0-9]+)?)"
_AMOUNT: Final = re.compile(rf"{_NUMBER}\s*([a-z]+)\s*")
_ISO: Final = re.compile(
    rf"P(?:{_NUMBER}W)?(?:{_NUMBER}D)?(?:T(?=\d)(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?",
    re.ASCII,
)
_MOST: Final = 1e12
_WRITE: Final = 'write "1m 30s", or a number of seconds'


def duration_text(value: timedelta) -> str:
    """Duration ⟶ exact text, one for each: `1h 30m`, `-250ms`, `0s`."""
    if not value:
        return "0s"
    sign, value = ("-", -value) if value < ZERO else ("", value)
    minutes, seconds = divmod(value.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    millis, micros = divmod(value.microseconds, 1_000)
    amounts = (value.days, hours, minutes, seconds, millis, micros)
    return sign + " ".join(f"{n}{unit}" for n, unit in zip(amounts, _WRITTEN, strict=True) if n)


def duration_in(text: str) -> timedelta:
    """`90s`, `1h 30m`, or ISO 8601: `PT1H30M`. Years and months have no fixed length.

    Raises `ValueError` for what is none, `OverflowError` for what is too long.

    >>> duration_in("-1h 30m") == duration_in("-PT90M")
    True
    """
    sign, rest = (-1, text[1:]) if text.startswith("-") else (1, text)
    iso = _ISO.fullmatch(rest.upper())
    if iso is not None:
        amounts = zip(iso.groups(), "wdhms", strict=True)
        parts = [(n, unit) for n, unit in amounts if n is not None]
    else:
        parts = _amounts(rest)
    if not parts:
        raise ValueError(text)
    return sign * sum((float(n) * _UNITS[unit] for n, unit in parts), timedelta())


def _amounts(text: str) -> list[tuple[str, str]]:
    amounts: list[tuple[str, str]] = []
    at = 0
    while at < len(text):
        amount = _AMOUNT.match(text, at)
        if amount is None or amount[2] not in _UNITS:
            raise ValueError(text)
        amounts.append((amount[1], amount[2]))
        at = amount.end()
    return amounts


def duration_of(data: object) -> timedelta | str:
    """A text, or a number of seconds ⟶ the duration; or what is wrong with it."""
    if isinstance(data, str):
        try:
            duration = duration_in(data.strip())
        except ValueError:
            return f"{data!r} is not a duration; {_WRITE}"
        except OverflowError:
            return f"{as_written(data)} is longer than a duration can be"
        negative = duration < ZERO
    elif isinstance(data, int | float) and not isinstance(data, bool):
        negative = data < 0
        if not negative and not data <= _MOST:  # nor NaN
            return f"{as_written(data)} is longer than a duration can be"
        duration = timedelta(seconds=0 if negative else data)
    else:
        return f"{as_written(data)} is not a duration; {_WRITE}"
    return f"{as_written(data)} is negative; a duration is 0 or more" if negative else duration
