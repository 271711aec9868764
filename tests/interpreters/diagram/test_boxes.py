"""Which boxes a picture has: every task once or counted, at any depth and size."""

from collections import Counter
from typing import Any

import pytest
from hypothesis import example, given

from fwf import branch, const, it, map_each, named, par, pure, retry, seq, switch, when
from fwf.algebra.nodes import Task
from fwf.algebra.traverse import desugared, walk
from fwf.interpreters.diagram.boxes import (
    MAX_BADGES,
    MAX_BOXES,
    MAX_DEPTH,
    Box,
    boxes,
    hidden_tasks,
)
from tests.interpreters.diagram.support import daily, doubled, fan, nested, step, wrapped
from tests.samples import is_big, ping, workflows
from tests.sizes import sizes


def tasks(found: list[Box]) -> int:
    return sum(box.kind == "task" for box in found)


@example(branch(ping >> pure(is_big), then=pure(is_big), otherwise=ping))
@example(when(ping >> pure(is_big), ping))
@given(workflows)
def test_every_task_is_drawn_once_at_its_own_path_or_counted(w: Any) -> None:
    found = boxes(w)
    there = Counter(here.path for here in walk(w) if isinstance(here.node, Task))
    drawn = Counter(box.path for box in found if box.kind == "task")
    assert drawn <= there
    assert tasks(found) + hidden_tasks(found) == there.total()
    assert hidden_tasks(found) == 0 or any(box.kind in ("again", "more") for box in found)


@given(workflows)
def test_every_wrapper_is_a_badge_unless_there_are_many(w: Any) -> None:
    for box in boxes(w):
        assert len(box.badges) <= MAX_BADGES
        assert sum(badge.node is None for badge in box.badges) <= 1


def test_what_occurs_again_is_drawn_again_if_small_and_referred_to_if_large() -> None:
    small, large = seq(step, step), named("big", seq(*[step] * 20))
    assert tasks(boxes(par(small, small))) == 4
    found = boxes(par(large, large) >> step)
    assert (tasks(found), hidden_tasks(found)) == (21, 20)
    assert [box.text for box in found if box.kind == "again"] == ["↑ big · 20 tasks"]


def test_fifty_doublings_are_a_small_picture_that_counts_all() -> None:
    found = boxes(doubled(50))
    assert len(found) < 300
    assert tasks(found) + hidden_tasks(found) == 2**50 * 4 + (2**50 - 1)


@sizes(quick=20_000, deep=1_000_000)
def test_many_tasks_are_a_bounded_picture_that_says_how_many_more(size: int) -> None:
    found = boxes(seq(*[step] * size))
    assert len(found) == MAX_BOXES
    assert found[-1].text == f"… {size - 11_998:,} more · {size - 11_998:,} tasks"
    assert tasks(found) + hidden_tasks(found) == size


def test_a_large_part_does_not_push_out_its_siblings() -> None:
    found = boxes(par(seq(*[step] * 50_000), *[seq(step, retry(step, attempts=2))] * 5))
    siblings = found[0].parts[1:]
    assert [len(part.parts) for part in siblings] == [2] * 5
    assert len(found) <= MAX_BOXES


@sizes()
def test_thousands_of_wrappers_are_a_few_badges(size: int) -> None:
    only = boxes(wrapped(290))[0]
    assert only.kind == "task"
    assert [badge.text for badge in only.badges][3:] == ["… 285 more", "timeout 9s", "retry ×2"]
    deep = step
    for _ in range(size):
        deep = retry(deep, attempts=2)
    assert boxes(deep)[0].badges[3].text == f"… {size - 5:,} more"


@sizes()
@pytest.mark.parametrize("nest", [wrapped, nested])
def test_what_is_too_deep_is_elided(nest: Any, size: int) -> None:
    w = nest(size)
    found = boxes(w)
    total = sum(isinstance(here.node, Task) for here in walk(w))
    assert len(found) < 100
    assert max(box.depth for box in found) <= MAX_DEPTH + 1
    assert tasks(found) + hidden_tasks(found) == total


def test_a_row_of_branches_is_one_box_with_an_arm_for_each() -> None:
    w = switch(it.kind, {"a": step, "b": const(1)}, otherwise=step)
    said = boxes(w)[0]
    assert said.text == "switch(it.kind)"
    assert [part.label for part in said.parts] == ["'a'", "'b'", "otherwise"]
    top = boxes(desugared(w))[0]
    assert [part.label for part in top.parts] == [
        "if it.kind == 'a'", "if it.kind == 'b'", "otherwise",
    ]  # fmt: skip
    long = switch(it, {n: const(n) for n in range(5_000)}, otherwise=step)
    assert tasks(found := boxes(long)) + hidden_tasks(found) == 1


def test_the_edges_of_a_graph_join_its_steps() -> None:
    top = boxes(daily)[0]
    names = [part.text for part in top.parts]
    told = {(names[start], names[to]) for start, to, _ in top.edges}
    assert told == {
        ("orders", "enrich"), ("visits", "enrich"), ("enrich", "load"), ("load", "enrich"),
    }  # fmt: skip
    assert [badge.text for badge in top.parts[0].badges] == ["retry ×3"]


def test_empty_parts_have_a_box() -> None:
    for w in (par(), seq(par()), pure(it), map_each(par())):
        assert [box.kind for box in boxes(w)] in (["par"], ["pure"])


def test_the_fan_of_a_thousand_is_drawn_whole() -> None:
    found = boxes(fan(100, 10))
    assert (len(found), hidden_tasks(found)) == (1_101, 0)
