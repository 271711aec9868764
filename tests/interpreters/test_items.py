"""No two items of a map share a path or an idempotency key, whatever their keys are."""

from typing import Any

import pytest
from hypothesis import given, strategies as st
from returns.result import Failure

from fwf import IdempotencyKey, RunInfo, const, dry_run, it, map_each, named, run, task
from fwf.faults import BadInput, PredicateDefect
from fwf.worlds.scenario import Scenario
from fwf.worlds.trace import events


@task(effect="idempotent")
def load(x: Any, *, key: IdempotencyKey, run: RunInfo) -> Any:
    return run.path, key


EACH = named("daily", map_each(load, key=it))
KEYS = [
    "a", "a > b", "b > a", "#2", "[a]", "]", "a]#2", "\n", "\\n", "", 1, True, 1.5, None, (1, "a"),
]  # fmt: skip
SCRIPT = Scenario().task("load", gives=0)


def test_items_of_hostile_keys_have_paths_and_keys_of_their_own() -> None:
    told = run(EACH, KEYS, workers=1).unwrap()
    assert len({path for path, _ in told}) == len({key for _, key in told}) == len(KEYS)
    paths = [event.path for event in events(dry_run(EACH, KEYS, scenario=SCRIPT).trace)]
    assert paths == [path for path, _ in told]


@given(st.lists(st.text("a[]#\\ >\n", max_size=4), max_size=6, unique=True))
def test_texts_that_differ_never_collide(keys: list[str]) -> None:
    told = run(EACH, keys, workers=1).unwrap()
    assert len({path for path, _ in told}) == len({key for _, key in told}) == len(keys)


@pytest.mark.parametrize(("one", "other"), [(1, "1"), (True, "True"), (None, "None"), (1.0, "1.0")])
def test_keys_of_one_text_are_refused(one: Any, other: Any) -> None:
    fault = run(EACH, [one, "x", other]).failure()
    assert isinstance(fault, BadInput)
    assert f"items 0 and 2 have the same key {str(one)!r}" in str(fault)
    assert dry_run(EACH, [one, "x", other], scenario=SCRIPT).result == Failure(fault)


@pytest.mark.parametrize(("one", "other"), [(1, True), (1, 1.0), ((1,), (1, 2)), ("a", "A")])
def test_keys_that_are_equal_but_written_otherwise_are_two_items(one: Any, other: Any) -> None:
    first, second = run(EACH, [one, other]).unwrap()
    assert first[0] != second[0] and first[1] != second[1]


class Plain:
    pass


@pytest.mark.parametrize("key", [Plain(), (1, Plain())], ids=["object", "in a tuple"])
def test_a_key_that_says_where_it_lives_is_a_defect(key: Any) -> None:
    w = const([0]) >> map_each(load, key=it)
    fault = run(map_each(named("x", const(1)), key=it), [key]).failure()
    assert isinstance(fault, PredicateDefect) and " at 0x" not in str(fault)
    assert "key of item 0: it" in str(fault) and "is of the class Plain" in str(fault)
    assert "write key=it.id, or give the class a __str__" in str(fault)
    assert dry_run(map_each(named("x", const(1)), key=it), [key]).result == Failure(fault)
    assert run(named("d", w)).unwrap()
