from typing import Any

import pytest
from hypothesis import given

from fwf import (
    Workflow,
    always,
    branch,
    const,
    delay,
    fail,
    fallback,
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
    task,
    timeout,
    using,
    with_params,
)
from fwf.algebra.nodes import Task
from fwf.algebra.paths import Paths, Spot
from fwf.algebra.traverse import children, walk
from tests.samples import diamond, orders, ping, rates, to_int, to_text, visits, workflows


@task
def load() -> int:
    return 0


def paths(w: Workflow[Any, Any]) -> list[str]:
    """The paths of the leaves, in order."""
    return [here.path for here in walk(w) if not children(here.node)]


def test_a_path_is_made_of_names_tasks_par_and_arms() -> None:
    daily = named(
        "daily",
        par(orders, visits)
        >> branch(it[0].row_count > 0, then=par(load, ping), otherwise=fail("Empty"))
        >> fallback(load, ping),
    )
    assert paths(daily) == [
        "daily > par > orders",
        "daily > par > visits",
        "daily > then > par > load",
        "daily > then > par > ping",
        "daily > otherwise > fail",
        "daily > load",
        "daily > fallback > ping",
    ]


def wrapped(w: Workflow[Any, Any]) -> list[Workflow[Any, Any]]:
    return [
        retry(w, attempts=2),
        timeout(w, seconds(1)),
        limit(w, pool="vendor"),
        with_params(w, n=1),
        using(w, db="other"),
        timeout(retry(limit(w, pool="x"), attempts=2), seconds(1)),
    ]


def test_wrappers_add_no_segment() -> None:
    plain = paths(named("daily", par(orders, visits) >> load))
    for first in wrapped(orders):
        for all_of_it in wrapped(par(first, visits) >> load):
            assert paths(named("daily", all_of_it)) == plain


@given(workflows)
def test_wrapping_a_whole_workflow_changes_no_path(w: Any) -> None:
    for other in wrapped(w):
        assert paths(other) == paths(w)


@given(workflows)
def test_every_leaf_has_a_path_of_its_own(w: Any) -> None:
    found = paths(w)
    assert all(found) and len(set(found)) == len(found), found


def test_siblings_of_one_name_are_numbered() -> None:
    assert paths(par(load, load, ping, load)) == [
        "par > load",
        "par > load#2",
        "par > ping",
        "par > load#3",
    ]
    assert paths(load >> delay(seconds(1)) >> load) == ["load", "delay", "load#2"]
    assert paths(fallback(load, load) >> fallback(load, load)) == [
        "load",
        "fallback > load",
        "load#2",
        "fallback#2 > load",
    ]
    assert paths(always(load, then=ping)) == ["load", "always > ping"]
    assert paths(par(load >> load, load)) == ["par > load", "par > load#2", "par > load#3"]


def test_leaves_without_a_name_go_by_what_they_are() -> None:
    w = const(1) >> delay(seconds(1)) >> pure(it + 1) >> identity >> fail("x")
    assert paths(w) == ["pure", "delay", "pure#2", "pure#3", "fail"]


def test_a_structure_right_under_a_name_goes_by_that_name() -> None:
    assert paths(named("tenants", map_each(load))) == ["tenants > load"]
    assert paths(map_each(load)) == ["map_each > load"]
    assert paths(named("a", load)) == ["a"] == paths(named("a", named("b", load)))
    assert paths(named("a", retry(par(load, ping), attempts=2))) == ["a > load", "a > ping"]


def test_the_steps_of_a_graph_stand_side_by_side() -> None:
    assert paths(diamond) == [
        "diamond > orders",
        "diamond > visits",
        "diamond > ping",
        "diamond > enrich",
        "diamond > load",
    ]


def test_a_named_part_keeps_its_paths_wherever_it_stands() -> None:
    part = named("part", par(load, ping))
    inside = [path.partition("part")[2] for path in paths(part)]
    for w in (
        par(part, orders),
        retry(part, attempts=2) >> load,
        branch(it, then=part, otherwise=ping),
    ):
        found = [path.partition("part")[2] for path in paths(w) if "part" in path]
        assert found == inside


def spots(w: Workflow[Any, Any], tags: dict[str, str]) -> str:
    """The path of the first task, with tags for the items and rounds on the way."""
    names = Paths()
    spot: Spot = names.root(w)
    node: Any = w
    while not isinstance(node, Task):
        tag = tags.get(type(node).__name__, "")
        spot, node = names.child(spot, node, 0, tag), children(node)[0]
    return names.path(spot)


def test_items_of_a_map_and_rounds_of_a_loop_are_told_apart_by_their_tags() -> None:
    acme = {"MapEach": "acme", "LoopUntil": "3"}
    assert spots(map_each(load), acme) == "map_each[acme] > load"
    assert spots(named("tenants", map_each(load)), acme) == "tenants[acme] > load"
    assert spots(named("tenants", retry(map_each(load), attempts=2)), acme) == (
        "tenants[acme] > load"
    )
    assert spots(loop_until(load, it > 1, limit=5), acme) == "loop_until[3] > load"
    both = map_each(loop_until(load, it > 1, limit=5))
    assert spots(both, acme) == "map_each[acme] > loop_until[3] > load"
    assert spots(named("x", both), acme) == "x[acme] > loop_until[3] > load"
    assert spots(map_each(named("tenant", load)), acme) == "map_each[acme] > tenant"


def test_what_is_inherited_on_the_way_down_is_told_by_walk() -> None:
    w = with_params(using(with_params(load, n=2), db="b"), n=1, m=1)
    *_, deepest = walk(using(w, b="c"))
    assert dict(deepest.params) == {"n": 2, "m": 1}
    assert dict(deepest.resources) == {"b": "c", "db": "c"}
    assert [type(here.node).__name__ for here in deepest.enclosing()] == ["WithParams"] * 4


@pytest.mark.parametrize("width", [10, 20_000])
def test_paths_of_wide_parts_are_found_quickly(width: int) -> None:
    wide = par(*[to_int >> to_text] * width)
    found = paths(wide)
    assert found[-1] == f"par > to_text#{width}" and len(set(found)) == 2 * width
    assert paths(rates) == ["rates"]
