"""What users may write, with the types that both checkers infer for it."""

# pyright: reportUnusedExpression=false
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, NamedTuple, Never, TypedDict, TypeVar, assert_type

from returns.result import Result, Success

from fwf import (
    Fault,
    Page,
    Pages,
    Ran,
    Ref,
    Scenario,
    State,
    Task,
    Workflow,
    always,
    as_result,
    backoff,
    bracket,
    branch,
    cached,
    const,
    delay,
    dry_run,
    execute,
    fail,
    failed,
    fallback,
    fault_of,
    from_result,
    graph,
    identity,
    in_pool,
    it,
    join,
    keep_input,
    loop_until,
    map_each,
    minutes,
    named,
    on_failure,
    optional,
    paginate,
    par,
    param,
    pick,
    poll,
    pure,
    recover,
    recursive,
    retry,
    run,
    seconds,
    seq,
    state,
    switch,
    task,
    text,
    timeout,
    using,
    value_of,
    when,
    with_params,
)
from fwf.algebra.builder import It
from fwf.arrows import first, fst, second, snd, split
from fwf.interpreters.engines.dask import Dask
from fwf.worlds.scenario import ScenarioError

A = TypeVar("A")
B = TypeVar("B")


def of(task: Task[A, B]) -> Task[A, B]:
    """A task without the type of its function."""
    return task


class Database: ...


class Orders: ...


class Visits: ...


class Rates: ...


class BigRates(Rates): ...


@dataclass
class Sales:
    row_count: int


class Receipt: ...


class Alert: ...


class Report: ...


# ---- tasks: positionals are the input, keyword-only names are injected


@task(effect="read", reads=["postgres://shop/orders"])
def orders(*, day: date, shop_db: Database) -> Orders:
    return Orders()


@task
async def visits(*, day: date) -> Visits:
    return Visits()


@task(effect="read")
def rates(*, day: date, base: str = "EUR") -> Result[Rates, str]:
    return Success(Rates())


@task
async def last_known_rates(*, day: date) -> Result[BigRates, str]:
    return Success(BigRates())


@task(effect="pure")
def enrich(orders: Orders, visits: Visits, rates: Rates) -> Sales:
    return Sales(0)


@task(effect="idempotent", writes=["redshift://dw/sales"])
def to_redshift(sales: Sales, *, day: date, dw: Database, key: str) -> Receipt:
    return Receipt()


@task(duration=timedelta(minutes=1), isolate=True)
async def to_dynamodb(sales: Sales) -> Receipt:
    return Receipt()


@task(version="2", config={"batch": 10}, name="crm")
def to_crm(sales: Sales, *, key: str) -> int:
    return 0


@task
def alert_empty_day(*, day: date) -> Alert:
    return Alert()


@task
def alarm(text: str, fault: Fault) -> None: ...


@task
def alarm_alone(fault: Fault) -> None: ...


@task
def report(sales: Sales, orders: Orders) -> Report:
    return Report()


@task
def wide(
    a: int, b: str, c: float, d: bytes, e: date, f: bool, g: list[int], h: dict[str, int], *, x: int
) -> None:
    return None


@task
def maybe(n: int) -> int | None:
    return None


@task
def rows(day: date, *, x: int) -> list[dict[str, str]]:
    return []


@task
def ping() -> None:
    return None


@task
def texts() -> Sequence[str]:
    return []


@task(effect="pure")
def to_int(text: str) -> int:
    return 0


@task
def to_text(n: int) -> str:
    return ""


@task
def step(n: int) -> int:
    return n


@task
def is_even(n: int) -> bool:
    return n % 2 == 0


def positive(n: int) -> bool:
    return n > 0


def any_rows(sales: Sales) -> bool:
    return sales.row_count > 0


def kind(n: int) -> str:
    return "odd" if n % 2 else "even"


assert_type(of(orders), Task[object, Orders])
assert_type(of(visits), Task[object, Visits])
assert_type(of(rates), Task[object, Rates])
assert_type(of(last_known_rates), Task[object, BigRates])
assert_type(of(enrich), Task[tuple[Orders, Visits, Rates], Sales])
assert_type(of(to_redshift), Task[Sales, Receipt])
assert_type(of(to_dynamodb), Task[Sales, Receipt])
assert_type(of(to_crm), Task[Sales, int])
assert_type(
    of(wide), Task[tuple[int, str, float, bytes, date, bool, list[int], dict[str, int]], None]
)
assert_type(of(maybe), Task[int, int | None])
assert_type(of(ping), Task[object, None])
enrich.fn(Orders(), Visits(), Rates())

# ---- the user's page

