from typing import Any

import pytest
from hypothesis import given, strategies as st

from fwf import (
    Workflow,
    always,
    branch,
    const,
    delay,
    fail,
    fallback,
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
from fwf.algebra.builder import It
from fwf.algebra.nodes import Task
from fwf.algebra.paths import Paths, Spot, stands_for, tagged, tail, untagged
from fwf.algebra.traverse import children, walk
from fwf.testing.generated_pieces import local, renaming
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
        in_pool(w, "vendor"),
        local(w, n=1),
        renaming(w, db="other"),
        timeout(retry(in_pool(w, "x"), attempts=2), seconds(1)),
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
    leaves = [here for here in walk(w) if not children(here.node)]
    found = [here.path for here in leaves if not here.paths.is_joint(here.spot)]
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


def spots(w: Workflow[Any, Any], tags: dict[str, str | None]) -> str:
    """The path of the first task, with tags for the items and rounds on the way."""
    names = Paths()
    spot: Spot = names.root(w)
    node: Any = w
    while not isinstance(node, Task):
        tag = tags.get(type(node).__name__)
        spot, node = names.child(spot, node, 0, tag), children(node)[0]
    return names.path(spot)


def test_items_of_a_map_and_rounds_of_a_loop_are_told_apart_by_their_tags() -> None:
    acme: dict[str, str | None] = {"MapEach": "acme", "LoopUntil": "3"}
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
    w = local(renaming(local(load, n=2), db="b"), n=1, m=it.m)
    *_, deepest = walk(renaming(w, b="c"))
    bound = {name: repr(It(expr)) for name, expr in deepest.params.items()}
    assert bound == {"n": "literal(2)", "m": "it.m"}
    assert dict(deepest.resources) == {"b": "c", "db": "c"}
    assert [type(here.node).__name__ for here in deepest.enclosing()] == ["WithParams"] * 4


@pytest.mark.parametrize("width", [10, 20_000])
def test_paths_of_wide_parts_are_found_quickly(width: int) -> None:
    wide = par(*[to_int >> to_text] * width)
    found = paths(wide)
    assert found[-1] == f"par > to_text#{width}" and len(set(found)) == 2 * width
    assert paths(rates) == ["rates"]


# The keys of items, whatever is in them

HOSTILE = [
    "", "a", "[", "]", "[]", "#2", "]#2", "a > b", "] > x[", " > ", "\n", "\\n", "\\", "\\\\",
    "\\x5b", "\x00", "\u202e", "\ud800", "é", "a]#2", "1", "01", " ", "a > b]", "a] > map_each[b",
]  # fmt: skip
keys = st.text("a[]#\\ >\nx5bd", max_size=6) | st.sampled_from(HOSTILE)
nested = map_each(named("x", map_each(load)))


def inside(outer: str, inner: str) -> str:
    """The path of a task in an item of a map in an item of a map."""
    names = Paths()
    spot = names.child(names.root(nested), nested, 0, outer)
    spot = names.child(spot, nested.body, 0)  # type: ignore[attr-defined]
    spot = names.child(spot, nested.body.body, 0, inner)  # type: ignore[attr-defined]
    return names.path(spot)


def test_no_two_keys_make_one_path() -> None:
    for make in (tagged, lambda key: inside(key, "a"), lambda key: inside("a", key)):
        assert len({make(key) for key in HOSTILE}) == len(HOSTILE)


@given(keys, keys, keys, keys)
def test_no_two_pairs_of_keys_make_one_path(a: str, b: str, c: str, d: str) -> None:
    assert (inside(a, b) == inside(c, d)) == ((a, b) == (c, d))


@given(keys, keys)
def test_what_reads_paths_agrees_with_what_writes_them(outer: str, inner: str) -> None:
    path = inside(outer, inner)
    assert path == f"map_each{tagged(outer)} > x{tagged(inner)} > load" and path.isprintable()
    assert untagged(path) == "map_each > x > load"
    for name in (path, "load", "x > load", f"x{tagged(inner)} > load", "map_each > x > load"):
        assert stands_for(name, path)
    assert tail(path, "a > b") == f"x{tagged(inner)} > load" and tail(path, "a > b > c") == path
    if outer != "other":
        assert not stands_for(f"map_each[other] > x{tagged(inner)} > load", path)


@given(st.text())
def test_an_ordinary_key_stands_in_a_path_as_it_is(key: str) -> None:
    plain = key.isprintable() and not set(key) & set("[]\\")
    assert (tagged(key) == f"[{key}]") == plain
