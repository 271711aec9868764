"""What is written down: only ours is evaluated, AWS's limits are kept, no size is too much."""

import json
import re
from collections import Counter
from typing import Any

import pytest

from fwf import (
    always,
    branch,
    const,
    delay,
    fallback,
    hours,
    identity,
    in_pool,
    it,
    loop_until,
    map_each,
    milliseconds,
    named,
    par,
    retry,
    seconds,
    seq,
    task,
    timeout,
)
from fwf.interpreters.engines.cut import cut
from fwf.interpreters.engines.sizes import over, size_of
from fwf.interpreters.engines.step_functions import measure
from fwf.interpreters.engines.step_functions.definition import definition
from fwf.interpreters.engines.step_functions.limits import MOST_BYTES, beyond
from fwf.interpreters.engines.step_functions.ropes import FUNCTION as PLACE
from fwf.interpreters.engines.step_functions.shares import limits_of
from fwf.interpreters.engines.step_functions.table import TABLE
from fwf.machine.slots import Pool
from tests.engines.kit import Case, cases, how_many, options
from tests.engines.step_functions.functions import Functions
from tests.engines.step_functions.interpreters import Interpreter, absent, node
from tests.engines.step_functions.machines import LIMITS, cut_of, printed, run_case
from tests.engines.step_functions.reading import ARRAY, NAME, PATH, shape, states, texts
from tests.sizes import sizes

HOSTILE = options(hostile=True, size=16)
MARK = re.compile(r"h\d+q")


@task(effect="read")
def read(n: int) -> int:
    return n


@task(effect="idempotent")
def write(n: int) -> int:
    return n


def written(w: Any, pools: Any = None) -> str:
    return definition(cut_of(w), "module:w", "w", LIMITS, pools or {})


def kinds(w: Any, pools: Any = None) -> list[str]:
    """Which verbs and which kinds of states are written for a workflow, but for begin and ends."""
    said = [state for _, state in states(written(w, pools))]
    verbs = [each["Parameters"]["do"] for each in said if each["Type"] == "Task"]
    others = [each["Type"] for each in said if each["Type"] in ("Map", "Parallel", "Wait")]
    return sorted([*verbs, *others])


# Texts of somebody's


def test_texts_of_somebodys_are_never_read_as_paths_nor_names() -> None:
    for case in cases(how_many(150, 1_000), HOSTILE):
        text = printed(case)
        assert text.isascii()
        for each in texts(text):
            if each.is_path:
                assert PATH.fullmatch(each.said) or ARRAY.fullmatch(each.said), each
                assert not MARK.search(each.said), each
            elif each.is_name:
                assert NAME.fullmatch(each.said), each
            elif MARK.search(each.said):
                assert each.fields[-1] in ("path", "text"), each


def test_texts_change_nothing_but_texts() -> None:
    def whole(case: Case) -> str:
        """Long texts would make more of it blocks."""
        return definition(cut(case.workflow, TABLE), "module:w", "w", LIMITS, case.pools)

    for case in cases(how_many(150, 1_000), HOSTILE):
        assert shape(whole(case)) == shape(whole(case.twin)), case


def test_what_stands_for_the_function_stands_nowhere_else() -> None:
    text = written(named(f"a {PLACE[:-1]}", read) >> const(PLACE))
    assert text.count(PLACE) == text.count(f'"Resource":"{PLACE}"') == 2
    results = [state.get("Result") for _, state in states(text.replace(PLACE, "arn"))]
    assert {"text": json.dumps(PLACE)} in results


@pytest.mark.services
def test_hostile_workflows_run_as_any_other(interpreter: Interpreter, tmp_path: Any) -> None:
    for case in cases(how_many(15, 100), HOSTILE, first=20):
        run_case(case, interpreter, tmp_path)


# What AWS says of definitions


def test_the_limits_are_kept() -> None:
    for case in cases(how_many(150), options(waits=(0, 1, 0.25), size=16)):
        assert not [*beyond(printed(case))], case


