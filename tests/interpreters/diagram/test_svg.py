"""The SVG: well formed whatever is in the names, with a group for each thing to point at."""

import xml.etree.ElementTree as ET
from collections import Counter
from typing import Any

import pytest
from hypothesis import given

from fwf import always, const, fallback, it, loop_until, map_each, named, par, retry
from fwf.algebra.nodes import Task
from fwf.algebra.traverse import walk
from fwf.interpreters.diagram import svg
from fwf.interpreters.diagram.boxes import Badge, boxes, elements, hidden_tasks
from tests.interpreters.diagram.support import (
    HOSTILE,
    daily,
    doubled,
    enrich,
    fan,
    hostile,
    load,
    nested,
    oddly_named,
    orders,
    step,
    visits,
    wrapped,
)
from tests.samples import workflows
from tests.sizes import sizes

SVG = "{http://www.w3.org/2000/svg}"


def drawn(w: Any, **marks: Any) -> ET.Element:
    return ET.fromstring(svg(w, **marks))


def groups(root: ET.Element, kind: str = "") -> list[ET.Element]:
    found = [each for each in root.iter(f"{SVG}g") if each.get("data-path") is not None]
    return [each for each in found if not kind or each.get("data-kind") == kind]


def words(root: ET.Element) -> list[str]:
    return [each.text or "" for each in root.iter(f"{SVG}text")]


@given(workflows)
def test_it_is_well_formed_and_has_a_group_for_each_element_in_order(w: Any) -> None:
    root = drawn(w)
    told = [(each.get("data-path"), each.get("class", "").split()[0]) for each in groups(root)]
    made = [
        (each.path, "badge" if isinstance(each, Badge) else "box") for each in elements(boxes(w))
    ]
    assert [kind for _, kind in told] == [kind for _, kind in made]
    assert [path for path, _ in told] == [path for path, _ in made]


@given(workflows)
def test_every_task_is_in_it_once_unless_the_picture_says_how_many_are_not(w: Any) -> None:
    root = drawn(w)
    there = Counter(here.path for here in walk(w) if isinstance(here.node, Task))
    told = Counter(each.get("data-path") for each in groups(root, "task"))
    left = (there - told).total()
    assert told <= there
    assert left == hidden_tasks(boxes(w))
    assert (left > 0) == any(text.endswith("not drawn") for text in words(root))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_stay_texts(text: str) -> None:
    odd = oddly_named(text)
    root = drawn(par(const(text), named("n", odd, note=text), fallback(step, step, on=text)))
    assert {each.tag for each in root.iter()} <= {
        SVG + tag for tag in ("svg", "style", "g", "rect", "text", "title", "path")
    }
    assert len(groups(root, "task")) == 3


@pytest.mark.parametrize("w", [hostile, doubled(50)])
def test_odd_workflows_have_a_picture(w: Any) -> None:
    assert len(groups(drawn(w))) < 400


@sizes()
@pytest.mark.parametrize("nest", [nested, wrapped])
def test_deep_workflows_have_a_picture(nest: Any, size: int) -> None:
    assert len(groups(drawn(nest(size)))) < 400


def test_a_box_tells_all_of_a_task_in_its_tooltip() -> None:
    (group,) = groups(drawn(named("day", par(load))), "task")
    assert group.findtext(f"{SVG}title") == (
        "day > load\nload\neffect: idempotent\n→ redshift://dw/sales"
    )
    assert {"load", "idempotent", "→ redshift://dw/sales"} <= set(words(group))


def test_effects_are_told_in_words_and_not_by_colour_alone() -> None:
    root = drawn(par(orders, step, load, par(visits, visits) >> enrich))
    assert {"read", "undeclared", "idempotent", "pure"} <= set(words(root))


def test_arms_handlers_and_finalisers_are_labelled() -> None:
    w = always(fallback(step, load, on=OSError), then=step)
    assert {"on OSError", "finally", "fallback", "always"} <= set(words(drawn(w)))


def test_loops_have_an_arrow_back_and_maps_a_stack() -> None:
    plain = drawn(step)
    looped = drawn(loop_until(step, it > 1, limit=3))
    mapped = drawn(map_each(step))
    paths = [len(list(root.iter(f"{SVG}path"))) for root in (plain, looped, mapped)]
    stacks = [sum(each.get("class") == "stack" for each in root.iter()) for root in (plain, mapped)]
    assert (paths, stacks) == ([0, 1, 0], [0, 2])


def test_an_arrow_goes_along_each_edge_of_a_graph_and_is_dashed_where_no_data_flows() -> None:
    arrows = [each.get("class") for each in drawn(daily).iter(f"{SVG}path")]
    assert arrows == ["flow"] * 5


def test_marks_highlight_boxes_by_path_with_a_sign() -> None:
    w = named("day", par(retry(orders, attempts=2), visits) >> enrich)
    root = drawn(
        w, marks={"day > par > orders": "changed", "day > enrich": "added", "day": "moved"}
    )
    marked = {
        each.get("data-path"): each.get("class", "").split()[-1]
        for each in groups(root)
        if "marked" in each.get("class", "")
    }
    assert marked == {"day > par > orders": "changed", "day > enrich": "added", "day": "moved"}
    signs = [each.text for each in root.iter(f"{SVG}text") if each.get("class") == "sign"]
    assert sorted(filter(None, signs)) == ["+", "~", "→"]


def test_it_draws_without_network_and_scripts() -> None:
    text = svg(fan(3, 3))
    assert text.count("http") == text.count("http://www.w3.org/2000/svg")
    assert "<script" not in text and "url(" not in text


def test_one_workflow_has_one_picture() -> None:
    assert svg(daily) == svg(daily)
