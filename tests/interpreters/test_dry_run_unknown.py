"""What a dry run assumes about values that nobody gives."""

from dataclasses import dataclass
from typing import Any

from returns.result import Failure, Success

from fwf import (
    Scenario,
    branch,
    const,
    dry_run,
    it,
    loop_until,
    map_each,
    paginate,
    par,
    param,
    pure,
    seconds,
    switch,
    task,
)
from fwf.algebra.builder import expr_of
from fwf.algebra.expr import Expr
from fwf.faults import PredicateDefect
from fwf.worlds.unknown import Unknown, guess


@dataclass
class Line:
    sku: str
    amount: float


@dataclass
class Order:
    lines: list[Line]
    paid: bool


@task
def order() -> Order:
    raise AssertionError("a dry run calls no task")


@task
def ship(line: Line) -> str:
    raise AssertionError


@task
def step(n: int) -> int:
    raise AssertionError


def size_of(order: Order) -> int:
    return len(order.lines)


def takes_long(n: int) -> Any:
    return seconds(n)


def test_an_unscripted_task_gives_an_unknown_of_its_declared_type() -> None:
    assert dry_run(order).result == Success(Unknown(Order, "order"))
    assert repr(Unknown(Order, "order")) == "Unknown(Order, 'order')"


def test_types_of_fields_and_items_are_known() -> None:
    found = dry_run(order >> pure(it.lines[0].amount))
    assert found.result == Success(Unknown(float, "order"))
    assert dry_run(order >> pure(size_of)).result == Success(Unknown(int, "order"))


def test_a_predicate_takes_the_first_arm_a_map_has_one_item_a_loop_one_round() -> None:
    w = order >> branch(
        it.paid,
        then=pure(it.lines) >> map_each(ship, key=it.sku),
        otherwise=const([]),
    )
    found = dry_run(w)
    assert found.result == Success([Unknown(str, "then > map_each[0] > ship")])
    assert [tuple(each) for each in found.assumed] == [
        ("then", "the first arm is taken"),
        ("then > map_each", "the list has one item"),
    ]
    looped = dry_run(loop_until(step, it > 3, limit=9), 0)
    assert looped.attempts == 1
    assert [tuple(each) for each in looped.assumed] == [("loop_until", "the loop is done")]


def test_what_is_known_beside_an_unknown_is_used() -> None:
    w = par(const(5), order) >> branch(it[0] > 9, then=const("big"), otherwise=pure(it[1].paid))
    found = dry_run(w)
    assert found.result == Success(Unknown(bool, "par > order"))
    assert found.assumed == ()


def test_a_defect_beside_an_unknown_is_still_one() -> None:
    w = par(const(5), order) >> branch(it[0].nope > 9, then=const(1), otherwise=const(2))
    outcome = dry_run(w).result
    assert isinstance(outcome, Failure)
    assert isinstance(outcome.failure(), PredicateDefect)


def test_a_function_of_an_unknown_input_is_not_called() -> None:
    script = Scenario().task("step", gives_by=abs, takes=takes_long)
    found = dry_run(step >> step, Unknown(int, "somewhere"), scenario=script)
    assert found.result == Success(Unknown(int, "step#2"))
    assert found.took == seconds(0)
    assert "how long it takes" in found.assumed[0].what


def test_derived_combinators_work_on_unknowns() -> None:
    @task(name="fetch", config={})
    def fetch(cursor: Any) -> Any: ...

    assert isinstance(dry_run(paginate(fetch, limit=5)).result, Success)
    chosen = switch(it.kind, {"a": const(1), "b": const(2)}, otherwise=const(3))
    assert dry_run(chosen, Unknown(Any, "x")).result == Success(1)


def said(expr: Any, value: Any) -> Any:
    found: Expr = expr_of(expr)
    return guess(found, value, {"size": 3})


def test_expressions_are_decided_where_they_can_be() -> None:
    unknown = Unknown(bool, "p")
    pair = (unknown, True, 2)
    assert said(it[1] | it[0], pair) is True
    assert said(it[0] | it[1], pair) is True
    assert said(~it[1] & it[0], pair) is False
    assert said(it[0] & it[1], pair) == unknown
    assert said(it[2] + 1, pair) == 3
    assert said(it[0] == True, pair) == unknown
    assert said(it[0].is_in([1]), pair) == unknown
    assert said(it.length(), pair) == 3
    assert said(it[0].length(), pair) == Unknown(int, "p")
    assert said(param("size") > 2, pair) is True
    assert said(it[0].present(), pair) == unknown
    assert said(it[2].or_else(1), pair) == 2
    assert said(it[9].or_else(1), pair) == 1
