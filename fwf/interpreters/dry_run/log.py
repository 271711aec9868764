"""What happened, kept as it happens: small, and without names until somebody asks.

An item of a log is an attempt, the log of a `par` or `map_each`, or that of a graph. A log is a
list of items in the order of time; of one item, the item itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias, cast, final

from fwf.algebra.nodes import Task
from fwf.algebra.trace import Ending, Event, Partial, Trace, parallel, series
from fwf.interpreters.dry_run.fibers import Place, Tries

Attempt: TypeAlias = "tuple[Task[Any, Any], Place, Tries, int, Any, int, int]"
"""Task, place, tries, signal, result, start, end."""
ENDINGS: tuple[Ending, ...] = ("ok", "failed", "cut")
"""By signal."""


@final
class Beside:
    """Logs of parts side by side; None where one never started."""

    __slots__ = ("parts",)

    def __init__(self, parts: list[Any]) -> None:
        self.parts = parts


@final
class Woven:
    """Logs of a graph's steps, and for each the steps that it waited for."""

    __slots__ = ("before", "parts")

    def __init__(self, parts: list[Any], before: list[tuple[int, ...]]) -> None:
        self.parts = parts
        self.before = before


def parts_of(item: Any) -> list[Any]:
    """An item that isn't an attempt ⟶ what it is made of; of None, nothing."""
    if type(item) is list:
        return cast("list[object]", item)
    return [] if item is None else item.parts


def told(log: Any, event: Callable[[Attempt], Event]) -> Trace:
    """Log ⟶ trace. Explicit stack: an item is met twice, before its parts and after them."""
    made: list[Trace] = []
    todo: list[tuple[Any, bool]] = [(log, False)]
    while todo:
        item, met = todo.pop()
        if type(item) is tuple:
            made.append(event(cast(Attempt, item)))
            continue
        parts = parts_of(item)
        if met:
            mine = made[len(made) - len(parts) :]
            del made[len(made) - len(parts) :]
        elif any(type(part) is not tuple for part in parts):
            todo.append((item, True))
            todo.extend([(part, False) for part in reversed(parts)])
            continue
        else:
            mine = list[Trace](map(event, parts))
        made.append(_of_parts(item, mine))
    return made[0]


def _of_parts(item: Any, parts: list[Trace]) -> Trace:
    if isinstance(item, Beside):
        return parallel(parts)
    if isinstance(item, Woven):
        return Partial(tuple(zip(parts, item.before, strict=True)))
    return series(parts)


def attempts(log: Any) -> list[Attempt]:
    """Log ⟶ its attempts, each after those that it waited for, leftmost first."""
    found: list[Attempt] = []
    todo: list[Any] = [log]
    while todo:
        item = todo.pop()
        if type(item) is tuple:
            found.append(cast(Attempt, item))
        else:
            todo.extend(reversed(parts_of(item)))
    return found


def predecessors(log: Any) -> dict[int, Attempt | None]:
    """Log ⟶ for each attempt, by its identity, the last to end of those that it waited for."""
    before: dict[int, Attempt | None] = {}
    made: list[Attempt | None] = []
    todo: list[tuple[Any, Attempt | None, int]] = [(log, None, 0)]
    while todo:
        item, last, n = todo.pop()
        if type(item) is tuple:
            before[id(cast(Attempt, item))] = last
            made.append(cast(Attempt, item))
            continue
        parts = parts_of(item)
        in_series = type(item) is list
        if in_series and n:
            last = made.pop()
        if n < len(parts):
            todo.append((item, last, n + 1))
            todo.append((parts[n], _before(item, n, last, made), 0))
        elif in_series or not parts:
            made.append(last)
        else:
            ends = made[len(made) - n :]
            del made[len(made) - n :]
            made.append(_latest(ends))
    return before


def _before(item: Any, n: int, last: Attempt | None, made: list[Attempt | None]) -> Attempt | None:
    """The last attempt before a part starts: in a graph, that of the steps that it waits for."""
    if not isinstance(item, Woven) or not item.before[n]:
        return last
    first = len(made) - n
    return _latest([made[first + at] for at in item.before[n]])


def _latest(among: list[Attempt | None]) -> Attempt | None:
    known = [attempt for attempt in among if attempt is not None]
    return max(known, key=_end) if known else None


def _end(attempt: Attempt) -> int:
    return attempt[6]


def numbers(tries: Tries) -> tuple[int, ...]:
    """Tries, outermost first."""
    found: list[int] = []
    while tries is not None:
        tries, n = tries
        found.append(n)
    return tuple(reversed(found))
