"""Sharing writes down more than there are atoms: interpreters answer, or say that they can't."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, strategies as st
from pyrsistent import pmap, pvector

from fwf import (
    TooLarge,
    backoff,
    check,
    const,
    definition_id,
    diff,
    dry_run,
    fail,
    fallback,
    it,
    lineage,
    load,
    loop_until,
    needs,
    par,
    plan,
    pretty,
    pure,
    registry,
    retry,
    seconds,
    task,
    timeout,
)
from fwf.algebra.counts import UNCOUNTED, count_text, total
from fwf.algebra.nodes import Always, Branch, Graph, MapEach, Named, Node, Seq, Step
from fwf.algebra.paths import Paths
from fwf.algebra.traverse import walk
from fwf.analysis.extent import MOST_SHARED, extent
from fwf.analysis.identity import normal_id
from fwf.interpreters import diagram
from fwf.testing.generated_pieces import local
from tests.counting import counted
from tests.sizes import sizes

WHEN = datetime(2026, 7, 15, tzinfo=UTC)


@task(effect="idempotent", reads=["s3://in"], writes=["s3://out"])
def leaf(x: object, *, day: str) -> object: ...


@task(effect="unrepeatable", writes=["s3://other"])
def other(x: object) -> object: ...


TWICE: dict[str, Callable[[Any], Any]] = {
    "seq": lambda w: Seq(pvector([w, w])),
    "par": lambda w: par(w, w),
    "graph": lambda w: Graph((Step(w, (-1,)), Step(w, (0,))), 1, 1),
    "steps side by side": lambda w: Graph((Step(w, (-1,)), Step(w, (-1,))), (0, 1), 1),
    "branch": lambda w: Branch((it == 1)._expr, w, w),
    "fallback": lambda w: fallback(w, w),
    "always": lambda w: Always(w, w),
    "loop_until": lambda w: loop_until(Seq(pvector([w, w])), it == 1, limit=2),
    "map_each": lambda w: MapEach(Seq(pvector([w, w])), None, None, "settle"),
    "retry": lambda w: retry(par(w, w), attempts=2),
    "timeout": lambda w: timeout(Seq(pvector([w, w])), seconds(9)),
    "with_params": lambda w: local(par(w, w), day="x"),
    "named": lambda w: Named("n", Seq(pvector([w, w])), pmap({})),
    "of many kinds": lambda w: fallback(par(w, Seq(pvector([w, w]))), Named("n", w, pmap({}))),
}
"""Ways in which a node uses one part twice."""
QUICK = ("seq", "par", "graph", "branch", "retry", "of many kinds")
SHAPES = [each if each in QUICK else pytest.param(each, marks=pytest.mark.deep) for each in TWICE]
"""Those of every run, and the others of the deep tier."""
LEAVES: dict[str, Any] = {"leaf": leaf, "fail": fail("X"), "pure": pure(it + 1)}
LINEAR: dict[str, Callable[[Any], Any]] = {
    "definition_id": definition_id,
    "hash": hash,
    "plan": plan,
    "load": lambda w: load(plan(w)).unwrap(),
    "registry": registry,
    "check": lambda w: [*map(str, check(w))],
    "needs": lambda w: str(needs(w)),
    "a missing parameter": lambda w: str(dry_run(w, 1, params={"dya": ""})),
}
"""What is linear in distinct nodes, for every shape."""
BOUNDED: dict[str, Callable[[Any], Any]] = {
    "lineage": lambda w: str(lineage(w)),
    "openlineage": lambda w: json.dumps(
        lineage(w).openlineage(time=WHEN, namespace="n", producer="https://x.example")
    ),
    "normal_id": normal_id,
    "diff": lambda w: str(diff(w, Seq(pvector([w, const(1)])))),
    "repr": repr,
    "pretty": lambda w: pretty(w, width=80),
    "svg": diagram.svg,
    "dot": diagram.dot,
    "mermaid": diagram.mermaid,
    "html": diagram.html,
    "dry_run": lambda w: str(dry_run(w, 1, params={"day": "x"})),
}
"""What answers within a bound, or says that the workflow is too large."""
LONG = ("dry_run",)
"""Of these what takes ten seconds and more, because all calls are counted."""
MOST_CALLS = 10_000_000
"""A few seconds; without a bound they would be 2 ** 60."""


def doubled(twice: Callable[[Any], Any], first: Any, levels: int) -> Any:
    w = first
    for _ in range(levels):
        w = twice(w)
    return w


def asked(work: Callable[[Any], Any], w: Any) -> Any:
    try:
        return work(w)
    except TooLarge as error:
        return error


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.deep) if name in LONG else name
        for name in (*LINEAR, *BOUNDED)
    ],
)
@pytest.mark.parametrize("twice", SHAPES)
def test_sixty_doublings_are_answered_or_refused_within_bounds(twice: str, name: str) -> None:
    work = {**LINEAR, **BOUNDED}[name]
    for first in LEAVES.values() if twice == "seq" else (leaf,):
        w = doubled(TWICE[twice], first, 60)
        found, calls = counted(lambda w=w: asked(work, w))
        assert calls <= MOST_CALLS, f"{calls:,} calls"
        if isinstance(found, TooLarge):
            assert name in BOUNDED and len(str(found)) < 300
        elif isinstance(found, str):
            assert len(found) <= 20_000_000


@pytest.mark.parametrize("twice", SHAPES)
def test_a_difference_below_sixty_doublings_is_told(twice: str) -> None:
    old, new = (doubled(TWICE[twice], first, 60) for first in (leaf, other))
    found, calls = counted(lambda: diff(old, new))
    assert found.level == "behaviour" and calls <= MOST_CALLS
    assert len(str(found)) <= 200_000


@pytest.mark.parametrize("name", LINEAR)
@pytest.mark.parametrize("twice", SHAPES)
def test_what_reads_a_definition_grows_with_its_distinct_nodes(twice: str, name: str) -> None:
    some, more = (
        counted(lambda n=n: LINEAR[name](doubled(TWICE[twice], leaf, n)))[1] for n in (300, 600)
    )
    assert more <= 2.6 * some, f"{some:,} calls, then {more:,}"


@sizes()
@pytest.mark.parametrize("picture", [diagram.svg, diagram.dot, diagram.mermaid, diagram.html])
@pytest.mark.parametrize("twice", ["seq", "par", "branch", "of many kinds"])
def test_a_picture_counts_tasks_no_further_than_it_can_print(
    twice: str, picture: Callable[[Any], str], size: int
) -> None:
    drawn = picture(doubled(TWICE[twice], leaf, size))
    assert "more than 4,611,686,018,427,387,904 tasks not drawn" in drawn
    assert len(drawn) <= 25_000_000


def test_no_count_is_larger_than_counting_goes() -> None:
    assert total([UNCOUNTED, UNCOUNTED], own=1) == UNCOUNTED
    assert total([2, 3], own=1) == 6
    assert count_text(UNCOUNTED, "task") == "more than 4,611,686,018,427,387,904 tasks"
    assert count_text(1, "task") == "1 task"


@pytest.mark.parametrize("twice", ["seq", "par"])
def test_what_differs_is_told_without_saying_all_that_stands_in_a_chain(twice: str) -> None:
    old, new = doubled(TWICE[twice], leaf, 300), Seq(pvector([leaf, other, pure(it + 1)]))
    found, calls = counted(lambda: str(diff(old, new)))
    assert calls <= MOST_CALLS // 10 and len(found) <= 20_000


JOINS: dict[str, Callable[[Any], Any]] = {
    "+": lambda part: part + part,
    "|": lambda part: part | part,
    "&": lambda part: part & part,
}


@pytest.mark.parametrize("join", JOINS)
def test_expressions_of_shared_parts_are_refused_when_built(join: str) -> None:
    with pytest.raises(ValueError, match=r"may (nest|have)"):
        doubled(JOINS[join], it.n, 60)


@pytest.mark.parametrize("join", ["|", "&"])
def test_schedules_of_shared_parts_are_refused_when_built(join: str) -> None:
    with pytest.raises(ValueError, match="a schedule may nest"):
        doubled(JOINS[join], backoff(seconds(1)), 60)


@pytest.mark.deep
@pytest.mark.parametrize("twice", ["seq", "par", "graph", "fallback"])
def test_a_hundred_thousand_doublings_are_read_checked_and_known(twice: str) -> None:
    w = doubled(TWICE[twice], leaf, 100_000)
    again = load(plan(w)).unwrap()
    assert again == w and hash(again) == hash(w)
    assert definition_id(again) == definition_id(w)
    assert check(again) == check(w)
    assert str(needs(again)) == str(needs(w))


# The limit itself


def test_an_extent_counts_what_is_written_and_where_it_stands() -> None:
    assert extent(par(leaf, leaf, other)) == (4, 4)
    assert extent(doubled(TWICE["par"], leaf, 10)) == (21, 2**11 - 1)
    assert str(extent(doubled(TWICE["par"], leaf, 2_000))) == (
        "4,001 parts stand in more than 4,611,686,018,427,387,904 places"
    )


def test_what_is_written_part_by_part_is_never_too_large() -> None:
    wide: Any = Seq(pvector([pure(it + 1)] * (2 * MOST_SHARED)))
    assert not extent(wide).shared
    assert dry_run(wide, 0).result.unwrap() == 2 * MOST_SHARED
    chain: Any = Seq(pvector([leaf] * (2 * MOST_SHARED)))
    assert normal_id(chain) == normal_id(Seq(pvector([chain])))


def test_a_loop_may_go_round_as_often_as_it_says() -> None:
    rounds = MOST_SHARED + 10
    assert (
        dry_run(loop_until(pure(it + 1), it >= rounds, limit=rounds), 0).result.unwrap() == rounds
    )


def test_the_error_says_how_large_it_is_and_what_to_do() -> None:
    w = doubled(TWICE["par"], leaf, 60)
    with pytest.raises(TooLarge) as raised:
        dry_run(w, 1, params={"day": "x"})
    assert str(raised.value) == (
        "dry_run(…): 121 parts stand in 2,305,843,009,213,693,951 places, too many to go through "
        "one by one: dry-run the part that is shared alone"
    )
    with pytest.raises(TooLarge, match=r"^the normal form: a chain of .* parts and more, too many"):
        normal_id(doubled(TWICE["seq"], leaf, 60))


def test_a_part_that_ends_early_is_dry_run_however_large_the_rest_is() -> None:
    huge = doubled(TWICE["seq"], leaf, 60)
    assert str(dry_run(fail("X") >> huge, 1, params={"day": "x"}).result).count("X") == 1


# Paths


def test_a_place_behind_more_siblings_than_are_counted_is_named() -> None:
    w = Seq(pvector([doubled(TWICE["seq"], leaf, 2_000), par(other, other)]))
    (issue,) = [each for each in check(w) if each.rule == "concurrent-writes"][:1]
    assert issue.path == "… > par"
    near = Seq(pvector([doubled(TWICE["seq"], leaf, 50), retry(other, attempts=2), leaf]))
    (issue,) = [each for each in check(near) if each.rule == "repeated-unrepeatable"]
    assert issue.path == "other"
    last = Seq(pvector([doubled(TWICE["seq"], other, 50), retry(leaf, attempts=2) >> other]))
    places = Paths()
    spot = places.child(places.root(last), last, 1)
    spot = places.child(spot, last.parts[1], 1)
    assert places.path(spot) == f"other#{2**50 + 1}"


@st.composite
def shared(draw: st.DrawFn) -> Node:
    """Workflows whose parts are used again and again, small enough to walk through."""
    made: list[Any] = [leaf, other, pure(it.n)]
    for _ in range(draw(st.integers(1, 5))):
        part = st.sampled_from(made)
        one, two = draw(part), draw(part)
        made.append(
            draw(
                st.sampled_from(
                    [
                        Seq(pvector([one, two, one])),
                        par(one, two),
                        Graph((Step(one, (-1,)), Step(two, (-1,))), (0, 1), 1),
                        fallback(one, two),
                        Always(one, two),
                        Branch((it == 1)._expr, one, two),
                        Named("n", one, pmap({})),
                        MapEach(one, None, None, "settle"),
                        retry(one, attempts=2),
                    ]
                )
            )
        )
    return draw(st.sampled_from(made[3:]))


@given(shared())
def test_names_found_one_by_one_are_those_in_the_list(w: Node) -> None:
    one_by_one = Paths()
    one_by_one._left = 0
    for listed in walk(w):
        spot = one_by_one.root(w)
        for outer, here in _steps_to(listed):
            spot = one_by_one.child(spot, outer, here)
        assert one_by_one.path(spot) == listed.path


def _steps_to(here: Any) -> list[tuple[Node, int]]:
    inward = [here, *here.enclosing()][::-1]
    return [(outer.node, inner.at) for outer, inner in pairwise(inward)]


@given(shared())
def test_shared_parts_are_told_as_if_each_place_had_its_own(w: Node) -> None:
    assert load(plan(w)).unwrap() == w
    assert pretty(load(plan(w)).unwrap(), width=80) == pretty(w, width=80)
    assert not diff(w, load(plan(w)).unwrap())
