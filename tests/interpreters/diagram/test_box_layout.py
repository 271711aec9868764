"""Where boxes lie: within the boxes around them, beside their siblings, as wide as their text."""

from itertools import combinations, pairwise
from typing import Any

import pytest
from hypothesis import given

from fwf import Ref, graph, par, retry, seq
from fwf.display.ink import BOLD, width_of
from fwf.interpreters.diagram.box_layout import MOST, PAD, inner, lay_out
from fwf.interpreters.diagram.boxes import Box, boxes
from fwf.interpreters.diagram.graph_layers import MAX_LANES, RISE
from tests.interpreters.diagram.support import (
    HOSTILE,
    daily,
    enrich,
    fan,
    hostile,
    nested,
    oddly_named,
    orders,
    step,
    wrapped,
)
from tests.samples import workflows

CLOSE = 0.01


def assert_apart_and_within(found: list[Box]) -> None:
    for box in found:
        x, y, width, height = inner(box)
        assert width > 0 and height > 0
        for part in box.parts:
            assert x - CLOSE <= part.x and part.x + part.width <= x + width + CLOSE
            assert y - CLOSE <= part.y and part.y + part.height <= y + height + CLOSE
        if len(box.parts) < 60:
            for one, other in combinations(box.parts, 2):
                assert beside(one, other), (one.text, other.text)


def beside(one: Box, other: Box) -> bool:
    return (
        one.x + one.width <= other.x + CLOSE
        or other.x + other.width <= one.x + CLOSE
        or one.y + one.height <= other.y + CLOSE
        or other.y + other.height <= one.y + CLOSE
    )


@given(workflows)
def test_boxes_lie_within_their_parents_and_beside_their_siblings(w: Any) -> None:
    assert_apart_and_within(lay_out(boxes(w)))


@pytest.mark.parametrize("w", [daily, hostile, fan(40, 7), nested(60), wrapped(40)])
def test_so_do_those_of_large_and_odd_workflows(w: Any) -> None:
    assert_apart_and_within(lay_out(boxes(w)))


@given(workflows)
def test_texts_fit_their_boxes(w: Any) -> None:
    assert_texts_fit(lay_out(boxes(w)))


@pytest.mark.parametrize("text", [*HOSTILE, "W", "i" * 90, "customer_orders" * 3, "中" * 40])
def test_so_do_long_and_odd_names(text: str) -> None:
    found = lay_out(boxes(retry(oddly_named(text), attempts=2)))
    assert_texts_fit(found)
    assert found[0].width <= MOST


def assert_texts_fit(found: list[Box]) -> None:
    for box in found:
        _, _, width, height = inner(box)
        sizes = {"name": 13 * BOLD, "word": 12 * BOLD, "said": 12, "data": 11, "effect": 10.5}
        for kind, text in box.lines:
            assert width_of(text, sizes[kind]) <= width - 2 * PAD + CLOSE
        if box.kind == "task":
            name, effect = box.lines[0][1], box.lines[1][1]
            assert width_of(name, 13 * BOLD) + width_of(effect, 10.5) <= width - 2 * PAD
        for row in box.rows:
            assert sum(wide + 5 for _, wide in row) - 5 <= width - 2 * PAD + CLOSE
        assert height >= 21 * len(box.rows) + 16 * (len(box.lines) - (box.kind == "task"))


def test_no_text_makes_a_leaf_wider_than_can_be_read() -> None:
    assert all(box.width < MOST + 30 for box in lay_out(boxes(hostile)) if not box.parts)


def test_a_chain_goes_down_and_a_long_one_goes_on_beside() -> None:
    short = lay_out(boxes(seq(*[step] * 5)))[1:]
    assert len({box.x for box in short}) == 1
    assert [box.y for box in short] == sorted({box.y for box in short})
    long = lay_out(boxes(seq(*[step] * 500)))
    assert 0.5 < long[0].width / long[0].height < 3


def test_a_wide_par_goes_on_below() -> None:
    wide = lay_out(boxes(par(*[step] * 1_000)))[0]
    assert 0.5 < wide.width / wide.height < 3


def test_the_edges_of_a_graph_go_down_and_cross_no_step() -> None:
    top = lay_out(boxes(daily))[0]
    assert len(top.routes) == len(top.edges)
    for route, (start, to, _) in zip(top.routes, top.edges, strict=True):
        ys = [y for _, y in route]
        assert ys == sorted(ys)
        leaning = [(one, other) for one, other in pairwise(route) if one[0] != other[0]]
        assert all(other[1] - one[1] == RISE for one, other in leaning)
        others = [part for at, part in enumerate(top.parts) if at not in (start, to)]
        for x, y in route:
            for part in others:
                left, above = part.x - top.x, part.y - top.y
                assert not (left < x < left + part.width and above < y < above + part.height)


def test_a_graph_of_many_long_edges_is_laid_out_without_a_lane_for_each() -> None:
    @graph
    def ladder() -> Ref[object]:
        first = orders()
        last: Any = first
        for _ in range(400):
            last = enrich(last, first)
        return last

    top = lay_out(boxes(ladder))[0]
    assert sum(len(route) for route in top.routes) < 10 * MAX_LANES
    assert_apart_and_within([top])
