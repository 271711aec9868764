"""Dry runs: task events a second and bytes a task, beside the same done by hand."""

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import product
from typing import Any

import pytest

from fwf import Scenario, it, loop_until, map_each, par, pure, retry, seconds, seq, task
from fwf.algebra.nodes import Graph, Step
from fwf.algebra.workflow import Workflow

from .measure import bytes_of_process, figures_of_process, report

HUNDRED = 100
MILLION = 1_000_000


@task
def step(n: int) -> int:
    raise AssertionError("a dry run calls no task")


SCRIPT = Scenario().task("step", gives=1, takes=seconds(2))


def items(n: int) -> list[int]:
    return list(range(n))


def pairs(n: int) -> Workflow[Any, Any]:
    """Each step after the two before it."""
    steps = [Step(step, (at - 1,), (at - 2,)[: at > 1]) for at in range(n)]
    return Graph(tuple(steps), n - 1, 1)


SHAPES: dict[str, Callable[[int], Workflow[Any, Any]]] = {
    "chain": lambda n: seq(*[step] * n),
    "chains side by side": lambda n: par(*[seq(*[step] * HUNDRED)] * (n // HUNDRED)),
    "fan": lambda n: par(*[step] * n),
    "fan, fail-fast": lambda n: par(*[step] * n, fail_fast=True),
    "loop": lambda n: loop_until(step, it > 1, limit=n, on_limit="stop"),
    "map, 10 at once": lambda n: pure(items) >> map_each(step, at_once=10),
    "map of retries": lambda n: pure(items) >> map_each(retry(step, attempts=2)),
    "graph": pairs,
}


def by_hand(n: int) -> None:
    """As many events through a heap."""
    heap: list[tuple[int, int]] = []
    for at in range(n):
        heappush(heap, (at * 7919 % n, at))
    while heap:
        heappop(heap)


SPEED = """
from functools import partial
from time import process_time

from fwf import dry_run
from tests.bench.bench_dry_run import SCRIPT, SHAPES, by_hand
from tests.bench.measure import best

ours = partial(dry_run, SHAPES[{name!r}]({n}), {n}, scenario=SCRIPT, workers={workers})
print(*(best(each, repeats=9, clock=process_time) for each in (ours, partial(by_hand, {n}))))
"""
SPEEDS: list[tuple[str, int, int | None]] = [
    ("chain", 100_000, None),
    *((name, 10_000, None) for name in SHAPES if name != "chain"),
    ("fan", 10_000, 10),
]


@pytest.mark.parametrize(("name", "n", "workers"), SPEEDS)
def test_events_a_second(name: str, n: int, workers: int | None) -> None:
    took, peer = figures_of_process(SPEED.format(name=name, n=n, workers=workers))
    on = "" if workers is None else f" on {workers} workers"
    report(f"dry run of {n:,} tasks, {name}{on}", took, peer, per=n)
    print(f"   {n / took:>9,.0f} events a second", end="")


OURS = """
from fwf import dry_run
from tests.bench.bench_dry_run import MILLION, SCRIPT, SHAPES, step

w = SHAPES[{name!r}](MILLION)
dry_run(step, 0, scenario=SCRIPT)
before = peak()
found = dry_run(w, MILLION, scenario=SCRIPT, workers={workers})
assert found.attempts == MILLION
told = peak()
"""
BY_HAND = """
before = peak()
found = [("step", n, 0, 1, 2_000_000 * n, 2_000_000 * (n + 1)) for n in range(1_000_000)]
told = peak()
"""


@pytest.mark.parametrize(("name", "workers"), [*product(SHAPES, [None]), ("fan", 10)])
def test_bytes_a_task_of_a_million(name: str, workers: int | None) -> None:
    ours = bytes_of_process(OURS.format(name=name, workers=workers))
    on = "" if workers is None else f" on {workers} workers"
    by_hand = bytes_of_process(BY_HAND)
    report(f"dry run of a million tasks, {name}{on}", ours, by_hand, per=MILLION, unit="B")
    assert ours < 1_000 * MILLION
