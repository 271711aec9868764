"""The bounds of a word that repeats: what it hands to its loop, and how they read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Protocol

from fwf.algebra.nodes import Named, Node, OnLimit, Task
from fwf.algebra.traverse import wrapped
from fwf.durations import MICROSECOND, duration_source, in_words, short_duration
from fwf.faults import Exhausted, Fault, counted
from fwf.records import changed


class Bounded(Protocol):
    """A word with the bounds of `loop_until`."""

    @property
    def limit(self) -> int: ...
    @property
    def within(self) -> timedelta | None: ...
    @property
    def on_limit(self) -> OnLimit: ...


def limits_of(word: Bounded) -> dict[str, Any]:
    """The bounds, for `loop_until`."""
    return {"limit": word.limit, "within": word.within, "on_limit": word.on_limit}


def source_of_limits(word: Bounded) -> dict[str, str]:
    """The bounds as source, by their names, but for those that nobody gave."""
    source = {"limit": str(word.limit)}
    if word.within is not None:
        source["within"] = duration_source(word.within)
    if word.on_limit != "fail":
        source["on_limit"] = repr(word.on_limit)
    return source


def limit_words(word: Bounded) -> tuple[str, ...]:
    """The bounds as people read them."""
    source = source_of_limits(word)
    source["limit"] = f"{word.limit:_}"
    if word.within is not None:
        source["within"] = short_duration(word.within)
    return tuple(f"{name}={text}" for name, text in source.items())


def exhausted(fault: Fault, part: Node, lacks: str, limit: int, within: timedelta | None) -> Fault:
    """A fault of the word's own: of a bound used up, with what was waited for."""
    if not isinstance(fault, Exhausted):
        return fault
    rounds = counted(fault.rounds, "round")
    bound = f"after {rounds}"
    if within is not None and fault.rounds < limit:
        bound = f"within {in_words(within // MICROSECOND)} ({rounds})"
    name = _name_of(part)
    return changed(fault, why=f"{f' {name}' if name else ''}: {lacks} {bound}")


def _name_of(part: Node) -> str:
    """What a reader knows a part by: the name or the task that is wrapped in it."""
    body: Node | None = part
    while body is not None and not isinstance(body, Task | Named):
        body = wrapped(body)
    return "" if body is None else body.name