daily = (
    par(
        retry(orders, attempts=3, wait=backoff(seconds(5), cap=minutes(1))),
        timeout(visits, minutes(10)),
        fallback(rates, last_known_rates),
    )
    >> enrich
    >> branch(
        it.row_count > 0, then=par(to_redshift, to_dynamodb, to_crm), otherwise=alert_empty_day
    )
)
assert_type(daily, Workflow[object, tuple[Receipt, Receipt, int] | Alert])
assert_type(run(daily), Result[tuple[Receipt, Receipt, int] | Alert, Fault])
assert_type(run(to_int, "3"), Result[int, Fault])
assert_type(execute(to_int, "3").result, Result[int, Fault])
assert_type(execute(daily), Ran[tuple[Receipt, Receipt, int] | Alert])
assert_type(dry_run(to_int, "3").result, Result[Any, Fault])
assert_type(Scenario.load("night.toml"), Result[Scenario, ScenarioError])


def on_a_cluster(client: object) -> None:
    assert_type(run(to_int, "3", on=Dask(client)), Result[int, Fault])


# ---- >> and seq

assert_type(to_int >> to_text, Workflow[str, str])
assert_type(to_int >> orders, Workflow[str, Orders])
assert_type(orders >> it.total, Workflow[object, Any])
assert_type(orders >> it["total"] >> to_text, Workflow[object, str])
assert_type(it.total >> to_text, Workflow[Any, str])
assert_type(param("day", date) >> rows, Workflow[object, list[dict[str, str]]])
assert_type(pure(param("day", date)), Workflow[object, date])
assert_type(pure(it.a), Workflow[Any, Any])
assert_type(pure(positive), Workflow[int, bool])
assert_type(to_int >> delay(seconds(5)) >> to_text, Workflow[str, str])
assert_type(to_int >> identity, Workflow[str, int])
assert_type(identity >> to_int, Workflow[str, int])
assert_type(delay(seconds(1)) >> (to_int >> identity), Workflow[str, int])
assert_type(seq(to_int), Workflow[str, int])
assert_type(seq(to_int, to_text), Workflow[str, str])
assert_type(seq(to_int, to_text, to_int, to_text, to_int, to_text), Workflow[str, str])
seq(to_int, to_text, to_int, to_text, to_int, to_text, to_int, to_text)
seq(*[step, step])
assert_type(fail("NoOrders"), Workflow[object, Never])
assert_type(const(3) >> to_text, Workflow[object, str])
pick("a") >> to_int

# ---- par

assert_type(par(orders), Workflow[object, tuple[Orders]])
assert_type(par(orders, visits), Workflow[object, tuple[Orders, Visits]])
assert_type(par(to_text, orders), Workflow[int, tuple[str, Orders]])
assert_type(par(orders, to_text), Workflow[int, tuple[Orders, str]])
assert_type(
    par(orders, to_text, visits, step, fail_fast=True),
    Workflow[int, tuple[Orders, str, Visits, int]],
)
assert_type(
    par(step, to_text, orders, step, to_text, orders, step, to_text),
    Workflow[int, tuple[int, str, Orders, int, str, Orders, int, str]],
)
assert_type(par(*[step, step]), Workflow[int, tuple[int, ...]])
assert_type(
    par(step, step, step, step, step, step, step, step, step), Workflow[int, tuple[int, ...]]
)
assert_type(to_int >> par(to_text, orders), Workflow[str, tuple[str, Orders]])
assert_type(par(orders, visits, last_known_rates) >> enrich, Workflow[object, Sales])
assert_type(par(orders, par(visits, rates)), Workflow[object, tuple[Orders, tuple[Visits, Rates]]])


@task
def json_rows(*, day: date) -> list[dict[str, Any]]:
    return []


@task
def tally(n: object, m: object) -> int:
    return 0


assert_type(of(json_rows), Task[object, list[dict[str, Any]]])
assert_type(par(json_rows, orders), Workflow[object, tuple[list[dict[str, Any]], Orders]])
assert_type(par(json_rows, orders) >> tally, Workflow[object, int])
assert_type(seq(json_rows, const(1), to_text), Workflow[object, str])
assert_type(map_each(json_rows), Workflow[Sequence[object], list[list[dict[str, Any]]]])

# ---- choice

