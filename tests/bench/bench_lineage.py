"""Lineage of 100,000 tasks, beside a walk over as many that only reads what they declare."""

from collections.abc import Callable
from functools import partial
from typing import Any

from fwf import Task, fallback, par, retry, seq, task
from fwf.algebra.traverse import walk
from fwf.algebra.workflow import Workflow
from fwf.interpreters.lineage import lineage

from .measure import best, report

N = 100_000


def step(i: int) -> Task[Any, Any]:
    @task(effect="idempotent", reads=[f"db/in{i}"], writes=[f"db/out{i}"], config={"i": i})
    def load(x: object) -> object:
        raise AssertionError("lineage calls no task")

    return load


STEPS = [step(i) for i in range(N)]


def nested(add: Callable[[Any, Any], Any]) -> Workflow[Any, Any]:
    w: Workflow[Any, Any] = STEPS[0]
    for each in STEPS[1:]:
        w = add(w, each)
    return w


SHAPES: dict[str, Callable[[], Workflow[Any, Any]]] = {
    "chain": lambda: seq(*STEPS),
    "fan": lambda: par(*STEPS),
    "nested retries": lambda: nested(lambda w, each: retry(w >> each, attempts=2)),
    "nested handlers": lambda: nested(fallback),
}


def by_hand(w: Workflow[Any, Any]) -> int:
    """The number of datasets that tasks declare."""
    found = set[str]()
    for here in walk(w):
        if isinstance(here.node, Task):
            found.update(here.node.contract.reads, here.node.contract.writes)
    return len(found)


def test_lineage() -> None:
    for name, shape in SHAPES.items():
        w = shape()
        took = best(partial(lineage, w), repeats=1)
        report(
            f"lineage of {N:,} tasks, {name}", took, best(partial(by_hand, w), repeats=1),
            unit="µs", per=N,
        )  # fmt: skip


def test_reach_of_the_last_product() -> None:
    w = SHAPES["chain"]()
    known = lineage(w)
    took = best(partial(known.reach, f"db/out{N - 1}"), repeats=1)
    report(
        f"all {N:,} sources of one product", took, best(partial(by_hand, w), repeats=1), unit="s"
    )
