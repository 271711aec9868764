"""Workflows of any depth and size run: no RecursionError, and no quadratic time."""

from collections.abc import Callable
from typing import Any

import pytest
from returns.result import Success

from fwf import (
    always,
    branch,
    fail,
    fallback,
    graph,
    hours,
    identity,
    in_pool,
    it,
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
)
from fwf.algebra.nodes import Graph, Step
from fwf.interpreters.run import execute, run
from fwf.machine.timers import Timers
from fwf.testing.generated_pieces import local, renaming
from fwf.testing.strategies import pools_of
from fwf.worlds.trace import events
from tests.interpreters.run.support import doing, go, us, work
from tests.samples import Twice
from tests.sizes import sizes


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
    "with_params": lambda w: local(w, n=1),
    "using": lambda w: renaming(w, db="other"),
    "in_pool": lambda w: in_pool(w, "p"),
    "named": lambda w: named("n", w),
    "branch": lambda w: branch(it == 0, then=w, otherwise=w),
    "loop_until": lambda w: loop_until(w, it == 0, limit=1),
}


@sizes()
@pytest.mark.parametrize("name", WRAPPERS)
def test_nested_wrappers_run(name: str, size: int) -> None:
    w: Any = leaf
    for _ in range(size if name != "handler" else 1000):  # each failure on the way has its path
        w = WRAPPERS[name](w)
    assert run(w, 0, pools=pools_of(w, {"p": 1})).unwrap() == 0


@sizes(deep=10_000)
@pytest.mark.parametrize(
    "name", sorted({*WRAPPERS} - {"branch", "finaliser", "handler", "fallback"})
)
def test_a_failure_passes_through_nested_wrappers(name: str, size: int) -> None:
    w: Any = fail("X")
    for _ in range(size if name != "retry" else 10):
        w = WRAPPERS[name](w)
    assert run(w, 0).failure().tags == ("X",)


@sizes(deep=10_000)
def test_a_cut_passes_through_nested_wrappers(size: int) -> None:
    for name in ("retry", "timeout", "fallback", "named", "with_params", "in_pool", "loop_until"):
        w: Any = work("a", 10)
        for _ in range(size):
            w = WRAPPERS[name](w)
        ran = go(timeout(w, us(3)))
        assert ran.end == 3


@sizes(deep=10_000)
def test_of_many_equal_deadlines_the_innermost_catches(size: int) -> None:
    w: Any = work("a", 10)
    for _ in range(size):
        w = timeout(w, us(3))
    ran = go(w)
    assert ran.end == 3 and ran.result.failure().path == "a"


@sizes(deep=50_000)
def test_pars_and_maps_nest(size: int) -> None:
    w: Any = leaf
    for _ in range(size):
        w = par(w)
    value = run(w, 0).unwrap()
    depth = 0
    while isinstance(value, tuple):
        (value,) = value
        depth += 1
    assert (value, depth) == (0, size)


@sizes(deep=20_000)
@pytest.mark.parametrize("workers", [None, 1, 3])
def test_a_par_in_a_par_in_a_par(workers: int | None, size: int) -> None:
    w: Any = leaf
    for _ in range(size):
        w = par(leaf, w)
    value = run(w, 0, workers=workers).unwrap()
    for _ in range(size):
        left, value = value
        assert left == 0
    assert value == 0


@sizes(deep=5_000)
def test_a_fail_fast_in_a_fail_fast(size: int) -> None:
    w: Any = fail("X")
    for _ in range(size):
        w = par(work("a", 5), w, fail_fast=True)
    ran = go(w >> identity, workers=2)
    assert ran.end == 0


@sizes(deep=20_000)
def test_graphs_and_extensions_nest(size: int) -> None:
    w: Any = leaf
    for _ in range(size):
        w = Graph((Step(w, (-1,)),), 0, 1)
    assert run(w, 0).unwrap() == 0
    w = leaf
    for _ in range(14):
        w = Twice(w)
    assert run(w, 0).unwrap() == 0


