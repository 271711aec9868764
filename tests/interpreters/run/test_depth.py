"""Workflows of any depth and size run: no RecursionError, and no quadratic time."""

from collections.abc import Callable
from typing import Any

import pytest

from fwf import (
    always,
    branch,
    fail,
    fallback,
    graph,
    hours,
    identity,
    it,
    limit,
    loop_until,
    map_each,
    named,
    par,
    pure,
    retry,
    seconds,
    seq,
    task,
    timeout,
    using,
    with_params,
)
from fwf.algebra.nodes import Graph, Step
from fwf.algebra.trace import Ok, events
from fwf.interpreters.run import execute, run
from fwf.interpreters.run.timers import Timers
from tests.interpreters.run.support import doing, go, us, work
from tests.samples import Twice

DEEP = 100_000


@task(effect="pure")
def leaf(x: Any) -> Any:
    return x


WRAPPERS: dict[str, Callable[[Any], Any]] = {
    "retry": lambda w: retry(w, attempts=2),
    "timeout": lambda w: timeout(w, hours(1)),
    "fallback": lambda w: fallback(w, identity),
    "handler": lambda w: fallback(fail("X"), w),
    "always": lambda w: always(w, then=identity),
    "finaliser": lambda w: always(identity, then=w),
    "with_params": lambda w: with_params(w, n=1),
    "using": lambda w: using(w, db="other"),
    "limit": lambda w: limit(w, pool="p"),
    "named": lambda w: named("n", w),
    "branch": lambda w: branch(it == 0, then=w, otherwise=w),
    "loop_until": lambda w: loop_until(w, it == 0, limit=1),
}


@pytest.mark.parametrize("name", WRAPPERS)
def test_nested_wrappers_run(name: str) -> None:
    w: Any = leaf
    for _ in range(DEEP if name != "handler" else 1000):  # each failure on the way has its path
        w = WRAPPERS[name](w)
    assert run(w, 0, pools={"p": 1}).unwrap() == 0


