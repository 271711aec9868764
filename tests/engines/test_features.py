"""Which features a node has, by what it is, what is in it, and what is around it."""

from datetime import timedelta
from typing import Any, get_args

import pytest
from hypothesis import given

from fwf import (
    MemoryMark,
    Workflow,
    always,
    as_result,
    backoff,
    branch,
    cached,
    const,
    delay,
    delays,
    every,
    fail,
    fallback,
    from_result,
    identity,
    in_pool,
    it,
    loop_until,
    map_each,
    milliseconds,
    named,
    par,
    pure,
    retry,
    seconds,
    state,
    task,
    text,
    timeout,
    using,
)
from fwf.algebra.nodes import (
    Branch,
    Extension as Word,
    Graph,
    InPool,
    MapEach,
    Named,
    Retry,
    Step,
    Timeout,
    WithParams,
)
from fwf.algebra.traverse import Visit, walk
from fwf.interpreters.engines.features import (
    OUTSIDE,
    Around,
    contents_of,
    features_of,
    inherited,
)
from fwf.interpreters.engines.support import FEATURES, Feature
from fwf.testing.generated_pieces import local
from fwf.testing.strategies import workflows


@task(effect="read")
def read(x: Any) -> Any: ...


@task(effect="idempotent")
def write(x: Any) -> Any: ...


@task(effect="idempotent", isolate=True)
def killed(x: Any) -> Any: ...


@task(effect="unrepeatable")
def once(x: Any) -> Any: ...


@task
def untold(x: Any) -> Any: ...


@task(effect="read")
def of_day(x: Any, *, day: str) -> Any: ...


@task(effect="read")
def of_db(x: Any, *, db: MemoryMark[int]) -> Any: ...


seen = state("seen", int, first=0)
items = in_pool(map_each(read), "vendor")
chosen = branch(it == 2, then=read, otherwise=read)
steps = (Step(read, (-1,)), Step(read, (0,)))
WHOLE: tuple[Feature, ...] = (
    "value",
    "many events",
    "large definition",
    "deep nesting",
    "long in one task",
)
"""Those that no node has."""

