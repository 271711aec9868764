"""A task that Airflow tries again is told the same as in a local run, and ends the same."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from returns.result import Failure

from fwf import (
    Attempt,
    IdempotencyKey,
    RunInfo,
    Workflow,
    const,
    every,
    in_pool,
    it,
    map_each,
    minutes,
    named,
    par,
    param,
    pure,
    retry,
    seconds,
    task,
    timeout,
    with_params,
)
from fwf.interpreters.engines.airflow.plan import planned
from fwf.interpreters.engines.engines import engine_of
from fwf.interpreters.engines.worker.call_forms import fault_from_text
from fwf.interpreters.engines.worker.claims import InMemory, mine
from fwf.interpreters.engines.worker.loading import Loaded
from fwf.interpreters.engines.worker.packed_values import values_of
from fwf.interpreters.engines.worker.verbs import answer_call
from fwf.interpreters.engines.worker.work import Places
from fwf.interpreters.run import execute
from tests.engines.airflow.simulated import Simulated

Flow = Workflow[Any, Any]
Told = list[tuple[str, int, str]]


class Script:
    """How often a task fails at each of its places, with what; and what it was told."""

    def __init__(self, fails: int, error: Callable[[], Exception]) -> None:
        self.told: Told = []

        @task(effect="read", config={})
        def flaky(
            n: Any, *, run: RunInfo, attempt: Attempt, key: IdempotencyKey, by: int = 0
        ) -> Any:
            self.told.append((run.path, attempt, key))
            if len([path for path, *_ in self.told if path == run.path]) <= fails:
                raise error()
            return n + by

        self.flaky: Flow = flaky


def again(w: Flow) -> Flow:
    return retry(w, attempts=3, wait=every(seconds(0)), on=OSError)


@task(effect="read")
def shifted(n: Any, *, by: int) -> Any:
    return n + by


WAYS: dict[str, Callable[[Flow], Flow]] = {
    "alone": lambda t: named("w", again(t)),
    "in a row": lambda t: named("w", pure(it + 1) >> again(t) >> pure(it + 1) >> again(t)),
    "named": lambda t: named("w", again(named("one", t)) >> named("two", again(t))),
    "with a timeout": lambda t: named("w", again(timeout(t, minutes(1)))),
    "in a pool": lambda t: named("w", again(in_pool(timeout(t, minutes(1)), "p"))),
    "with bindings": lambda t: named("w", again(with_params(t, by=it + 1)) >> pure(it)),
    "side by side": lambda t: named("w", par(again(t), again(t))),
    "item by item": lambda t: named("w", const([1, 2]) >> map_each(again(t), key=it)),
    "in the pool of items": lambda t: named(
        "w", const([1, 2]) >> map_each(in_pool(again(t), "p"), at_once=1)
    ),
    "collected": lambda t: named(
        "w",
        const([1, 2]) >> map_each(named("x", again(t)), on_error="collect") >> pure(it.length()),
    ),
    "within bound parameters": lambda t: named(
        "w", with_params(again(t) >> shifted >> pure(it + param("by", int)), by=it * 2)
    ),
}
ERRORS: dict[str, Callable[[], Exception]] = {
    "taken": lambda: ConnectionError("down"),
    "not taken": lambda: KeyError("x"),
}


@pytest.mark.parametrize("retries", [True, False])
@pytest.mark.parametrize("way", WAYS)
def test_tries_are_those_of_a_local_run(way: str, retries: bool) -> None:
    for fails, error in product(range(4), ERRORS.values()):
        local, there = Script(fails, error), Script(fails, error)
        pools = {"p": 1} if "pool" in way else {}
        result = execute(WAYS[way](local.flaky), 1, key="k", pools=pools).result
        w = WAYS[way](there.flaky)
        loaded = Loaded.of(w, {}, pools)

        def ask(call: Any, loaded: Loaded = loaded) -> Any:
            return answer_call(call, load=lambda _: loaded, places=Places(None, None))

        run = Simulated(planned(engine_of("airflow").cut(w), "m:w"), ask, retries=retries)
        found = run.run({"value": 1, "key": "k"})
        assert sorted(there.told) == sorted(local.told)
        assert (found is None) == isinstance(result, Failure)
        if found is not None:
            text = found["out"]["value"]["text"]
            assert values_of(loaded.names, None).read(text) == result.unwrap()
        tried = [step.retried.attempts for step in run.plan.steps if step.retried is not None]
        assert {*tried} == {3}
        for each in run.failures:
            assert fault_from_text(each["out"]["fault"]["text"], 0)


def test_an_item_that_is_in_doubt_is_no_value() -> None:
    """Also where failures are: nobody but a person knows whether it was done."""

    @task(effect="unrepeatable", config={})
    def pay(n: int) -> int:
        return n

    w = named("w", const([1, 2]) >> map_each(pay, on_error="collect") >> pure(it.length()))
    loaded, plan = Loaded.of(w), planned(engine_of("airflow").cut(w), "m:w")

    def ran(claims: InMemory) -> Simulated:
        places = Places(claims, None)
        run = Simulated(
            plan, lambda call: answer_call(dict(call), load=lambda _: loaded, places=places)
        )
        run.run({"key": "k"})
        return run

    done, doubtful = InMemory(), InMemory()
    assert "failed" not in ran(done).states.values()
    for each in done._claims:
        doubtful.claim(each, mine())
    run = ran(doubtful)
    assert [fault_from_text(each["out"]["fault"]["text"], 0).tags for each in run.failures] == [
        ("InDoubt",),
        ("InDoubt",),
    ]
    assert [*run.states.values()][-2:] == ["upstream_failed", "upstream_failed"]