@pytest.mark.parametrize(
    "name", sorted({*WRAPPERS} - {"branch", "finaliser", "handler", "fallback"})
)
def test_a_failure_passes_through_nested_wrappers(name: str) -> None:
    w: Any = fail("X")
    for _ in range(DEEP // 10 if name != "retry" else 10):
        w = WRAPPERS[name](w)
    assert run(w, 0).failure().tags == ("X",)


def test_a_cut_passes_through_nested_wrappers() -> None:
    for name in ("retry", "timeout", "fallback", "named", "with_params", "limit", "loop_until"):
        w: Any = work("a", 10)
        for _ in range(DEEP // 10):
            w = WRAPPERS[name](w)
        ran = go(timeout(w, us(3)))
        assert ran.end == 3


def test_of_many_equal_deadlines_the_innermost_catches() -> None:
    w: Any = work("a", 10)
    for _ in range(DEEP // 10):
        w = timeout(w, us(3))
    ran = go(w)
    assert ran.end == 3 and ran.outcome.cause.path == "a"  # type: ignore[union-attr]


def test_pars_and_maps_nest() -> None:
    w: Any = leaf
    for _ in range(DEEP // 2):
        w = par(w)
    value = run(w, 0).unwrap()
    depth = 0
    while isinstance(value, tuple):
        (value,) = value
        depth += 1
    assert (value, depth) == (0, DEEP // 2)


@pytest.mark.parametrize("workers", [None, 1, 3])
def test_a_par_in_a_par_in_a_par(workers: int | None) -> None:
    w: Any = leaf
    for _ in range(20_000):
        w = par(leaf, w)
    value = run(w, 0, workers=workers).unwrap()
    for _ in range(20_000):
        left, value = value
        assert left == 0
    assert value == 0


def test_a_fail_fast_in_a_fail_fast() -> None:
    w: Any = fail("X")
    for _ in range(5_000):
        w = par(work("a", 5), w, fail_fast=True)
    ran = go(w >> identity, workers=2)
    assert ran.end == 0


def test_graphs_and_extensions_nest() -> None:
    w: Any = leaf
    for _ in range(20_000):
        w = Graph((Step(w, (-1,)),), 0, 1)
    assert run(w, 0).unwrap() == 0
    w = leaf
    for _ in range(14):
        w = Twice(w)
    assert run(w, 0).unwrap() == 0


def test_a_wide_par_and_a_wide_map() -> None:
    assert sum(run(par(*[pure(it)] * DEEP), 1).unwrap()) == DEEP
    assert sum(run(par(*[leaf] * DEEP), 1, workers=1).unwrap()) == DEEP
    assert run(map_each(leaf), list(range(DEEP)), workers=1).unwrap() == list(range(DEEP))
    assert run(map_each(pure(it), at_once=3), list(range(DEEP))).unwrap() == list(range(DEEP))


def test_a_wide_par_of_quick_leaves_in_threads() -> None:
    assert sum(run(par(*[leaf] * 20_000), 1).unwrap()) == 20_000
    assert sum(run(par(*[leaf] * 20_000), 1, workers=4).unwrap()) == 20_000


def test_a_wide_graph() -> None:
    steps = [Step(leaf, (-1,))] * 20_000
    last = Step(doing("sum", sum), tuple(range(20_000)))
    assert run(Graph((*steps, last), 20_000, 1), 1, workers=1).unwrap() == 20_000


def test_a_long_graph() -> None:
    steps = [Step(leaf, (-1,)), *(Step(leaf, (at,)) for at in range(20_000))]
    assert run(Graph(tuple(steps), 20_000, 1), 1).unwrap() == 1


def test_a_loop_of_many_rounds() -> None:
    count = pure(it + 1)
    assert run(loop_until(count >> leaf, it >= DEEP, limit=DEEP), 0).unwrap() == DEEP


def test_a_loop_of_many_rounds_with_a_timeout_each_keeps_few_timers() -> None:
    w = loop_until(timeout(pure(it + 1), hours(1)), it >= DEEP, limit=DEEP)
    most = 0
    kept = Timers.set

    def watched(self: Any, *given: Any) -> Any:
        nonlocal most
        most = max(most, len(self._heap))
        return kept(self, *given)

    Timers.set = watched  # type: ignore[method-assign]
    try:
        assert run(w, 0).unwrap() == DEEP
    finally:
        Timers.set = kept  # type: ignore[method-assign]
    assert most < 1000


def test_a_retry_of_many_attempts() -> None:
    seen: list[int] = []

    def act(x: Any) -> Any:
        seen.append(1)
        if len(seen) < 50_000:
            raise ConnectionError
        return x

    assert run(retry(doing("flaky", act), attempts=50_000), 3).unwrap() == 3


def test_a_chain_of_a_million_steps() -> None:
    assert run(seq(*[pure(it + 1)] * 700_000, *[leaf] * 300_000), 0).unwrap() == 700_000


def test_a_wide_trace_is_recorded() -> None:
    ran = execute(map_each(leaf), list(range(20_000)), workers=1)
    assert isinstance(ran.outcome, Ok) and len(list(events(ran.trace))) == 20_000


def test_many_timeouts_at_one_instant() -> None:
    w = map_each(timeout(work("a", 5), us(3)), on_error="collect")
    ran = go(w, list(range(300)))
    assert ran.end == 3 and len(ran.outcome.value) == 300  # type: ignore[union-attr]


def test_a_deep_path_is_named() -> None:
    w: Any = fail("X")
    for _ in range(20_000):
        w = named("n", w >> identity)
    assert run(w, 0).failure().path.count("n") >= 20_000


@graph
def unused(x: Any) -> Any:
    return leaf(x)


def test_small_things_still_work_after_all_that() -> None:
    assert run(timeout(par(unused, unused), seconds(60)), 1).unwrap() == (1, 1)
