"""A path names a part at its place, with its items and rounds; an id tells parts of one path."""

from typing import Any

import pytest
from hypothesis import given, strategies as st

from fwf import (
    always,
    fallback,
    identity,
    in_pool,
    it,
    loop_until,
    map_each,
    named,
    poll,
    pure,
    retry,
    seconds,
    switch,
    task,
    timeout,
    using,
    with_params,
)
from fwf.algebra.nodes import LoopUntil, MapEach, Task
from fwf.algebra.traverse import Visit, walk
from fwf.machine.part import NoPart, Part, part_at
from fwf.testing.strategies import workflows


@task
def load(n: int) -> int:
    return n


@task
def save(n: int, *, day: int = 1, shop: Any = None) -> int:
    return n


def number(n: int) -> list[int]:
    return [n]


def first(found: list[int]) -> int:
    return found[0]


SPREAD = pure(number) >> named("tenants", map_each(load >> load, key=it)) >> pure(first)
W = named("daily", retry(load, attempts=2) >> SPREAD >> loop_until(save, it > 1, limit=3))


@pytest.mark.parametrize(
    ("path", "kind", "items"),
    [
        ("daily", "Named", ()),
        ("daily > load", "Task", ()),
        ("daily > tenants", "Named", ()),
        ("daily > tenants[3] > load", "Task", ("3",)),
        ("daily > tenants[a > b] > load#2", "Task", ("a > b",)),
        (r"daily > tenants[\x5bb\x5d\\] > load", "Task", ("[b]\\",)),
        ("daily > loop_until", "LoopUntil", ()),
        ("daily > loop_until[2] > save", "Task", (2,)),
    ],
)
def test_a_path_is_that_of_a_part(path: str, kind: str, items: Any) -> None:
    part = part_at(W, path)
    assert (type(part.node).__name__, part.items, part.path) == (kind, items, path)
    again = part_at(W, part.static_path, part.items, id=part.id)
    assert (again.node, again.path, again.place) == (part.node, path, part.place)


@pytest.mark.parametrize(
    ("path", "items", "said"),
    [
        ("daily > lod", (), "there is no part 'daily > lod'; did you mean 'daily > load'?"),
        ("nightly", (), "there is no part 'nightly'"),
        ("daily > tenants[3] > laod", None, "did you mean 'daily > tenants > load'?"),
        ("daily > tenants > load", (), "of items and rounds 0 are given, and of maps and loops"),
        ("daily > load", (1,), "around it there are 0 (none)"),
        ("daily > loop_until > save", (0,), "0 is given, and there a round by its, from 1"),
        ("daily > loop_until > save", ("x",), "'x' is given"),
    ],
)
def test_a_wrong_path_is_refused(path: str, items: Any, said: str) -> None:
    with pytest.raises(NoPart) as refused:
        part_at(W, path, items)
    assert said in str(refused.value)


def test_an_id_tells_what_stands_at_one_path() -> None:
    w = named("daily", (identity >> retry(timeout(load, seconds(1)), attempts=2)) >> save)
    there = [Part(each) for each in walk(w) if each.path == "daily > load"]
    assert len({part.id for part in there}) == len(there) > 2
    for part in there:
        assert part_at(w, "daily > load", (), id=part.id).node is part.node
    assert isinstance(part_at(w, "daily > load").node, Task)


def test_another_definition_is_refused_with_both_ids() -> None:
    before = part_at(named("daily", save >> retry(load, attempts=2)), "daily > save")
    changed = named("daily", with_params(save, day=2) >> load)
    other = part_at(changed, "daily > save")
    with pytest.raises(NoPart) as refused:
        part_at(changed, "daily > save", (), id=before.id)
    assert before.id in str(refused.value) and other.id in str(refused.value)


def _id(w: Any, name: str = "daily") -> str:
    return part_at(w, f"{name} > save").id


def test_the_id_is_that_of_what_the_part_means_there() -> None:
    same = [
        named("daily", load >> save),
        named("daily", load >> retry(save, attempts=3)),
        named("daily", save >> load >> load),
        named("daily", fallback(pure(it + 1) >> save, load)),
    ]
    assert len({_id(w) for w in same}) == 1
    bound = [
        named("daily", load >> with_params(save, day=1)),
        named("daily", with_params(load >> save, day=1)),
        with_params(named("daily", load >> save >> load), day=1),
    ]
    assert len({_id(w) for w in bound}) == 1
    others = [
        _id(same[0]),
        _id(bound[0]),
        _id(named("nightly", load >> save), "nightly"),
        _id(named("daily", load >> with_params(save, day=2))),
        _id(named("daily", load >> with_params(save, day=it))),
        _id(named("daily", load >> using(save, shop="shop_eu"))),
        part_at(named("daily", load >> save), "daily > load").id,
    ]
    assert len({*others}) == len(others)
    assert _id(with_params(named("daily", load >> save), day=it + 1)) == others[4]


@given(w=workflows(), data=st.data())
def test_every_part_is_found_by_its_path_and_its_id(w: Any, data: st.DataObject) -> None:
    visits = list(walk(w))
    here: Visit = data.draw(st.sampled_from(visits))
    items = [
        str(data.draw(st.integers(1, 9)))
        if isinstance(each.node, MapEach) and each.node.key is not None
        else data.draw(st.integers(1, 9))
        for each in [*here.enclosing()][::-1]
        if isinstance(each.node, MapEach | LoopUntil)
    ]
    part = Part(here, tuple(items))
    found = part_at(w, part.static_path, part.items, id=part.id)
    assert (found.node, found.path) == (part.node, part.path)


def test_what_is_around_a_part_is_known() -> None:
    w = in_pool(retry(always(in_pool(load, "b"), then=retry(save, attempts=2)), attempts=3), "a")
    inner, finaliser = part_at(w, "load"), part_at(w, "always > save")
    assert (inner.pools, inner.retries, inner.in_finaliser) == (("a", "b"), 1, False)
    assert (finaliser.pools, finaliser.retries, finaliser.in_finaliser) == (("a",), 2, True)
    assert finaliser.tries((2, 1)) == ((None, 2), 1) and finaliser.tries(()) == ((None, 1), 1)
    with pytest.raises(NoPart, match="of numbers of attempts 1 are given"):
        finaliser.tries((1,))


def test_what_is_computed_around_a_part_has_to_be_told() -> None:
    part = part_at(with_params(load >> save, day=it + 1), "save")
    assert part.computed_names == ("day",)
    assert part.env({}, {"day": 5}).params == {"day": 5}
    with pytest.raises(NoPart, match="'day' is computed around it"):
        part.env({}, {})
    assert part_at(with_params(load >> save, day=it + 1), "load").computed_names == ()


def test_the_tags_of_words_are_no_items() -> None:
    polled = poll(save, it > 1, every=seconds(1), limit=2)
    w = switch(it, {1: load >> load, 2: pure(it) >> polled}, otherwise=load)
    for path in ("switch[1] > load", "switch[1] > load#2", "switch[2] > pure"):
        assert part_at(w, path).path == path
    assert part_at(w, "switch[2] > poll[1] > save").items == (1,)
