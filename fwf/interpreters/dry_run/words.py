"""Times and values as people read them, in timelines and charts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from fwf.algebra.trace import Event
from fwf.algebra.types import name_of
from fwf.algebra.unknown import Unknown

MICROSECOND = timedelta(microseconds=1)
_UNITS = ((86_400_000_000, "d"), (3_600_000_000, "h"), (60_000_000, "min"), (1_000_000, "s"))


def spoken(micros: int) -> str:
    """Microseconds ⟶ at most two units: `1 h 5 min`, `2.5 s`, `0 s`."""
    if micros < 60_000_000:
        if micros and micros < 1_000:
            return f"{micros} µs"
        if micros and micros < 1_000_000:
            return f"{micros / 1_000:.4g} ms"
        return f"{micros / 1_000_000:.4g} s"
    for at, (size, unit) in enumerate(_UNITS):
        if micros >= size:
            smaller, name = _UNITS[at + 1]
            n, rest = divmod(round(micros / smaller), size // smaller)
            return f"{n} {unit} {rest} {name}" if rest else f"{n} {unit}"
    raise AssertionError(micros)


def clock(start: datetime | None, micros: int, longest: int) -> str:
    """An instant: the time of day where the start is known, else the time since it."""
    if start is not None:
        at = start + micros * MICROSECOND
        day = f"{at:%Y-%m-%d} " if longest >= _UNITS[0][0] else ""
        return f"{day}{at:%H:%M:%S}" + (f".{at.microsecond // 1000:03}" if longest < 10**8 else "")
    minutes, rest = divmod(micros, 60_000_000)
    hours, minutes = divmod(minutes, 60)
    if longest >= 60 * 60_000_000:
        return f"{hours}:{minutes:02}:{rest // 1_000_000:02}"
    if longest >= 60_000_000:
        return f"{minutes:02}:{rest / 1_000_000:04.1f}"
    return f"{micros / 1_000_000:.3f}"


def ended(event: Event) -> str:
    """How an attempt ended, in a few words."""
    if event.ending == "cut":
        return "cut"
    if event.ending == "failed":
        tag, message = event.result.tags[0].rpartition(".")[2], event.result.message
        return f"✗ {tag}: {message}" if message else f"✗ {tag}"
    return f"→ {brief(event.result)}"


def brief(value: Any) -> str:
    """A value in a few words: its type, and of plain ones what they are."""
    if isinstance(value, Unknown):
        return f"some {name_of(value.type)}" if value.type is not Any else "something"
    if value is None or isinstance(value, bool | int | float):
        return repr(value)
    kind = type(value).__qualname__
    if isinstance(value, str | list | tuple | dict | set):
        return f"{kind} of {len(value):,}"  # pyright: ignore[reportUnknownArgumentType]
    return kind


def label(event: Event) -> str:
    """The attempt's path, and which try it is."""
    tries = ".".join(map(str, event.tries))
    return f"{event.path} · try {tries}" if any(n > 1 for n in event.tries) else event.path