assert_type(
    branch(any_rows, then=to_redshift, otherwise=alert_empty_day), Workflow[Sales, Receipt | Alert]
)
assert_type(branch(is_even, then=step, otherwise=to_text), Workflow[int, int | str])
assert_type(branch(positive, then=step, otherwise=to_text), Workflow[int, int | str])
assert_type(branch(it.n > 3, then=step, otherwise=to_text), Workflow[int, int | str])
assert_type(branch((it.n >= 3) & ~it.ok, then=step, otherwise=step), Workflow[int, int])
assert_type(branch(it.n == 3, then=step, otherwise=step), Workflow[int, int])
assert_type(branch(param("day") < date(2026, 7, 15), then=step, otherwise=step), Workflow[int, int])
assert_type(branch(it.ok, then=step, otherwise=fail("No")), Workflow[int, int])
assert_type(when(positive, to_text), Workflow[int, int | str])
assert_type(when(it > 3, step), Workflow[int, int])
assert_type(to_int >> when(is_even, step), Workflow[str, int])
assert_type(
    switch(kind, {"odd": step, "even": step}, otherwise=orders), Workflow[int, int | Orders]
)
cases: dict[str, Workflow[int, int | str]] = {"odd": step, "even": to_text}
assert_type(switch(kind, cases, otherwise=orders), Workflow[int, int | str | Orders])
assert_type(switch(it.kind, {"odd": step}, otherwise=step), Workflow[int, int])
assert_type(switch(to_text, {"odd": step}, otherwise=step), Workflow[int, int])

# ---- repetition

assert_type(loop_until(step, positive, limit=3), Workflow[int, int])
assert_type(loop_until(step, is_even, limit=3), Workflow[int, int])
assert_type(
    loop_until(step, it > 3, limit=3, within=minutes(1), on_limit="stop"), Workflow[int, int]
)
assert_type(poll(to_int, positive, every=seconds(5), limit=10), Workflow[str, int])
assert_type(poll(to_int, is_even, every=seconds(5), limit=10), Workflow[str, int])
assert_type(poll(orders, it.done, every=seconds(5), limit=10), Workflow[object, Orders])
assert_type(map_each(to_int), Workflow[Sequence[str], list[int]])
assert_type(
    map_each(to_int, key=it.id, at_once=4, on_error="fail_fast"), Workflow[Sequence[str], list[int]]
)
assert_type(map_each(to_int, on_error="collect"), Workflow[Sequence[str], list[Result[int, Fault]]])
assert_type(map_each(as_result(to_int)), Workflow[Sequence[str], list[Result[int, Fault]]])
assert_type(as_result(to_int), Workflow[str, Result[int, Fault]])
assert_type(as_result(to_int) >> from_result, Workflow[str, int])
assert_type(as_result(to_int) >> from_result >> to_text, Workflow[str, str])
assert_type(as_result(as_result(to_int)) >> from_result >> from_result, Workflow[str, int])
looked_at = branch(failed(it, on=OSError), then=const(""), otherwise=from_result)
assert_type(as_result(to_int) >> looked_at, Workflow[str, str | Any])
assert_type(on_failure(to_int, then=alarm), Workflow[str, int])
assert_type(on_failure(orders, then=pick(1) >> alarm_alone), Workflow[object, Orders])
assert_type(fail("NoRows", text("no rows for {}", it.day)), Workflow[object, Never])
assert_type(pure(value_of(it[1])), Workflow[Any, Any])
assert_type(fault_of(it[1]).message, It)
assert_type(texts >> map_each(to_int), Workflow[object, list[int]])
assert_type(map_each(map_each(to_int)), Workflow[Sequence[Sequence[str]], list[list[int]]])
assert_type(map_each(step, key=kind), Workflow[Sequence[int], list[int]])
assert_type(retry(to_int, attempts=3, on=(TimeoutError, "Exhausted")), Workflow[str, int])
assert_type(retry(to_int, attempts=3, on=OSError, wait=seconds(3)), Workflow[str, int])


def build(again: Workflow[int, int]) -> Workflow[int, int]:
    return branch(it > 3, then=identity, otherwise=step >> again)


assert_type(recursive(build, limit=10), Workflow[int, int])


spelled: Workflow[int, str] = recursive(
    lambda again: branch(it > 3, then=to_text, otherwise=step >> again), limit=9
)


class RatePage(NamedTuple):
    items: list[Rates]
    next: str | None


@dataclass
class RowPage:
    items: list[int]
    next: int | None


class DictPage(TypedDict):
    items: list[Rates]
    next: str | None


@task
def page(cursor: str | None) -> RatePage:
    return RatePage([], None)


@task
def row_page(cursor: int | None) -> RowPage:
    return RowPage([], None)


@task
def dict_page(cursor: str | None) -> DictPage:
    return {"items": [], "next": None}


@task
def our_page(cursor: str | None) -> Page[Rates, str]:
    return {"items": [], "next": None}


@task
def json_page(cursor: str | None) -> dict[str, object]:
    return {}


