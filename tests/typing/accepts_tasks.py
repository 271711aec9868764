"""What `@task` makes of each kind of function: what it takes, what it gives, and `fn` as it was."""

# pyright: reportUnusedExpression=false
from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from datetime import date
from typing import Any, Literal, TypeVar, assert_type

from returns.result import Result, Success

from fwf import (
    Fault,
    Pages,
    Ref,
    Secret,
    Task,
    Workflow,
    branch,
    const,
    fallback,
    graph,
    it,
    join,
    keep_input,
    map_each,
    paginate,
    par,
    recover,
    retry,
    run,
    seconds,
    task,
)

A = TypeVar("A")
B = TypeVar("B")


def of(task: Task[A, B]) -> Task[A, B]:
    """A task without the type of its function."""
    return task


class Orders: ...


class Visits: ...


class Sales: ...


class Shop: ...


class FakeShop(Shop): ...


Row = dict[str, Any]

# ---- fn is the function: its names, its defaults, its result


@task(effect="read", reads=["postgres://shop/orders"])
def orders(*, day: date, shop_db: Shop, limit: int = 10) -> Orders:
    return Orders()


@task
async def visits(day: date) -> Visits:
    return Visits()


@task(effect="pure")
def enrich(orders: Orders, visits: Visits, *, rate: float = 1.0) -> Sales:
    return Sales()


@task
def checked(sales: Sales) -> Result[int, str]:
    return Success(0)


@task
async def checked_later(sales: Sales, *, day: date) -> Result[int, str]:
    return Success(0)


assert_type(orders.fn(day=date(2026, 7, 15), shop_db=FakeShop()), Orders)
assert_type(enrich.fn(Orders(), visits=Visits()), Sales)
assert_type(enrich.fn(orders=Orders(), visits=Visits(), rate=2), Sales)
assert_type(checked.fn(Sales()), Result[int, str])


async def calls_them() -> None:
    assert_type(await visits.fn(date(2026, 7, 15)), Visits)
    assert_type(await checked_later.fn(Sales(), day=date(2026, 7, 15)), Result[int, str])


assert_type(of(orders), Task[object, Orders])
assert_type(of(visits), Task[date, Visits])
assert_type(of(enrich), Task[tuple[Orders, Visits], Sales])
assert_type(of(checked), Task[Sales, int])
assert_type(of(checked_later), Task[Sales, int])


def load_to(table: str) -> Task[Sales, int]:
    """A factory says what its task takes and gives; of its function no more is known."""

    @task(config={"table": table})
    def load(sales: Sales, *, day: date) -> int:
        return 0

    return load


def renamed(made: Callable[[Orders], Coroutine[Any, Any, int]]) -> Task[Orders, int]:
    return task(name="other")(made)


assert_type(load_to("a").fn(Sales(), day=date(2026, 7, 15)), Any)
typed: Task[Sales, int, Callable[[Sales], Result[int, str]]] = checked
assert_type(typed.fn(Sales()), Result[int, str])

# ---- none to eight positional parameters


@task
def none() -> int:
    return 0


@task
def one(a: int) -> str:
    return ""


@task
def two(a: int, b: str, *, x: Row) -> None: ...


@task
def three(a: int, b: str, c: float, *, x: Any) -> None: ...


@task
def four(a: int, b: str, c: float, d: bytes) -> Row:
    return {}


@task
def five(a: int, b: str, c: float, d: bytes, e: date, *, x: int) -> list[Row]:
    return []


@task
def six(a: int, b: str, c: float, d: bytes, e: date, f: bool) -> None: ...


@task
def seven(a: Row, b: str, c: float, d: bytes, e: date, f: bool, g: list[int]) -> None: ...


@task
def eight(
    a: int, b: str, c: float, d: bytes, e: date, f: bool, g: list[int], h: Row, *, x: int
) -> None: ...


assert_type(of(none), Task[object, int])
assert_type(of(one), Task[int, str])
assert_type(of(two), Task[tuple[int, str], None])
assert_type(of(three), Task[tuple[int, str, float], None])
assert_type(of(four), Task[tuple[int, str, float, bytes], Row])
assert_type(of(five), Task[tuple[int, str, float, bytes, date], list[Row]])
assert_type(of(six), Task[tuple[int, str, float, bytes, date, bool], None])
assert_type(of(seven), Task[tuple[Row, str, float, bytes, date, bool, list[int]], None])
assert_type(of(eight), Task[tuple[int, str, float, bytes, date, bool, list[int], Row], None])

# ---- Any in a signature: in a parameter, in the result, in what is injected


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
def anything_of(orders: Orders, *, day: date) -> Any:
    return None


@task
async def anything_later(orders: Orders, visits: Visits) -> Any:
    return None


@task
def of_anything(x: Any) -> Visits:
    return Visits()


