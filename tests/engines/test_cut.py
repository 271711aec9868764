"""Every task of a workflow is in exactly one engine task, whatever an engine can do."""

from typing import Any

import pytest
from hypothesis import given
from pyrsistent import pmap, pvector

from fwf import (
    Workflow,
    always,
    as_result,
    const,
    delay,
    dry_run,
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
    task,
    timeout,
)
from fwf.algebra.counts import UNCOUNTED
from fwf.algebra.nodes import Always, Branch, Fallback, Named, Node, Retry, Seq, Task, Timeout
from fwf.algebra.paths import untagged
from fwf.algebra.schedule import Constant
from fwf.algebra.traverse import children, desugared, walk
from fwf.interpreters.engines import ENGINES, EngineTask, Inner, cut, engine_of, gaps, mark_cut
from fwf.interpreters.engines.support import Row, Table, uncut
from fwf.testing.generated_pieces import local
from fwf.testing.strategies import known_to, scenarios, taken_by, workflows
from fwf.worlds.scenario import Scenario
from fwf.worlds.trace import events
from tests.counting import MOST_CALLS, counted
from tests.engines.cuts import all_of, tables, tasks_in, tasks_of
from tests.sizes import sizes

NATIVE, BLOCK = all_of("native"), all_of("block")


@task(effect="idempotent")
def load(x: Any) -> Any: ...


def test_the_parts_add_up_to_the_whole() -> None:
    seen = {"blocks": 0, "inner": 0}

    @given(workflows(max_leaves=6), tables())
    def each(w: Workflow[Any, Any], table: Table) -> None:
        found = cut(w, table)
        assert tasks_in(found) == tasks_of(w)
        seen["blocks"] += found.blocks > 1
        seen["inner"] += found.tasks > 1 and not found.blocks

    each()
    assert all(seen.values()), seen


@given(workflows(max_leaves=6), tables())
def test_a_part_is_a_block_for_a_reason_and_no_larger(w: Workflow[Any, Any], table: Table) -> None:
    for here in cut(w, table).places():
        reason = any(uncut(table[feature]) for feature in here.piece.features)
        is_task = isinstance(here.piece.node, Task)
        assert isinstance(here.piece, EngineTask) == (reason or is_task)


@given(workflows(max_leaves=6))
def test_where_all_is_native_each_task_is_one(w: Workflow[Any, Any]) -> None:
    found = cut(w, NATIVE)
    engine_tasks = [here for here in found.places() if isinstance(here.piece, EngineTask)]
    assert all(isinstance(here.piece.node, Task) for here in engine_tasks)
    assert [here.path for here in engine_tasks] == tasks_of(w)
    assert (found.tasks, found.blocks) == (len(engine_tasks), 0)


@given(workflows(max_leaves=6))
def test_where_nothing_is_all_is_one_block(w: Workflow[Any, Any]) -> None:
    found = cut(w, BLOCK)
    assert isinstance(found.piece, EngineTask) and found.piece.node is w and found.tasks == 1
    assert tasks_in(found) == tasks_of(w)


@given(workflows(max_leaves=6), tables())
def test_the_parts_of_a_piece_are_those_of_its_node(w: Workflow[Any, Any], table: Table) -> None:
    """So a printer finds a node's parts by their numbers."""
    for here in cut(w, table).places():
        if isinstance(here.piece, Inner):
            assert [part.node for part in here.piece.parts] == [*children(here.piece.node)]


def test_paths_are_those_of_a_local_run() -> None:
    started = 0

    def ran(w: Workflow[Any, Any], table: Table, scenario: Scenario) -> None:
        nonlocal started
        params = taken_by(w, {"amount": 1, "double": True})
        trace = dry_run(w, 1, params=params, scenario=known_to(w, scenario)).trace
        there = {*map(untagged, tasks_in(cut(w, table)))}
        for event in events(trace):
            started += 1
            assert untagged(event.path) in there

    @given(workflows(max_leaves=6).flatmap(lambda w: _with_scenario(w)), tables())
    def each(pair: tuple[Workflow[Any, Any], Scenario], table: Table) -> None:
        ran(pair[0], table, pair[1])

    each()
    assert started > 20


def _with_scenario(w: Workflow[Any, Any]) -> Any:
    return scenarios(w).map(lambda scenario: (w, scenario))


@given(workflows(max_leaves=6), tables())
def test_marks_change_neither_meaning_nor_paths(w: Workflow[Any, Any], table: Table) -> None:
    shown = mark_cut(cut(w, table))
    assert desugared(shown) == desugared(w)
    assert tasks_of(mark_cut(cut(desugared(w), table))) == tasks_of(desugared(w))
    words = [getattr(here.node, "word", "") for here in walk(shown)]
    assert words.count("task") + words.count("block") == cut(w, table).tasks