HAVE: dict[Feature, list[Any]] = {
    "task": [read],
    "unrepeatable task": [once, untold],
    "isolated task": [killed],
    "task with what a journal keeps": [seen.read, seen.move, cached(read)],
    "identity": [identity, pure(it)],
    "constant": [const(1), const(None), const("x" * 1_000)],
    "expression": [pure(it + 1), const(1.5), const("x" * 1_001), const(2**53 + 1), const([1])],
    "fail": [fail("Late"), fail("Late", "{{ x }}")],
    "fail with a computed message": [fail("Late", text("{}", it))],
    "delay": [delay(seconds(2)), delay(seconds(0))],
    "delay of a part of a second": [delay(milliseconds(1_250))],
    "seq": [read >> read],
    "par": [par(read, read)],
    "par(fail_fast=True)": [par(read, read, fail_fast=True)],
    "graph": [Graph(steps, 1, 1)],
    "branch": [chosen],
    "branch in an arm": [
        branch(it == 1, then=read, otherwise=chosen),
        branch(it == 1, then=retry(read >> chosen, attempts=2), otherwise=read),
    ],
    "loop_until": [loop_until(read, it == 1, limit=3)],
    "loop_until(within=…)": [loop_until(read, it == 1, limit=3, within=seconds(5))],
    "map_each": [map_each(read)],
    "map_each over 40 at once": [map_each(read), map_each(read, at_once=41)],
    "map_each(on_error='collect')": [map_each(read, on_error="collect")],
    "map_each(on_error='fail_fast')": [map_each(read, on_error="fail_fast")],
    "map in a map": [map_each(map_each(read)), map_each(read >> map_each(read))],
    "part for each item": [map_each(read >> read), map_each(retry(par(read), attempts=2))],
    "retry of a task": [
        retry(read, attempts=2), retry(timeout(named("n", read), seconds(1)), attempts=2),
    ],
    "retry of a part": [
        retry(read >> read, attempts=2), retry(retry(read, attempts=2), attempts=2),
    ],
    "retry(on=…)": [retry(read, attempts=2, on=OSError)],
    "retry of a timed writer": [
        retry(timeout(write, seconds(1)), attempts=2),
        retry(read >> timeout(read >> untold, seconds(1)), attempts=2),
    ],
    "wait of a part of a second": [
        retry(read, attempts=2), retry(read, attempts=2, wait=milliseconds(250)),
        retry(read, attempts=3, wait=backoff(seconds(1), factor=1.5)),
    ],
    "wait in other words": [
        retry(read, attempts=3, wait=delays(seconds(1), seconds(5))),
        retry(read, attempts=9, wait=every(seconds(1)) & seconds(2)),
    ],
    "wait with jitter": [
        retry(read, attempts=2, wait=backoff(seconds(5)).jitter(1)),
        retry(read, attempts=2, wait=delays(seconds(1)).then(every(seconds(5)).jitter(1))),
    ],
    "timeout of a task": [timeout(read, seconds(1)), timeout(local(of_day, day="x"), seconds(1))],
    "timeout of a part": [
        read >> timeout(read >> read, seconds(1)),
        retry(timeout(delay(seconds(1)), seconds(9)), attempts=2),
    ],
    "timeout at the root": [
        timeout(read >> read, seconds(1)), named("n", timeout(chosen, seconds(1))),
    ],
    "timeout in a pool": [
        in_pool(timeout(read, seconds(1)), "vendor"), timeout(in_pool(read, "vendor"), seconds(1)),
    ],
    "fallback": [fallback(read, read)],
    "fallback(on=…)": [fallback(read, read, on="Late")],
    "always at the root": [
        always(read, then=read), named("daily", local(always(of_day, then=read), day="x")),
    ],
    "always inside": [read >> always(read, then=read), retry(always(read, then=read), attempts=2)],
    "as_result": [as_result(read)],
    "from_result": [as_result(read) >> from_result],
    "with_params": [local(of_day, day="x")],
    "with_params of expressions": [local(of_day, day=it.day)],
    "using": [using(of_db, db="other")],
    "in_pool": [in_pool(read, "vendor"), items],
    "pool over several parts": [
        par(in_pool(read, "vendor"), read >> in_pool(read, "vendor")),
        in_pool(par(read, read), "vendor"), map_each(read >> in_pool(read, "vendor")),
        in_pool(map_each(par(read, read)), "vendor"), map_each(items), par(items, items),
        map_each(in_pool(par(read, read), "vendor")), in_pool(par(par(read, read), identity), "a"),
        Graph((Step(in_pool(read, "a"), (-1,)), Step(in_pool(read, "a"), (-1,))), 1, 1),
    ],
    "pool in a pool": [in_pool(in_pool(read, "warehouse"), "vendor")],
    "named": [named("daily", read)],
    "extension": [cached(read)],
}  # fmt: skip
"""Each feature, and workflows in which a node has it."""

HAVE_NOT: dict[Feature, list[Any]] = {
    "unrepeatable task": [read, write],
    "task with what a journal keeps": [of_day],
    "branch in an arm": [
        chosen >> chosen,
    ],
    "map_each over 40 at once": [map_each(read, at_once=40)],
    "map in a map": [map_each(read) >> map_each(read), par(map_each(read), map_each(read))],
    "part for each item": [map_each(named("n", retry(timeout(read, seconds(1)), attempts=2)))],
    "retry of a part": [retry(in_pool(timeout(read, seconds(1)), "a"), attempts=2)],
    "retry of a timed writer": [
        retry(timeout(read, seconds(1)), attempts=2), timeout(retry(write, attempts=2), seconds(1)),
        retry(write >> timeout(read, seconds(1)), attempts=2),
        retry(timeout(killed, seconds(1)), attempts=2),
        retry(timeout(write, seconds(1)), attempts=1),
    ],
    "wait of a part of a second": [
        retry(read, attempts=3, wait=seconds(2)), retry(read, attempts=3, wait=backoff(seconds(1))),
        retry(read, attempts=2, wait=backoff(seconds(1), factor=1.5)), retry(read, attempts=1),
    ],
    "wait in other words": [retry(read, attempts=5, wait=backoff(seconds(1), cap=seconds(3)))],
    "wait with jitter": [retry(read, attempts=1, wait=backoff(seconds(5)).jitter(1))],
    "timeout in a pool": [timeout(read, seconds(1)) >> in_pool(read, "vendor")],
    "always at the root": [read >> always(read, then=read)],
    "timeout at the root": [timeout(read, seconds(1)), read >> timeout(read >> read, seconds(1))],
    "always inside": [named("daily", always(read, then=read))],
    "pool over several parts": [
        in_pool(read, "vendor") >> in_pool(read, "vendor"), items, items >> items,
        in_pool(read >> read, "vendor"), map_each(in_pool(read, "vendor")),
        map_each(in_pool(read >> read, "vendor")), par(items, in_pool(map_each(read), "other")),
        par(in_pool(read, "a"), in_pool(read, "b")), fallback(items, items),
        par(in_pool(delay(seconds(1)), "a"), in_pool(read, "a")),
    ],
    "pool in a pool": [in_pool(in_pool(read, "vendor"), "vendor")],
}  # fmt: skip
"""Workflows that nearly have a feature."""


