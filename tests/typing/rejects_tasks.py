"""Each line is wrong, though `Any` stands in a signature near it, or it calls a task's function."""

# pyright: reportUnusedExpression=false
from __future__ import annotations

from datetime import date
from typing import Any

from returns.result import Result, Success

from fwf import (
    Ref,
    always,
    branch,
    const,
    fallback,
    graph,
    identity,
    it,
    join,
    map_each,
    paginate,
    par,
    retry,
    run,
    task,
    timeout,
)
from fwf.algebra.nodes import Task


class Orders: ...


class Visits: ...


class Sales: ...


class Shop: ...


Row = dict[str, Any]


@task(effect="read")
def orders(*, day: date, shop_db: Shop) -> Orders:
    return Orders()


@task
async def visits(day: date) -> Visits:
    return Visits()


@task(effect="pure")
def enrich(orders: Orders, visits: Visits) -> Sales:
    return Sales()


@task
def row_of(orders: Orders) -> Row:
    return {}


@task
def from_row(row: Row) -> Orders:
    return Orders()


@task
def from_rows(row: Row, visits: Visits, *, day: date) -> Sales:
    return Sales()


@task
def rows_of(orders: Orders) -> list[Row]:
    return []


@task
async def row_later(orders: Orders, visits: Visits) -> Row:
    return {}


@task(effect="read")
def row_or_fault(orders: Orders) -> Result[Row, str]:
    return Success({})


@task
async def row_or_fault_later(orders: Orders) -> Result[Row, Any]:
    return Success({})


@task
def anything_of(orders: Orders) -> Any:
    return None


@task
async def anything_later(orders: Orders, visits: Visits) -> Any:
    return None


@task
def of_anything_on(x: Any, visits: Visits) -> Visits:
    return visits


@task
def injected(orders: Orders, *, client: Any) -> Visits:
    return Visits()


@task
def only_injected(*, client: Any) -> Row:
    return {}


@task
def three(row: Row, orders: Orders, visits: Visits) -> Row:
    return row


@task
def eight(a: int, b: str, c: float, d: bytes, e: date, f: bool, g: list[int], h: Row) -> list[Row]:
    return []


@task
def page(cursor: int | None, *, client: Any) -> list[Row]:
    return []


shop, day = Shop(), date(2026, 7, 15)

# fn
orders.fn(day=day)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
orders.fn(day="2026-07-15", shop_db=shop)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
orders.fn(day, shop)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
orders.fn(dya=day, shop_db=shop)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
enrich.fn(Orders(), Orders())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
enrich.fn(Orders())  # type: ignore[call-arg, misc]  # pyright: ignore[reportCallIssue]
enrich.fn(orders=Orders(), visit=Visits())  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
orders.fn(day=day, shop_db=shop) + 1  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
visits.fn("2026-07-15")  # type: ignore[arg-type, unused-coroutine]  # pyright: ignore[reportArgumentType, reportUnusedCoroutine]
visits.fn(day).count  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
row_or_fault.fn(Visits())  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
row_or_fault.fn(Orders())["day"]  # type: ignore[index]  # pyright: ignore[reportIndexIssue]
from_rows.fn({}, Visits())  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
from_rows.fn([], Visits(), day=day)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]

# >> between two tasks
visits >> row_of  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
visits >> from_row  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
row_of >> row_of  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
row_of >> enrich  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
rows_of >> from_row  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
visits >> anything_of  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
visits >> injected  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
visits >> row_or_fault  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
visits >> row_or_fault_later  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
row_or_fault >> row_of  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
row_or_fault_later >> row_of  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
orders >> row_later  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
orders >> anything_later  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
orders >> of_anything_on  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
only_injected >> row_of  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
only_injected >> three  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
only_injected >> eight  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
eight >> from_row  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
three >> three  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]

# in combinators
par(row_of, row_of) >> from_rows  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
par(row_of, injected, injected) >> from_rows  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
par(injected, row_of) >> from_rows  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
const(1) >> par(row_of, injected)  # type: ignore[arg-type]  # pyright: ignore[reportOperatorIssue]
retry(row_of, attempts=3) >> enrich  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
timeout(row_or_fault, it.wait)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
fallback(row_of, row_or_fault) >> row_of  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
branch(it.n > 0, then=row_of, otherwise=row_of) >> row_of  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
const(1) >> always(row_of, then=injected)  # type: ignore[arg-type]  # pyright: ignore[reportOperatorIssue]
visits >> map_each(row_of)  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
rows_of >> map_each(row_of)  # type: ignore[arg-type]  # pyright: ignore[reportOperatorIssue]
map_each(row_of) >> map_each(row_of)  # type: ignore[arg-type]  # pyright: ignore[reportOperatorIssue]
join(from_rows, row=3, visits=visits)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
paginate(page, limit=3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType, reportCallIssue]
row_of >> identity >> row_of  # type: ignore[operator]  # pyright: ignore[reportOperatorIssue]
run(row_of, 3)  # type: ignore[misc]  # pyright: ignore[reportArgumentType, reportCallIssue]
const(1) >> join(from_rows, row=row_of, visits=injected)  # type: ignore[arg-type]  # pyright: ignore[reportOperatorIssue]


# @graph
@graph
def drawn(day: Ref[date]) -> Ref[Sales]:
    row = row_of(orders())
    row_of(row)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    row_of(visits(day))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    from_rows(visits(day), row)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    from_rows(row)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    row_later(row, visits(day))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    anything_of(visits(day))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    three(row, row, visits(day))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    from_row(visits(day))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    return row  # type: ignore[return-value]  # pyright: ignore[reportReturnType]


factory: Task[Sales, int] = row_of  # type: ignore[assignment]  # pyright: ignore[reportAssignmentType]
