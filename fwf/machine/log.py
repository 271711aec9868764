"""What happened, kept as it happens: small, and without names until somebody asks.

An item of a log is an attempt, the log of a `par` or `map_each`, or that of a graph. A log is a
list of items in the order of time; of one item, the item itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeAlias, cast, final

from fwf.algebra.nodes import Task
from fwf.machine.fibers import Status, Tries, numbers
from fwf.machine.places import Place
from fwf.worlds.trace import Event, Partial, Trace, parallel, series


class AttemptEntry(NamedTuple):
    """An attempt."""

    task: Task[Any, Any]
    place: Place
    tries: Tries
    status: Status
    result: Any
    start: int
    end: int


entry: Final = cast(
    "Callable[[type[AttemptEntry], tuple[Any, ...]], AttemptEntry]", cast(Any, tuple).__new__
)
"""`entry(AttemptEntry, (…))` makes one in 0.1 µs, a quarter of what `AttemptEntry(…)` takes."""


@final
class Beside:
    """Logs of parts side by side; None where one never started."""

    __slots__ = ("parts",)

    def __init__(self, parts: list[Item]) -> None:
        self.parts = parts


@final
class Woven:
    """Logs of a graph's steps, and for each the steps that it waited for."""

    __slots__ = ("before", "parts")

    def __init__(self, parts: list[Item], before: list[tuple[int, ...]]) -> None:
        self.parts = parts
        self.before = before


Item: TypeAlias = "AttemptEntry | Beside | Woven | list[Item] | None"


def parts_of(item: Item) -> list[Item]:
    """An item that isn't an attempt ⟶ what it is made of; of None, nothing."""
    if type(item) is list:
        return item
    return [] if item is None else cast("Beside | Woven", item).parts


def trace_of(log: Item, event: Callable[[AttemptEntry], Event]) -> Trace:
    """Log ⟶ trace. Explicit stack: an item is met twice, before its parts and after them."""
    traces: list[Trace] = []
    todo: list[tuple[Item, bool]] = [(log, False)]
    while todo:
        item, again = todo.pop()
        if isinstance(item, AttemptEntry):
            traces.append(event(item))
            continue
        parts = parts_of(item)
        mine: list[Trace]
        if again:
            mine = traces[len(traces) - len(parts) :]
            del traces[len(traces) - len(parts) :]
        elif not all(isinstance(part, AttemptEntry) for part in parts):
            todo.append((item, True))
            todo.extend([(part, False) for part in reversed(parts)])
            continue
        else:
            mine = [*map(event, cast("list[AttemptEntry]", parts))]
        traces.append(_of_parts(item, mine))
    return traces[0]


def _of_parts(item: Item, parts: list[Trace]) -> Trace:
    if isinstance(item, Beside):
        return parallel(parts)
    if isinstance(item, Woven):
        return Partial(tuple(zip(parts, item.before, strict=True)))
    return series(parts)


def event_of(of: AttemptEntry, path: Callable[[Place], str]) -> Event:
    """Entry ⟶ the attempt as a trace has it."""
    task, place, tries, status, result, start, end = of
    return Event(task.name, path(place), numbers(tries), status.ending, result, start, end)


def entries(log: Item) -> list[AttemptEntry]:
    """Log ⟶ its attempts, each after those that it waited for, leftmost first."""
    attempts: list[AttemptEntry] = []
    todo: list[Item] = [log]
    while todo:
        item = todo.pop()
        if isinstance(item, AttemptEntry):
            attempts.append(item)
        else:
            todo.extend(reversed(parts_of(item)))
    return attempts


def predecessors(log: Item) -> dict[int, AttemptEntry | None]:
    """Log ⟶ for each attempt, by its identity, the last to end of those that it waited for."""
    before: dict[int, AttemptEntry | None] = {}
    lasts: list[AttemptEntry | None] = []
    todo: list[tuple[Item, AttemptEntry | None, int]] = [(log, None, 0)]
    while todo:
        item, last, n = todo.pop()
        if isinstance(item, AttemptEntry):
            before[id(item)] = last
            lasts.append(item)
            continue
        parts = parts_of(item)
        in_series = type(item) is list
        if in_series and n:
            last = lasts.pop()
        if n < len(parts):
            todo.append((item, last, n + 1))
            todo.append((parts[n], _before(item, n, last, lasts), 0))
        elif in_series or not parts:
            lasts.append(last)
        else:
            ends = lasts[len(lasts) - n :]
            del lasts[len(lasts) - n :]
            lasts.append(_latest(ends))
    return before


def _before(
    item: Item, n: int, last: AttemptEntry | None, lasts: list[AttemptEntry | None]
) -> AttemptEntry | None:
    """The last attempt before a part starts: in a graph, that of the steps that it waits for."""
    if not isinstance(item, Woven) or not item.before[n]:
        return last
    first = len(lasts) - n
    return _latest([lasts[first + at] for at in item.before[n]])


def _latest(among: list[AttemptEntry | None]) -> AttemptEntry | None:
    attempts = [each for each in among if each is not None]
    return max(attempts, key=_end) if attempts else None


def _end(of: AttemptEntry) -> int:
    return of.end
