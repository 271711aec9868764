"""What Airflow shows: which parts are tasks of their own, and which of them are red."""

from __future__ import annotations

from typing import Any

import pytest

from fwf import (
    branch,
    const,
    delay,
    fail,
    in_pool,
    it,
    loop_until,
    map_each,
    named,
    par,
    pure,
    seconds,
    switch,
    task,
    timeout,
)
from fwf.interpreters.engines.airflow.plan import planned
from fwf.interpreters.engines.airflow.steps import Plan
from fwf.interpreters.engines.engines import engine_of
from fwf.interpreters.engines.worker.loading import Loaded
from fwf.interpreters.engines.worker.verbs import answer_call
from fwf.interpreters.engines.worker.work import Places
from tests.engines.airflow.simulated import Simulated


@task(effect="read")
def read(n: Any) -> Any:
    return n


@task(effect="read")
def odd(n: int) -> int:
    if n % 2 == 0:
        raise ValueError("even")
    return n


def plan_of(w: Any) -> Plan:
    return planned(engine_of("airflow").cut(w), "m:w")


@pytest.mark.parametrize(
    ("w", "titles"),
    [
        (read >> pure(it) >> const(1) >> read, ["read", "read#2"]),
        (delay(seconds(1)) >> read >> fail("No"), ["delay", "read", "fail"]),
        (read >> pure(it + 1), ["read", "w (end)"]),
        (par(read, read) >> read, ["par > read", "par > read#2", "read"]),
        (pure(it + 1) >> par(read, pure(it)), ["par (input)", "par > read", "w (end)"]),
        (
            branch(it > 1, then=read, otherwise=pure(it)) >> read,
            ["then (choose)", "then > read", "read"],
        ),
        (timeout(read, seconds(5)), ["w"]),
        (map_each(pure(it + 1)), ["w (end)"]),
    ],
    ids=str,
)
def test_what_costs_nothing_is_no_task(w: Any, titles: list[str]) -> None:
    found = [step.title.removeprefix("w > ") for step in plan_of(named("w", w)).steps]
    assert found == ["w (begin)", *titles]


def test_a_name_of_several_tasks_is_a_group_and_one_of_a_task_is_not() -> None:
    w = named("w", named("two", read >> named("one", read)) >> named("other", read) >> read)
    plan = plan_of(w)
    assert [group.title for group in plan.groups] == ["two"]
    assert [step.group for step in plan.steps] == [-1, 0, 0, -1, -1]


def test_behind_many_arms_one_task_looks_which_was_taken() -> None:
    w = named("w", switch(it, dict.fromkeys(range(9), read), otherwise=read) >> par(read, read))
    plan = plan_of(w)
    looks = [step for step in plan.steps if len(step.upstream) > 4]
    assert len(looks) == 1 and looks[0].title == "w > par (input)"


def test_a_failed_item_is_a_failed_task_unless_failures_are_values() -> None:
    for on_error, state in (("settle", "failed"), ("collect", "success")):
        each: Any = map_each(odd, on_error=on_error)  # type: ignore[call-overload]
        w = named("w", const([1, 2]) >> each >> read)
        loaded = Loaded.of(w)
        there: Any = {"load": lambda _, loaded=loaded: loaded, "places": Places(None, None)}
        run = Simulated(plan_of(w), lambda call, there=there: answer_call(dict(call), **there))  # type: ignore[misc]
        run.run({})
        (item,) = [step.id for step in run.plan.steps if step.kind == "item"]
        assert run.states[item] == state


@pytest.mark.parametrize(
    "w",
    [
        in_pool(read, "shop"),
        timeout(in_pool(read, "shop"), seconds(5)),
        loop_until(in_pool(read, "shop"), it > 1, limit=3),
        in_pool(read >> delay(seconds(1)), "shop"),
        in_pool(map_each(read), "shop"),
        map_each(in_pool(read, "shop")),
    ],
    ids=str,
)
def test_what_has_a_pool_in_it_or_around_it_takes_a_slot(w: Any) -> None:
    steps = plan_of(named("w", read >> w)).steps
    works = [step for step in steps[2:] if step.kind in ("call", "item", "gather")]
    assert works and {step.pool for step in works} == {"shop"}
    assert steps[1].pool is None
