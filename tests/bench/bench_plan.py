"""Plans written and read, beside what the same text costs `json` alone."""

import json
from collections.abc import Callable
from functools import partial
from itertools import count
from typing import Any

from fwf import named, par, pure, retry, seconds, seq, task, timeout
from fwf.algebra.builder import it
from fwf.algebra.workflow import Workflow
from fwf.interpreters.plan import load, plan, registry

from .measure import best, report

N = 30_000
Flow = Workflow[Any, Any]


@task(effect="pure")
def increment(n: int) -> int:
    return n + 1


def fan(n: int) -> Flow:
    """Parts side by side, all different."""
    return par(*(timeout(increment, seconds(at)) for at in range(n)))


def mixed(n: int) -> Flow:
    """Names, retries, timeouts and expressions in a row."""
    kinds: tuple[Callable[[int], Flow], ...] = (
        lambda at: named(f"step{at}", increment),
        lambda at: retry(increment, attempts=at + 1, wait=seconds(1)),
        lambda at: timeout(increment, seconds(at)),
        lambda at: pure(it + at),
    )
    return seq(*(kinds[at % 4](at) for at in range(n)))


def nested(n: int) -> Flow:
    """Each timeout inside the next."""
    w: Flow = increment
    for at in range(n):
        w = timeout(w, seconds(at))
    return w


SHAPES: dict[str, Callable[[int], Flow]] = {"fan": fan, "mixed": mixed, "nested": nested}


def test_plans() -> None:
    for name, make in SHAPES.items():
        made, at = [make(N) for _ in range(4)], count()
        text = plan(make(N))
        said, nodes = json.loads(text), text.count('"node":')
        known = registry(made[0])
        by_hand = best(partial(json.dumps, said), repeats=3)
        ours = best(lambda made=made, at=at: plan(made[next(at)]), repeats=3)  # type: ignore[misc]
        report(f"plan of {name}, per node of {nodes:,}", ours, by_hand, per=nodes)
        by_hand = best(partial(json.loads, text), repeats=3)
        ours = best(partial(load, text, known), repeats=3)
        report(f"load of {name}, per node of {nodes:,}", ours, by_hand, per=nodes)
