"""How what happens reads on one line: how long it took, why it failed, how much it gave."""

from __future__ import annotations

from typing import Any, Final

from fwf.faults import Failed, Fault, leaves, shown_path
from fwf.telling.reasons import on_one_line

MOST_REASON: Final = 200
MOST_REMEDY: Final = 2_000
"""Of what waits for a person, whose remedy must be told whole."""


def reason(fault: Fault, most: int = MOST_REASON) -> str:
    """Fault ⟶ why, without the place: `ConnectionError: no route`; and how many more reasons."""
    first, *more = leaves(fault)
    if isinstance(first, Failed) and first.cause is not None:
        text = reason(first.cause, most)
    elif isinstance(first, Failed):
        name = first.tags[0].rpartition(".")[2]
        text = f"{name}: {first.message}" if first.message else name
    else:
        text = str(first).removeprefix(f"{shown_path(first.path)}: ")
    also = f" (and {len(more):,} more)" if more else ""
    return on_one_line(text, most) + also


def rows(value: Any) -> int | None:
    """How many rows a value has, where it tells that: lists, sets, tables; None for all others."""
    if isinstance(value, list | set | frozenset):
        return len(value)  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(value, tuple):
        return None if hasattr(value, "_fields") else len(value)  # pyright: ignore[reportUnknownArgumentType]
    try:
        count = getattr(value, "num_rows", None)
        if count is None and hasattr(value, "columns") and hasattr(value, "shape"):
            count = len(value)  # a data frame of pandas or Polars
    except Exception:  # whatever somebody's property raises
        return None
    return count if type(count) is int and count >= 0 else None