def test_a_shared_part_is_cut_by_where_it_stands() -> None:
    table = {**NATIVE, "map in a map": Row("block", "only one level")}
    inner = map_each(load)
    found = cut(par(inner, map_each(inner)), table)
    kinds = {here.path: type(here.piece) for here in found.places() if here.piece.node is inner}
    assert kinds == {"par > map_each": Inner, "par > map_each#2 > map_each": EngineTask}
    assert found.tasks == 2 and found.blocks == 1


def test_what_is_bound_around_a_task_is_known_where_it_stands() -> None:
    @task(effect="read")
    def shop(x: Any, *, day: str) -> Any: ...

    outside, here = [
        each
        for each in cut(named("daily", shop >> local(shop, day="monday")), NATIVE).places()
        if isinstance(each.piece, EngineTask)
    ]
    assert (outside.path, here.path) == ("daily > shop", "daily > shop#2")
    assert not outside.visit.params and [*here.visit.params] == ["day"]


# Size


NESTED: dict[str, Any] = {
    "named": lambda w: Named("n", w, pmap()),
    "retry": lambda w: Retry(w, 2, Constant(seconds(1)), ()),
    "timeout": lambda w: Timeout(w, seconds(9)),
    "always": lambda w: Always(w, load),
    "fallback": lambda w: Fallback(w, load, ()),
    "branch": lambda w: Branch((it == 1)._expr, w, load),
    "seq": lambda w: Seq(pvector([w, identity])),
    "par": lambda w: par(w, load),
    "map_each": lambda w: map_each(w),
    "loop_until": lambda w: loop_until(w, it == 1, limit=2),
    "in_pool": lambda w: in_pool(w, "vendor"),
}


def nested(kind: str, size: int) -> Any:
    w: Any = load
    for _ in range(size):
        w = NESTED[kind](w)
    return w


@sizes()
@pytest.mark.parametrize("kind", NESTED)
def test_any_depth_is_cut(kind: str, size: int) -> None:
    w = nested(kind, size)
    found = cut(w, NATIVE)
    assert found.tasks == found.count(lambda each: isinstance(each.node, Task)) >= 1


@sizes(deep=20_000)  # as deep as others: tests/engines/step_functions/test_definitions.py
@pytest.mark.parametrize("kind", NESTED)
def test_any_depth_is_cut_by_the_rules_of_an_engine(kind: str, size: int) -> None:
    found = engine_of("step-functions").cut(nested(kind, size))
    assert any(isinstance(here.piece, EngineTask) for here in found.pieces())


@pytest.mark.parametrize("name", ENGINES)
def test_gaps_of_a_deep_workflow_are_told_within_bounds(name: str) -> None:
    for kind in ("loop_until", "par"):
        told, calls = counted(lambda kind=kind: gaps(nested(kind, 1_000), name))
        assert calls <= 2 * MOST_CALLS and sum(len(gap.path) for gap in told) <= 11_000_000


@pytest.mark.parametrize("name", ENGINES)
def test_a_million_tasks_by_sharing_are_counted_and_not_gone_through(name: str) -> None:
    w: Any = load
    for _ in range(20):
        w = par(w, w) >> it[0]
    found, calls = counted(lambda: engine_of(name).cut(w))
    tasks = found.count(lambda each: isinstance(each.node, Task))
    assert tasks in (2**20, 0) or found.blocks
    assert calls <= MOST_CALLS
    assert gaps(w, name) is not None


def test_more_than_can_be_counted_is_told_so() -> None:
    w: Any = load
    for _ in range(80):
        w = par(w, w) >> it[0]
    assert cut(w, NATIVE).tasks == UNCOUNTED
    pieces = [id(here.piece) for here in cut(w, NATIVE).pieces()]
    assert len({*pieces}) == len(pieces) < 400


def test_a_wide_chain_is_linear() -> None:
    w = Seq(pvector([load] * 50_000))
    found, calls = counted(lambda: cut(w, NATIVE))
    assert found.tasks == 50_000 and calls < 1_000_000


def test_what_has_no_task_may_have_no_engine_task() -> None:
    w: Node = const(1) >> delay(seconds(2)) >> identity
    assert cut(w, engine_of("step-functions").table).tasks == 0
    assert gaps(w, "step-functions") == () == gaps(w, "dask")


def test_an_engine_runs_what_is_around_a_task() -> None:
    part = as_result(always(retry(load, attempts=2), then=pure(it + 1)))
    w = identity >> timeout(part, seconds(9))
    whole = cut(w, engine_of("step-functions").table)
    assert whole.tasks == whole.blocks == 1
    assert cut(w, engine_of("dask").table).tasks == 1
    assert cut(w, engine_of("dask").table).blocks == 0
