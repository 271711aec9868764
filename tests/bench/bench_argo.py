"""A manifest for Argo, of 10,000 tasks, by the work of this process; and each task's share."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

from fwf import branch, it, named, par, retry, seq, task
from fwf.algebra.workflow import Workflow
from fwf.interpreters.engines import ENGINES, ExportRequest

from .measure import best, report

N = 10_000
Flow = Workflow[Any, Any]


@task(effect="pure")
def increment(n: int) -> int:
    return n + 1


def chain(n: int) -> Flow:
    """One after another, all of different names."""
    return seq(*(named(f"step{at}", increment) for at in range(n)))


def mixed(n: int) -> Flow:
    """Chains, retries, arms and parts side by side."""
    kinds: tuple[Callable[[int], Flow], ...] = (
        lambda at: named(f"step{at}", increment),
        lambda at: retry(increment, attempts=at % 5 + 1),
        lambda at: branch(it > at, then=increment, otherwise=increment),
        lambda at: named(f"both{at}", par(increment, increment) >> increment_both),
    )
    return seq(*(kinds[at % 4](at) for at in range(n // 2)))


@task(effect="pure")
def increment_both(a: int, b: int) -> int:
    return a + b


SHAPES: dict[str, Callable[[int], Flow]] = {"a chain": chain, "a mixed one": mixed}


def test_manifests() -> None:
    engine = ENGINES["argo"]
    print_ = engine.load_printer()
    for name, make in SHAPES.items():
        cut = engine.cut(make(N))
        asked = ExportRequest("shop:daily", "daily")
        took = best(partial(print_, cut, asked), repeats=3, clock=time.process_time)
        report(f"manifest of {name}, {cut.tasks:,} tasks", took, 1.0)
