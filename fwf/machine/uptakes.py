"""Where a run that is fine isn't what was meant: the faults that were taken up, and count.

**The rule.** A run that is fine is *degraded* at the places where something took up a fault and
what came instead of a value is part of the outcome: a `fallback` that went on with its handler (so
too `recover`, `optional`, and `paginate` that keeps the pages so far), an item of a `map_each` that
collects, an `as_result` that gave a `Failure`. It isn't degraded by

- what a retry made good: of an attempt that failed, nothing counts;
- what was taken up inside of a part that failed, or was cut, afterwards: what took that up counts,
  and the part's own handlers don't;
- a fault that was raised again, by `from_result` or `on_failure`, as far as it was taken up once
  more: the last place that takes it up counts;
- answers of a `poll` before its last one, which nobody sees; rounds of other loops feed the next;
- a loop that stops at its limit, and what a person resolved: these are decisions.

A run that goes on where an earlier try was takes up again what that one had taken up.

Kept by fiber, as lists that share their ends: a frame that takes up a fault goes back to what was
there when it began; parts side by side are joined when all of them are fine. Where nothing fails,
nothing is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

from fwf.faults import Fault, leaves
from fwf.machine.places import Place


class Uptake(NamedTuple):
    """A fault was taken up at a place, after what stands before."""

    place: Place
    fault: Fault
    before: Uptakes


class Meeting(NamedTuple):
    """Parts side by side are done, the leftmost first, after what stands before."""

    parts: tuple[Uptakes, ...]
    before: Uptakes


Uptakes: TypeAlias = "Uptake | Meeting | None"
"""What was taken up on the way to where a fiber is, and counts so far."""


def meeting(before: Uptakes, parts: dict[int, Uptakes]) -> Uptakes:
    """What was taken up before parts side by side, and in those of them that are fine."""
    return Meeting(tuple(parts[at] for at in sorted(parts)), before) if parts else before


def degraded_paths(uptakes: Uptakes, path: Callable[[Place], str]) -> tuple[str, ...]:
    """The paths of the places that count, each once, in the order of time, leftmost first."""
    if uptakes is None:
        return ()
    places: list[Place] = []
    later: set[Fault] = set()
    for each in _backwards(uptakes):
        faults = {*leaves(each.fault)}
        if not faults <= later:  # else all of it was raised again, and taken up there
            places.append(each.place)
            later |= faults
    return tuple(dict.fromkeys(path(place) for place in reversed(places)))


def _backwards(uptakes: Uptakes) -> Iterator[Uptake]:
    """One after another, the last first. Explicit stack: there may be as many as items."""
    todo = [uptakes]
    while todo:
        at = todo.pop()
        if isinstance(at, Uptake):
            todo.append(at.before)
            yield at
        elif at is not None:
            todo.append(at.before)
            todo.extend(at.parts)
