"""What each difference is called: of every field that a task declares, a wrapper or a graph has."""

from datetime import date
from typing import Any

import pytest

from fwf import (
    Workflow,
    const,
    delay,
    delays,
    fail,
    fallback,
    it,
    loop_until,
    map_each,
    par,
    retry,
    seconds,
    task,
    timeout,
)
from fwf.algebra.contract import Contract, Injected
from fwf.algebra.nodes import Graph, Step
from fwf.interpreters.diff import diff
from fwf.records import changed

Flow = Workflow[Any, Any]


@task(effect="read", reads=["a", "b"], duration=seconds(1))
def fetch(n: int, *, day: date, most: int = 3) -> int:
    return n


@task(effect="read")
def visits() -> int:
    return 2


DAY, MOST = fetch.contract.injected
DB = Injected("db", str, "resource", False)

CONTRACTS: list[tuple[str, Any, Any, list[str]]] = [
    (
        "inputs",
        fetch.contract.inputs,
        (changed(fetch.contract.inputs[0], type=str),),
        ["takes (n: str), was (n: int)"],
    ),
    ("output", int, str, ["gives str, was int"]),
    ("injected", (DAY,), (DAY, DB), ["now needs resource db: str"]),
    ("injected", (DAY, MOST), (DAY,), ["no longer needs parameter most: int, optional"]),
    (
        "injected",
        (DAY, MOST),
        (changed(DAY, type=str), MOST),
        ["needs parameter day: str, was parameter day: date"],
    ),
    (
        "injected",
        (MOST,),
        (changed(MOST, optional=False),),
        ["needs parameter most: int, was parameter most: int, optional"],
    ),
    ("injected", (DAY, MOST), (MOST, DAY), ["takes what it needs in another order"]),
    ("injected", (changed(DAY, kind="unknown"),), (), ["no longer needs day: date"]),
    ("effect", "pure", "read", ["effect pure → read: promises less"]),
    ("effect", "read", "pure", ["effect read → pure: promises more"]),
    ("effect", "unrepeatable", "idempotent", ["effect unrepeatable → idempotent: promises more"]),
    ("effect", None, "pure", ["effect undeclared → pure"]),
    ("effect", "read", None, ["effect read → undeclared: counts as unrepeatable"]),
    ("reads", ("a", "b"), ("b", "c"), ["now also reads c", "no longer reads a"]),
    ("reads", ("a", "b"), ("b", "a"), ["reads the same in another order"]),
    ("writes", (), ("a", "b"), ["now also writes a, b"]),
    ("duration", seconds(1), seconds(90), ["expected to take 90s, was 1s"]),
    ("duration", seconds(1), None, ["expected to take unknown, was 1s"]),
    ("isolate", False, True, ["runs in a process of its own now"]),
    ("isolate", True, False, ["runs in the run's own process now"]),
    ("is_async", False, True, ["now async: at a deadline it is cancelled"]),
    ("is_async", True, False, ["no longer async: at a deadline it runs on in its thread"]),
]


def declared(**fields: Any) -> Flow:
    return changed(fetch, contract=changed(fetch.contract, **fields))


def reasons(old: Flow, new: Flow) -> list[str]:
    return [change.reason for change in diff(old, new).changes]


@pytest.mark.parametrize(("field", "was", "now", "told"), CONTRACTS)
def test_what_a_task_declares_differently_is_told(
    field: str, was: Any, now: Any, told: list[str]
) -> None:
    assert reasons(declared(**{field: was}), declared(**{field: now})) == told


def test_every_field_of_a_contract_but_its_example_is_told() -> None:
    assert {field for field, *_ in CONTRACTS} == set(Contract.__match_args__) - {"example"}


@pytest.mark.parametrize(
    ("was", "now", "told"),
    [
        ("pure", "unrepeatable", "effect pure → unrepeatable: `retry` around it may repeat it"),
        ("idempotent", None, "effect idempotent → undeclared: `retry` around it may repeat it"),
        ("unrepeatable", None, "effect unrepeatable → undeclared: counts as unrepeatable"),
        ("read", "pure", "effect read → pure: promises more"),
    ],
)
def test_an_effect_that_a_retry_around_it_may_repeat_now_is_told(
    was: Any, now: Any, told: str
) -> None:
    old, new = (retry(timeout(declared(effect=one), seconds(1)), attempts=2) for one in (was, now))
    assert reasons(old, new) == [told]


def loop(n: int = 1, **more: Any) -> Flow:
    return loop_until(const(1), it > n, limit=10 - n, **more)


