"""How long may a part take, as far as what it says of time allows?"""

from collections.abc import Iterable
from datetime import timedelta
from functools import reduce
from itertools import islice
from typing import Any, Final

from fwf.algebra.nodes import (
    Always,
    Delay,
    Fallback,
    Graph,
    LoopUntil,
    Node,
    Retry,
    Seq,
    Task,
    Timeout,
)
from fwf.algebra.schedule import each, most
from fwf.algebra.traverse import fold
from fwf.durations import ZERO, plus

MOST_DELAYS: Final = 1_000
"""Of one schedule; whatever is behind them isn't counted."""


def span_of(node: Node, spans: dict[Any, timedelta]) -> timedelta:
    """Part ⟶ the longest that its timeouts, loops, waits and declared durations allow.

    A task that says nothing counts as taking no time, a bound in time as used up, items as side by
    side.
    spans: those of other parts, to which this adds.
    """
    return fold(_span, node, results=spans)


def _span(node: Node, parts: tuple[timedelta, ...]) -> timedelta:
    match node:
        case Task():
            return node.contract.duration or ZERO
        case Delay():
            return node.duration
        case Timeout():
            return node.within
        case Seq() | Fallback() | Always():
            return _sum(parts)
        case Graph():
            return _longest_way(node, parts)
        case LoopUntil():
            rounds = plus(ZERO, parts[0], node.limit)
            if node.within is None:
                return rounds
            return min(rounds or node.within, plus(node.within, parts[0]))
        case Retry():
            waits = islice(each(node.wait, most), min(node.attempts - 1, MOST_DELAYS))
            return plus(_sum(waits), parts[0], node.attempts)
        case _:
            return max(parts, default=ZERO)


def _longest_way(node: Graph[Any, Any], parts: tuple[timedelta, ...]) -> timedelta:
    ends: list[timedelta] = []
    for step, own in zip(node.steps, parts, strict=True):
        before = [ends[at] for at in (*step.inputs, *step.after) if at >= 0]
        ends.append(plus(max(before, default=ZERO), own))
    return max(ends, default=ZERO)


def _sum(spans: Iterable[timedelta]) -> timedelta:
    return reduce(plus, spans, ZERO)