@sizes(quick=10_000)
def test_a_wide_par_and_a_wide_map(size: int) -> None:
    assert sum(run(par(*[pure(it)] * size), 1).unwrap()) == size
    assert sum(run(par(*[leaf] * size), 1, workers=1).unwrap()) == size
    assert run(map_each(leaf), list(range(size)), workers=1).unwrap() == list(range(size))
    assert run(map_each(pure(it), at_once=3), list(range(size))).unwrap() == list(range(size))


@sizes(deep=20_000)
def test_a_wide_par_of_quick_leaves_in_threads(size: int) -> None:
    assert sum(run(par(*[leaf] * size), 1).unwrap()) == size
    assert sum(run(par(*[leaf] * size), 1, workers=4).unwrap()) == size


@sizes(deep=20_000)
def test_a_wide_graph(size: int) -> None:
    steps = [Step(leaf, (-1,))] * size
    last = Step(doing("sum", sum), tuple(range(size)))
    assert run(Graph((*steps, last), size, 1), 1, workers=1).unwrap() == size


@sizes(deep=20_000)
def test_a_long_graph(size: int) -> None:
    steps = [Step(leaf, (-1,)), *(Step(leaf, (at,)) for at in range(size))]
    assert run(Graph(tuple(steps), size, 1), 1).unwrap() == 1


@sizes(quick=10_000)
def test_a_loop_of_many_rounds(size: int) -> None:
    count = pure(it + 1)
    assert run(loop_until(count >> leaf, it >= size, limit=size), 0).unwrap() == size


@sizes(quick=10_000)
def test_a_loop_of_many_rounds_with_a_timeout_each_keeps_few_timers(size: int) -> None:
    w = loop_until(timeout(pure(it + 1), hours(1)), it >= size, limit=size)
    most = 0
    kept = Timers.strike

    def watched(self: Any, *given: Any) -> Any:
        nonlocal most
        most = max(most, len(self.times))
        return kept(self, *given)

    Timers.strike = watched  # type: ignore[method-assign]
    try:
        assert run(w, 0).unwrap() == size
    finally:
        Timers.strike = kept  # type: ignore[method-assign]
    assert most < 1000


@sizes(deep=50_000)
def test_a_retry_of_many_attempts(size: int) -> None:
    seen: list[int] = []

    def act(x: Any) -> Any:
        seen.append(1)
        if len(seen) < size:
            raise ConnectionError
        return x

    assert run(retry(doing("flaky", act), attempts=size), 3).unwrap() == 3


@sizes(quick=10_000, deep=1_000_000)
def test_a_chain_of_many_steps(size: int) -> None:
    pures, leaves = size * 7 // 10, size * 3 // 10
    assert run(seq(*[pure(it + 1)] * pures, *[leaf] * leaves), 0).unwrap() == pures


@sizes(deep=20_000)
def test_a_wide_trace_is_recorded(size: int) -> None:
    ran = execute(map_each(leaf), list(range(size)), workers=1)
    assert isinstance(ran.result, Success) and len(list(events(ran.trace))) == size


def test_many_timeouts_at_one_instant() -> None:
    w = map_each(timeout(work("a", 5), us(3)), on_error="collect")
    ran = go(w, list(range(300)))
    assert ran.end == 3 and len(ran.result.unwrap()) == 300


@sizes(deep=20_000)
def test_a_deep_path_is_named(size: int) -> None:
    w: Any = fail("X")
    for _ in range(size):
        w = named("n", w >> identity)
    assert run(w, 0).failure().path.count("n") >= size


@graph
def unused(x: Any) -> Any:
    return leaf(x)


def test_small_things_still_work_after_all_that() -> None:
    assert run(timeout(par(unused, unused), seconds(60)), 1).unwrap() == (1, 1)