@task(effect="read")
def of_anything_on(x: Any, visits: Visits, *, day: date) -> Visits:
    return visits


@task
def injected(orders: Orders, *, client: Any) -> Visits:
    return Visits()


@task
def only_injected(*, client: Any) -> Row:
    return {}


@task
async def row_later(orders: Orders) -> Row:
    return {}


@task
def row_or_fault(orders: Orders) -> Result[Row, str]:
    return Success({})


@task
async def row_or_fault_later(orders: Orders, *, day: date) -> Result[Row, Any]:
    return Success({})


@task
def callback(orders: Orders, then: Callable[..., int]) -> Callable[[Any], int]:
    return then


assert_type(of(row_of), Task[Orders, Row])
assert_type(of(from_row), Task[Row, Orders])
assert_type(of(from_rows), Task[tuple[Row, Visits], Sales])
assert_type(of(anything_of), Task[Orders, Any])
assert_type(of(anything_later), Task[tuple[Orders, Visits], Any])
assert_type(of(of_anything_on), Task[tuple[Any, Visits], Visits])
assert_type(of(injected), Task[Orders, Visits])
assert_type(of(only_injected), Task[object, Row])
assert_type(of(row_later), Task[Orders, Row])
assert_type(of(row_or_fault), Task[Orders, Row])
assert_type(of(row_or_fault_later), Task[Orders, Row])
assert_type(of(callback), Task[tuple[Orders, Callable[..., int]], Callable[[Any], int]])
assert_type(from_rows.fn({}, Visits(), day=date(2026, 7, 15)), Sales)
const(1) >> of_anything

# ---- other kinds of types


@task
def chosen(mode: Literal["full", "delta"], n: int | None) -> Literal[1, 2] | None:
    return None


@task
def maybe_fails(n: int) -> Result[int, str] | None:
    return None


@task
def several(n: int) -> list[Result[int, str]]:
    return []


@task
def of_class(kind: type[Orders]) -> type[Orders]:
    return kind


@task
def by_position(a: int, b: str, /, *, x: int) -> bool:
    return True


@task
def objects(a: object, b: object, *, x: object) -> object:
    return a


assert_type(of(chosen), Task[tuple[Literal["full", "delta"], int | None], Literal[1, 2] | None])
assert_type(of(maybe_fails), Task[int, Result[int, str] | None])
assert_type(of(several), Task[int, list[Result[int, str]]])
assert_type(of(of_class), Task[type[Orders], type[Orders]])
assert_type(of(by_position), Task[tuple[int, str], bool])
assert_type(of(objects), Task[tuple[object, object], object])

# ---- such tasks in workflows

assert_type(orders >> row_of, Workflow[object, Row])
assert_type(orders >> row_of >> from_row, Workflow[object, Orders])
assert_type(orders >> anything_of >> from_row, Workflow[object, Orders])
assert_type(
    par(orders >> row_of, const(date(2026, 7, 15)) >> visits) >> from_rows, Workflow[object, Sales]
)
assert_type(par(row_of, row_or_fault), Workflow[Orders, tuple[Row, Row]])
assert_type(par(row_of, injected) >> from_rows, Workflow[Orders, Sales])
assert_type(join(from_rows, row=only_injected, visits=visits), Workflow[date, Sales])
assert_type(branch(it.n > 0, then=row_of, otherwise=injected), Workflow[Orders, Row | Visits])
assert_type(map_each(from_row), Workflow[Sequence[Row], list[Orders]])
assert_type(
    map_each(row_of, on_error="collect"), Workflow[Sequence[Orders], list[Result[Row, Fault]]]
)
assert_type(retry(row_later, attempts=3, wait=seconds(1)), Workflow[Orders, Row])
assert_type(fallback(row_of, row_or_fault), Workflow[Orders, Row])
assert_type(recover(row_of, None), Workflow[Orders, Row | None])
assert_type(keep_input(row_of), Workflow[Orders, tuple[Orders, Row]])
assert_type(run(row_of, Orders()), Result[Row, Fault])


@task
def json_page(cursor: str | None, *, client: Any) -> Row:
    return {}


assert_type(paginate(retry(json_page, attempts=2), limit=9), Workflow[object, Pages[Any]])


@graph
def drawn(day: Ref[date]) -> Ref[Sales]:
    row = row_of(orders())
    assert_type(row, Ref[Row])
    assert_type(anything_later(from_row(row), visits(day)), Ref[Any])
    return from_rows(row, visits(day))


assert_type(drawn, Workflow[date, Sales])

# Openers and secrets side by side: in place, or beside a workflow with a type that says both

mixed: dict[str, Any] = {"shop": Shop, "token": Secret.env("TOKEN")}
run(const(1), resources=mixed)
run(const(1), resources={"shop": Shop, "token": Secret.env("TOKEN")})
