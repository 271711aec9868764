"""What would become too much is cut coarser: no more than needed, and the biggest parts first."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import assume, given, strategies as st

from fwf import (
    Workflow,
    branch,
    gaps,
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
)
from fwf.algebra.counts import UNCOUNTED
from fwf.algebra.nodes import LoopUntil, MapEach, Retry
from fwf.interpreters.engines import EngineTask, cut, engine_of
from fwf.interpreters.engines.sizes import Budget, Costs, Size, over, size_of, within
from fwf.interpreters.engines.support import Table
from fwf.testing.strategies import workflows
from tests.engines.cuts import all_of, tables, tasks_in, tasks_of

NATIVE = all_of("native")
COSTS = Costs(5, 100, 2, 10, item_events=2, items=10)


@task(effect="read")
def read(x: Any) -> Any: ...


def sized(w: Any) -> Size:
    return size_of(cut(w, NATIVE), COSTS.size)


def blocks_of(w: Any, budget: Budget, costs: Costs = COSTS) -> list[str]:
    found = within(cut(w, NATIVE), costs.size, budget)
    return [
        here.path
        for here in found.places()
        if isinstance(here.piece, EngineTask) and here.piece.is_block
    ]


def test_the_worst_case_is_added_up() -> None:
    assert sized(read) == Size(5, 100, 1)
    assert sized(read >> read) == Size(2 + 10, 210, 2)
    assert sized(par(read, read, read)) == Size(2 + 15, 310, 2)
    assert sized(retry(read, attempts=3)) == Size(3 * 7, 110, 2)
    assert sized(loop_until(read, it == 1, limit=10)) == Size(10 * (2 + 5 + 5), 110, 2)
    assert sized(map_each(read)) == Size(2 + 10 * 7, 110, 2)
    assert sized(branch(it == 1, then=read >> read, otherwise=read)).events == 2 + 5 + 12
    assert sized(named("daily", read)) == Size(5, 100, 1)
    nesting = COSTS._replace(rounds_nest=True)
    looped = cut(loop_until(read, it == 1, limit=10), NATIVE)
    assert size_of(looped, nesting.size).depth == 20


def test_which_of_it_is_too_much() -> None:
    size = Size(10, 20, 30)
    assert over(size, Budget()) == over(size, Budget(10, 20, 30)) == ()
    assert over(size, Budget(9, 19, 29)) == (0, 1, 2)
    assert over(size, Budget(None, 19, 29)) == (1, 2) and over(size, Budget(10, None, 29)) == (2,)


def test_what_fits_stays_as_it_is() -> None:
    found = cut(par(read, read >> read), NATIVE)
    assert within(found, COSTS.size, Budget(10**6, 10**6, 10)) is found


def test_the_biggest_parts_first_and_no_more_than_needed() -> None:
    parts = [seq(*[read] * n) for n in (2, 9, 4)]
    w = par(*(named(f"p{len(part.parts)}", part) for part in parts))
    all_in_all = sized(w).events
    assert blocks_of(w, Budget(events=all_in_all - 1)) == ["par > p9"]
    assert blocks_of(w, Budget(events=41)) == ["par > p9"]
    assert blocks_of(w, Budget(events=40)) == ["par > p9", "par > p4"]
    assert blocks_of(w, Budget(events=17)) == ["par > p2", "par > p9", "par > p4"]


def test_what_repeats_first_and_wherever_it_is() -> None:
    polled = named("polled", loop_until(read, it == 1, limit=50))
    deep = named("deep", read >> read >> named("inner", read >> retry(polled, attempts=2)))
    wide = named("wide", seq(*[read] * 60))
    w = named("daily", par(deep, wide))
    assert sized(w).events > 1_500 and sized(wide).events > 300
    assert blocks_of(w, Budget(events=1_000)) == ["daily > deep > inner > polled"]
    assert blocks_of(w, Budget(events=300)) == ["daily > deep > inner > polled", "daily > wide"]


def test_several_loops_that_fit_alone_are_cut_as_few_as_needed() -> None:
    loops = [named(f"l{n}", loop_until(read, it == 1, limit=n)) for n in (40, 100, 70)]
    w = named("daily", par(*(read >> each for each in loops)) >> read)
    assert blocks_of(w, Budget(events=1_500)) == ["daily > par > l100"]
    assert blocks_of(w, Budget(events=1_000)) == ["daily > par > l100", "daily > par > l70"]
    assert len(blocks_of(w, Budget(events=80))) == 3


@pytest.mark.parametrize("kind", [LoopUntil, MapEach, Retry])
def test_what_repeats_is_a_block_where_nothing_in_it_helps(kind: type) -> None:
    w = {
        LoopUntil: loop_until(read, it == 1, limit=1_000),
        MapEach: map_each(read),
        Retry: retry(read, attempts=1_000),
    }[kind]
    found = within(cut(read >> w, NATIVE), COSTS.size, Budget(events=60))
    assert [type(here.piece.node) for here in found.places()][-1] is kind


def test_each_measure_for_its_reason() -> None:
    w = par(read >> read, read)
    for budget, why in [
        (Budget(events=15), "many events"),
        (Budget(bytes=250), "large definition"),
        (Budget(depth=2), "deep nesting"),
    ]:
        found = within(cut(w, NATIVE), COSTS.size, budget)
        (block,) = [
            each.piece.features
            for each in found.places()
            if isinstance(each.piece, EngineTask) and each.piece.is_block
        ]
        assert block[-1] == why


@given(
    workflows(max_leaves=6),
    tables(),
    st.builds(Budget, *[st.none() | st.integers(1, 300)] * 2, st.none() | st.integers(1, 6)),
)
def test_the_parts_still_add_up_and_nothing_grows(
    w: Workflow[Any, Any], table: Table, budget: Budget
) -> None:
    before = cut(w, table)
    after = within(before, COSTS.size, budget)
    assert tasks_in(after) == tasks_of(w)
    small, large = size_of(after, COSTS.size), size_of(before, COSTS.size)
    assert all(new <= old for new, old in zip(small, large, strict=True))
    if not over(large, budget):
        assert after is before


@given(workflows(max_leaves=6), st.integers(10, 200))
def test_what_fits_when_parts_are_blocks_does_fit(w: Workflow[Any, Any], most: int) -> None:
    """Of a chain, par and the like with parts that are larger than a task."""
    whole = par(named("a", w >> read), named("b", read >> w))
    assume(most >= 2 + 5 + 5)
    after = within(cut(whole, NATIVE), COSTS.size, Budget(events=most))
    assert size_of(after, COSTS.size).events <= most


def test_endless_rounds_count_to_an_end() -> None:
    w: Any = read
    for _ in range(30):
        w = loop_until(w, it == 1, limit=10**6)
    assert sized(w).events == UNCOUNTED
    assert blocks_of(w, Budget(events=20_000)) == ["loop_until"]


def test_step_functions_loops_past_its_events_are_blocks() -> None:
    few, many = (loop_until(read, it == 1, limit=n) for n in (100, 10_000))
    assert engine_of("step-functions").cut(few >> few).blocks == 0
    assert engine_of("step-functions").cut(few >> many).blocks == 1
    assert "many events" in [gap.feature for gap in gaps(few >> many, "step-functions")]
    assert engine_of("dask").cut(many).blocks == 0


@pytest.mark.parametrize(
    ("kind", "engine", "size", "features"),
    [
        (seq, "step-functions", 10_000, ["many events", "large definition"]),
        (par, "step-functions", 10_000, ["many events", "large definition"]),
        (par, "step-functions", 1_000, ["large definition"]),
        (seq, "argo", 10_000, ["many events", "large definition"]),
        (par, "argo", 10_000, ["many events", "large definition"]),
        (par, "argo", 1_000, ["large definition"]),
        (par, "airflow", 20_001, ["large definition"]),
        (par, "airflow", 10_000, []),
        (par, "dask", 10_000, []),
    ],
)
def test_what_is_too_large_for_one_machine_is_told(
    kind: Callable[..., Any], engine: str, size: int, features: list[str]
) -> None:
    """Its tasks can't be made fewer without doing several in one."""
    w = named("daily", kind(*[read] * size))
    found = engine_of(engine).cut(w)
    assert (found.tasks, found.blocks) == (size, 0)
    impossible = [gap for gap in gaps(w, engine) if gap.support == "impossible"]
    assert [gap.feature for gap in impossible] == features
    for gap in impossible:
        assert gap.path == "" and "are the most: make several workflows of it" in gap.hint


def test_sizes_are_told_in_what_an_engine_counts() -> None:
    w = named("daily", par(*[read] * 20_001))
    hints = [
        gap.hint.partition(" may")[0]
        for engine in ("airflow", "argo", "step-functions")
        for gap in gaps(w, engine)
        if gap.support == "impossible"
    ]
    assert [hint.split()[1] for hint in hints] == ["tasks", "nodes", "bytes", "events", "bytes"]


def test_a_large_map_with_retries_is_told_by_its_events() -> None:
    w = map_each(retry(read >> pure(it + 1), attempts=50, wait=seconds(1)))
    assert "many events" in [gap.feature for gap in gaps(w, "step-functions")]