assert_type(paginate(page, limit=100), Workflow[object, Pages[Rates]])
assert_type(paginate(row_page, limit=100), Workflow[object, Pages[int]])
assert_type(
    paginate(retry(page, attempts=3), limit=100, on_error="stop"), Workflow[object, Pages[Rates]]
)
assert_type(paginate(dict_page, limit=100), Workflow[object, Pages[Rates]])
assert_type(paginate(our_page, limit=100), Workflow[object, Pages[Rates]])
assert_type(paginate(json_page, limit=100), Workflow[object, Pages[Any]])

# ---- failure, time, structure

assert_type(timeout(to_int, minutes(1)), Workflow[str, int])
assert_type(fallback(to_int, orders), Workflow[str, int | Orders])
assert_type(fallback(rates, last_known_rates), Workflow[object, Rates | BigRates])
assert_type(fallback(step, step), Workflow[int, int])
assert_type(recover(to_int, 0), Workflow[str, int])
assert_type(recover(to_int, None), Workflow[str, int | None])
assert_type(optional(to_int), Workflow[str, int | None])
assert_type(always(to_int, then=ping), Workflow[str, int])
assert_type(keep_input(to_int), Workflow[str, tuple[str, int]])
assert_type(state("n", int, first=0), State[int])
assert_type(state("n", int, first=0).read >> to_text, Workflow[object, str])
assert_type(to_int >> state("n", int, first=0).move, Workflow[str, int])
assert_type(state("n", int, first=0).moved_by(to_int, to=it.size), Workflow[str, int])
assert_type(state("n", int, first=0).moved_by(to_int, to=len), Workflow[str, int])
assert_type(cached(to_int), Workflow[str, int])
assert_type(cached(to_int, by=it.etag), Workflow[str, int])
assert_type(cached(to_int, by=str.lower), Workflow[str, int])
assert_type(join(enrich, orders=orders, visits=visits, rates=rates), Workflow[object, Sales])
assert_type(with_params(to_crm, key="a"), Workflow[Sales, int])
assert_type(using(orders, shop_db="shop_eu"), Workflow[object, Orders])
assert_type(in_pool(to_crm, "vendor"), Workflow[Sales, int])
assert_type(named("crm", to_crm, owner="sales"), Workflow[Sales, int])


@task
def opened(n: int) -> Database:
    return Database()


@task
def use(n: int, db: Database) -> str:
    return ""


@task
def close(n: int, db: Database) -> None:
    return None


assert_type(bracket(opened, use, close), Workflow[int, str])

# ---- arrows

assert_type(split(to_int, to_text), Workflow[tuple[str, int], tuple[int, str]])
assert_type(fst >> to_int, Workflow[tuple[str, Any], int])
assert_type(snd >> to_int, Workflow[tuple[Any, str], int])
carry: Workflow[tuple[int, Orders], tuple[str, Orders]] = first(to_text)
carried: Workflow[tuple[Orders, int], tuple[Orders, str]] = second(to_text)
assert_type(par(to_int, orders) >> carry, Workflow[str, tuple[str, Orders]])
assert_type(par(orders, to_int) >> carried, Workflow[str, tuple[Orders, str]])

# ---- @graph


@graph
def daily_graph() -> Ref[Report]:
    o = retry(orders, attempts=3)()
    v = visits()
    s = enrich(o, v, rates())
    ping(s)
    assert_type(s, Ref[Sales])
    assert_type(to_redshift(s), Ref[Receipt])
    assert_type(delay(seconds(3))(s), Ref[Sales])
    assert_type(fallback(to_crm, alert_empty_day)(s), Ref[int | Alert])
    return report(s, o)


@graph
def one(n: Ref[int]) -> Ref[str]:
    return to_text(n)


@graph
def two(n: Ref[int], text: Ref[str]) -> tuple[Ref[str], Ref[int]]:
    return to_text(n), to_int(text)


@graph
def pairs() -> tuple[Ref[Orders], Ref[Visits], Ref[Rates]]:
    return orders(), visits(), rates()


@graph
def nested(n: Ref[int]) -> Ref[str]:
    m = one(n)
    return to_text(to_int(m))


assert_type(daily_graph, Workflow[object, Report])
assert_type(one, Workflow[int, str])
assert_type(two, Workflow[tuple[int, str], tuple[str, int]])
assert_type(pairs >> enrich, Workflow[object, Sales])
assert_type(par(step, to_text) >> two, Workflow[int, tuple[str, int]])
assert_type(nested, Workflow[int, str])


def anything(w: Workflow[int, object]) -> None: ...


anything(step)
anything(orders)
anything(identity)
expression: It = it.a