WRAPPERS: list[tuple[Flow, Flow, str]] = [
    (delay(seconds(1)), delay(seconds(2)), "delay(1s) → delay(2s): longer"),
    (delay(seconds(2)), delay(seconds(1)), "delay(2s) → delay(1s): shorter"),
    (fail("A", "x"), fail("A", "y"), "fail('A', 'x') → fail('A', 'y'): another message"),
    (fail("A", "x"), fail("B", "x"), "fail('A', 'x') → fail('B', 'x'): another error"),
    (timeout(fetch, seconds(1)), timeout(fetch, seconds(2)), "timeout(1s) → timeout(2s): laxer"),
    (
        loop(),
        loop(2),
        "loop_until(it > 1, limit=9) → loop_until(it > 2, limit=8): "
        "fewer rounds at most, done it > 1 → it > 2",
    ),
    (
        loop(),
        loop(within=seconds(9)),
        "loop_until(it > 1, limit=9) → loop_until(it > 1, limit=9, within=9s): less time for it",
    ),
    (
        loop(within=seconds(9)),
        loop(within=seconds(10)),
        "loop_until(it > 1, limit=9, within=9s) → loop_until(it > 1, limit=9, within=10s): "
        "more time for it",
    ),
    (
        loop(on_limit="stop"),
        loop(),
        "loop_until(it > 1, limit=9, on_limit='stop') → loop_until(it > 1, limit=9): "
        "at its bound it fails now",
    ),
    (
        map_each(fetch),
        map_each(fetch, key=it.id),
        "map_each → map_each(key=it.id): items go by other names, and so by other idempotency keys",
    ),
    (
        map_each(fetch, at_once=1),
        map_each(fetch),
        "map_each(at_once=1) → map_each: items at once: without bound",
    ),
    (
        map_each(fetch),
        map_each(fetch, on_error="fail_fast"),
        "map_each → map_each(on_error='fail_fast'): stops at the first failure",
    ),
    (
        map_each(fetch, on_error="collect"),
        map_each(fetch),
        "map_each(on_error='collect') → map_each: runs every item, then fails if one did",
    ),
    (
        par(fetch, fail_fast=True),
        par(fetch),
        "no longer par(fail_fast=True): every part runs to its end",
    ),
    (
        fallback(fetch, visits, on=OSError),
        fallback(fetch, visits),
        "fallback(on=OSError) → fallback: catches more: every failure, instead of only OSError",
    ),
    (
        fallback(fetch, visits),
        fallback(fetch, visits, on=OSError),
        "fallback → fallback(on=OSError): catches less: only OSError, instead of every failure",
    ),
    (
        fallback(fetch, visits, on=(OSError, KeyError)),
        fallback(fetch, visits, on=(OSError, ValueError)),
        "fallback(on=KeyError | OSError) → fallback(on=OSError | ValueError): "
        "also catches ValueError, no longer catches KeyError",
    ),
    (
        fallback(fetch, visits, on=(OSError, KeyError)),
        fallback(fetch, visits, on=OSError),
        "fallback(on=KeyError | OSError) → fallback(on=OSError): no longer catches KeyError",
    ),
    (
        retry(fetch, attempts=3, wait=seconds(5)),
        retry(fetch, attempts=3, wait=seconds(4)),
        "retry(attempts=3, wait=5s) → retry(attempts=3, wait=4s): "
        "shorter waits, 8s in all instead of 10s",
    ),
    (
        retry(fetch, attempts=3, wait=delays(seconds(5), seconds(4))),
        retry(fetch, attempts=3, wait=delays(seconds(4), seconds(5))),
        "retry(attempts=3, wait=delays(5s, 4s)) → retry(attempts=3, wait=delays(4s, 5s)): "
        "other delays, as long in all",
    ),
    (
        retry(retry(fetch, attempts=3), attempts=2),
        retry(retry(fetch, attempts=3), attempts=4),
        "retry(attempts=2) → retry(attempts=4): stronger, 2 attempts more",
    ),
]


@pytest.mark.parametrize(("old", "new", "told"), WRAPPERS, ids=[row[2] for row in WRAPPERS])
def test_what_a_wrapper_or_a_leaf_says_differently_is_told(old: Flow, new: Flow, told: str) -> None:
    assert reasons(old, new) == [told]


def graph(*steps: tuple[Any, ...], outputs: Any = 0, arity: int = 1) -> Flow:
    return Graph(tuple(Step(*step) for step in steps), outputs, arity)


FIRST, SECOND = (visits, ()), (fetch, (0,))
GRAPHS: list[tuple[Flow, Flow, str]] = [
    (graph(FIRST, (fetch, (-1,))), graph(FIRST, SECOND), "takes visits, was input 1"),
    (
        graph((fetch, (-1,)), arity=2),
        graph((fetch, (-2,)), arity=2),
        "takes input 2, was input 1",
    ),
    (
        graph(FIRST, (fetch, (-1,))),
        graph(FIRST, (fetch, (-1,), (0,))),
        "waits for visits, was nothing",
    ),
    (
        graph(FIRST, (fetch, (-1,), (0,))),
        graph(FIRST, (fetch, (-1,))),
        "waits for nothing, was visits",
    ),
    (graph(FIRST, SECOND), graph(FIRST, SECOND, arity=2), "takes 2 inputs, was 1"),
    (graph(FIRST, SECOND), graph(FIRST, SECOND, outputs=1), "gives fetch, was visits"),
    (graph(FIRST, SECOND), graph(FIRST, SECOND, outputs=(0,)), "gives visits, was visits"),
    (
        graph(FIRST, SECOND, outputs=(0, 1)),
        graph(FIRST, SECOND, outputs=(1, 0)),
        "gives fetch, visits, was visits, fetch",
    ),
]


@pytest.mark.parametrize(("old", "new", "told"), GRAPHS, ids=[row[2] for row in GRAPHS])
def test_what_differs_in_the_edges_of_a_graph_is_told(old: Flow, new: Flow, told: str) -> None:
    assert reasons(old, new) == [told]
