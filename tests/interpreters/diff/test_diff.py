"""What a comparison tells: kinds, paths, reasons, order."""

import json
from typing import Any

import pytest
from pyrsistent import pvector

from fwf import (
    Workflow,
    always,
    backoff,
    branch,
    const,
    fallback,
    graph,
    in_pool,
    it,
    loop_until,
    map_each,
    minutes,
    named,
    par,
    param,
    retry,
    seconds,
    seq,
    task,
    timeout,
)
from fwf.algebra.nodes import Graph, Seq
from fwf.algebra.traverse import walk
from fwf.interpreters.diff import Diff, diff
from fwf.records import changed
from fwf.testing.generated_pieces import local, renaming
from tests.samples import Twice, reader
from tests.sizes import sizes

Flow = Workflow[Any, Any]


@task(effect="read", reads=["postgres://shop/orders"])
def orders() -> int:
    return 1


@task(effect="read")
def visits() -> int:
    return 2


@task(effect="idempotent", writes=["redshift://dw/sales"])
def load(n: int) -> int:
    return n


@task(effect="idempotent", writes=["crm://sales"])
def to_crm(n: int) -> int:
    return n


@task(effect="unrepeatable")
def charge(n: int) -> int:
    return n


def lines(old: Flow, new: Flow) -> list[str]:
    """The changes as they are printed."""
    return str(diff(old, new)).splitlines()[1:]


def declared(w: Any, **declared: Any) -> Any:
    """A task that declares something else."""
    return changed(w, contract=changed(w.contract, **declared))


