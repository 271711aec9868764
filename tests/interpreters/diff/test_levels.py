"""The level of a comparison and of each change in it, on generated workflows."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, strategies as st

from fwf import Extension, definition_id, delay, fail, hours, it, named, par, retry, timeout
from fwf.algebra.traverse import children, rebuild, visit
from fwf.analysis.identity import normal_id
from fwf.interpreters.diff import diff
from fwf.testing import sample_tasks, strategies as draw
from laws import catalogue
from laws.law import Law, cases

LAWS = [law for law in catalogue() if law.level == "S"]
pairs = st.tuples(draw.workflows(), draw.workflows())


@given(draw.workflows())
def test_nothing_changes_from_a_workflow_to_itself(w: Any) -> None:
    found = diff(w, w)
    assert (found.level, found.changes) == ("none", ())


@given(pairs)
def test_the_whole_is_behaviour_just_where_the_normal_forms_differ(two: tuple[Any, Any]) -> None:
    old, new = two
    found = diff(old, new)
    assert (found.level == "behaviour") == (normal_id(old) != normal_id(new))
    assert bool(found) == (old != new)


@given(pairs)
def test_some_change_has_the_level_of_the_whole_and_none_a_higher_one(
    two: tuple[Any, Any],
) -> None:
    found = diff(*two)
    levels = {change.level for change in found.changes}
    assert not found or found.level in levels or found.level == "refactoring"
    assert found.level == "behaviour" or "behaviour" not in levels


@given(pairs)
def test_the_old_order_and_the_new_have_one_level(two: tuple[Any, Any]) -> None:
    old, new = two
    assert diff(old, new).level == diff(new, old).level


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.identifier)
@given(st.data())
def test_the_sides_of_a_law_of_level_s_are_a_refactoring(law: Law, data: st.DataObject) -> None:
    old, new = law.sides(**data.draw(cases(law)).drawn)
    found = diff(old, new)
    assert found.level in ("none", "refactoring")
    assert all(change.level != "behaviour" for change in found.changes)
    assert bool(found) == (old != new)


# One edit somewhere


@st.composite
def places(drawn: st.DrawFn, w: Any) -> list[int]:
    """Which part of which part: a way down to some place in a workflow, not into an extension."""
    way: list[int] = []
    node = w
    while children(node) and not isinstance(node, Extension) and drawn(st.integers(0, 3)):
        way.append(drawn(st.integers(0, len(children(node)) - 1)))
        node = children(node)[way[-1]]
    return way


def edited(w: Any, way: list[int], edit: Callable[[Any], Any]) -> tuple[Any, str]:
    """The workflow with one part edited, and the path of that part as it was."""
    above = [visit(w)]
    for at in way:
        above.append(above[-1].parts()[at])
    part = edit(above[-1].node)
    for at, here in reversed(list(zip(way, above, strict=False))):
        parts = list(children(here.node))
        parts[at] = part
        part = rebuild(here.node, tuple(parts))
    return part, above[-1].path


EDITS: dict[str, Callable[[Any], Any]] = {
    "timed": lambda w: timeout(w, hours(7)),
    "tried": lambda w: retry(w, attempts=77, wait=hours(7)),
    "named": lambda w: named("edited", w),
    "delayed": lambda w: w >> delay(hours(7)),
    "lost": lambda w: fail("Edited"),
    "side by side": lambda w: par(w, fail("Edited")) >> it[0],
}


@given(draw.workflows(), st.sampled_from(sorted(EDITS)), st.data())
def test_one_edit_is_told_where_it_was_made(w: Any, kind: str, data: st.DataObject) -> None:
    way = data.draw(places(w))
    new, path = edited(w, way, EDITS[kind])
    found = diff(w, new)
    assert found, "an edit is never missed"
    told = {change.old or "" for change in found.changes} | {each.path for each in found.changes}
    segments = path.split(" > ")[:-1]
    assert any(_along(one.split(" > ")[:-1], segments) for one in told), (path, told)


def _along(one: list[str], other: list[str]) -> bool:
    """Whether one path leads to the other."""
    most = min(len(one), len(other))
    return one[:most] == other[:most]


@given(draw.workflows(), st.data())
def test_a_name_put_somewhere_is_a_refactoring(w: Any, data: st.DataObject) -> None:
    new, _ = edited(w, data.draw(places(w)), EDITS["named"])
    assert diff(w, new).level == "refactoring"


@given(draw.workflows(), st.data())
def test_notes_put_somewhere_change_nothing(w: Any, data: st.DataObject) -> None:
    way = data.draw(places(w))
    old, _ = edited(w, way, lambda part: named("some", part))
    new, _ = edited(w, way, lambda part: named("some", part, owner="data"))
    found = diff(old, new)
    assert (found.level, [change.level for change in found.changes]) == ("none", ["none"])
    assert definition_id(old) == definition_id(new)


@given(draw.workflows(), st.data())
def test_notes_beside_a_behaviour_change_still_change_nothing(w: Any, data: st.DataObject) -> None:
    way = data.draw(places(w))
    old, _ = edited(w, way, lambda part: named("some", part))
    new, _ = edited(w, way, lambda part: named("some", part, owner="data"))
    found = diff(par(old, sample_tasks.a), par(new, timeout(sample_tasks.a, hours(7))))
    assert found.level == "behaviour"
    assert {each.level for each in found.changes if each.kind == "notes"} == {"none"}


@given(draw.workflows(), st.data())
def test_a_refactoring_beside_a_behaviour_change_stays_one(w: Any, data: st.DataObject) -> None:
    part, _ = edited(w, data.draw(places(w)), EDITS["named"])
    found = diff(par(w, sample_tasks.a), par(part, timeout(sample_tasks.a, hours(7))))
    assert found.level == "behaviour"
    assert {change.level for change in found.changes if change.kind == "wrapped"} >= {"behaviour"}
    assert any(change.level == "refactoring" for change in found.changes)
