"""Dry runs: task events a second, and bytes a task, beside a heap of as many events."""

from collections.abc import Callable
from functools import partial
from heapq import heappop, heappush
from tracemalloc import get_traced_memory, start, stop
from typing import Any

from fwf import Scenario, dry_run, it, loop_until, map_each, par, pure, retry, seconds, seq, task
from fwf.algebra.workflow import Workflow

from .measure import best, report

N = 200_000


@task
def step(n: int) -> int:
    raise AssertionError("a dry run calls no task")


SCRIPT = Scenario().task("step", gives=1, takes=seconds(2))


def items(n: int) -> list[int]:
    return list(range(N))


SHAPES: dict[str, Callable[[], Workflow[Any, Any]]] = {
    "chain": lambda: seq(*[step] * N),
    "fan": lambda: par(*[step] * N),
    "fan, fail-fast": lambda: par(*[step] * N, fail_fast=True),
    "loop": lambda: loop_until(step, it > 1, limit=N, on_limit="stop"),
    "map, 10 at once": lambda: pure(items) >> map_each(step, at_once=10),
    "map of retries": lambda: pure(items) >> map_each(retry(step, attempts=2)),
}


def by_hand() -> None:
    """As many events through a heap."""
    heap: list[tuple[int, int]] = []
    for n in range(N):
        heappush(heap, (n * 7919 % N, n))
    while heap:
        heappop(heap)


def test_events_a_second() -> None:
    peer = best(by_hand)
    for name, shape in SHAPES.items():
        w = shape()
        took = best(partial(dry_run, w, 0, scenario=SCRIPT))
        report(f"dry run of {N:,} tasks, {name}", took, peer, unit="µs", per=N)


def test_limited_workers() -> None:
    w = SHAPES["fan"]()
    took = best(partial(dry_run, w, 0, scenario=SCRIPT, workers=10))
    report(f"dry run of {N:,} tasks, fan on 10 workers", took, best(by_hand), unit="µs", per=N)


def test_bytes_a_task() -> None:
    for name, shape in SHAPES.items():
        w = shape()
        start()
        found = dry_run(w, 0, scenario=SCRIPT)
        _, peak = get_traced_memory()
        assert found.attempts == N
        stop()
        assert peak < 1_000 * N, f"{name}: {peak / N:.0f} bytes a task"
