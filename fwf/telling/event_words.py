"""How what happens reads on one line: how long it took, why it failed, how much it gave."""

from __future__ import annotations

from typing import Any, Final

from fwf.faults import Failed, Fault, leaves, shown_path
from fwf.telling.reasons import on_one_line

SECOND: Final = 1_000_000
"""In microseconds, which clocks count."""
MOST_REASON: Final = 200
MOST_REMEDY: Final = 2_000
"""Of what waits for a person, whose remedy must be told whole."""


def compact(microseconds: float) -> str:
    """A length of time in a few characters: `7ms`, `1.2s`, `2m05s`, `1h02m`."""
    seconds = max(0.0, microseconds / SECOND)
    if seconds < 0.0995:
        return f"{seconds * 1000:.0f}ms"
    if seconds < 59.95:
        return f"{seconds:.1f}s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}m{rest:02}s"
    return f"{minutes // 60}h{minutes % 60:02}m"


def compact_delay(microseconds: float) -> str:
    """A delay as it was asked for: `5s`, `0.25s`; longer ones like every length of time."""
    seconds = max(0.0, microseconds / SECOND)
    return f"{seconds:.2g}s" if seconds < 59.5 else compact(microseconds)


def reason(fault: Fault, most: int = MOST_REASON) -> str:
    """Fault ⟶ why, without the place: `ConnectionError: no route`; and how many more reasons."""
    first, *more = leaves(fault)
    if isinstance(first, Failed) and first.cause is not None:
        said = reason(first.cause, most)
    elif isinstance(first, Failed):
        name = first.tags[0].rpartition(".")[2]
        said = f"{name}: {first.message}" if first.message else name
    else:
        said = str(first).removeprefix(f"{shown_path(first.path)}: ")
    also = f" (and {len(more):,} more)" if more else ""
    return on_one_line(said, most) + also


def rows(value: Any) -> int | None:
    """How many rows a value has, where it tells that: lists, sets, tables; None for all others."""
    if isinstance(value, list | set | frozenset):
        return len(value)  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(value, tuple):
        return None if hasattr(value, "_fields") else len(value)  # pyright: ignore[reportUnknownArgumentType]
    try:
        found = getattr(value, "num_rows", None)
        if found is None and hasattr(value, "columns") and hasattr(value, "shape"):
            found = len(value)  # a data frame of pandas or Polars
    except Exception:  # whatever somebody's property raises
        return None
    return found if type(found) is int and found >= 0 else None