def everything(w: Any) -> set[Feature]:
    known = contents_of(w)
    return {each for here in walk(w) for each in features_of(here.node, around(here), known)}


def around(here: Visit) -> Around:
    """What is around a node, one question at a time."""
    outward = [each.node for each in here.enclosing()]
    body = False
    for node in outward:
        if isinstance(node, MapEach):
            body = True
        if not _passes(node):
            break
    return Around(
        pool=any(isinstance(node, InPool) for node in outward),
        item=any(isinstance(node, MapEach) for node in outward),
        body=body,
        arm=any(isinstance(node, Branch) for node in outward),
        inside=any(not isinstance(node, Named | WithParams | Word) for node in outward),
    )


def _passes(node: Any) -> bool:
    return isinstance(node, Named | WithParams | Word | InPool | Retry | Timeout)


@pytest.mark.parametrize("feature", HAVE)
def test_a_feature_is_found(feature: Feature) -> None:
    for w in HAVE[feature]:
        assert feature in everything(w), w


@pytest.mark.parametrize("feature", HAVE_NOT)
def test_what_nearly_has_a_feature_has_it_not(feature: Feature) -> None:
    for w in HAVE_NOT[feature]:
        assert feature not in everything(w), w


def test_only_the_body_itself_is_the_part_for_each_item() -> None:
    w = map_each(branch(it == 1, then=read >> read, otherwise=par(read, read)))
    known = contents_of(w)
    found = [here.path for here in walk(w) if "part for each item" in _had(here, known)]
    assert found == ["map_each > then"]  # the branch, which stands where its first arm does


def _had(here: Visit, known: Any) -> tuple[Feature, ...]:
    todo, around_it = [*reversed([here, *here.enclosing()])], OUTSIDE
    for above in todo[:-1]:
        around_it = inherited(above.node, around_it)
    return features_of(here.node, around_it, known)


def test_every_feature_has_a_text_and_an_example() -> None:
    assert (*FEATURES,) == get_args(Feature)
    assert {*HAVE} == {*FEATURES} - {*WHOLE}
    assert all(FEATURES.values()) and len({*FEATURES.values()}) > 40


@given(workflows(max_leaves=6))
def test_what_is_handed_down_is_what_is_around(w: Workflow[Any, Any]) -> None:
    todo = [(next(walk(w)), OUTSIDE)]
    while todo:
        here, found = todo.pop()
        assert found == around(here), here.path
        todo.extend((part, inherited(here.node, found)) for part in here.parts())


@given(workflows(max_leaves=6))
def test_every_node_has_a_feature_and_none_twice(w: Workflow[Any, Any]) -> None:
    known = contents_of(w)
    for here in walk(w):
        found = features_of(here.node, around(here), known)
        assert found and len({*found}) == len(found)
        assert {*found} <= {*FEATURES}


def test_a_wait_that_never_ends_is_looked_at_for_a_while() -> None:
    w = retry(read, attempts=10**9, wait=timedelta(seconds=1))
    assert "wait of a part of a second" not in everything(w)