def test_what_is_beyond_the_limits_is_told() -> None:
    state = {"Type": "Wait", "Seconds": 100_000_000, "End": True}
    branches = [{"StartAt": "a", "States": {"a": {"Type": "Pass", "End": True}}}] * 2
    machine = {
        "StartAt": "é",
        "TimeoutSeconds": 0.5,
        "States": {
            "é": state,
            "x" * 81: {"Type": "Fail", "Error": "e" * 257, "Cause": "c" * MOST_BYTES},
            "b": {"Type": "Parallel", "Branches": branches, "End": True},
        },
    }
    found = [*beyond(json.dumps(machine))]
    told = (
        "bytes, of at most", "the machine: TimeoutSeconds", "isn't plain ASCII",
        "Seconds is 100000000", "81 characters", "its Error has more", "its Cause has more",
        "2 states have the name 'a'",
    )  # fmt: skip
    assert len(found) == len(told)
    for each in told:
        assert sum(each in said for said in found) == 1, each


def test_a_wait_is_as_long_as_can_be_said() -> None:
    for duration, said in ((milliseconds(250), 1), (seconds(3), 3), (hours(10**6), 99_999_999)):
        (wait,) = [
            state for _, state in states(written(delay(duration))) if state["Type"] == "Wait"
        ]
        assert wait["Seconds"] == said


@pytest.mark.services
def test_asl_validator_finds_nothing(functions: Functions) -> None:
    if absent():
        pytest.skip(absent())
    with node(functions) as found:
        assert found.lint(json.dumps({"StartAt": "a", "States": {"a": {"Type": "Wait"}}}))
        for case in cases(how_many(40, 200), HOSTILE):
            assert not found.lint(printed(case)), case


def test_what_nothing_comes_to_is_not_written() -> None:
    """AWS refuses it: handlers of what can't fail, ends of branches that go elsewhere."""
    never = retry(identity, attempts=3) >> fallback(delay(seconds(1)), read)
    assert kinds(never) == ["Wait", "begin"]


# Sizes


def test_no_more_is_written_than_was_counted() -> None:
    for case in cases(how_many(200), options(waits=(0, 1), size=30)):
        found = cut_of(case.workflow)
        counted = size_of(found, measure.size)
        text = printed(case)
        assert len(text) <= counted.bytes + 4_000, case
        assert depth_of(text) <= counted.depth


def depth_of(text: str) -> int:
    """How deep branches are in branches."""
    deepest, todo = 0, [(json.loads(text), 0)]
    while todo:
        here, depth = todo.pop()
        deepest = max(deepest, depth)
        for state in here["States"].values():
            inner = [*state.get("Branches", []), *filter(None, [state.get("ItemProcessor")])]
            todo += [(each, depth + 1) for each in inner]
    return deepest


def test_what_would_not_fit_is_cut_coarser() -> None:
    wide = par(*(retry(named(f"step {at}", read >> write), attempts=2) for at in range(400)))
    deep: Any = read
    for _ in range(300):
        deep = par(deep, branch(it == 1, then=read, otherwise=write))
    for w in (wide, deep):
        found = cut_of(w)
        assert found.blocks and not over(size_of(found, measure.size), measure.BUDGET)
        assert not [*beyond(written(w))]


@sizes()
def test_any_depth_is_written(size: int) -> None:
    def nested(wrap: Any) -> Any:
        w: Any = read
        for _ in range(size):
            w = wrap(w)
        return w

    for wrap in (
        lambda w: retry(w, attempts=2),
        lambda w: w >> write,
    ):
        found = cut(nested(wrap), TABLE)
        text = definition(found, "module:w", "w", LIMITS, {})
        assert text.count('"Type":"Task"') >= 2


def test_branches_in_branches_are_written_at_any_depth() -> None:
    w: Any = read
    for _ in range(600):
        w = par(w)
    text = definition(cut(w, TABLE), "module:w", "w", LIMITS, {})
    assert text.count('"Type":"Parallel"') == 600
    assert cut_of(w).blocks == 1


# What is written for each node