FIELDS: dict[str, tuple[Flow, Flow, str]] = {
    "fewer attempts": (
        retry(orders, attempts=3, wait=seconds(5)),
        retry(orders, attempts=2, wait=seconds(5)),
        "! orders: retry(attempts=3, wait=5s) → retry(attempts=2, wait=5s): "
        "weaker, 1 attempt fewer",
    ),
    "more attempts": (
        retry(orders, attempts=2),
        retry(orders, attempts=5),
        "! orders: retry(attempts=2) → retry(attempts=5): stronger, 3 attempts more",
    ),
    "longer waits": (
        retry(orders, attempts=3, wait=seconds(5)),
        retry(orders, attempts=3, wait=backoff(seconds(5))),
        "! orders: retry(attempts=3, wait=5s) → retry(attempts=3, wait=backoff(5s)): "
        "longer waits, 15s in all instead of 10s",
    ),
    "the same waits": (
        retry(orders, attempts=2, wait=seconds(5)),
        retry(orders, attempts=2, wait=backoff(seconds(5))),
        "~ orders: retry(attempts=2, wait=5s) → retry(attempts=2, wait=backoff(5s)): "
        "the same attempts and waits, written differently",
    ),
    "a longer cap, of delays that stay below it": (
        retry(orders, attempts=2, wait=backoff(seconds(5), cap=minutes(1))),
        retry(orders, attempts=2, wait=backoff(seconds(5), cap=minutes(9))),
        "! orders: retry(attempts=2, wait=backoff(5s, cap=1min)) → "
        "retry(attempts=2, wait=backoff(5s, cap=9min)): "
        "an error may ask for a wait of up to 9min, instead of up to 1min",
    ),
    "no cap any more": (
        retry(orders, attempts=2, wait=backoff(seconds(5), cap=minutes(1))),
        retry(orders, attempts=2, wait=seconds(5)),
        "! orders: retry(attempts=2, wait=backoff(5s, cap=1min)) → retry(attempts=2, wait=5s): "
        "an error may ask for a wait of any length, instead of up to 1min",
    ),
    "retries less": (
        retry(orders, attempts=2),
        retry(orders, attempts=2, on=OSError),
        "! orders: retry(attempts=2) → retry(attempts=2, on=OSError): "
        "retries less: only OSError, instead of every failure but defects",
    ),
    "catches more": (
        fallback(orders, visits, on=OSError),
        fallback(orders, visits, on=(OSError, KeyError)),
        "! orders: fallback(on=OSError) → fallback(on=KeyError | OSError): also catches KeyError",
    ),
    "stricter": (
        timeout(orders, minutes(10)),
        timeout(orders, minutes(5)),
        "! orders: timeout(10min) → timeout(5min): stricter",
    ),
    "async": (
        orders,
        declared(orders, is_async=True),
        "! orders: now async: at a deadline it is cancelled",
    ),
    "a value deep inside": (
        local(load, tags=[1]),
        local(load, tags=[True]),
        "! load: with_params: tags [1] → [True]",
    ),
    "predicate": (
        branch(it.n > 0, then=load, otherwise=to_crm),
        branch(it.n >= 0, then=load, otherwise=to_crm),
        "! then: predicate it.n > 0 → it.n >= 0",
    ),
    "loop": (
        loop_until(load, it > 1, limit=10),
        loop_until(load, it > 1, limit=20, on_limit="stop"),
        "! loop_until: loop_until(it > 1, limit=10) → "
        "loop_until(it > 1, limit=20, on_limit='stop'): "
        "more rounds at most, at its bound it gives the last value now",
    ),
    "map": (
        map_each(load, at_once=1),
        map_each(load, at_once=4, on_error="collect"),
        "! map_each: map_each(at_once=1) → map_each(at_once=4, on_error='collect'): "
        "items at once: 4, gives failures beside results and never fails",
    ),
    "fail fast": (
        par(orders, visits),
        par(orders, visits, fail_fast=True),
        "! par: par(fail_fast=True) now: one failure stops the other parts",
    ),
    "parameters": (
        local(orders, day=1, n=2),
        local(orders, day=2, m=3),
        "! orders: with_params: day 1 → 2, m=3 added, n=2 removed",
    ),
    "resources": (
        renaming(orders, db="shop_eu"),
        renaming(orders, db="shop_us"),
        "! orders: using: db 'shop_eu' → 'shop_us'",
    ),
    "pool": (
        in_pool(orders, "a"),
        in_pool(orders, "b"),
        "! orders: in_pool('a') → in_pool('b'): another pool",
    ),
    "value": (const(1), const(True), "! pure: const(1) → const(True)"),
    "config": (reader("t"), reader("u"), "! read: config: table 't' → 'u'"),
    "version": (
        load,
        changed(load, version="2"),
        "! load: version 1 → 2: the author says that it does something else",
    ),
    "effect": (
        retry(load, attempts=2),
        retry(declared(load, effect="unrepeatable"), attempts=2),
        "! load: effect idempotent → unrepeatable: `retry` around it may repeat it",
    ),
    "writes": (
        declared(load, writes=()),
        load,
        "! load: now also writes redshift://dw/sales",
    ),
    "output": (load, declared(load, output=str), "! load: gives str, was int"),
    "renamed": (
        named("daily", load),
        named("nightly", load),
        "~ daily → nightly: 'daily' is called 'nightly' now; other idempotency keys for load",
    ),
    "notes": (
        named("daily", load),
        named("daily", load, owner="data"),
        ". daily: notes: owner='data' added",
    ),
    "parameter's type": (
        const(1) >> branch(param("day", int) > 1, then=load, otherwise=to_crm),
        const(1) >> branch(param("day", float) > 1, then=load, otherwise=to_crm),
        "! then: predicate param('day', int) > 1 → param('day', float) > 1",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", FIELDS.values(), ids=FIELDS)
def test_a_field_that_changed_is_told_in_plain_words(case: tuple[Flow, Flow, str]) -> None:
    old, new, line = case
    assert lines(old, new) == [line]


def test_a_wrapper_put_around_or_taken_off_is_told_as_such() -> None:
    assert lines(orders >> load, orders >> retry(load, attempts=2)) == [
        "! load: now under retry(attempts=2)"
    ]
    assert lines(timeout(orders >> load, minutes(1)), orders >> load) == [
        "! orders: no longer under timeout(1min)"
    ]
    assert lines(charge, retry(charge, attempts=2)) == [
        "! charge: now under retry(attempts=2), which may repeat charge"
    ]
    assert lines(orders, fallback(orders, visits)) == ["! orders: now falls back to visits"]
    assert lines(load, always(load, then=to_crm)) == ["! load: now always followed by to_crm"]
    assert lines(load, timeout(load, minutes(1)) >> to_crm) == [
        "! load: now under timeout(1min)",
        "! to_crm: now also runs to_crm (writes crm://sales)",
    ]


def test_wrappers_that_changed_places_are_told_as_moved() -> None:
    old = retry(timeout(orders, seconds(1)), attempts=2)
    new = timeout(retry(orders, attempts=2), seconds(1))
    (change,) = diff(old, new).changes
    assert (change.kind, change.level) == ("moved", "behaviour")


def test_a_part_that_is_lost_here_and_gained_there_has_moved() -> None:
    old = named("a", orders >> load) >> named("b", par(to_crm, charge))
    new = named("a", orders) >> named("b", par(to_crm, charge, load))
    (change,) = diff(old, new).changes
    assert (change.kind, change.old, change.new) == ("moved", "a > load", "b > load")
    assert change.reason == "moved; other idempotency keys for load"
    (change,) = diff(par(orders, visits), par(visits, orders)).changes
    assert change.reason == "moved to another place among its siblings"


def test_a_step_that_moved_and_changed_is_told_as_both() -> None:
    newer = changed(to_crm, version="2")
    assert lines(par(to_crm, load, orders), par(load, orders, newer)) == [
        "! par > to_crm: moved to another place among its siblings",
        "! par > to_crm: version 1 → 2: the author says that it does something else",
    ]


def test_a_part_that_is_lost_has_not_moved_to_where_its_namesake_stays() -> None:
    old = par(orders, visits, changed(orders, version="2"))
    assert lines(old, par(orders, visits)) == ["! par > orders#2: no longer runs orders"]


def test_a_name_put_on_or_taken_off_what_changes_inside_is_still_a_refactoring() -> None:
    before, after = timeout(orders, seconds(2)), timeout(orders, seconds(1))
    inside = "timeout(2s) → timeout(1s): stricter"
    assert lines(before, named("x", after)) == [f"! x: {inside}", "~ x: now named 'x'"]
    assert lines(named("x", before), after) == [
        f"! orders: {inside}",
        "~ orders: no longer named 'x'",
    ]
    assert lines(named("x", before), named("y", after)) == [
        "~ x → y: 'x' is called 'y' now",
        f"! y: {inside}",
    ]


def test_new_lost_and_replaced_tasks_are_told_with_what_they_write() -> None:
    old = branch(it > 0, then=par(load, visits), otherwise=orders)
    new = branch(it > 0, then=par(load, visits, to_crm), otherwise=orders)
    assert lines(old, new) == [
        "! then > par > to_crm: now also runs to_crm (writes crm://sales) where it > 0"
    ]
    assert lines(new, old) == [
        "! then > par > to_crm: no longer runs to_crm (writes crm://sales) where it > 0"
    ]
    assert lines(par(orders, visits), par(orders, charge)) == [
        "! par > charge: was visits, is now charge"
    ]


def test_a_task_of_another_name_and_the_same_contract_may_be_the_same() -> None:
    (change,) = diff(orders >> load, orders >> changed(load, name="load_sales")).changes
    assert (change.kind, change.old, change.new) == ("renamed", "load", "load_sales")
    assert "other idempotency keys for load_sales" in change.reason


def test_exchanged_arms_with_the_negated_predicate_are_a_refactoring() -> None:
    old = branch(it.n > 0, then=load, otherwise=to_crm)
    new = branch(~(it.n > 0), then=to_crm, otherwise=load)
    (change,) = diff(old, new).changes
    assert (change.level, change.reason[:14]) == ("refactoring", "arms exchanged")
    assert diff(old, branch(it.n > 0, then=to_crm, otherwise=load)).level == "behaviour"


@pytest.mark.parametrize("asked", [it.n > 0, ~(it.n > 0)])
def test_arms_are_exchanged_only_if_both_are(asked: Any) -> None:
    old = branch(it.n > 0, then=load, otherwise=to_crm)
    for new in (
        branch(asked, then=to_crm, otherwise=charge),
        branch(asked, then=charge, otherwise=load),
    ):
        told = "\n".join(lines(old, new))
        assert "exchanged" not in told and "charge" in told


def test_an_extension_written_out_is_a_refactoring() -> None:
    assert lines(Twice(load), seq(load, load)) == ["~ load: no longer written as Twice"]


def test_grouping_alone_is_a_refactoring() -> None:
    grouped = Seq(pvector([orders, Seq(pvector([load, to_crm]))]))
    assert lines(orders >> load >> to_crm, grouped) == ["~ orders: grouped in another way"]
    assert lines(load, Seq(pvector([load]))) == ["~ load: grouped in another way"]


def test_edges_of_a_graph_are_told_by_the_names_of_their_steps() -> None:
    @graph
    def first() -> Any:
        a, b = orders(), visits()
        load(a)
        return to_crm(b)

    @graph
    def second() -> Any:
        a, _ = orders(), visits()
        load(a)
        return to_crm(a)

    assert isinstance(first.body, Graph)
    assert lines(first.body, second.body) == ["! to_crm: takes orders, was visits"]


def test_changes_stand_in_the_order_of_the_new_workflow() -> None:
    old = par(orders, load, par(visits, to_crm), charge)
    new = par(retry(orders, attempts=2), par(visits, timeout(to_crm, minutes(1))), load, visits)
    order = [here.path for here in walk(new)]
    places = [order.index(change.new) for change in diff(old, new).changes if change.new]
    assert places == sorted(places)
    assert str(diff(old, new)) == str(diff(old, new))


def test_the_headline_counts_the_places_of_its_level() -> None:
    w = named("daily", orders >> load)
    assert str(diff(w, w)) == "daily: no change"
    both = named("daily", retry(orders, attempts=2) >> retry(load, attempts=2))
    assert diff(w, both).headline == "daily: behaviour changes in 2 places"
    again = named("daily", Seq(pvector([orders, Seq(pvector([load]))])))
    assert diff(w, again).headline == "daily: the same behaviour, written differently in 1 place"
    noted = named("daily", orders >> load, owner="data")
    assert diff(w, noted).headline == "daily: only notes changed, in 1 place"


def test_json_says_all_that_the_text_says() -> None:
    found = diff(named("daily", orders), named("daily", timeout(orders, minutes(1))))
    assert json.loads(json.dumps(found.json())) == {
        "workflow": "daily",
        "level": "behaviour",
        "changes": [
            {
                "kind": "wrapped",
                "level": "behaviour",
                "old": "daily",
                "new": "daily",
                "reason": "now under timeout(1min)",
            }
        ],
    }
    assert isinstance(found, Diff)


# Size


def deep(n: int, w: Any) -> Any:
    for i in range(n):
        w = timeout(w, seconds(i + 1))
    return w


@sizes()
def test_nested_wrappers_are_compared_without_recursion(size: int) -> None:
    (change,) = diff(deep(size, orders), deep(size, visits)).changes
    assert change.reason == "was orders, is now visits"


def test_an_edit_in_a_part_written_by_sharing_is_told_a_few_times() -> None:
    old, new = load, retry(load, attempts=2)
    for _ in range(60):
        old, new = old >> par(old, old) >> it[0], new >> par(new, new) >> it[0]
    assert 1 <= len(diff(old, new).changes) <= 10_000


def test_nothing_at_all_compares() -> None:
    assert diff(seq(), par()).level == "behaviour"
    assert not diff(par(), par())
    assert lines(par(), par(orders)) == ["! par > orders: now also runs orders"]
