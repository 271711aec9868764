"""A comparison says when idempotency keys change, and whose; and what it says is true."""

from datetime import date
from typing import Any

import pytest

from fwf import (
    IdempotencyKey,
    Workflow,
    const,
    diff,
    it,
    load,
    map_each,
    named,
    par,
    plan,
    retry,
    run,
    seconds,
    task,
    timeout,
    with_params,
)
from fwf.analysis.requirements import requirements

Flow = Workflow[Any, Any]
seen: set[str] = set()


def keyed(name: str, config: str = "") -> Any:
    """A task that asks for its key."""

    @task(effect="idempotent", name=name, config={"config": config})
    def step(x: Any, *, key: IdempotencyKey) -> Any:
        seen.add(f"{name} {config} {key}")
        return x

    return step


store, post = keyed("store"), keyed("post")


@task(effect="idempotent", name="bill")
def bill(x: Any, *, day: date, key: IdempotencyKey) -> Any:
    seen.add(f"bill {key}")
    return x


@task(effect="idempotent", name="bill")
def bill_any_day(x: Any, *, day: date = date(2026, 6, 1), key: IdempotencyKey) -> Any:
    seen.add(f"bill {key}")
    return x


@task(effect="read")
def of_region(x: Any, *, region: str) -> Any:
    return x


@task(effect="read")
def maybe_of_region(x: Any, *, region: str = "eu") -> Any:
    return x


def daily(*parts: Any, **notes: Any) -> Any:
    whole = const(1)
    for part in parts:
        whole = whole >> part
    return named("daily", whole, **notes)


ITEMS = const([1, 2])
CHANGED: list[tuple[str, Flow, Flow, list[str]]] = [
    # what changes, old, new, whose keys change and in which words
    ("the name", daily(store), named("nightly", const(1) >> store),
     ["'daily' is called 'nightly' now; other idempotency keys for store"]),
    ("a name less", daily(store), const(1) >> store,
     ["no longer named 'daily'; other idempotency keys for store"]),
    ("an edit of one without a name", const(1) >> store, const(2) >> store,
     ["store: other idempotency keys for store: the workflow has no name, so that any edit"]),
    ("a step beside a lone task", store, const(1) >> store,
     ["other idempotency keys for store: runs are called by their definition now, were 'store'"]),
    ("a default gained", daily(bill, store), daily(bill_any_day, store),
     ["daily > bill: other idempotency keys for bill, store: runs no longer go by day"]),
    ("a default lost", daily(bill_any_day), daily(bill), ["for bill: runs now go by day too"]),
    ("a parameter more", daily(store), daily(of_region, store),
     ["daily > store: other idempotency keys for store: runs now go by region too"]),
    ("a parameter bound", daily(bill), daily(with_params(bill, day=date(2026, 6, 1))),
     ["other idempotency keys for bill: runs no longer go by day"]),
    ("one parameter for another", daily(bill), daily(bill_any_day, of_region),
     ["for bill: runs now go by region too, and runs no longer go by day"]),
    ("a part named", daily(store, post), daily(named("out", store >> post)),
     ["daily > store → daily > out > store: moved; other idempotency keys for store",
      "daily > post → daily > out > post: moved; other idempotency keys for post"]),
    ("a map's key", daily(ITEMS, map_each(store)), daily(ITEMS, map_each(store, key=it)),
     ["items go by other names, and so by other idempotency keys for store"]),
    ("one before of the same name", daily(keyed("store", "a"), keyed("store", "b")),
     daily(keyed("store", "b")), ["daily > store#2 → daily > store: goes by another path now"]),
    ("one before of the same name, in parts side by side",
     daily(par(keyed("store", "b"))), daily(par(keyed("store", "a"), keyed("store", "b"))),
     ["daily > par > store → daily > par > store#2: goes by another path now; other idempotency"]),
]  # fmt: skip
SAME: list[tuple[str, Flow, Flow]] = [
    ("notes", daily(store), daily(store, owner="sales")),
    ("notes of one without a name", const(1) >> named("a", store),
     const(1) >> named("a", store, owner="x")),
    ("an edit beside", daily(store), daily(store, const(2))),
    ("a retry", daily(store), daily(retry(store, attempts=2))),
    ("a retry around the name", daily(store), retry(daily(store), attempts=2)),
    ("a timeout less", timeout(daily(store), seconds(1)), daily(store)),
    ("a default changed", daily(maybe_of_region, store), daily(store)),
    ("another config", daily(keyed("store", "a")), daily(keyed("store", "b"))),
    ("a task more", daily(store), daily(store, post)),
    ("another order", daily(store, post), daily(post, store)),
]  # fmt: skip


def told(old: Flow, new: Flow) -> list[str]:
    """The lines of a comparison that speak of keys."""
    found = diff(old, new)
    return [line for line in map(str, found.changes) if "idempotency keys" in line]


def keys(w: Flow) -> set[str]:
    """The keys that tasks are told in a run on June 1st."""
    seen.clear()
    given = {"day": date(2026, 6, 1), "region": "eu"}
    names = {each.name for each in requirements(w).parameters if not each.optional}
    run(w, 1, params={name: given[name] for name in names}, workers=1).unwrap()
    return set(seen)


def of_plan(w: Flow) -> Flow:
    return load(plan(w)).unwrap()


@pytest.mark.parametrize("way", [lambda w: w, of_plan], ids=["value", "plan"])
@pytest.mark.parametrize(("what", "old", "new", "said"), CHANGED, ids=[row[0] for row in CHANGED])
def test_other_keys_are_told_once_and_why(
    what: str, old: Flow, new: Flow, said: list[str], way: Any
) -> None:
    lines = told(way(old), way(new))
    assert len(lines) == len(said), lines
    for line, expected in zip(lines, said, strict=True):
        assert expected in line


@pytest.mark.parametrize(("what", "old", "new", "said"), CHANGED, ids=[row[0] for row in CHANGED])
def test_what_is_told_is_true(what: str, old: Flow, new: Flow, said: list[str]) -> None:
    lost = keys(old) - keys(new)
    assert lost
    for name in {key.split()[0] for key in lost}:
        assert any(name in line for line in told(old, new)), name


@pytest.mark.parametrize(("what", "old", "new"), SAME, ids=[row[0] for row in SAME])
def test_of_keys_that_stay_nothing_is_told(what: str, old: Flow, new: Flow) -> None:
    assert told(old, new) == []
    before, after = keys(old), keys(new)
    if what == "another config":
        before, after = ({key.replace(" a ", " b ") for key in side} for side in (before, after))
    assert before <= after


def test_tasks_that_ask_for_no_key_are_passed_over() -> None:
    @task(effect="read")
    def reads(x: Any) -> Any:
        return x

    assert told(const(1) >> reads, const(2) >> reads) == []
    lines = told(daily(reads, store), named("x", daily(reads, store)))
    assert [line.partition("; ")[2] for line in lines] == ["other idempotency keys for store"]
