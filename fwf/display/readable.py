"""How times, values and attempts read to people, in timelines, charts and messages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fwf.durations import MICROSECOND
from fwf.faults import shown_path
from fwf.printing import printable
from fwf.secrets import masked
from fwf.types.hints import name_of
from fwf.worlds.trace import Event
from fwf.worlds.unknown import Unknown

_DAY = 86_400_000_000


def instant(start: datetime, micros: int) -> datetime:
    """Start, time since then ⟶ when that is, in the start's time zone."""
    if start.tzinfo is None:
        return start + micros * MICROSECOND
    # Within a zone Python adds to the face of the clock, which may have been put back meanwhile.
    return (start.astimezone(UTC) + micros * MICROSECOND).astimezone(start.tzinfo)


def clock(start: datetime | None, micros: int, longest: int) -> str:
    """An instant: the time of day where the start is known, else the time since it."""
    if start is not None:
        at = instant(start, micros)
        day = f"{at:%Y-%m-%d} " if longest >= _DAY else ""
        return f"{day}{at:%H:%M:%S}" + (f".{at.microsecond // 1000:03}" if longest < 10**8 else "")
    minutes, rest = divmod(micros, 60_000_000)
    hours, minutes = divmod(minutes, 60)
    if longest >= 60 * 60_000_000:
        return f"{hours}:{minutes:02}:{rest // 1_000_000:02}"
    if longest >= 60_000_000:
        return f"{minutes:02}:{rest / 1_000_000:04.1f}"
    return f"{micros / 1_000_000:.3f}"


def ending_text(event: Event) -> str:
    """How an attempt ended, in a few words on one line."""
    if event.ending == "cut":
        return "cut"
    if event.ending == "failed":
        tag, message = event.result.tags[0].rpartition(".")[2], event.result.message
        return printable(masked(f"✗ {tag}: {message}" if message else f"✗ {tag}"))
    return f"→ {few_words(event.result)}"


def few_words(value: Any) -> str:
    """A value in a few words: its type, and of plain ones what they are."""
    if isinstance(value, Unknown):
        return f"some {name_of(value.type)}" if value.type is not Any else "something"
    if isinstance(value, int) and value.bit_length() > 10_000:
        return f"int of {value.bit_length():,} bits"  # decimal digits stop at 4,300
    if value is None or isinstance(value, bool | int | float):
        return masked(repr(value))
    kind = type(value).__qualname__
    if isinstance(value, str | list | tuple | dict | set):
        return f"{kind} of {len(value):,}"  # pyright: ignore[reportUnknownArgumentType]
    return kind


def label(event: Event) -> str:
    """The attempt's path, and which try it is."""
    path, tries = printable(shown_path(event.path)), ".".join(map(str, event.tries))
    return f"{path} · try {tries}" if any(n > 1 for n in event.tries) else path


def columns(text: str) -> int:
    """How wide a text is on a terminal, where characters of East Asia take two columns."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width  # few names need it

    return sum(
        0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text
    )