@pytest.mark.parametrize(
    ("w", "pools", "found"),
    [
        (read >> write, {}, ["run", "run"]),
        (const(5) >> identity, {}, []),
        (retry(timeout(read, hours(1)), attempts=2), {}, ["Wait", "run"]),
        (retry(read, attempts=1), {}, ["run"]),
        (par(read, write), {}, ["Parallel", "join", "run", "run"]),
        (par(read, write, fail_fast=True), {}, ["run"]),
        (map_each(read), {}, ["Map", "gather", "run", "run", "spread"]),
        (map_each(read, on_error="fail_fast"), {}, ["run"]),
        (map_each(in_pool(read, "p")), {"p": 3}, ["Map", "gather", "run", "run", "spread"]),
        (map_each(in_pool(read, "p")), {"p": Pool(3, 1, seconds(1))}, ["run"]),
        (in_pool(read >> write, "p"), {"p": Pool(3, 1, seconds(1))}, ["run"]),
        (in_pool(read >> write, "p"), {"p": Pool(3)}, ["run", "run"]),
        (always(read, then=write), {}, ["run", "run", "settle"]),
        (loop_until(read, it == 1, limit=3), {}, ["loop", "run"]),
        (loop_until(read, it == 1, limit=3, within=hours(1)), {}, ["loop", "loop", "run"]),
        (timeout(read >> write, hours(1)), {}, ["run", "run"]),
        (read >> timeout(read >> write, hours(1)), {}, ["run", "run"]),
    ],
)  # fmt: skip
def test_calls_and_states_are_as_few_as_it_takes(w: Any, pools: Any, found: list[str]) -> None:
    assert kinds(w, pools) == sorted([*found, "begin"])


def test_a_pool_bounds_its_map() -> None:
    def bound(w: Any) -> int:
        (found,) = [state for _, state in states(written(w, {"p": 3})) if state["Type"] == "Map"]
        most: int = found["MaxConcurrency"]
        return most

    assert bound(map_each(read)) == 0
    assert bound(map_each(read, at_once=2)) == 2
    assert bound(map_each(in_pool(read, "p"))) == 3
    assert bound(in_pool(map_each(read, at_once=2), "p")) == 2
    assert bound(in_pool(named("m", map_each(read)), "p")) == 3
    assert bound(in_pool(map_each(read), "q")) == 0


def test_each_call_has_its_timeout_written_out() -> None:
    first = timeout(named("short", read), seconds(30))
    w = first >> timeout(named("long", write), hours(2)) >> named("plain", read)
    nets = {
        state["Parameters"]["path"]: state["TimeoutSeconds"]
        for _, state in states(written(w))
        if state["Type"] == "Task" and state["Parameters"]["do"] == "run"
    }
    assert nets == {"short": 90, "long": 960, "plain": 960}


def test_a_deadline_of_the_whole_is_the_machines() -> None:
    assert json.loads(written(timeout(read >> write, hours(1))))["TimeoutSeconds"] == 3_660
    assert "TimeoutSeconds" not in json.loads(written(timeout(read, hours(1)) >> write))
    assert (
        json.loads(written(named("x", timeout(read >> write, hours(10**6)))))["TimeoutSeconds"]
        == 99_999_999
    )


def test_values_share_the_room_that_there_is() -> None:
    alone = limits_of(cut_of(read)).value
    assert alone == 50_000
    assert limits_of(cut_of(always(retry(read, attempts=2), then=write))).value == 25_000
    wide = limits_of(cut_of(par(*[read] * 27)))
    assert wide.value == 5_000
    many = limits_of(cut_of(map_each(seq(*[named(f"s{at}", read) for at in range(8)]))))
    assert many.most < limits_of(cut_of(map_each(read))).most == 500


def test_a_step_keeps_its_states_names_when_others_come() -> None:
    before = {name for name, _ in states(written(named("day", read >> write)))}
    after = {name for name, _ in states(written(named("day", read >> read >> write)))}
    same = Counter(name.rpartition("-")[0] for name in before & after)
    assert {"day-read", "day-write"} <= {*same}
