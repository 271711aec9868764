"""In which order two sets of attempts stand in a trace: before, after, or side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

from fwf.worlds.trace import Event, Parallel, Partial, Series, Trace

Order: TypeAlias = Literal["before", "after", "beside"]
Orders: TypeAlias = dict[Order, tuple[Event, Event]]
Pair: TypeAlias = tuple[Event | None, Event | None]
"""Of what lies in a part of a trace: one of the first set, and one of the second."""


def orders_of(
    trace: Trace, first: Callable[[Event], bool], second: Callable[[Event], bool]
) -> Orders:
    """Trace, two sets ⟶ each order in which one of the first stands to one of the second.

    With each order a pair that stands so. Explicit stack; a part of a trace is met twice, before
    what it is made of and after it.
    """
    orders: Orders = {}
    firsts_and_seconds: list[Pair] = []
    todo: list[tuple[Trace, bool]] = [(trace, False)]
    while todo:
        top, met = todo.pop()
        if isinstance(top, Event):
            firsts_and_seconds.append((top if first(top) else None, top if second(top) else None))
            continue
        parts = _parts(top)
        if not met:
            todo.append((top, True))
            todo.extend((part, False) for part in reversed(parts))
            continue
        inside = firsts_and_seconds[len(firsts_and_seconds) - len(parts) :]
        del firsts_and_seconds[len(firsts_and_seconds) - len(parts) :]
        ones = {n: one for n, (one, _) in enumerate(inside) if one is not None}
        twos = {n: two for n, (_, two) in enumerate(inside) if two is not None}
        if ones and twos:
            _note(orders, top, ones, twos)
        firsts_and_seconds.append(
            (next(iter(ones.values()), None), next(iter(twos.values()), None))
        )
    return orders


def _parts(trace: Series | Parallel | Partial) -> tuple[Trace, ...]:
    return tuple(part for part, _ in trace.parts) if isinstance(trace, Partial) else trace.parts


def _note(
    orders: Orders,
    trace: Series | Parallel | Partial,
    ones: dict[int, Event],
    twos: dict[int, Event],
) -> None:
    """Note the orders between different parts, which are numbered as they stand."""
    match trace:
        case Series():
            n, m = next(iter(ones)), next(reversed(twos))
            if n < m:
                orders.setdefault("before", (ones[n], twos[m]))
            n, m = next(reversed(ones)), next(iter(twos))
            if n > m:
                orders.setdefault("after", (ones[n], twos[m]))
        case Parallel():
            pairs = [(n, m) for n in list(ones)[:2] for m in list(twos)[:2] if n != m]
            if pairs:
                n, m = pairs[0]
                orders.setdefault("beside", (ones[n], twos[m]))
        case Partial():
            earlier = _earlier(trace)
            for n, one in ones.items():
                for m, two in twos.items():
                    if n != m:
                        orders.setdefault(_order(earlier, n, m), (one, two))


def _order(earlier: list[int], n: int, m: int) -> Order:
    return "before" if earlier[m] >> n & 1 else "after" if earlier[n] >> m & 1 else "beside"


def _earlier(trace: Partial) -> list[int]:
    """For each part those that it waits for, directly or not, as the bits of a number."""
    earlier: list[int] = []
    for _, waits in trace.parts:
        bits = 0
        for n in waits:
            bits |= earlier[n] | 1 << n
        earlier.append(bits)
    return earlier
